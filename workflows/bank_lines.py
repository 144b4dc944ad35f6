"""Lines of bank statements kept, matched with what is open, and decided about by people. Nothing is booked by itself.

Whatever nobody has decided about is matched anew after every file and every reading of the ledger, all lines together,
so that it does not matter what came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from core import bank_match
from core.bank_facts import Finding, Line, Part, State
from core.bank_match import Books
from core.money import Money
from models import BankFile, BankLine, BankMatch, Company, Invoice
from workflows import audit, bank_books, bank_files, planner
from workflows.bank_holds import HOLDING
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.owed import owes
from workflows.rows import among
from workflows.runtime import Runtime

WAITS = timedelta(days=10)
# Of lines that the ledger shows those near the others are matched again, for each payment shows one line only.
_NEAR = timedelta(days=21)
BY_PERSON = "A person said so."


def bring(
    rt: Runtime, company_id: int, name: str, raw: bytes, statement: bank_files.Statement, user_id: int, despite: bool
) -> BankFile:
    """Keep what is new in a statement, and match it. Refusal for a file that came before, one without a booked line,
    and one with lines that could not be read, unless a person takes the others `despite` them.
    """
    digest = hashlib.sha256(raw).hexdigest()
    with rt.store.write() as session:
        company = session.get_one(Company, company_id, with_for_update={"key_share": True})
        before = session.scalars(
            select(BankFile).where(BankFile.company_id == company_id, BankFile.digest == digest)
        ).first()
        if before is not None:
            raise Refusal(f"This very file was brought in on {before.brought_at:%Y-%m-%d} already.")
        if statement.bad and not despite:
            raise Refusal("Some lines could not be read. Look at them first, or say that the others are to be taken.")
        if not statement.entries:
            raise Refusal("There is no booked line in this file.")
        entries = bank_files.keyed(statement.entries)
        known = _known(session, company_id, entries)
        file = BankFile(
            uid=rt.new_id(),
            company_id=company_id,
            name=bank_files.tidy(name, 200),
            kind=statement.kind,
            digest=digest,
            lines=len(entries),
            known=len(known),
            user_id=user_id,
            brought_at=rt.clock.now(),
        )
        session.add(file)
        session.flush()
        session.add_all(_row(rt, file, key, one) for key, one in entries.items() if key not in known)
        counted = {"lines": file.lines, "known": file.known, "unreadable": len(statement.bad)}
        audit.record(rt, session, "bank-file-brought", company_id, None, file.uid, user=user_id, **counted)
        session.flush()
        _rematch(rt, session, company)
    return file


def _known(session: Session, company_id: int, keys: Iterable[str]) -> set[str]:
    mine = BankLine.company_id == company_id, among(session, BankLine.external_id, keys)
    return set(session.scalars(select(BankLine.external_id).where(*mine)))


def _row(rt: Runtime, file: BankFile, key: str, one: bank_files.Entry) -> BankLine:
    out = one.amount.minor <= 0
    return BankLine(
        uid=rt.new_id(),
        company_id=file.company_id,
        file_id=file.id,
        account=one.account,
        external_id=key,
        day=one.day,
        currency=one.amount.currency,
        amount_minor=one.amount.minor,
        payer=one.payer,
        text=one.text,
        state=(State.SET_ASIDE if out or one.aside else State.UNCLEAR).value,
        note=one.aside or ("This money went out." if out else ""),
    )


def see(rt: Runtime, session: Session, company_id: int) -> None:
    """After a reading of the ledger: what it shows by now is settled, and what is open may be something else."""
    unsettled = BankLine.company_id == company_id, BankLine.state.in_(("unclear", "payout", *HOLDING))
    if session.scalars(select(BankLine.id).where(*unsettled).limit(1)).first() is not None:
        _rematch(rt, session, session.get_one(Company, company_id))


def _rematch(rt: Runtime, session: Session, company: Company) -> None:
    """Decided lines keep what a person said; all others are matched anew."""
    rows = _lines(session, company.id)
    if not rows:
        return
    today = today_of(company, rt.clock.now())
    books = bank_books.of(rt, session, company, rows, today)
    for row in (one for one in rows if one.decided_by_id is not None):
        _decided(rt, session, row, books)
    free = {one.external_id + "\x1f" + one.account: one for one in rows if one.decided_by_id is None}
    lines = [_line(key, row) for key, row in free.items()]
    for key, finding in bank_match.match(lines, books).items():
        _note(rt, session, free[key], finding, today)


def _lines(session: Session, company_id: int) -> Sequence[BankLine]:
    mine = BankLine.company_id == company_id
    waiting = mine, BankLine.state.in_(("unclear", "payout", *HOLDING))
    first = session.scalars(select(BankLine.day).where(*waiting).order_by(BankLine.day).limit(1)).first()
    if first is None:
        return ()
    near = BankLine.state.in_(("seen",)) & (BankLine.day >= first - _NEAR)
    wanted = select(BankLine).where(mine, or_(waiting[1], near)).options(selectinload(BankLine.matches))
    return session.scalars(wanted.order_by(BankLine.day, BankLine.external_id)).all()


def _line(key: str, row: BankLine) -> Line:
    return Line(key, row.day, row.amount, row.payer, row.text)


def _parts(row: BankLine) -> tuple[Part, ...]:
    return tuple(Part(one.invoice_id, one.amount, one.why) for one in row.matches)


def _decided(rt: Runtime, session: Session, row: BankLine, books: Books) -> None:
    """What a person matched is taken first, and is seen once the ledger shows it."""
    parts = _parts(row)
    if row.state not in (State.MATCHED, State.SEEN) or not parts:
        return
    if bank_match.shows(_line("", row), parts, books):
        row.state = State.SEEN.value
        planner.wake_owners(rt, session, [one.invoice for one in parts], None)
    else:
        row.state = State.MATCHED.value
        books.take(Finding(State.MATCHED, parts))


def _note(rt: Runtime, session: Session, row: BankLine, finding: Finding, today: date) -> None:
    """Keep what was found, and wake whoever it concerns if it is something new."""
    before, parts = _parts(row), finding.parts
    if (row.state, before, row.payout_id, row.note) == (finding.state, parts, finding.payout, finding.why):
        return
    row.state, row.note = finding.state.value, finding.why
    row.account_id, row.payout_id = finding.account, finding.payout
    _set_parts(row, parts, today)
    planner.wake_owners(rt, session, {one.invoice for one in (*before, *parts)}, None)


def _set_parts(row: BankLine, parts: Sequence[Part], today: date) -> None:
    """A line holds its invoices for some days, counted from when it first did, however often it is matched anew."""
    row.matches = [
        BankMatch(invoice_id=one.invoice, currency=one.amount.currency, amount_minor=one.amount.minor, why=one.why)
        for one in parts
    ]
    if parts and row.state in HOLDING and row.holds_until is None:
        row.holds_until = today + WAITS


def confirm(rt: Runtime, line_uid: str, user_id: int, invoice_uid: str = "") -> None:
    """A person says that the line pays what it probably pays, or this invoice."""
    with rt.store.write() as session:
        row, company = _open_line(session, line_uid)
        if invoice_uid:
            part = _chosen(session, row, invoice_uid)
            row.state, row.account_id = State.MATCHED.value, session.get_one(Invoice, part.invoice).account_id
            planner.wake_owners(rt, session, [one.invoice_id for one in row.matches], None)
            _set_parts(row, [part], today_of(company, rt.clock.now()))
        elif row.state != State.PROBABLE:
            raise Refusal("Please choose which invoice it pays.")
        row.state = State.MATCHED.value
        _say(rt, session, row, company, user_id, "matched", BY_PERSON)


def _chosen(session: Session, row: BankLine, invoice_uid: str) -> Part:
    mine = Invoice.company_id == row.company_id, Invoice.uid == invoice_uid
    invoice = session.scalars(select(Invoice).where(*mine)).first()
    if invoice is None or not owes(invoice) or invoice.currency != row.currency:
        raise Refusal("This invoice is not open any more, or in another currency.")
    others = session.scalars(
        select(BankMatch.amount_minor)
        .join(BankLine)
        .where(
            BankMatch.invoice_id == invoice.id,
            BankLine.id != row.id,
            BankLine.state.in_(HOLDING),
            BankLine.decided_by_id.is_not(None),
        )
    )
    left = invoice.balance_minor - sum(others)
    if left <= 0:
        raise Refusal("Another line pays all of this invoice. Undo that one first.")
    return Part(invoice.id, Money(min(left, row.amount_minor), row.currency), BY_PERSON)


def refuse(rt: Runtime, line_uid: str, user_id: int) -> None:
    """A person says that it does not pay what it seemed to pay. It stays unclear until they say more."""
    with rt.store.write() as session:
        row, company = _open_line(session, line_uid)
        _clear(rt, session, row, State.UNCLEAR)
        _say(rt, session, row, company, user_id, "refused", "Not what it seemed to be: a person said so.")


def set_aside(rt: Runtime, line_uid: str, user_id: int) -> None:
    """It has nothing to do with customers."""
    with rt.store.write() as session:
        row, company = _open_line(session, line_uid)
        _clear(rt, session, row, State.SET_ASIDE)
        _say(rt, session, row, company, user_id, "set-aside", "Set aside by a person.")


def undo(rt: Runtime, line_uid: str, user_id: int) -> None:
    """Take back what a person decided; the line is matched anew."""
    with rt.store.write() as session:
        row, company = _found(session, line_uid)
        if row.decided_by_id is None and row.state != State.SET_ASIDE:
            raise Refusal("Nobody has decided about this line.")
        if row.amount_minor <= 0:
            raise Refusal("This money went out; no customer paid it.")
        _clear(rt, session, row, State.UNCLEAR)
        row.decided_by_id, row.decided_at, row.note = None, None, ""
        audit.record(rt, session, "bank-line-undone", company.id, None, row.uid, user=user_id)
        session.flush()
        _rematch(rt, session, company)


def _clear(rt: Runtime, session: Session, row: BankLine, state: State) -> None:
    planner.wake_owners(rt, session, [one.invoice_id for one in row.matches], None)
    row.state, row.matches, row.account_id, row.payout_id = state.value, [], None, None


def _say(rt: Runtime, session: Session, row: BankLine, company: Company, user_id: int, how: str, note: str) -> None:
    row.decided_by_id, row.decided_at, row.note = user_id, rt.clock.now(), note
    amount = {"amount": str(row.amount), "day": row.day.isoformat()}
    audit.record(rt, session, f"bank-line-{how}", company.id, row.account_id, row.uid, user=user_id, **amount)
    session.flush()
    planner.wake_owners(rt, session, [one.invoice_id for one in row.matches], None)
    _rematch(rt, session, company)


def _found(session: Session, line_uid: str) -> tuple[BankLine, Company]:
    """The line with its company, which is locked: of two people who decide, the second sees the first."""
    wanted = select(BankLine).where(BankLine.uid == line_uid).options(selectinload(BankLine.matches))
    row = session.scalars(wanted).one()
    return row, session.get_one(Company, row.company_id, with_for_update={"key_share": True})


def _open_line(session: Session, line_uid: str) -> tuple[BankLine, Company]:
    row, company = _found(session, line_uid)
    if row.state in (State.SEEN, State.SET_ASIDE) or row.amount_minor <= 0:
        raise Refusal("This line is settled already. Undo that first.")
    return row, company


def overdue(session: Session, company_id: int, today: date) -> list[BankLine]:
    """Lines that held their invoices as long as they may, and the ledger still does not show the money."""
    late = BankLine.state.in_(HOLDING), BankLine.holds_until <= today
    return list(
        session.scalars(select(BankLine).where(BankLine.company_id == company_id, *late).order_by(BankLine.day))
    )
