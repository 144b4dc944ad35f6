"""The OpenID Connect part of the ledger twins: a key, what is published about it, and id_tokens signed with it.

`spoil` makes the next id_tokens wrong in one way, for tests: issuer, audience, expired, nonce, key, none or secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LIFE = 300


@dataclass(slots=True)
class Holder:
    """A person at the vendor."""

    subject: str
    email: str = "robin@sandpiper.example"
    given: str = "Robin"
    family: str = "Reed"
    verified: bool = True


@cache
def _key(which: str) -> rsa.RSAPrivateKey:
    """One for all twins of this process: making it takes a while. Another `which` is somebody else's."""
    del which  # only tells keys apart
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(slots=True)
class Signer:
    """Signs for one twin; `generation` names its key, and changes when the vendor changes it."""

    issuer: str
    generation: int = 1
    spoil: str = ""
    _nonces: dict[str, str] = field(default_factory=dict)

    def published(self) -> dict[str, Any]:
        """The key set, as the vendor publishes it."""
        public = _key(f"{self.issuer}/{self.generation}").public_key().public_numbers()
        about = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": f"key-{self.generation}"}
        return {"keys": [{**about, "n": _number(public.n), "e": _number(public.e)}]}

    def remember(self, code: str, nonce: str) -> None:
        """The nonce of a consent comes back with its code's id_token."""
        self._nonces[code] = nonce

    def asked(self, code: str) -> bool:
        """Whether this code's consent asked who the person is."""
        return code in self._nonces

    def token(self, code: str, audience: Any, claims: Mapping[str, Any], now: datetime) -> str:
        """A signed id_token, spoiled where that was asked for."""
        at = int(now.timestamp())
        body = {"iss": self.issuer, "aud": audience, "iat": at, "exp": at + LIFE, **claims}
        if nonce := self._nonces.pop(code, ""):
            body["nonce"] = nonce
        wrong: dict[str, dict[str, Any]] = {
            "issuer": {"iss": "https://somebody.else.example"},
            "audience": {"aud": "another-app"},
            "expired": {"iat": at - 7200, "exp": at - 3600},
            "nonce": {"nonce": "of-somebody-else"},
        }
        return self._signed({**body, **wrong.get(self.spoil, {})}, str(audience))

    def _signed(self, body: Mapping[str, Any], secret: str) -> str:
        method = {"none": "none", "secret": "HS256"}.get(self.spoil, "RS256")
        head = {"alg": method, "typ": "JWT", "kid": f"key-{self.generation}"}
        text = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, body))
        if method == "none":
            return f"{text}."
        if method == "HS256":  # signed with what everybody knows
            mac = hmac.HMAC(secret.encode(), hashes.SHA256())
            mac.update(text.encode())
            return f"{text}.{_b64(mac.finalize())}"
        whose = "somebody else" if self.spoil == "key" else f"{self.issuer}/{self.generation}"
        return f"{text}.{_b64(_key(whose).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
