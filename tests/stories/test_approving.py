"""Stories of the first days: nothing leaves without a person, and what leaves is exactly what the person saw."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import AuditEvent
from tests.stories.days import BOTH, OPENING, diary, effects_of
from tests.stories.staff import Robin, robins
from workflows import approvals
from workflows.errors import Refusal

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

MON, TUE, WED, THU = (date(2026, 3, day) for day in (2, 3, 4, 5))
LATE = ("W-1", "fern", date(2026, 2, 25))  # five days late on Monday: the first gentle word is due


@BOTH
def test_in_the_first_days_a_message_waits_until_somebody_approves_it(kind: str) -> None:
    with robins(kind, LATE) as (town, robin):
        town.at(TUE)
        assert town.mails() == []
        assert town.causes("W-1") == {"awaiting-approval"}
        one = robin.one()
        assert (one.account.name, one.draft.step) == ("Fern", "late-4")
        robin.approve()
        town.settle()
        assert town.causes("W-1") == {"take-back"}
        town.at(WED, 22)
        (mail,) = town.mails()
        assert mail.subject == one.words.title
        assert all(" ".join(mail.text.split()).count(paragraph) == 1 for paragraph in one.words.paragraphs)
        assert robin.queue() == []


def test_an_approved_message_leaves_a_minute_later_in_the_sending_hours() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON, OPENING["xero"], 2)  # the first round of the day has just begun
        robin.approve()
        town.settle()
        assert effects_of(town) == []
        town.at(MON, OPENING["xero"], 10)
        (mail,) = town.mails()
        assert mail.received_at - robin.words()[0].at >= timedelta(seconds=60)
        assert [one.approval_id for one in town.touches()] == [robin.words()[0].id]


def test_what_a_person_wrote_instead_is_what_leaves_with_the_invoice_around_it() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(TUE)
        robin.approve("A small thing", "It was good to see you at the market.\n\nCould you look at <this> one?")
        town.at(WED, 22)
        (mail,) = town.mails()
        assert mail.subject == "A small thing"
        assert "It was good to see you at the market.\n\nCould you look at <this> one?" in mail.text
        assert "&lt;this&gt;" in mail.html
        assert "W-1" in mail.text
        assert "£100.00" in mail.text


def test_a_threat_is_refused_with_kinder_words_and_nothing_is_approved() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(TUE)
        with pytest.raises(Refusal, match="“"):
            robin.approve("Last warning", "Pay now or we will send the bailiffs to your house.")
        assert len(robin.queue()) == 1
        town.at(WED, 22)
        assert (town.mails(), robin.words()) == ([], [])


def test_what_is_left_out_is_asked_about_again_on_its_day() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON)
        approvals.skip(town.rt, robin.one().draft.id, robin.id, "They are on holiday.", THU)
        assert diary(town, "W-1", TUE, THU) == ["03 Mar to 04 Mar: skipped", "05 Mar: awaiting-approval"]
        assert robin.one().draft.step == "late-4"


def test_what_is_left_out_stays_so_when_nobody_is_asked_any_more() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON)
        approvals.skip(town.rt, robin.one().draft.id, robin.id, "I rang them.", date(2026, 3, 12))
        assert diary(town, "W-1", TUE, date(2026, 3, 12)) == ["03 Mar to 11 Mar: skipped", "12 Mar: awaiting-approval"]


def test_leaving_out_needs_a_because_and_a_day_to_come() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON)
        draft = robin.one().draft.id
        for because, until in (("  ", THU), ("No.", MON)):
            with pytest.raises(Refusal):
                approvals.skip(town.rt, draft, robin.id, because, until)
        assert len(robin.queue()) == 1


def test_an_approval_taken_back_in_time_sends_nothing_and_the_draft_is_there_again() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(TUE)
        robin.approve()
        approvals.take_back(town.rt, robin.words()[0].id, robin.id)
        town.at(WED, 22)
        assert town.mails() == []
        assert robin.one().draft.step == "late-4"
        with pytest.raises(Refusal, match="already withdrawn"):
            approvals.take_back(town.rt, robin.words()[0].id, robin.id)


def test_what_has_left_cannot_be_taken_back() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(TUE)
        robin.approve()
        town.at(WED, 22)
        with pytest.raises(Refusal, match="already left"):
            approvals.take_back(town.rt, robin.words()[0].id, robin.id)


@BOTH
def test_a_part_payment_withdraws_the_approval_and_a_fresh_draft_waits(kind: str) -> None:
    with robins(kind, LATE) as (town, robin):
        town.at(MON, 23)  # after hours: it would leave in the morning
        robin.approve()
        town.transfer(kind, "W-1", "40.00")
        town.at(TUE, 22)
        assert town.mails() == []
        (word,) = robin.words()
        assert (word.withdrawn_at is not None, word.note) == (True, "changed")
        assert robin.one().invoices[0].balance.minor == 6000


def test_a_payment_withdraws_the_approval_and_says_so() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON, 23)
        robin.approve()
        town.transfer("xero", "W-1", "100.00")
        town.at(TUE, 22)
        assert (town.mails(), robin.queue()) == ([], [])
        assert [word.note for word in robin.words()] == ["paid"]


def test_a_dispute_withdraws_the_approval() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON, 23)
        robin.approve()
        town.dispute("W-1")
        town.at(TUE, 22)
        assert town.mails() == []
        assert [word.note for word in robin.words()] == ["dispute"]


def test_an_approval_that_only_waits_for_the_hours_is_kept() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(date(2026, 3, 6), 21)  # Friday night
        robin.approve()
        assert diary(town, "W-1", date(2026, 3, 7), date(2026, 3, 8)) == ["07 Mar to 08 Mar: outside-hours"]
        assert [word.withdrawn_at for word in robin.words()] == [None]


def test_what_changed_after_it_was_read_is_not_approved() -> None:
    with robins("xero", LATE) as (town, robin):
        town.at(MON, 23)
        read = robin.one()
        town.transfer("xero", "W-1", "40.00")
        town.at(TUE, 22)
        with pytest.raises(Refusal, match="changed since you read it"):
            approvals.approve(town.rt, read.draft.id, read.mark, robin.id)
        with pytest.raises(Refusal, match="changed since you read it"):
            approvals.approve(town.rt, robin.one().draft.id, read.mark, robin.id)


def test_all_of_a_company_are_approved_at_once_but_for_what_changed() -> None:
    with robins("xero", LATE, ("W-2", "ivy", date(2026, 2, 25)), ("W-3", "oak", date(2026, 2, 26))) as (town, robin):
        town.at(TUE)
        marks = {one.draft.uid: one.mark for one in robin.queue()}
        assert len(marks) == 3
        (changed,) = (one.draft.uid for one in robin.queue() if one.account.name == "Ivy")
        done = approvals.approve_all(town.rt, town.company("xero").id, {**marks, changed: "x"}, robin.id)
        assert done == (2, 1)
        town.at(WED, 22)
        assert sorted(mail.header("X-Dunlin-Invoices") for mail in town.mails()) == ["W-1", "W-3"]


def test_after_the_first_days_messages_leave_by_themselves() -> None:
    with robins("xero", ("W-1", "fern", date(2026, 3, 3))) as (town, _robin):
        assert diary(town, "W-1", date(2026, 3, 6), date(2026, 3, 10)) == [
            "06 Mar to 08 Mar: not-yet",
            "09 Mar: LATE-4",
            "10 Mar: not-yet",
        ]


def test_a_company_can_ask_about_everything_for_ever() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        approvals.set_rule(town.rt, town.company("xero").id, 0, True, robin.id)
        assert diary(town, "W-1", MON, THU) == ["02 Mar to 05 Mar: awaiting-approval"]


def test_a_step_can_ask_by_itself() -> None:
    asks = 'name = "own"\ntitle = "Own"\n[[step]]\nname = "late-4"\noffset = 4\ntone = "kind"\napprove = true\n'
    with robins("xero", LATE, days=0) as (town, robin):
        robin.use(asks)
        assert diary(town, "W-1", TUE, WED) == ["03 Mar to 04 Mar: awaiting-approval"]
        robin.approve()
        assert diary(town, "W-1", THU, THU) == ["05 Mar: LATE-4"]


def test_who_approved_and_who_left_out_is_in_the_log() -> None:
    with robins("xero", LATE, ("W-2", "ivy", date(2026, 2, 25))) as (town, robin):
        town.at(TUE)
        first, second = robin.queue()
        approvals.approve(town.rt, first.draft.id, first.mark, robin.id)
        approvals.skip(town.rt, second.draft.id, robin.id, "Not this one.", THU)
        with town.rt.store.read() as session:
            kinds = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)).all()
        assert [kind for kind in kinds if kind.startswith("draft-")] == ["draft-approved", "draft-skipped"]


def _rule(robin: Robin, days: int) -> None:
    approvals.set_rule(robin.town.rt, robin.town.company("xero").id, days, False, robin.id)


def test_the_rule_is_kept_within_reason() -> None:
    with robins("xero", LATE) as (_town, robin):
        for days in (-1, 367):
            with pytest.raises(Refusal):
                _rule(robin, days)
