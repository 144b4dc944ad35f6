"""Erasing a customer: everything personal is blanked in one transaction, what tax law has kept stays, the log holds.

An owner asks for it, never the clock. `personal` says which columns; the next readings of the ledger bring nothing
back (`upserts`). What the ledger itself keeps is the ledger's, and its owner's to erase there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.money import totals
from models import (
    Account,
    AddressWord,
    ApprovalRow,
    Arrangement,
    Attempt,
    AttemptLine,
    AuditKey,
    BankLine,
    BankMatch,
    Base,
    Company,
    Contact,
    Dispute,
    Effect,
    EffectState,
    Extension,
    Handover,
    HoldRow,
    Invoice,
    Notice,
    Posting,
    Reversal,
    Task,
    Terms,
    ToldRow,
    Touch,
    UnreadableRow,
)
from models.upsert import insert_into
from workflows import audit, billing, mirror, people, personal
from workflows.errors import Refusal
from workflows.owed import ON_ITS_WAY, is_owed
from workflows.pending import UNSEEN
from workflows.runtime import Runtime

Held = TypeVar("Held", Effect, ApprovalRow, Posting)
NOBODY = "an erased customer"
_UNDER_WAY = (EffectState.DUE, EffectState.CLAIMED, EffectState.SENDING, EffectState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an erasure would do now: sentences against it (none: it can be done), and rows by what they are."""

    against: tuple[str, ...]
    counts: Mapping[str, int]


def outlook(session: Session, account: Account) -> Outlook:
    """Whether the account can be erased, and how much would go."""
    ids = _family(session, account)
    kinds: tuple[tuple[str, Any], ...] = (
        ("messages", Touch),
        ("words of theirs", ToldRow),
        ("disputes", Dispute),
        ("notes on holds", HoldRow),
        ("arrangements", Arrangement),
        ("calls and letters", Task),
    )
    counts = {
        name: session.scalar(select(func.count()).select_from(table).where(table.account_id.in_(ids))) or 0
        for name, table in kinds
    }
    return Outlook(tuple(_against(session, account, ids)), counts)


def _family(session: Session, account: Account) -> Sequence[int]:
    """The account and everyone whose bills it gets: parts of one customer in the ledger."""
    theirs = billing.family(account.company_id, [account.external_id])
    mine = Account.company_id == account.company_id, Account.external_id.in_(theirs)
    return session.scalars(select(Account.id).where(*mine).order_by(Account.id)).all()


def _against(session: Session, account: Account, ids: Sequence[int]) -> Iterator[str]:
    if account.erased_at is not None:
        yield "They are erased already."
    open_invoices = session.scalars(select(Invoice).where(Invoice.account_id.in_(ids), is_owed())).all()
    for amount in totals(one.balance for one in open_invoices).values():
        yield f"There is still {amount} open. Wait until it is settled, or settle it in the ledger first."
    for sentence, table, condition in _WAITING:
        wanted = select(table.id).where(table.account_id.in_(ids), condition).limit(1)
        if session.scalar(wanted) is not None:
            yield sentence
    on_its_way = select(AttemptLine.id).join(Attempt).where(Attempt.account_id.in_(ids))
    if session.scalar(on_its_way.where(AttemptLine.state.in_(ON_ITS_WAY)).limit(1)) is not None:
        yield "A payment of theirs is not in the ledger yet."


_WAITING: tuple[tuple[str, Any, Any], ...] = (
    (
        "A message to them, or a change in the ledger, is under way or in doubt. Wait, or settle it on the desk.",
        Effect,
        Effect.state.in_([one.value for one in _UNDER_WAY]),
    ),
    ("A page on which they can pay is open.", Attempt, Attempt.state.in_(("created", "open", "pending"))),
    (
        "A change of the ledger about them is not seen there yet.",
        Posting,
        Posting.state.in_(("due", "desk")) | ((Posting.state == "written") & UNSEEN),
    ),
    ("An arrangement is under way. End it first.", Arrangement, Arrangement.state.in_(("proposed", "running"))),
    (
        "They are handed over, or it is prepared. Call it back or throw it away first.",
        Handover,
        Handover.ended_at.is_(None),
    ),
    ("A dispute of theirs waits for an answer.", Dispute, Dispute.state == "open"),
    ("They asked for more time and wait for an answer.", Extension, Extension.state == "asked"),
    ("A call or a letter is still to be settled.", Task, Task.state == "open"),
)


def erase(rt: Runtime, account_id: int, user_id: int, typed: str) -> None:
    """Blank everything personal of the account and destroy the key of its log. It cannot be undone.

    Refusal for who is no owner, when `typed` is not the customer's name, and while something is open or under way.
    """
    with rt.store.write() as session:
        account = session.get_one(Account, account_id, with_for_update=True)
        company = session.get_one(Company, account.company_id)
        people.owner(session, company.practice_id, user_id)
        if typed.strip().casefold() != (account.name.strip() or account.uid).casefold():
            raise Refusal("Please type the customer's name exactly as it stands here, so that nobody else is erased.")
        ids = _family(session, account)
        against = next(_against(session, account, ids), "")
        if against:
            raise Refusal("This customer cannot be erased yet. {against}", against=against)
        _forget_mentions(rt, session, company, ids)
        _blank(rt, session, ids)
        _destroy_keys(session, company.id, ids)
        mirror.wake(session, ids, rt.clock.now())
        # In the company's own log: what is said in the account's nobody can read any more.
        audit.record(rt, session, "erased", company.id, subject=account.uid, user=user_id)


def _blank(rt: Runtime, session: Session, ids: Sequence[int]) -> None:
    now = rt.clock.now()
    for table, values in personal.BLANKED.items():
        mine: Any = table.id if table is Account else table.account_id  # type: ignore[attr-defined]
        _set(session, table, mine.in_(ids), **{column.key: value for column, value in values.items()})
    for gone in personal.DELETED:
        session.execute(delete(gone).where(gone.account_id.in_(ids)))  # type: ignore[attr-defined]
    _set(session, Account, Account.id.in_(ids), erased=True, erased_at=now, link_generation=Account.link_generation + 1)
    _set(session, Contact, Contact.account_id.in_(ids) & (Contact.state == "proposed"), state="refused")
    _set(session, ToldRow, ToldRow.account_id.in_(ids) & (ToldRow.state == "open"), state="closed", closed_at=now)
    _set(session, Terms, Terms.account_id.in_(ids) & Terms.withdrawn_at.is_(None), withdrawn_at=now)
    attempts = select(Attempt.id).where(Attempt.account_id.in_(ids))
    _set(session, AttemptLine, AttemptLine.attempt_id.in_(attempts), note="")
    _set(session, Reversal, Reversal.attempt_id.in_(attempts), note="")
    lines = select(BankLine.id).where(BankLine.account_id.in_(ids))
    _set(session, BankMatch, BankMatch.line_id.in_(lines), why="")
    for rows in (_rows(session, Effect, ids), _rows(session, ApprovalRow, ids), _rows(session, Posting, ids)):
        for row in rows:
            row.content = _kept(row.content)
    for handover in session.scalars(select(Handover).where(Handover.account_id.in_(ids))):
        handover.content = {**handover.content, "files": [], "missing": []}


def _rows(session: Session, kind: type[Held], ids: Sequence[int]) -> Iterator[Held]:
    yield from session.scalars(select(kind).where(kind.account_id.in_(ids)))


def _set(session: Session, table: type[Base], where: ColumnElement[bool], **values: Any) -> None:
    session.execute(update(table).where(where).values(**values).execution_options(synchronize_session=False))


def _kept(content: Mapping[str, Any]) -> dict[str, Any]:
    """Who read it is asked of every message that counts for a limit: nobody, from now on."""
    kept = {name: value for name, value in content.items() if name in personal.KEPT}
    return kept | ({"recipients": []} if "recipients" in content else {})


def _destroy_keys(session: Session, company_id: int, ids: Sequence[int]) -> None:
    """Where the log never had a key it gets none: what is said later is sealed with one that nobody keeps."""
    nobodys = [{"company_id": company_id, "account_id": id, "key_sealed": None} for id in ids]
    session.execute(insert_into(session, AuditKey).values(nobodys).on_conflict_do_nothing())
    _set(session, AuditKey, AuditKey.account_id.in_(ids), key_sealed=None)


def _forget_mentions(rt: Runtime, session: Session, company: Company, ids: Sequence[int]) -> None:
    """Where others' rows speak of them: notices to the practice, notes on addresses, rows that could not be read."""
    names, addresses = _known(session, ids)
    hashes = [rt.vault.hash_address(one) for one in addresses]
    _set(session, AddressWord, (AddressWord.company_id == company.id) & AddressWord.address_hash.in_(hashes), note="")
    customers = select(Account.external_id).where(Account.id.in_(ids))
    invoices = select(Invoice.external_id).where(Invoice.account_id.in_(ids))
    # Of one whose customer nobody could read it may be theirs, too; the next reading brings it again.
    whose = or_(
        UnreadableRow.customer.in_(customers),
        UnreadableRow.customer == "",
        (UnreadableRow.entity == "customer") & UnreadableRow.external_id.in_(customers),
        (UnreadableRow.entity == "invoice") & UnreadableRow.external_id.in_(invoices),
    )
    _set(session, UnreadableRow, (UnreadableRow.company_id == company.id) & whose, raw_sealed=None, reason="Erased.")
    said = sorted({*names, *addresses}, key=len, reverse=True)
    told = or_(
        Notice.company_id == company.id, Notice.company_id.is_(None) & (Notice.practice_id == company.practice_id)
    )
    for notice in session.scalars(select(Notice).where(told)):
        notice.subject, notice.text = _without(notice.subject, said), _without(notice.text, said)


def _without(text: str, said: Sequence[str]) -> str:
    """Whole words only: a customer called Ash is not in every ash tree."""
    for one in said:
        text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", NOBODY, text, flags=re.IGNORECASE)
    return text


def _known(session: Session, ids: Sequence[int]) -> tuple[set[str], set[str]]:
    """Names and numbers by which they are called, and every address of theirs that we know."""
    names: set[str] = set()
    addresses: set[str] = set()
    for one in session.scalars(select(Account).where(Account.id.in_(ids))):
        names |= {one.name, one.contact, one.phone, *(name for name, *_ in one.people)}
        addresses |= {*one.emails, *one.refused, *one.instead, *(address for _, address, *_ in one.people)}
    for emails, cc in session.execute(select(Invoice.emails, Invoice.cc).where(Invoice.account_id.in_(ids))):
        addresses |= {*emails, *cc}
    for recipients in session.scalars(select(Touch.recipients).where(Touch.account_id.in_(ids))):
        addresses |= set(recipients)
    for name, email in session.execute(select(Contact.name, Contact.email).where(Contact.account_id.in_(ids))):
        names.add(name)
        addresses.add(email)
    return names - {""}, addresses - {""}
