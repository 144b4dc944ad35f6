"""The mailbox a company's messages leave from: set up, changed, taken away, and what to do when it lets us in no more.

Nothing is sent here (`proving`, `outbox`). Until a first proof the company speaks as it did before; from then on from
its own mailbox or not at all, never from another address by itself. Whether a change has to wait first, and what takes
its place meanwhile, is said in `succession`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formataddr

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core.addresses import is_address
from integrations.channels.base import Mailbox, MailKind, Pace
from integrations.errors import OutsideError, Reconnect
from models import Company, Effect, EffectKind, EffectState, Sender
from workflows import audit, domains, grants, mail_grants, notices
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.told import Topic

SMTP = "smtp"
PORTS = (25, 465, 587, 2525)
SPOKEN = tuple(kind.value for kind in EffectKind if kind is not EffectKind.BOOKING)
_MINE = select(Sender).where(Sender.company_id == bindparam("company"), Sender.successor.is_(False))  # asked always
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says about a mailbox. An empty `password` keeps the one there is; `kind` is smtp or a provider with
    a sign-in of its own, whose server is known. `user` is the address where nothing is said.
    """

    kind: str
    address: str
    name: str = ""
    reply_to: str = ""
    host: str = ""
    port: int = 587
    wrapped: bool = False
    user: str = ""
    password: str = field(default="", repr=False)


def of(session: Session, company_id: int) -> Sender | None:
    """The company's own mailbox, proved or not."""
    return session.scalars(_MINE, {"company": company_id}).first()


def newest(session: Session, company_id: int) -> Sender | None:
    """The one that a person is setting up: what is to take the mailbox's place, else the mailbox itself."""
    mine = Sender.company_id == company_id
    return session.scalars(select(Sender).where(mine).order_by(Sender.successor.desc())).first()


def speaking(session: Session, company_id: int) -> Sender | None:
    """The mailbox the company speaks from, though it may be held just now; None: the installation's address."""
    found = of(session, company_id)
    return found if found is not None and found.in_use_since is not None else None


def named(sender: Sender, company: Company, address: str = "") -> str:
    """The address with the name that readers see. Another `address` is used only where the mailbox speaks for it."""
    shown = address if address and speaks_for(sender, address) else sender.address
    return formataddr((sender.name or company.name, shown))


def speaks_for(sender: Sender, address: str) -> bool:
    """Whether the address is at the mailbox's own domain, so that what proves the one proves the other."""
    return address.rpartition("@")[2].lower() == sender.address.rpartition("@")[2].lower()


def answers_to(sender: Sender, company: Company) -> str:
    """Where replies go: as the mailbox says, else as the company says, else to the mailbox itself."""
    return formataddr((sender.name or company.name, sender.reply_to or company.email or sender.address))


def provider_of(rt: Runtime, sender: Sender) -> MailKind | None:
    """The provider behind the mailbox, by the sign-in or by the name of its server; None where it is nobody we know."""
    return rt.mail.get(sender.kind) or _known_by(rt, sender.host)


def _known_by(rt: Runtime, host: str) -> MailKind | None:
    return next((one for one in rt.mail.values() if f".{host}".endswith(tuple(f".{end}" for end in one.hosts))), None)


def set_up(rt: Runtime, company_id: int, details: Details) -> Sender:
    """Set the mailbox up, or change it. Any change unproves it; saying the same again changes nothing.

    Refusal for an address or a server that cannot be used, and for a password that would go to another server.
    """
    wanted = checked(rt, details)
    with rt.store.write() as session:
        sender = of(session, company_id)
        fresh = sender is None
        if sender is None:
            sender = begun(rt, company_id)
            session.add(sender)
        changed = differences(sender, wanted)
        if not changed and not details.password:
            return sender
        left = put_in(rt, session, sender, wanted, details)
        verb = "sender-set" if fresh else "sender-changed"
        audit.record(rt, session, verb, company_id, subject=sender.uid, changed=changed)
    if left is not None:
        mail_grants.give_back(rt, left)
    return sender


def begun(rt: Runtime, company_id: int) -> Sender:
    """A mailbox of which nothing is known yet."""
    return Sender(uid=rt.new_id(), company_id=company_id, created_at=rt.clock.now(), kind="", port=0, successor=False)


def differences(sender: Sender, wanted: Mapping[str, str | int | bool]) -> list[str]:
    """The names of the columns that would change."""
    return [name for name, value in wanted.items() if getattr(sender, name, None) != value]


def put_in(
    rt: Runtime, session: Session, sender: Sender, wanted: Mapping[str, str | int | bool], details: Details
) -> int | None:
    """Make the mailbox what is `wanted`, to be proved again; the permission that is of no use any more.

    Refusal for a password that would go to another server.
    """
    changed = differences(sender, wanted)
    moved = {"host", "user", "port"} & set(changed) and sender.password_sealed is not None
    if moved and not details.password and details.kind == SMTP:
        raise Refusal("Please give the password once more: it goes to another server or user than before.")
    for name, value in wanted.items():
        setattr(sender, name, value)
    if "host" in changed or "user" in changed:
        pace = _pace(rt, sender)
        sender.per_minute, sender.per_hour, sender.per_day = pace.minute, pace.hour, pace.day
        sender.gentle, sender.first_day = True, None
    if "address" in changed:
        domains.forget(sender)
    if details.kind == SMTP and details.password:
        sender.password_sealed = rt.vault.seal(details.password.encode())
    left = _leave_grant(sender, changed)
    _unprove(rt, session, sender)
    return left


def checked(rt: Runtime, details: Details) -> dict[str, str | int | bool]:
    """The columns a person decides on. Refusal in one sentence for what cannot be used."""
    address, reply_to = details.address.strip(), details.reply_to.strip()
    if not is_address(address) or (reply_to and not is_address(reply_to)):
        raise Refusal("Please give whole e-mail addresses in plain letters, such as accounts@example.com.")
    host, port, wrapped = details.host.strip().lower(), details.port, details.wrapped
    if details.kind != SMTP:
        known = rt.mail.get(details.kind)
        if known is None or known.oauth is None:
            raise Refusal("This installation has no keys for signing in there; use the mail server and a password.")
        host, port, wrapped = known.host, known.port, known.wrapped
    else:
        _check_server(rt, host, port)
    user = details.user.strip() or address
    return {
        "kind": details.kind,
        "address": address,
        "name": " ".join(details.name.split())[:200],
        "reply_to": reply_to,
        "host": host,
        "port": port,
        "wrapped": wrapped,
        "user": user,
        "mailbox": hashlib.sha256(f"{host}/{user}".lower().encode()).hexdigest(),
    }


def _check_server(rt: Runtime, host: str, port: int) -> None:
    """A password is for a server of the outside world; a demo reaches this machine only."""
    if rt.is_demo:
        if host not in ("127.0.0.1", "localhost") and not host.endswith(".test"):
            raise Refusal("A demo reaches nobody: use a mail server on this machine, at 127.0.0.1.")
        return
    if _HOST.fullmatch(host) is None or host.endswith((".localhost", ".local", ".internal")):
        raise Refusal("Please give the mail server's name, such as smtp.example.com.")
    if port not in PORTS:
        raise Refusal(f"Mail servers are reached at port {', '.join(map(str, PORTS[:-1]))} or {PORTS[-1]}.")


def _pace(rt: Runtime, sender: Sender) -> Pace:
    """How fast such a mailbox may send until somebody says otherwise."""
    provider = provider_of(rt, sender)
    if provider is None:
        return Pace(hour=100)
    return provider.free_pace if sender.address.rpartition("@")[2].lower() in provider.free else provider.pace


def _leave_grant(sender: Sender, changed: list[str]) -> int | None:
    """The permission that is of no use any more, taken off the mailbox."""
    if not {"kind", "user"} & set(changed):
        return None
    left, sender.grant_id = sender.grant_id, None
    if sender.kind != SMTP:
        sender.password_sealed = None
    return left


def signed_in(rt: Runtime, company_id: int, kind: str, callback: Mapping[str, str], verifier: str) -> Sender:
    """Back from the provider's page: keep the permission with the mailbox, which is then to be proved."""
    token = mail_grants.exchanged(rt, kind, callback, verifier)
    with rt.store.write() as session:
        sender = newest(session, company_id)
        if sender is None or sender.kind != kind:
            raise Refusal("The mailbox was changed while you signed in. Nothing was kept; please sign in again.")
        sender.grant_id = grants.keep(rt, session, kind, sender.uid, token).id
        grants.forget_trouble(session, kind)
        _unprove(rt, session, sender)
        audit.record(rt, session, "sender-signed-in", company_id, subject=sender.uid)
        return sender


def _unprove(rt: Runtime, session: Session, sender: Sender) -> None:
    """Something about it is new: it is not used until it is proved again."""
    sender.state, sender.code_sealed, sender.code_tries = "unproved", None, 0
    sender.trouble, sender.trouble_at = "", None
    release(rt, session, sender.company_id)


def remove(rt: Runtime, company_id: int) -> None:
    """A person takes the mailbox away: the company speaks from the installation's address again."""
    with rt.store.write() as session:
        sender = of(session, company_id)
        if sender is None:
            return
        audit.record(rt, session, "sender-removed", company_id, subject=sender.uid)
        left = sender.grant_id
        session.delete(sender)
        release(rt, session, company_id)
    if left is not None:
        mail_grants.give_back(rt, left)


def set_pace(rt: Runtime, company_id: int, pace: Pace, gentle: bool) -> None:
    """How many messages the mailbox sends at most, and whether it begins slowly."""
    if min(pace.minute, pace.hour, pace.day) < 0:
        raise Refusal("Please give numbers of messages; leave a field empty for any number.")
    with rt.store.write() as session:
        sender = of(session, company_id)
        if sender is None:
            raise Refusal("There is no mailbox to set a pace for.")
        sender.per_minute, sender.per_hour, sender.per_day, sender.gentle = pace.minute, pace.hour, pace.day, gentle
        audit.record(rt, session, "sender-pace", company_id, subject=sender.uid, pace=str(pace), gentle=gentle)
        release(rt, session, company_id)


def release(rt: Runtime, session: Session, company_id: int) -> None:
    """What waits for the mailbox is looked at again now."""
    now = rt.clock.now()
    session.execute(
        update(Effect)
        .where(
            Effect.company_id == company_id,
            Effect.kind.in_(SPOKEN),
            Effect.state == EffectState.DUE.value,
            Effect.not_before > now,
        )
        .values(not_before=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )


def mailbox_of(rt: Runtime, sender: Sender) -> Mailbox:
    """How to sign in now; may renew a token, so not to be called inside a session. Reconnect when a person must sign in
    at the provider again, Transient and Misconfigured as `grants` has them.
    """
    if sender.kind == SMTP:
        secret = rt.vault.unseal(sender.password_sealed).decode() if sender.password_sealed else ""
        return Mailbox(sender.host, sender.port, sender.wrapped, sender.user if secret else "", secret)
    if sender.grant_id is None:
        raise Reconnect("Nobody has signed in to this mailbox yet; press Sign in.")
    try:
        token = grants.access_token(rt, sender.grant_id)
    except Reconnect:
        raise Reconnect("The provider does not let us into this mailbox any more; press Sign in again.") from None
    return Mailbox(sender.host, sender.port, sender.wrapped, sender.user, token, bearer=True)


def shut_out(rt: Runtime, sender: Sender, error: OutsideError) -> None:
    """The mailbox does not let us in: written down, and the practice is told once until it does again."""
    with rt.store.write() as session:
        row = session.get_one(Sender, sender.id)
        first, row.trouble = not row.trouble, str(error)
        if not first:
            return
        row.trouble_at = rt.clock.now()
        company = session.get_one(Company, row.company_id)
        audit.record(rt, session, "sender-shut-out", company.id, subject=row.uid, why=str(error))
        notices.want(
            rt,
            session,
            company.practice_id,
            company.id,
            f"sender/{row.uid}/{row.trouble_at.isoformat()}",
            f"{company.name} cannot send: its mailbox does not let us in",
            f"Messages of {company.name} leave from {row.address}.\n\n{error} Until that is mended nothing is sent for "
            "it, and nothing from another address. What is due waits, and is asked about anew before it leaves.\n\n"
            "You can mend it here:",
            f"/companies/{company.uid}/sender",
            topic=Topic.SENDING,
        )


def let_in(rt: Runtime, sender: Sender) -> None:
    """The mailbox let us in: trouble that stood is over."""
    if not sender.trouble:
        return
    with rt.store.write() as session:
        row = session.get_one(Sender, sender.id)
        row.trouble, row.trouble_at = "", None
        audit.record(rt, session, "sender-let-in", row.company_id, subject=row.uid)


def not_ready(session: Session, company: Company) -> list[str]:
    """What is missing of the company's own mailbox before it may speak; empty when it has none, or all is well."""
    sender = of(session, company.id)
    if sender is None:
        return []
    if sender.state != "proved":
        return [f"Prove the mailbox {sender.address}: send the test mail and type its code, on the page Sender."]
    if domains.is_hopeless(sender) and sender.accepted_at is None:
        return [
            f"Mail from {sender.address} would surely be turned away: its domain has neither SPF nor DKIM. Set one up, "
            "or say on the page Sender that you send all the same."
        ]
    return []
