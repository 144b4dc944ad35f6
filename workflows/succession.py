"""Another mailbox for a company that speaks already: it is set up and proved beside the one that speaks, which goes on
speaking until a day is over and the new one is proved. So no change silences a company, and none leads mail astray.

Where nothing can be led astray yet a mailbox is set up at once (`senders`). Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from models import Company, GuardedChange, Sender
from workflows import audit, guarding, mail_grants, notices, people, senders
from workflows.errors import Refusal
from workflows.guarding import Deed, Kind, NotYet, Wanted
from workflows.runtime import Runtime
from workflows.senders import Details
from workflows.told import Topic

# What a successor begins with, so that what is not said anew stays as it is.
_COPIED = ("kind", "host", "port", "user", "password_sealed")
_PACE = ("per_minute", "per_hour", "per_day", "gentle", "first_day")


def guards(rt: Runtime, company_id: int) -> bool:
    """Whether another mailbox, or none, would have to wait for a day."""
    with rt.store.read() as session:
        return _guards(session, session.get_one(Company, company_id), senders.of(session, company_id))


def _guards(session: Session, company: Company, current: Sender | None) -> bool:
    return guarding.must_wait(session, company, current is not None and current.in_use_since is not None)


def ask(rt: Runtime, company_id: int, details: Details, user_id: int) -> Sender:
    """Set the mailbox up, or another one in its place; the one that is now to be proved.

    A new password alone counts at once: it leads no mail elsewhere, and without it the company might be silent.
    Refusal as in `senders.set_up`, and for whoever is no owner.
    """
    wanted = senders.checked(rt, details)
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        people.owner(session, company.practice_id, user_id)
        current = senders.of(session, company_id)
        waits = _guards(session, company, current)
    if not waits or (current is not None and not senders.differences(current, wanted)):
        return _noticed(rt, company_id, lambda: senders.set_up(rt, company_id, details))
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        row = successor(session, company_id)
        known = row is not None and not senders.differences(row, wanted)
        if row is None:
            row = _copy(rt, company_id, senders.of(session, company_id))
            session.add(row)
        left = None if known and not details.password else senders.put_in(rt, session, row, wanted, details)
        if not known:
            session.flush()
            content = {"sender": row.uid}
            guarding.ask(rt, session, company, Wanted(Kind.SENDER, "", _summary(session, company, row), content), by)
    if left is not None:
        mail_grants.give_back(rt, left)
    return row


def successor(session: Session, company_id: int) -> Sender | None:
    """The mailbox that is to take over."""
    found = senders.newest(session, company_id)
    return found if found is not None and found.successor else None


def _copy(rt: Runtime, company_id: int, current: Sender | None) -> Sender:
    row = senders.begun(rt, company_id)
    row.successor = True
    if current is not None:
        for name in _COPIED + _PACE:
            setattr(row, name, getattr(current, name))
    return row


def _summary(session: Session, company: Company, then: Sender | None) -> str:
    now = senders.speaking(session, company.id)
    return f"Messages leave\nNow: {_words(company, now)}\nThen: {_words(company, then)}"


def _words(company: Company, sender: Sender | None) -> str:
    if sender is None:
        return "from this installation's own address"
    return (
        f"from {senders.named(sender, company)} through {sender.host} (user {sender.user}), "
        f"with answers to {senders.answers_to(sender, company)}"
    )


def _noticed(rt: Runtime, company_id: int, deed: Callable[[], Sender]) -> Sender:
    """Do something to the mailbox; where it thereby stops speaking, the practice is told."""
    with rt.store.read() as session:
        before = senders.speaking(session, company_id)
    row = deed()
    if before is None or before.state != "proved" or before.trouble or row.successor or row.state == "proved":
        return row
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        notices.want(
            rt,
            session,
            company.practice_id,
            company_id,
            f"sender/{row.uid}/unproved/{rt.clock.now().isoformat()}",
            f"{company.name} is silent until its mailbox is proved again",
            f"The way into the mailbox {row.address} was changed, so it has to be proved once more. What is due waits "
            "until then, and nothing leaves from another address.\n\nProve it here:",
            f"/companies/{company.uid}/sender",
            topic=Topic.SENDING,
        )
    return row


def begin_sign_in(rt: Runtime, company_id: int, user_id: int) -> tuple[str, str, str, str]:
    """(kind, and what `mail_grants.begin` gives) for the mailbox that is being set up. Refusal for no owner."""
    with rt.store.read() as session:
        people.owner(session, session.get_one(Company, company_id).practice_id, user_id)
        sender = senders.newest(session, company_id)
    if sender is None or sender.kind == senders.SMTP:
        raise Refusal("Choose the provider and save the mailbox first.")
    return sender.kind, *mail_grants.begin(rt, sender.kind)


def signed_in(rt: Runtime, company_id: int, kind: str, callback: Mapping[str, str], verifier: str) -> Sender:
    """As `senders.signed_in`; where the company is silent until the proof, its people are told."""
    return _noticed(rt, company_id, lambda: senders.signed_in(rt, company_id, kind, callback, verifier))


def remove(rt: Runtime, company_id: int, user_id: int) -> bool:
    """Let the company speak from the installation's address again; whether that is so at once, or in a day."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        current = senders.of(session, company_id)
        if current is None:
            raise Refusal("There is no mailbox to take away.")
        waits = _guards(session, company, current)
        left = drop(session, company_id)
        if waits:
            guarding.ask(rt, session, company, Wanted(Kind.SENDER, "", _summary(session, company, None), {}), by)
    if left is not None:
        mail_grants.give_back(rt, left)
    if not waits:
        senders.remove(rt, company_id)
    return not waits


def drop(session: Session, company_id: int) -> int | None:
    """Nothing takes over any more; the permission that is of no use then."""
    row = successor(session, company_id)
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return row.grant_id


def proved(session: Session, sender: Sender) -> None:
    """The successor is proved: it takes over as soon as its day is over, which it may be already."""
    for change in guarding.waiting(session, sender.company_id, Kind.SENDER):
        change.effective_at = change.asked_at + guarding.DELAY


def _ready(session: Session, company_id: int, uid: str) -> Sender:
    row = successor(session, company_id)
    if row is None or row.uid != uid:
        raise Refusal("The mailbox that was to take over is gone.")
    if row.state != "proved":
        raise NotYet(f"The mailbox {row.address} has to be proved first, on the page Sender.")
    return row


def deed(rt: Runtime, change: GuardedChange, content: Mapping[str, Any]) -> Deed:
    """What lets the successor, or the installation's address, take over. NotYet while it is not proved; Refusal or an
    OutsideError when it does not let us in.
    """
    company_id, uid = change.company_id, content.get("sender")
    if uid is not None:
        with rt.store.read() as session:
            row = _ready(session, company_id, uid)
        with rt.mailbox(senders.mailbox_of(rt, row)).open():
            pass  # it lets us in

    def take_over(session: Session) -> Callable[[], None] | None:
        row = _ready(session, company_id, uid) if uid is not None else None
        former = senders.of(session, company_id)
        left = former.grant_id if former is not None else None
        if former is not None:
            session.delete(former)
            session.flush()
        if row is not None:
            row.successor, row.in_use_since = False, rt.clock.now()
        verb = "sender-removed" if row is None else "sender-changed"
        audit.record(rt, session, verb, company_id, subject=uid or "", change=change.uid)
        senders.release(rt, session, company_id)
        return None if left is None else (lambda: mail_grants.give_back(rt, left))

    return take_over
