"""Rules by which customers fall into segments: kept here, and followed after every whole reading and every night.

The first rule that fits counts. Who was put somewhere by hand stays there; who has a cadence of their own stays where
they are when what they would hear in the other segment could not be proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.cadence import Cadence, CadenceError, Payer
from core.facts import InvoiceStatus
from core.segments import A_YEAR, Rule, Traits, is_name, read, written
from models import Account, CadenceOverride, Company, Invoice, SegmentRule
from workflows import audit, cadences, library, mirror
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.rows import among
from workflows.runtime import Runtime

HAND, RULE = "hand", "rule"
Change = Callable[[Runtime, int, str, int], int]
MOST = 20
_TOGETHER = 500
_BILLED = (InvoiceStatus.OPEN.value, InvoiceStatus.PAID.value)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account stands: its segment, "" for none, and who put it there (HAND, RULE, or "" for nobody)."""

    segment: str
    by: str


@dataclass(frozen=True, slots=True)
class Fits:
    """Whom a rule would take: the accounts it holds, and how many of them stay where somebody put them by hand."""

    accounts: Sequence[int]
    by_hand: int


def rules(session: Session, company_id: int) -> Sequence[SegmentRule]:
    """In the order in which they are asked."""
    wanted = select(SegmentRule).where(SegmentRule.company_id == company_id)
    return session.scalars(wanted.order_by(SegmentRule.rank, SegmentRule.id)).all()


def traits(rt: Runtime, session: Session, company: Company) -> dict[int, tuple[Place, Traits]]:
    """Of every customer that is in the books and was not erased."""
    today = today_of(company, rt.clock.now())
    lately = Invoice.issued > today - timedelta(days=A_YEAR)
    billed = func.sum(case((lately & (Invoice.currency == company.currency), Invoice.total_minor), else_=0))
    mine = Invoice.company_id == company.id, Invoice.gone_at.is_(None), Invoice.status.in_(_BILLED)
    sums = {
        id: (int(total), (today - first).days)
        for id, total, first in session.execute(
            select(Invoice.account_id, billed, func.min(Invoice.issued)).where(*mine).group_by(Invoice.account_id)
        )
    }
    there = Account.company_id == company.id, Account.gone_at.is_(None), Account.erased_at.is_(None)
    wanted = select(Account.id, Account.segment, Account.segment_by, Account.payer, Account.country).where(*there)
    return {
        id: (Place(segment, by), Traits(Payer(payer), country, *sums.get(id, (0, None))))
        for id, segment, by, payer, country in session.execute(wanted)
    }


def fits(rt: Runtime, session: Session, company: Company, rule: Rule) -> Fits:
    """Asked on its own, whatever other rules say."""
    held = [(id, place) for id, (place, one) in traits(rt, session, company).items() if rule.holds(one)]
    return Fits([id for id, _ in held], sum(place.by == HAND for _, place in held))


def counts(session: Session, company_id: int) -> Mapping[str, Mapping[str, int]]:
    """How many customers are in each segment now, by who put them there."""
    found: dict[str, Counter[str]] = {}
    mine = Account.company_id == company_id, Account.segment != "", Account.gone_at.is_(None)
    rows = select(Account.segment, Account.segment_by, func.count()).where(*mine)
    for segment, by, number in session.execute(rows.group_by(Account.segment, Account.segment_by)):
        found.setdefault(segment, Counter())[by] += number
    return found


def keep(rt: Runtime, company_id: int, segment: str, rule: Rule, user_id: int) -> int:
    """The rule of a segment, in place of its earlier one, and followed at once; how many customers moved."""
    if not is_name(segment):
        raise Refusal("Name a segment with small letters, digits and dashes, such as key-accounts.")
    if not rule.asks:
        raise Refusal("Say at least one thing that its customers have in common.")
    if rule.billed_below and rule.billed_below <= rule.billed_from:
        raise Refusal("“Billed less than” must be more than “billed at least”.")
    if rule.days_most and rule.days_most < rule.days_least:
        raise Refusal("“At most so many days” must not be less than “at least”.")
    with rt.store.write() as session:
        session.get_one(Company, company_id, with_for_update={"key_share": True})
        known = {one.segment: one for one in rules(session, company_id)}
        if segment not in known and len(known) >= MOST:
            raise Refusal(f"There are {MOST} rules already. Take one away first.")
        last = max((one.rank for one in known.values()), default=0)
        row = known.get(segment) or SegmentRule(uid=rt.new_id(), company_id=company_id, segment=segment, rank=last + 1)
        row.conditions, row.made_by, row.made_at = written(rule), user_id, rt.clock.now()
        session.add(row)
        audit.record(
            rt, session, "segment-rule", company_id, subject=row.uid, user=user_id, into=segment, **row.conditions
        )
    return follow(rt, company_id)


def drop(rt: Runtime, company_id: int, rule_uid: str, user_id: int) -> int:
    """Take a rule away; who was in its segment by it is where the other rules say. How many moved."""
    with rt.store.write() as session:
        row = _one(session, company_id, rule_uid)
        audit.record(rt, session, "segment-rule-dropped", company_id, subject=row.uid, user=user_id, into=row.segment)
        session.delete(row)
    return follow(rt, company_id)


def ask_earlier(rt: Runtime, company_id: int, rule_uid: str, user_id: int) -> int:
    """Ask a rule before the one that is asked before it now; how many customers moved."""
    with rt.store.write() as session:
        row = _one(session, company_id, rule_uid)
        before = [one for one in rules(session, company_id) if one.rank < row.rank]
        if before:
            row.rank, before[-1].rank = before[-1].rank, row.rank
            audit.record(
                rt, session, "segment-rule-earlier", company_id, subject=row.uid, user=user_id, into=row.segment
            )
    return follow(rt, company_id)


def _one(session: Session, company_id: int, rule_uid: str) -> SegmentRule:
    session.get_one(Company, company_id, with_for_update={"key_share": True})
    for row in rules(session, company_id):
        if row.uid == rule_uid:
            return row
    raise Refusal("This rule was taken away meanwhile.")


def follow_all(rt: Runtime) -> int:
    """Every company that has rules; how many customers moved."""
    with rt.store.read() as session:
        companies = session.scalars(select(SegmentRule.company_id).distinct().order_by(SegmentRule.company_id)).all()
    return sum(follow(rt, company_id) for company_id in companies)


def follow(rt: Runtime, company_id: int) -> int:
    """Put every customer where the rules say; how many moved. It reads first, and writes only what differs."""
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        asked = [(one.segment, read(one.conditions)) for one in rules(session, company_id)]
        known = traits(rt, session, company)
    wanted = {id: _wanted(asked, one) for id, (place, one) in known.items() if place.by != HAND}
    moved = {id: place for id, place in wanted.items() if place != known[id][0]}
    for id in _unproved(rt, company, moved) if moved else ():
        del moved[id]
    ids = sorted(moved)
    for start in range(0, len(ids), _TOGETHER):
        _move(rt, {id: moved[id] for id in ids[start : start + _TOGETHER]})
    return len(ids)


def _wanted(asked: Iterable[tuple[str, Rule]], one: Traits) -> Place:
    return next((Place(segment, RULE) for segment, rule in asked if rule.holds(one)), Place("", ""))


def _unproved(rt: Runtime, company: Company, moved: Mapping[int, Place]) -> list[int]:
    """Those with a cadence of their own who could then hear what no cadence may say: they stay where they are."""
    with rt.store.read() as session:
        own = CadenceOverride.company_id == company.id, CadenceOverride.account_id.is_not(None)
        theirs = moved.keys() & set(session.scalars(select(CadenceOverride.account_id).where(*own)))
        known = cadences.Known(session, company) if theirs else None
        heard = {id: _cadence(known, id, moved[id].segment) for id in sorted(theirs)} if known else {}
    return [id for id, cadence in heard.items() if cadence is None or library.objection(rt, company, [cadence])]


def _cadence(known: cadences.Known, account_id: int, segment: str) -> Cadence | None:
    """What they would hear; None where it cannot be read."""
    try:
        return known.of(account_id, segment)
    except CadenceError:
        return None


def _move(rt: Runtime, places: Mapping[int, Place]) -> None:
    with rt.store.write() as session:
        free = Account.segment_by != HAND
        rows = session.scalars(
            select(Account).where(among(session, Account.id, places), free).with_for_update(key_share=True)
        ).all()
        for row in rows:
            before, place = row.segment, places[row.id]
            row.segment, row.segment_by = place.segment, place.by
            audit.record(
                rt, session, "segment", row.company_id, row.id, row.uid, by=RULE, before=before, after=place.segment
            )
        mirror.wake(session, [row.id for row in rows], rt.clock.now())
