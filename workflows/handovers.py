"""Handing an account over to an agency: the last resort, and only ever a person's decision.

A person prepares it, looks through it and releases it; from then on nothing is sent by itself, while payments are
booked as always and shown. Calling it back is one step. It contacts no agency: a person hands the file over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from core.because import Cause
from core.facts import InvoiceFacts
from core.vetoes import first_hold
from models import Account, Handover, HoldRow
from workflows import afterwards, archive, audit, bundle, dossier, gather, holds
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.tasks import AGAINST

# What a person should know before it is handed over, the reasons told beside what keeps anybody from being called.
_WORTH_KNOWING = AGAINST | {Cause.SHORT_OF_CASH, Cause.WRONG_PERSON, Cause.OPTED_OUT}
LONGEST_NAME, LONGEST_NOTE = 200, 2000
_NO_FILE = defer(Handover.file_sealed)


@dataclass(frozen=True, slots=True)
class Warned:
    """What stands against handing over, on some invoices by number, or on the whole account (none)."""

    cause: Cause
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether an account can be handed over: `refusal` is the sentence why not ("" where it can)."""

    warned: tuple[Warned, ...]
    refusal: str


def of_account(session: Session, account_id: int) -> list[Handover]:
    """Every hand-over of an account without its file, the newest first."""
    rows = select(Handover).where(Handover.account_id == account_id).order_by(Handover.id.desc())
    return list(session.scalars(rows.options(_NO_FILE)))


def outlook(rt: Runtime, session: Session, account_id: int) -> Outlook:
    """What a person should know before they hand it over, and whether they may, as things stand."""
    gathered = gather.account(rt, session, account_id, rt.clock.now())
    facts, today = gathered.facts, gathered.calendar.today(rt.clock.now())
    known: dict[Cause, list[str]] = {}
    for hold in facts.holds:
        if first_hold([hold], gathered.calendar, today):
            known.setdefault(hold.cause, [])
    for invoice in facts.invoices:
        for cause in _of_invoice(invoice, gathered, today):
            known.setdefault(cause, []).append(invoice.number)
    warned = tuple(Warned(cause, tuple(numbers)) for cause, numbers in known.items() if cause in _WORTH_KNOWING)
    return Outlook(warned, _refusal(known, bool(dossier.books(session, account_id).open)))


def _of_invoice(invoice: InvoiceFacts, gathered: gather.Gathered, today: date) -> list[Cause]:
    """Each cause once."""
    found = [hold.cause for hold in invoice.holds if first_hold([hold], gathered.calendar, today)]
    found += [Cause.ARRANGEMENT] * invoice.arranged
    found += [invoice.told.cause] if invoice.told else []
    found += [Cause.OPTED_OUT] * bool(gathered.facts.opted_out.intersection(invoice.recipients))
    return list(dict.fromkeys(found))


def _refusal(known: dict[Cause, list[str]], is_open: bool) -> str:
    if Cause.ERASED in known:
        return "This customer's details were erased; there is nobody to hand over."
    if Cause.BREATHING_SPACE in known:
        return "They have breathing space, and nobody is handed over while they do. Wait until it has ended."
    if Cause.CARE in known:
        return "They are in a person's care, and nobody is handed over while they are. Speak with them first."
    return "" if is_open else "Nothing is open any more, so there is nothing to hand over."


def prepare(rt: Runtime, account_id: int, user_id: int) -> Handover:
    """Put everything together for a person to look through; one that was prepared before is thrown away.

    Asks the ledger for fresh figures and for papers; what cannot be had is named in it. Refusal where there is nothing
    to hand over or nobody to be handed over, and while the account is with an agency already.
    """
    company_id = _ready(rt, account_id)
    unread = bundle.read_again(rt, company_id, account_id)
    _ready(rt, account_id)
    made = bundle.make(rt, account_id, unread)
    sealed = rt.vault.seal(made.data)  # before anybody has to wait for us
    with rt.store.write() as session:
        session.get_one(Account, account_id, with_for_update=True)
        for row in of_account(session, account_id):
            if row.state == "released":
                raise Refusal("It is with an agency already. Call it back first.")
            if row.state == "prepared":
                _throw_away(rt, row, user_id)
        row = Handover(
            uid=rt.new_id(),
            company_id=company_id,
            account_id=account_id,
            content=made.content,
            file_sealed=sealed,
            file_hash=archive.digest(made.data),
            prepared_at=rt.clock.now(),
            prepared_by_id=user_id,
        )
        session.add(row)
        _record(rt, session, "prepared", row, user_id, missing=len(made.content["missing"]))
        return row


def _ready(rt: Runtime, account_id: int) -> int:
    """The account's company, where a hand-over may be prepared."""
    with rt.store.read() as session:
        if any(row.state == "released" for row in of_account(session, account_id)):
            raise Refusal("It is with an agency already. Call it back first.")
        refusal = outlook(rt, session, account_id).refusal
        company_id = session.get_one(Account, account_id).company_id
    if refusal:
        raise Refusal(refusal)
    return company_id


def changed(rt: Runtime, session: Session, row: Handover) -> list[str]:
    """The files that would say something else today, by name."""
    now = dossier.files(rt, session, dossier.books(session, row.account_id))
    then = {name: sum for name, _, sum in row.content["files"]}
    papers = [name for name in then if name in now or name.startswith("messages/")]
    return sorted({name for name in {*papers, *now} if name not in now or archive.digest(now[name]) != then.get(name)})


def release(rt: Runtime, handover_id: int, agency: str, note: str, user_id: int) -> None:
    """Hand over exactly the file that was looked through: from now on nothing is sent by itself.

    The ledger is read first. Refusal when it cannot be, when what is in the file has changed since, when somebody has
    breathing space or is in care, when nothing is open, and without the agency's name.
    """
    agency = agency.strip()
    if not 0 < len(agency) <= LONGEST_NAME:
        raise Refusal(f"Please give the agency's name, in at most {LONGEST_NAME} characters.")
    with rt.store.read() as session:
        row = session.get_one(Handover, handover_id)
    if unread := bundle.read_again(rt, row.company_id, row.account_id):
        raise Refusal(f"Nobody knows whether it is still open. {unread}")
    with rt.store.read() as session:
        version = session.get_one(Account, row.account_id).facts_version
        refusal = outlook(rt, session, row.account_id).refusal
        differs = "" if row.state != "prepared" else _differs(rt, session, row)
    if refusal or differs:
        raise Refusal(refusal or differs)
    with rt.store.write() as session:
        account = session.get_one(Account, row.account_id, with_for_update=True)
        if account.facts_version != version:
            raise Refusal("Something has changed this very moment. Please look through it once more.")
        _let_go(rt, session, _in_state(session, handover_id, "prepared"), agency, note, user_id)


def _differs(rt: Runtime, session: Session, row: Handover) -> str:
    names = changed(rt, session, row)
    return f"This has changed since it was put together: {', '.join(names)}. Prepare it anew." if names else ""


def _let_go(rt: Runtime, session: Session, row: Handover, agency: str, note: str, user_id: int) -> None:
    now = rt.clock.now()
    hold = holds.note_hold(
        rt, session, row.account_id, Cause.AGENCY, owner_id=user_id, note=f"Handed over to {agency}."
    )
    session.flush()
    row.state, row.hold_id, row.released_at, row.released_by_id = "released", hold.id, now, user_id
    row.agency, row.note = agency, note.strip()[:LONGEST_NOTE]
    _record(rt, session, "released", row, user_id, agency=agency, sha256=row.file_hash)


def recall(rt: Runtime, handover_id: int, user_id: int) -> None:
    """Call it back: its hold ends, and the cadence goes on, one rung at a time. Refusal unless it is released."""
    with rt.store.write() as session:
        row = _in_state(session, handover_id, "released")
        row.state, row.ended_at, row.ended_by_id = "recalled", rt.clock.now(), user_id
        hold = session.get_one(HoldRow, row.hold_id)
        holds.end(rt, session, hold, user_id)
        _record(rt, session, "recalled", row, user_id)


def discard(rt: Runtime, handover_id: int, user_id: int) -> None:
    """Throw a prepared one away, with its file. Refusal when it is not waiting any more."""
    with rt.store.write() as session:
        row = _in_state(session, handover_id, "prepared")
        _throw_away(rt, row, user_id)
        _record(rt, session, "discarded", row, user_id)


def _throw_away(rt: Runtime, row: Handover, user_id: int) -> None:
    row.state, row.ended_at, row.ended_by_id, row.file_sealed = "discarded", rt.clock.now(), user_id, None


def _in_state(session: Session, handover_id: int, state: str) -> Handover:
    row = session.get_one(Handover, handover_id, with_for_update={"key_share": True})
    if row.state != state:
        raise Refusal("Somebody else was quicker: this hand-over is in another state now. Please look at it again.")
    return row


def _record(rt: Runtime, session: Session, what: str, row: Handover, user_id: int, **more: Any) -> None:
    audit.record(rt, session, f"handover-{what}", row.company_id, row.account_id, row.uid, user=user_id, **more)


def contents(rt: Runtime, handover_id: int) -> dict[str, bytes]:
    """The files of a hand-over, to look through; none where it was thrown away."""
    with rt.store.read() as session:
        row = session.get_one(Handover, handover_id)
    return {} if row.file_sealed is None else archive.unpacked(rt.vault.unseal(row.file_sealed))


def taken(rt: Runtime, handover_id: int, user_id: int, name: str = "") -> bytes:
    """One file of it, or the whole ZIP once it is released; who took it is kept in the log. Refusal otherwise."""
    with rt.store.read() as session:
        row = session.get_one(Handover, handover_id)
    if row.file_sealed is None:
        raise Refusal("This hand-over was thrown away, with its file.")
    if not name and row.state == "prepared":
        raise Refusal("It has to be released before it can be taken as a whole.")
    if name and name not in [one for one, *_ in row.content["files"]]:
        raise Refusal("There is no such file in it.")
    with rt.store.write() as session:
        _record(rt, session, "downloaded", row, user_id, file=name or "all")
    data = rt.vault.unseal(row.file_sealed)
    return archive.unpacked(data)[name] if name else data


def news(rt: Runtime, handover_id: int, user_id: int) -> bytes:
    """What came since as a CSV for the agency; who took it is kept in the log."""
    with rt.store.write() as session:
        row = session.get_one(Handover, handover_id, options=[_NO_FILE])
        _record(rt, session, "downloaded", row, user_id, file="since")
        return afterwards.table_of(afterwards.since(session, row))


def with_agencies(session: Session, company_id: int) -> list[tuple[Handover, Account]]:
    """A company's hand-overs that wait for a person or are with an agency, with their accounts."""
    rows = session.execute(
        select(Handover, Account)
        .join(Account, Account.id == Handover.account_id)
        .where(Handover.company_id == company_id, Handover.state.in_(("prepared", "released")))
        .order_by(Handover.id)
        .options(_NO_FILE)
    )
    return [(row, account) for row, account in rows]
