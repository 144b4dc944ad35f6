"""Seals what must not be readable in the database, and makes tags by which sealed ids can still be found.

It keeps no state, asks nobody, and never shows a key. Fernet itself reads the wall clock and the system's random
source for each seal; that is cryptography's business, no decision depends on it, and no seed needs to replay it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class VaultError(Exception):
    """A key is missing or the bytes were not sealed with it; the message is one sentence without secrets."""


class Vault:
    """`secret_keys`: newest first; the first seals, all of them unseal. Under another `index_key` nothing is found any
    more until `keys.retag` has made every tag anew.
    """

    def __init__(self, secret_keys: Sequence[str], index_key: str) -> None:
        if not secret_keys or not all(secret_keys):
            raise VaultError("The vault needs at least one secret key, and none of them empty.")
        if not index_key:
            raise VaultError("The vault needs an index key.")
        every = [Fernet(_derive(key)) for key in secret_keys]
        self._newest, self._fernet = every[0], MultiFernet(every)
        self._index_key = index_key.encode()

    def seal(self, data: bytes) -> bytes:
        return self._fernet.encrypt(data)

    def unseal(self, sealed: bytes) -> bytes:
        """VaultError when none of our keys fits or the bytes were changed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise VaultError("Sealed data cannot be opened: the secret key it was sealed with is missing.") from error

    def rotate(self, sealed: bytes) -> bytes:
        """The same content under the newest key. VaultError as in `unseal`."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise VaultError("Sealed data cannot be moved to the new key: its old key is missing.") from error

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key alone opens it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def tag(self, kind: str, external_id: str) -> str:
        """64 hex digits by which a sealed outside id is found again; useless without the index key."""
        return hmac.new(self._index_key, f"{kind}:{external_id}".encode(), hashlib.sha256).hexdigest()

    def hash_address(self, address: str) -> str:
        """A tag for an e-mail address, the same for every way of writing its letters and the spaces around it."""
        return self.tag("address", address.strip().casefold())


def new_key(entropy: bytes) -> bytes:
    """A key for `seal_with`, from at least 16 unguessable bytes."""
    if len(entropy) < 16:
        raise VaultError("A new key needs at least 16 unguessable bytes.")
    return _derive(entropy, b"dunlin audit key")


def seal_with(key: bytes, data: bytes) -> bytes:
    """Seal under one account's own key: destroy the key and the data is gone."""
    return Fernet(key).encrypt(data)


def unseal_with(key: bytes, sealed: bytes) -> bytes:
    """VaultError when the key does not fit or the bytes were changed."""
    try:
        return Fernet(key).decrypt(sealed)
    except InvalidToken as error:
        raise VaultError("The record was not sealed with this key, or it was changed.") from error


def _derive(secret: str | bytes, purpose: bytes = b"dunlin vault") -> bytes:
    """A Fernet key from any long secret; what makes it strong is the secret, HKDF only gives it the right shape."""
    material = secret.encode() if isinstance(secret, str) else secret
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=purpose).derive(material))
