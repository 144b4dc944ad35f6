"""One change of many customers or companies at once, and the way back: what was there before is kept with it.

Taking it back touches only what nobody has changed since; the others are named and stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Cause
from core.inheritance import Level
from models import Account, BulkChange, CadenceOverride, CadenceVersion, Company, HoldRow, User
from workflows import assigning, audit, holds, library, mirror, stopping
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime

MOST = 200
Item = dict[str, Any]
Wishes = Mapping[int, tuple[int | None, dict[str, Any]]]  # by account: another cadence, and what is changed of it


@dataclass(frozen=True, slots=True)
class By:
    """Who changes, and in which practice."""

    practice_id: int
    user_id: int


def pause(rt: Runtime, by: By, accounts: Sequence[int], until: date) -> str:
    """Leave these customers alone until a local day (exclusive); the uid of the change."""

    def one(session: Session, row: Account) -> Item:
        made = holds.note_hold(rt, session, row.id, Cause.PAUSED, until=until, owner_id=by.user_id)
        return {"after": made.uid}

    return _each(rt, by, "pause", accounts, one)


def release(rt: Runtime, by: By, accounts: Sequence[int]) -> str:
    """End every pause of these customers that a person has set."""

    def one(session: Session, row: Account) -> Item:
        mine = HoldRow.account_id == row.id, HoldRow.state == "open", HoldRow.cause == Cause.PAUSED.value
        ended = session.scalars(select(HoldRow).where(*mine).order_by(HoldRow.id)).all()
        for hold in ended:
            holds.end(rt, session, hold, by.user_id)
        return {"before": [hold.uid for hold in ended]}

    return _each(rt, by, "release", accounts, one)


def assign(rt: Runtime, by: By, accounts: Sequence[int], user_id: int | None) -> str:
    """These customers are looked after by this person. Refusal, and nothing is changed, where one of them cannot be."""

    def one(session: Session, row: Account) -> Item:
        before = row.assignee_id
        assigning.note_assigned(rt, session, row, user_id, by.user_id)
        return {"before": before, "after": user_id}

    return _each(rt, by, "assign", accounts, one)


def _each(rt: Runtime, by: By, kind: str, accounts: Sequence[int], change: Callable[[Session, Account], Item]) -> str:
    """All of them in one transaction, with what takes it back."""
    _check_size(accounts)
    with rt.store.write() as session:
        rows = session.scalars(select(Account).where(Account.id.in_(accounts)).order_by(Account.id)).all()
        items = [{"account": row.id, **change(session, row)} for row in rows]
        return _kept(rt, session, by, kind, items).uid


def _check_size(ids: Sequence[int]) -> None:
    if not ids:
        raise Refusal("Please tick at least one.")
    if len(ids) > MOST:
        raise Refusal(f"Please tick at most {MOST} at once.")


def _kept(rt: Runtime, session: Session, by: By, kind: str, items: list[Item]) -> BulkChange:
    made = BulkChange(
        uid=rt.new_id(),
        practice_id=by.practice_id,
        user_id=by.user_id,
        kind=kind,
        items=items,
        made_at=rt.clock.now(),
    )
    session.add(made)
    session.flush()
    audit.record_practice(
        rt, session, "bulk-changed", by.practice_id, made.uid, user=by.user_id, what=kind, count=len(items)
    )
    return made


def give_cadence(rt: Runtime, by: By, accounts: Sequence[int], version_id: int) -> tuple[str, list[str]]:
    """These customers have another cadence than their company; with it, in words, who stays as they are and why.

    Each is proved first, so they are changed one by one: what was there before is kept before the first of them.
    """
    _check_size(accounts)
    with rt.store.write() as session:
        mine = CadenceVersion.id == version_id, CadenceVersion.practice_id == by.practice_id
        if session.scalars(select(CadenceVersion.id).where(*mine)).first() is None:
            raise Refusal("This cadence is not in the library of the practice.")
        rows = session.scalars(select(Account).where(Account.id.in_(accounts)).order_by(Account.id)).all()
        items: list[Item] = [{"account": row.id, "before": _own(session, row), "after": version_id} for row in rows]
        uid = _kept(rt, session, by, "cadence", items).uid
    wanted: Wishes = {item["account"]: (version_id, dict(item["before"]["fields"])) for item in items}
    return uid, _changed(rt, by, rows, wanted)


def _own(session: Session, row: Account) -> Item:
    """What this customer alone has changed of the cadence."""
    found = session.scalars(select(CadenceOverride).where(CadenceOverride.account_id == row.id)).first()
    return {"version": found.cadence_version_id if found else None, "fields": dict(found.fields) if found else {}}


def _changed(rt: Runtime, by: By, rows: Iterable[Account], wanted: Wishes) -> list[str]:
    stay = []
    for row in rows:
        version_id, fields = wanted[row.id]
        whom: Item = {"company_id": row.company_id, "account_id": row.id, "version_id": version_id}
        try:
            library.change(rt, by.practice_id, Level.ACCOUNT, fields, **whom)
        except Refusal as refusal:
            stay.append(f"{row.name or 'An erased customer'}: {refusal}")
    return stay


def stop(rt: Runtime, by: By, companies: Sequence[int], until: date | None) -> str:
    """Nothing is sent for these companies."""
    if until is not None:
        stopping.check_day(rt, until)
    return _companies(rt, by, "stop", companies, lambda session, row: stopping.pause(rt, session, row, None, until))


def go_on(rt: Runtime, by: By, companies: Sequence[int]) -> str:
    """What stops these companies ends."""
    return _companies(rt, by, "go-on", companies, lambda session, row: stopping.go_on(rt, session, row, None))


def _companies(
    rt: Runtime, by: By, kind: str, companies: Sequence[int], change: Callable[[Session, Company], None]
) -> str:
    _check_size(companies)
    with rt.store.write() as session:
        mine = Company.id.in_(companies), Company.practice_id == by.practice_id
        items = []
        for row in session.scalars(select(Company).where(*mine).order_by(Company.id)).all():
            before = _pause_of(row)
            change(session, row)
            items.append({"company": row.id, "before": before, "after": _pause_of(row)})
        return _kept(rt, session, by, kind, items).uid


def _pause_of(row: Company) -> list[Any]:
    return [row.paused, row.paused_until.isoformat() if row.paused_until else None]


# The way back


def undo(rt: Runtime, change_id: int, by: By) -> list[str]:
    """Take a change back; in words, what stays because it was changed since. Refusal when it was taken back already."""
    with rt.store.write() as session:
        mine = BulkChange.id == change_id, BulkChange.practice_id == by.practice_id
        found = session.scalars(select(BulkChange).where(*mine).with_for_update()).first()
        if found is None or found.undone_at is not None:
            raise Refusal("This was taken back already.")
        back = _BACK.get(found.kind)
        if back is None:
            raise Refusal("This cannot be taken back.")
        found.undone_at, found.undone_by = rt.clock.now(), by.user_id
        audit.record_practice(rt, session, "bulk-undone", by.practice_id, found.uid, user=by.user_id, what=found.kind)
        stay, later = [], {}
        for item in found.items:
            row = _row(session, item)
            if found.kind == "cadence" and _own(session, row)["version"] == item["after"]:
                later[row] = (item["before"]["version"], item["before"]["fields"])
            elif not back(rt, session, row, item, by):
                stay.append(f"{row.name or 'An erased customer'} was changed since and stays.")
    return stay + _changed(rt, by, later, {row.id: wanted for row, wanted in later.items()})


def _row(session: Session, item: Item) -> Any:
    """The account or the company that an item is about."""
    kind, id = (Account, item["account"]) if "account" in item else (Company, item["company"])
    return session.get_one(kind, id)


def _unpause(rt: Runtime, session: Session, row: Account, item: Item, by: By) -> bool:
    """Whether the pause was still there to be ended."""
    mine = HoldRow.account_id == row.id, HoldRow.uid == item["after"], HoldRow.state == "open"
    hold = session.scalars(select(HoldRow).where(*mine)).first()
    if hold is not None:
        holds.end(rt, session, hold, by.user_id)
    return hold is not None


def _hold_again(rt: Runtime, session: Session, row: Account, item: Item, by: By) -> bool:
    """Whether all of its pauses stand again; one whose day has come meanwhile cannot, and a new one is somebody's."""
    mine = HoldRow.account_id == row.id, HoldRow.cause == Cause.PAUSED.value
    ended = session.scalars(select(HoldRow).where(*mine, HoldRow.uid.in_(item["before"]))).all()
    newer = session.scalars(select(HoldRow.id).where(*mine, HoldRow.state == "open")).first()
    today = today_of(session.get_one(Company, row.company_id), rt.clock.now())
    if newer is not None or any(one.until is not None and one.until <= today for one in ended):
        return False
    for one in ended:
        one.state, one.ended_at = "open", None
        audit.record(rt, session, "held", row.company_id, row.id, one.uid, user=by.user_id, cause=one.cause)
    mirror.wake(session, [row.id], rt.clock.now())
    return True


def _assign_back(rt: Runtime, session: Session, row: Account, item: Item, by: By) -> bool:
    """Whether they are with whom they were before; somebody who has left is nobody."""
    before = item["before"]
    company = session.get_one(Company, row.company_id)
    if row.assignee_id != item["after"]:
        return False
    if before is not None and before not in {one.id for one in assigning.colleagues(session, company)}:
        return False
    assigning.note_assigned(rt, session, row, before, by.user_id)
    return True


def _company_back(rt: Runtime, session: Session, row: Company, item: Item, by: By) -> bool:
    """Whether the company stands as before; a stop whose day has come is not set again."""
    on, until = item["before"]
    day = date.fromisoformat(until) if until else None
    if _pause_of(row) != item["after"] or (day is not None and day <= today_of(row, rt.clock.now())):
        return False
    if on:
        stopping.pause(rt, session, row, by.user_id, day)
    elif row.paused:
        stopping.go_on(rt, session, row, by.user_id)
    return True


def _never(_rt: Runtime, _session: Session, _row: Any, _item: Item, _by: By) -> bool:
    return False


_BACK: Mapping[str, Callable[[Runtime, Session, Any, Item, By], bool]] = {
    "pause": _unpause,
    "release": _hold_again,
    "assign": _assign_back,
    "cadence": _never,
    "stop": _company_back,
    "go-on": _company_back,
}


def names(session: Session, change: BulkChange) -> tuple[Sequence[tuple[Account, Company]], Sequence[Company]]:
    """The customers, each with its company, and the companies that a change was about."""
    accounts = [one["account"] for one in change.items if "account" in one]
    companies = [one["company"] for one in change.items if "company" in one]
    wanted = select(Account, Company).join(Company, Company.id == Account.company_id).where(Account.id.in_(accounts))
    rows = [(account, company) for account, company in session.execute(wanted.order_by(Account.name, Account.id))]
    return rows, session.scalars(select(Company).where(Company.id.in_(companies)).order_by(Company.name)).all()


def by_whom(session: Session, change: BulkChange) -> User:
    return session.get_one(User, change.user_id)
