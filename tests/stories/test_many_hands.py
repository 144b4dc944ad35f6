"""The practice's own day on SQLite and on PostgreSQL: stopping, many at once, the morning's mail, and search."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from models import BulkChange, User
from models.store import Store
from tests.databases import store  # noqa: F401  (a fixture)
from tests.stories.days import diary
from tests.town import Town
from web import search_queries, today_queries
from workflows import audit, bulk, stopping, told
from workflows.bulk import By
from workflows.reaching import whole
from workflows.told import Topic, When

MON, TUE, WED, THU = (date(2026, 3, day) for day in (2, 3, 4, 5))


def opened(store: Store) -> tuple[Town, By]:  # noqa: F811
    town = Town()
    for number, customer in (("A_1", "fern"), ("A-2", "holly")):
        town.customer("xero", customer)
        town.open("xero", number, customer, date(2026, 2, 25), amount="1234.50")
    town.begin(store=store, kinds=["xero"])
    made = {"uid": town.new_id(), "email": "robin@sandpiper.example", "password_hash": "-", "role": "owner"}
    user = User(practice_id=town.practice_id, name="Robin", created_at=town.now, **made)
    with town.rt.store.write() as session:
        session.add(user)
    return town, By(town.practice_id, user.id)


def test_a_stop_many_at_once_and_the_mornings_mail(store: Store) -> None:  # noqa: F811
    town, by = opened(store)
    told.choose(town.rt, by.user_id, {Topic.MORNING: When.DAILY, Topic.ANSWERS: When.DAILY})
    stopping.stop(town.rt, by.practice_id, by.user_id, until=WED)
    uid = bulk.pause(town.rt, by, [town.account("A_1").id], THU)
    town.promise("A-2", date(2026, 3, 6))
    assert diary(town, "A_1", MON, TUE) == ["02 Mar to 03 Mar: paused"]
    with town.rt.store.read() as session:
        made = session.scalars(select(BulkChange).where(BulkChange.uid == uid)).one()
    assert bulk.undo(town.rt, made.id, by) == []
    assert diary(town, "A_1", WED, WED) == ["04 Mar: LATE-4"]
    mine = [one.subject for one in town.mails() if "robin@sandpiper.example" in one.recipients]
    assert mine == [f"Holly answered {town.company('xero').name}", "Today: 1 message to leave, 0 drafts to approve"]
    assert list(audit.verify(town.rt)) == []


def test_search_and_today_ask_both_databases_the_same(store: Store) -> None:  # noqa: F811
    town, by = opened(store)
    town.at(MON, 22)
    with town.rt.store.read() as session:
        reach, now = whole(by.practice_id), town.now

        def numbers(asked: str) -> list[str]:
            return sorted(one.number for one, _, _ in search_queries.find(session, reach, asked).invoices)

        assert (numbers("a_"), numbers("%"), numbers("\\"), numbers("1,234.50")) == (["A_1"], [], [], ["A-2", "A_1"])
        found = search_queries.find(session, reach, "fern@customers.example")
        assert ([one.name for one, _ in found.customers], len(found.messages)) == (["Fern"], 1)
        (company,) = {one.company_id for one, _, _ in search_queries.find(session, reach, "A").invoices}
        assert today_queries.sent(session, [company], [MON], now) == [(company, MON, 2)]
        assert today_queries.paid(session, [company], [MON]) == []
        assert today_queries.answered(session, [company], now) == []
        assert [one[1:] for one in today_queries.largest(session, reach, TUE, {"GBP"})] == [("GBP", 123450)] * 2
        assert today_queries.broken(session, reach, now, 5) == ([], 0)
        assert today_queries.missing(session, reach, 5) == ([], 0)
