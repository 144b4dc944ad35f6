"""Known complaints about systems that go on talking: through a promise, a pause, a reply, and to the house."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from core.because import Cause
from core.cadence import Reason
from models import Account, Dispute, Promise
from tests.stories import bookkeeper
from tests.stories.complaints import LATE, answer, decided
from tests.stories.days import EVENING, diaries, diary, effects_of, town_of
from tests.stories.staff import Robin, robins
from tests.town import Town
from workflows import cadences, clock, disputes, holds, reasons
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

MONDAY = date(2026, 3, 2)  # everybody here has been late for four days and hears late-4; late-12 is for the 10th

# 5. A promise must pause the chasing, and it must go on when the promise was broken


def test_a_day_named_on_the_portal_rests_the_invoice_and_when_it_goes_by_one_word_follows() -> None:
    """On another portal a promise paused nothing unless somebody of the company ticked a box; users asked for years."""
    with town_of("xero", ("KEPT", "fern", LATE), ("BROKEN", "moss", LATE), ("NONE", "reed", LATE)) as town:
        town.at(MONDAY, EVENING)
        for number in ("KEPT", "BROKEN"):
            answer(town, number, "promise", day="2026-03-06")
        first = diaries(town, ["KEPT", "BROKEN", "NONE"], date(2026, 3, 3), date(2026, 3, 5))
        assert first == {
            "KEPT": ["03 Mar to 05 Mar: promise"],
            "BROKEN": ["03 Mar to 05 Mar: promise"],
            "NONE": ["03 Mar to 05 Mar: not-yet"],
        }
        town.transfer("xero", "KEPT", "100.00")
        then = diaries(town, ["KEPT", "BROKEN", "NONE"], date(2026, 3, 6), date(2026, 3, 13))
        assert then == {
            "KEPT": ["06 Mar to 13 Mar: paid"],
            "BROKEN": ["06 Mar to 11 Mar: promise", "12 Mar: LATE-12", "13 Mar: not-yet"],  # five days of grace
            "NONE": ["06 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar to 13 Mar: not-yet"],
        }
        with town.rt.store.read() as session:
            assert list(session.scalars(select(Promise.state).order_by(Promise.id))) == ["kept", "broken"]


# 6. No pause for one invoice or one customer


def test_one_invoice_and_one_customer_rest_until_their_day_and_come_back_by_themselves() -> None:
    """There was one switch for everybody; who switched it off for one customer forgot to switch it on again."""
    invoices = ("A-1", "fern", LATE), ("A-2", "fern", LATE), ("B-1", "moss", LATE), ("C-1", "reed", LATE)
    with town_of("quickbooks", *invoices) as town:
        town.at(MONDAY, EVENING)
        one = town.invoice("A-1")
        holds.hold(town.rt, one.account_id, Cause.PAUSED, until=date(2026, 3, 12), invoice_uid=one.uid)
        holds.hold(town.rt, town.account("B-1").id, Cause.PAUSED, until=date(2026, 3, 12))
        assert diaries(town, ["A-1", "A-2", "B-1", "C-1"], date(2026, 3, 3), date(2026, 3, 13)) == {
            "A-1": ["03 Mar to 11 Mar: paused", "12 Mar: gap", "13 Mar: LATE-12"],
            "A-2": ["03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar to 13 Mar: not-yet"],
            "B-1": ["03 Mar to 11 Mar: paused", "12 Mar: LATE-12", "13 Mar: not-yet"],
            "C-1": ["03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar to 13 Mar: not-yet"],
        }


# 9. A record of the house or of a partner gets warnings of suspension


def test_records_of_the_house_hear_nothing_on_any_day_and_each_says_why() -> None:
    """A notification job took every record with a past date, the company's own and its partner's among them."""
    records = "STAFF", "PARTNER", "CLOSED", "ERASED"
    with town_of("xero", *((name, name.lower(), LATE) for name in (*records, "GUEST"))) as town:
        robin, tenant = Robin(town, "xero", 0), town.tenants["xero"]
        robin.use(_not_for("partner"))
        holds.hold(town.rt, town.account("STAFF").id, Cause.PAUSED, owner_id=robin.id, note="Our own cost centre.")
        partner = town.account("PARTNER").id
        with town.rt.store.write() as session:
            session.get_one(Account, partner).segment = "partner"
        bookkeeper.archive(town, "xero", "closed")
        town.xero.request_erasure(tenant, "erased")
        assert diaries(town, [*records, "GUEST"], MONDAY, date(2026, 3, 11)) == {
            "STAFF": ["02 Mar to 11 Mar: paused"],
            "PARTNER": ["02 Mar to 11 Mar: condition"],
            "CLOSED": ["02 Mar to 11 Mar: archived"],
            "ERASED": ["02 Mar to 11 Mar: erased"],
            "GUEST": ["02 Mar: LATE-4", "03 Mar to 09 Mar: not-yet", "10 Mar: LATE-12", "11 Mar: not-yet"],
        }
        assert {mail.recipients for mail in town.mails()} == {("guest@customers.example",)}


def _not_for(segment: str) -> str:
    """The default cadence, with none of its steps for one segment."""
    first, *steps = cadences.shipped_library()["default"].split("[[step]]")
    return first + "".join(f'[[step]]{step.rstrip()}\nwhen = {{ not_segments = ["{segment}"] }}\n\n' for step in steps)


def test_nobody_is_threatened_with_suspension_not_even_in_a_persons_own_words() -> None:
    """The warning itself was the template: the account would be suspended."""
    with robins("xero", ("W-1", "fern", LATE)) as (town, robin):
        town.at(date(2026, 3, 3))
        with pytest.raises(Refusal, match="suspend"):
            robin.approve("Your account", "Your account will be suspended unless you pay within five days.")
        assert diary(town, "W-1", date(2026, 3, 3), date(2026, 3, 4)) == ["03 Mar to 04 Mar: awaiting-approval"]
        assert town.mails() == []


# 20. A reply ("disputed", "wrong person") does not stop the next message


def test_whatever_they_answer_the_next_message_waits_even_one_that_was_about_to_leave() -> None:
    """Built-in reminders read no answers: the next step goes to whoever has just said that it is wrong."""
    numbers = "DISPUTED", "WRONG", "REPLIED", "SILENT"
    with town_of("xero", *((number, number.lower(), LATE) for number in numbers)) as town:
        robin = Robin(town, "xero", 0)
        assert diaries(town, numbers, MONDAY, MONDAY) == {number: ["02 Mar: LATE-4"] for number in numbers}
        decided(town, "xero", date(2026, 3, 10))  # late-12 is written down for all four
        assert [effect.state for effect in effects_of(town)][4:] == ["due"] * 4
        answer(town, "DISPUTED", "dispute", text="Two of the four boxes were empty.")
        told = reasons.tell(town.rt, *_about(town, "WRONG"), Reason.WRONG_PERSON, "I left that company.")
        held = holds.hold(town.rt, town.account("REPLIED").id, Cause.REPLIED, owner_id=robin.id)
        clock.settle(town.rt)
        assert diaries(town, numbers, date(2026, 3, 10), date(2026, 3, 16)) == {
            "DISPUTED": ["10 Mar to 16 Mar: dispute"],
            "WRONG": ["10 Mar to 16 Mar: wrong-person"],
            "REPLIED": ["10 Mar to 16 Mar: replied"],
            "SILENT": ["10 Mar to 16 Mar: not-yet"],
        }
        assert {number for number in numbers if len(town.steps(number)) > 1} == {"SILENT"}
        _they_are_answered(town, robin, told.uid, held.uid)
        assert diaries(town, numbers[:3], date(2026, 3, 17), date(2026, 3, 19)) == {
            "DISPUTED": ["17 Mar to 18 Mar: not-yet", "19 Mar: LATE-4"],  # the gentlest word, after some days
            "WRONG": ["17 Mar: LATE-12", "18 Mar to 19 Mar: not-yet"],
            "REPLIED": ["17 Mar: LATE-12", "18 Mar to 19 Mar: not-yet"],
        }


def _about(town: Town, number: str) -> tuple[int, list[str]]:
    invoice = town.invoice(number)
    return invoice.account_id, [invoice.uid]


def _they_are_answered(town: Town, robin: Robin, told: str, held: str) -> None:
    with town.rt.store.read() as session:
        dispute = session.scalars(select(Dispute.id)).one()
    disputes.settle(town.rt, dispute, robin.id, "All four boxes were full; they have found the rest.", "rejected")
    reasons.close(town.rt, told, robin.id, "Kim looks after it now; the ledger has the address.")
    holds.release(town.rt, held, robin.id)
