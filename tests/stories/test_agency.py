"""A customer is handed over to an agency and called back: what is silent, what is booked, and what comes after."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from models import AuditEvent
from tests.stories.days import BOTH, EVENING, OPENING, diary, effects_of, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import afterwards, archive, handovers, planner
from workflows.afterwards import Since
from workflows.errors import Refusal

# Many simulated days: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)
MORNING = date(2026, 3, 19)  # 21 days late, a Thursday


def since(town: Town, uid: str) -> Since:
    account = town.account("A-1")
    with town.rt.store.read() as session:
        row = next(one for one in handovers.of_account(session, account.id) if one.uid == uid)
        return afterwards.since(session, row)


def recorded(town: Town) -> list[str]:
    wanted = select(AuditEvent.kind).where(AuditEvent.kind.startswith("handover")).order_by(AuditEvent.id)
    with town.rt.store.read() as session:
        return list(session.scalars(wanted))


@BOTH
def test_with_the_agency_nothing_is_sent_what_is_paid_is_booked_and_called_back_it_goes_on_one_rung_up(
    kind: str,
) -> None:
    with town_of(kind, ("A-1", "fern", DUE), ("A-2", "fern", DUE), ("B-1", "moss", DUE)) as town:
        robin = Robin(town, kind, 0)
        said = ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar to 18 Mar: not-yet"]
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 18)) == said

        # The third word is planned already when a person comes and hands it over.
        town.clock.move(datetime(2026, 3, 19, OPENING[kind], tzinfo=UTC))
        planner.plan_due(town.rt)
        planned = [one for one in effects_of(town) if one.account_id == town.account("A-1").id][-1]
        assert (planned.state, planned.content["lead"]) == ("due", "late-21")
        row = handovers.prepare(town.rt, town.account("A-1").id, robin.id)
        files = handovers.contents(town.rt, row.id)
        assert [name for name in files if name.startswith(("messages/", "invoices/"))] == [
            "invoices/A-1.pdf",
            "invoices/A-2.pdf",
            "messages/2026-03-02-late-4.txt",
            "messages/2026-03-10-late-12.txt",
        ]
        assert row.content["missing"] == []
        handovers.release(town.rt, row.id, "Heron Recoveries", "We called five times.", robin.id)
        town.at(MORNING, EVENING)
        dropped = next(one for one in effects_of(town) if one.id == planned.id)
        assert dropped.state == "dropped"
        assert "left unsaid: agency" in dropped.note
        assert diary(town, "A-1", MORNING, date(2026, 4, 2)) == ["19 Mar to 02 Apr: agency"]
        assert town.steps("B-1") == ["late-4", "late-12", "late-21", "late-35"]  # nobody else is held by it

        # The customer pays half of it on the portal: booked, thanked for, and shown for the agency.
        town.clock.move(datetime(2026, 4, 7, 12, tzinfo=UTC))
        town.pay("A-2")
        town.at(date(2026, 4, 7), EVENING)
        assert town.invoice("A-2").status == "paid"
        found = since(town, row.uid)
        assert [(one.kind, one.amount.decimal, one.about) for one in found.came] == [("payment", 100, "A-2 100.00")]
        assert [one.decimal for one in (*found.handed, *found.left)] == [200, 100]
        assert b"payment,2026-04-07" in handovers.news(town.rt, row.id, robin.id)
        thanks = town.mails()[-1]
        assert "hank" in thanks.header("Subject")
        assert thanks.header("To") == "fern@customers.example"

        handovers.recall(town.rt, row.id, robin.id)
        went_on = diary(town, "A-1", date(2026, 4, 8), date(2026, 4, 10))
        assert went_on == ["08 Apr: LATE-21", "09 Apr to 10 Apr: not-yet"]  # late-35 was reached; one rung at a time
        assert recorded(town) == [f"handover-{what}" for what in ("prepared", "released", "downloaded", "recalled")]


def test_what_moved_after_it_was_put_together_has_to_be_looked_at_again() -> None:
    with town_of("xero", ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        robin = Robin(town, "xero", 0)
        town.at(date(2026, 3, 3), EVENING)
        account = town.account("A-1").id
        first = handovers.prepare(town.rt, account, robin.id)
        town.transfer("xero", "A-2", "40.00")  # booked in the ledger, and nobody has told Dunlin yet
        town.clock.move(datetime(2026, 3, 4, 8, tzinfo=UTC))
        with pytest.raises(Refusal, match=r"has changed since .*: invoices\.csv, payments\.csv\. Prepare it anew"):
            handovers.release(town.rt, first.id, "Heron Recoveries", "", robin.id)
        town.dispute("A-1")
        with pytest.raises(Refusal, match=r"disputes\.csv, invoices\.csv, payments\.csv"):
            handovers.release(town.rt, first.id, "Heron Recoveries", "", robin.id)
        second = handovers.prepare(town.rt, account, robin.id)
        assert second.content["open"] == [[16_000, "GBP"]]
        with pytest.raises(Refusal, match="another state"):
            handovers.release(town.rt, first.id, "Heron Recoveries", "", robin.id)
        handovers.release(town.rt, second.id, "Heron Recoveries", "", robin.id)
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 12)) == ["04 Mar to 12 Mar: agency"]


def test_all_invoices_are_held_and_the_file_taken_is_the_one_that_was_looked_through() -> None:
    with town_of("xero", ("A-1", "fern", DUE), ("A-2", "fern", date(2026, 3, 9))) as town:
        robin = Robin(town, "xero", 0)
        town.at(date(2026, 3, 3), EVENING)
        row = handovers.prepare(town.rt, town.account("A-1").id, robin.id)
        handovers.release(town.rt, row.id, "Heron Recoveries", "", robin.id)
        assert diary(town, "A-2", date(2026, 3, 4), date(2026, 3, 13)) == ["04 Mar to 13 Mar: agency"]
        whole = handovers.taken(town.rt, row.id, robin.id)
        assert archive.digest(whole) == row.file_hash
        assert archive.unpacked(whole) == handovers.contents(town.rt, row.id)
