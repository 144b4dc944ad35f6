"""Portal links: signed, per account and recipients, expiring, revocable, with nothing personal in them.

Forwarding a link opens the same view of the same account only; a changed or made-up link opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import Signer
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Account, Company, Invoice
from workflows import audit, cadences
from workflows.errors import Refusal
from workflows.runtime import Runtime

LIFE = timedelta(days=90)
_SALT = "portal-link"
# Asked at every look at a page, so it is made once.
_NAMED = (
    select(Account.id, Account.link_generation, Company.leaving_at, Company.name, Company.email)
    .join(Company, Company.id == Account.company_id)
    .where(Account.uid == bindparam("uid"))
)


class BadLink(Refusal):
    """The link opens nothing; the message is for the person who followed it.

    `once_good`: we made it, and it has expired or was revoked, so that a fresh one can be asked for.
    """

    once_good = False


class OldLink(BadLink):
    once_good = True


class ClosedLink(BadLink):
    """The company takes its leave: its page is closed, and who followed the link is told whom to ask."""


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a good link opens: an account, for those it was sent to. `said` is the token without its signature."""

    account_id: int
    readers: frozenset[str]
    said: str


def make(rt: Runtime, account: Account, recipients: Sequence[str]) -> str:
    """The token for one account and recipient set, good for 90 days or until the account's links are revoked."""
    expires = day_number(rt, LIFE)
    readers = "-".join(sorted(mark(rt, address) for address in recipients))
    return signed(rt, f"{account.uid}.{expires}.{readers}.{account.link_generation}")


def url(rt: Runtime, account: Account, recipients: Sequence[str]) -> str:
    return f"{rt.public_url}/p/{make(rt, account, recipients)}"


def url_again(rt: Runtime, said: str) -> str:
    """The address of a link of which only the unsigned part was kept."""
    return f"{rt.public_url}/p/{signed(rt, said)}"


def read(rt: Runtime, token: str) -> LinkTarget:
    """Open a token. BadLink when it is forged, mangled, expired, revoked or its account is gone."""
    target, expires, is_newest = _parts(rt, token)
    if expires < day_number(rt):
        raise OldLink("This link has expired. Links from our e-mails are good for 90 days.")
    if not is_newest:
        raise OldLink("This link was switched off, and its page is kept safe behind a newer one.")
    return target


def read_old(rt: Runtime, token: str) -> LinkTarget:
    """What a link opened that we made once, even if it has expired or was revoked; BadLink when we never did."""
    return _parts(rt, token)[0]


def _parts(rt: Runtime, token: str) -> tuple[LinkTarget, int, bool]:
    """What a token of ours says, the day it ends on, and whether its generation is the one that counts.

    Links that name none are of generation 0.
    """
    said = verified(rt, token)
    parts = said.split(".")
    uid, expires, readers, generation = (*parts, "0")[:4]
    with rt.store.read() as session:
        found = session.execute(_NAMED, {"uid": uid}).first()
    if found is None:
        raise BadLink("This link no longer leads anywhere. Please reply to the e-mail it came in.")
    if found.leaving_at is not None and found.email:
        raise ClosedLink(
            "{company} has closed this page. There is nothing that you need to do here. If you have a question, please "
            "write to {address}.",
            company=found.name,
            address=found.email,
        )
    if found.leaving_at is not None:
        raise ClosedLink(
            "{company} has closed this page. There is nothing that you need to do here. If you have a question, please "
            "reply to the e-mail that the link came in.",
            company=found.name,
        )
    target = LinkTarget(found.id, frozenset(readers.split("-")), said)
    return target, int(expires), found.link_generation == int(generation)


def day_number(rt: Runtime, later: timedelta = timedelta()) -> int:
    """Today, or `later`, as links write it: in days."""
    return int((rt.clock.now() + later).timestamp()) // 86400


def revoke(rt: Runtime, account_id: int, user_id: int) -> None:
    """No link made until now opens the account's page any more; those in later messages do."""
    with rt.store.write() as session:
        next_generation(rt, session, session.get_one(Account, account_id), user_id)


def next_generation(rt: Runtime, session: Session, account: Account, user_id: int) -> None:
    """The same within somebody's transaction."""
    account.link_generation += 1
    audit.record(rt, session, "links-revoked", account.company_id, account.id, account.uid, user=user_id)


@dataclass(frozen=True, slots=True)
class Sight:
    """What the readers of a link may see: `everything` of its account, or only what they get mail about."""

    rt: Runtime
    target: LinkTarget
    everything: bool
    instead: bool

    def of(self, invoice: Invoice) -> bool:
        """Whether they may see this invoice of the account."""
        return self.everything or (not self.instead and _reads(self.rt, self.target, invoice.emails))


def sight(rt: Runtime, session: Session, target: LinkTarget, account: Account) -> Sight:
    return Sight(rt, target, _reads(rt, target, own_readers(session, account)), bool(account.instead))


def own_readers(session: Session, account: Account) -> frozenset[str]:
    """Who may see the whole account: whom its cadence names, and its addresses and people whom the ledger mails; in
    place of the latter those that a person accepted to write to instead.
    """
    company = session.get_one(Company, account.company_id)
    cadence = cadences.Known(session, company).of(account.id, account.segment)
    people = {address for _, address, mailed in account.people if mailed and address}
    named = {one for one in cadence.to_any if "@" in one}
    return frozenset(one.lower() for one in named.union(account.instead or people.union(account.emails)))


def _reads(rt: Runtime, target: LinkTarget, addresses: Iterable[str]) -> bool:
    return bool(target.readers & {mark(rt, address) for address in addresses})


def allowed(rt: Runtime, target: LinkTarget, invoice_uids: Sequence[str]) -> list[str]:
    """Those of the invoices that this link may act on; the others are passed over."""
    with rt.store.read() as session:
        account = session.get_one(Account, target.account_id)
        invoices = session.scalars(
            select(Invoice).where(Invoice.account_id == account.id, Invoice.uid.in_(list(invoice_uids)))
        )
        seen = sight(rt, session, target, account)
        return [one.uid for one in invoices if seen.of(one)]


def mark(rt: Runtime, address: str) -> str:
    """A short mark of one reader, useless without our key."""
    return rt.vault.hash_address(address)[:10]


def signed(rt: Runtime, said: str, salt: str = _SALT) -> str:
    """The signature stands in front: some mail programs drop a dash or dot at the end of an address."""
    return f"{_signer(rt, salt).get_signature(said).decode()}.{said}"


def verified(rt: Runtime, token: str, salt: str = _SALT) -> str:
    """What was signed; BadLink when it was not by us, or not for this use."""
    signature, _, said = token.partition(".")
    if not token.isascii() or not _signer(rt, salt).verify_signature(said, signature):
        raise BadLink("This link is not complete or was changed. Please open it from the e-mail again.")
    return said


def _signer(rt: Runtime, salt: str) -> Signer:
    return Signer(list(rt.link_keys), salt=salt)
