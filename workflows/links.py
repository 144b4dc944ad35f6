"""Portal links: signed, per account and recipients, expiring, with nothing personal in them.

Forwarding a link opens the same account only; a changed or made-up link opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import Signer
from sqlalchemy import select

from models import Account
from workflows.runtime import Runtime

LIFE = timedelta(days=90)
_SALT = "portal-link"


class BadLink(ValueError):
    """The link opens nothing; the message is for the person who followed it."""


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a good link opens: an account, and the tag of the recipients it was sent to."""

    account_id: int
    recipient_tag: str


def make(rt: Runtime, account: Account, recipients: Sequence[str]) -> str:
    """The token for one account and recipient set, good for 90 days."""
    expires = int((rt.clock.now() + LIFE).timestamp()) // 86400
    said = f"{account.uid}.{expires}.{tag_of(rt, recipients)}"
    # The signature stands in front: some mail programs drop a dash or dot at the end of an address.
    return f"{_signer(rt).get_signature(said).decode()}.{said}"


def tag_of(rt: Runtime, recipients: Sequence[str]) -> str:
    """A short mark of whom a link was sent to."""
    return rt.vault.hash_address(",".join(sorted(recipients)))[:12]


def url(rt: Runtime, account: Account, recipients: Sequence[str]) -> str:
    return f"{rt.public_url}/p/{make(rt, account, recipients)}"


def read(rt: Runtime, token: str) -> LinkTarget:
    """Open a token. BadLink when it is forged, mangled, expired or its account is gone."""
    signature, _, said = token.partition(".")
    parts = said.split(".")
    if len(parts) != 3 or not token.isascii() or not _signer(rt).verify_signature(said, signature):
        raise BadLink("This link is not complete or was changed. Please open it from the e-mail again.")
    uid, expires, tag = parts
    if int(expires) < rt.clock.now().timestamp() // 86400:
        raise BadLink("This link has expired. Please reply to the e-mail it came in, and you will get a new one.")
    with rt.store.read() as session:
        account_id = session.scalars(select(Account.id).where(Account.uid == uid)).first()
    if account_id is None:
        raise BadLink("This link no longer leads anywhere. Please reply to the e-mail it came in.")
    return LinkTarget(account_id, tag)


def _signer(rt: Runtime) -> Signer:
    return Signer(list(rt.link_keys), salt=_SALT)
