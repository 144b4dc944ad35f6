"""What a customer tells us branches the cadence: told day by day, with the days on which nothing is said.

The invoice was due on Thursday 26 February, so that the first follow-up leaves on Monday 2 March. Disputes and
promises have stories of their own.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from email import policy

import pytest
from sqlalchemy import select

from core.cadence import Reason
from models import Effect, EffectKind, EffectState, Grant, HoldRow, ToldRow
from sandbox.mailbox import Mail
from tests.stories.days import BOTH, EVENING, diary, effects_of, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import holds, reasons

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

DUE = date(2026, 2, 26)


@contextmanager
def after_the_first_word(kind: str = "quickbooks") -> Iterator[tuple[Town, Robin]]:
    """Monday evening: A-1 has heard late-4."""
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        robin = Robin(town, kind, 0)
        town.at(date(2026, 3, 2), EVENING)
        assert town.steps("A-1") == ["late-4"]
        yield town, robin


def tell(town: Town, reason: Reason, user: int | None = None) -> ToldRow:
    invoice = town.invoice("A-1")
    made = reasons.tell(town.rt, invoice.account_id, [invoice.uid], reason, "Sorry!", user)
    town.settle()
    return made


def test_who_says_that_all_is_in_order_hears_the_cadence_as_it_was() -> None:
    with after_the_first_word() as (town, _):
        tell(town, Reason.IN_ORDER)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 10)) == [
            "03 Mar to 09 Mar: not-yet",
            "10 Mar: LATE-12",
        ]


def test_who_forgot_has_three_working_days() -> None:
    with after_the_first_word() as (town, _):
        town.at(date(2026, 3, 6), EVENING)
        tell(town, Reason.FORGOT)  # on a Friday
        assert diary(town, "A-1", date(2026, 3, 7), date(2026, 3, 12)) == [
            "07 Mar to 10 Mar: forgot",
            "11 Mar: LATE-12",
            "12 Mar: not-yet",
        ]


def test_who_has_paid_already_is_not_asked_while_the_payment_is_looked_for() -> None:
    with after_the_first_word() as (town, _):
        tell(town, Reason.PAID_ALREADY)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 5)) == ["03 Mar to 05 Mar: paid-already"]
        town.transfer("quickbooks", "A-1", "100.00")
        assert diary(town, "A-1", date(2026, 3, 6), date(2026, 3, 10)) == ["06 Mar to 10 Mar: paid"]


def test_who_says_so_twice_waits_for_a_person() -> None:
    with after_the_first_word() as (town, robin):
        tell(town, Reason.PAID_ALREADY)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == [
            "03 Mar to 10 Mar: paid-already",
            "11 Mar: LATE-12",
            "12 Mar: not-yet",
        ]
        tell(town, Reason.PAID_ALREADY)
        assert diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 22)) == ["13 Mar to 22 Mar: paid-already"]
        with town.rt.store.read() as session:
            waiting = session.scalars(select(HoldRow)).one()
        assert (waiting.owner_id, waiting.until) == (None, None)
        holds.release(town.rt, waiting.uid, robin.id)
        assert diary(town, "A-1", date(2026, 3, 23), date(2026, 3, 23)) == ["23 Mar: LATE-21"]


def test_the_wrong_person_hears_nothing_until_somebody_has_found_the_right_one() -> None:
    with after_the_first_word() as (town, robin):
        told = tell(town, Reason.WRONG_PERSON)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 11)) == ["03 Mar to 11 Mar: wrong-person"]
        reasons.close(town.rt, told.uid, robin.id, "It is Kim's now; the ledger has the address.")
        assert diary(town, "A-1", date(2026, 3, 12), date(2026, 3, 12)) == ["12 Mar: LATE-12"]


def test_who_is_short_of_cash_hears_kind_words_once_and_then_a_person() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        tell(town, Reason.SHORT_OF_CASH)
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 20)) == [
            "02 Mar to 08 Mar: short-of-cash",  # five working days
            "09 Mar: LATE-4",
            "10 Mar to 20 Mar: short-of-cash",  # nothing firmer leaves by itself
        ]
        (mail,) = town.mails("A-1")
        assert "money is tight" in mail.text


def test_a_refusal_is_only_a_persons_word_and_then_a_person_approves_what_is_said() -> None:
    with after_the_first_word() as (town, robin):
        tell(town, Reason.REFUSES, robin.id)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == [
            "03 Mar to 09 Mar: not-yet",
            "10 Mar to 12 Mar: awaiting-approval",
        ]
        robin.approve()
        assert diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 13)) == ["13 Mar: LATE-12"]
        assert town.steps("A-1") == ["late-4", "late-12"]


# A copy


def papers(mail: Mail) -> list[tuple[str, bytes]]:
    found = email.message_from_bytes(mail.raw, policy=policy.default)
    return [(str(part.get_filename()), part.get_content()) for part in found.iter_attachments()]


@BOTH
def test_a_copy_is_sent_at_once_and_the_ladder_waits_three_working_days(kind: str) -> None:
    with after_the_first_word(kind) as (town, _):
        town.at(date(2026, 3, 6), EVENING)
        told = tell(town, Reason.COPY)
        mail = town.mails("A-1")[-1]
        assert (mail.header("X-Dunlin-Step"), f"{mail.received_at:%d %b %H:%M}") == ("copy", "06 Mar 22:00")
        ((name, paper),) = papers(mail)
        assert name == "A-1.pdf"
        assert paper.startswith(b"%PDF-")
        assert diary(town, "A-1", date(2026, 3, 7), date(2026, 3, 12)) == [
            "07 Mar to 10 Mar: copy",
            "11 Mar: LATE-12",  # an answer counts for no gap and no limit
            "12 Mar: not-yet",
        ]
        assert [one.key for one in effects_of(town, EffectKind.ANSWER)] == [f"answer/{told.uid}"]


def test_while_the_ledger_does_not_give_the_paper_it_is_asked_again() -> None:
    with after_the_first_word() as (town, _):
        town.quickbooks.plan_fault("/pdf", "503", times=1)
        tell(town, Reason.COPY)
        (effect,) = effects_of(town, EffectKind.ANSWER)
        assert (effect.state, town.steps("A-1")) == (EffectState.DUE, ["late-4"])
        assert "did not give it" in effect.note
        town.at(date(2026, 3, 2), EVENING + 1)
        assert town.steps("A-1") == ["late-4", "copy"]


def test_what_cannot_be_sent_is_left_to_a_person_and_nobody_is_reminded_meanwhile() -> None:
    with after_the_first_word() as (town, robin):
        with town.rt.store.write() as session:
            session.scalars(select(Grant)).one().scope = "something-else"
        tell(town, Reason.COPY)
        assert [one.state for one in effects_of(town, EffectKind.ANSWER)] == [EffectState.REJECTED]
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == ["03 Mar to 12 Mar: copy"]
        with town.rt.store.read() as session:
            waiting = session.scalars(select(HoldRow)).one()
        assert "The copy they asked for could not be sent." in waiting.note
        holds.release(town.rt, waiting.uid, robin.id)
        assert diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 13)) == ["13 Mar: LATE-12"]


def test_what_was_paid_before_the_copy_left_is_not_sent_any_more() -> None:
    with after_the_first_word() as (town, _):
        town.quickbooks.plan_fault("/pdf", "503", times=1)
        tell(town, Reason.COPY)
        town.transfer("quickbooks", "A-1", "100.00")
        town.at(date(2026, 3, 2), EVENING + 1)
        (effect,) = effects_of(town, EffectKind.ANSWER)
        assert (effect.state, town.steps("A-1")) == (EffectState.DROPPED, ["late-4"])


def test_asking_twice_is_answered_twice_and_asking_once_never_twice() -> None:
    with after_the_first_word() as (town, _):
        tell(town, Reason.COPY)
        for _ in range(3):
            town.at(town.now.date() + timedelta(days=1), EVENING)
        assert town.steps("A-1") == ["late-4", "copy"]
        tell(town, Reason.COPY)
        assert town.steps("A-1") == ["late-4", "copy", "copy"]
        with town.rt.store.read() as session:
            assert len(session.scalars(select(Effect).where(Effect.kind == EffectKind.ANSWER.value)).all()) == 2
