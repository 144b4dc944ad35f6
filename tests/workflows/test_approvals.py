"""What makes an approval hold or fall: the words as read, the day they were true on, and who was faster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.plan import Action, fingerprint
from tests.stories.staff import Robin, robins
from tests.town import Town
from workflows import approvals, compose, frozen, gather
from workflows.errors import Refusal

MON = date(2026, 3, 2)


@pytest.fixture
def queue() -> Iterator[tuple[Town, Robin]]:
    with robins("xero", ("W-1", "fern", date(2026, 3, 5)), ("W-2", "ivy", date(2026, 2, 25))) as (town, robin):
        town.at(MON)
        yield town, robin


def _about(town: Town, robin: Robin, name: str) -> approvals.Shown:
    return next(one for one in robin.queue() if one.account.name == name)


def test_words_are_true_until_their_day_has_passed(queue: tuple[Town, Robin]) -> None:
    town, robin = queue
    one = _about(town, robin, "Fern")
    approvals.approve(town.rt, one.draft.id, one.mark, robin.id)
    (word,) = robin.words()
    with town.rt.store.read() as session:
        gathered = gather.account(town.rt, session, one.account.id, town.now)
        facts = compose.cadence_facts(town.rt, session, one.action, gathered)
    assert frozen.still_true(word, facts, one.action, gathered)
    late = replace(facts, today=MON + timedelta(days=7))
    assert not frozen.still_true(word, late, one.action, gathered), "“is due on 5 March” is over"


def test_only_a_yes_that_still_stands_lends_its_words(queue: tuple[Town, Robin]) -> None:
    town, robin = queue
    one = _about(town, robin, "Ivy")

    def found(action: Action) -> bool:
        with town.rt.store.read() as session:
            gathered = gather.account(town.rt, session, one.account.id, town.now)
            assert fingerprint(gathered.facts, one.action) == one.draft.fingerprint
            return frozen.approved(session, gathered, action) is not None

    assert not found(one.action)
    approvals.approve(town.rt, one.draft.id, one.mark, robin.id)
    assert found(one.action)
    assert not found(replace(one.action, template="late-12"))
    approvals.take_back(town.rt, robin.words()[0].id, robin.id)
    assert not found(one.action)


def test_of_two_who_decide_the_second_is_told(queue: tuple[Town, Robin]) -> None:
    town, robin = queue
    one = _about(town, robin, "Ivy")
    approvals.approve(town.rt, one.draft.id, one.mark, robin.id)
    with pytest.raises(Refusal, match="changed since you read it"):
        approvals.skip(town.rt, one.draft.id, robin.id, "No.", MON + timedelta(days=3))
    assert len(robin.words()) == 1


@pytest.mark.parametrize(
    ("subject", "text", "sentence"),
    [
        ("", "Hello.", "needs a subject"),
        ("Hello", " \n\n ", "at least one paragraph"),
        ("Hello", "One.\n\n" * 31, "keep to 30"),
    ],
)
def test_words_of_one_s_own_need_a_subject_and_paragraphs(
    queue: tuple[Town, Robin], subject: str, text: str, sentence: str
) -> None:
    town, robin = queue
    one = _about(town, robin, "Ivy")
    with pytest.raises(Refusal, match=sentence):
        approvals.approve(town.rt, one.draft.id, one.mark, robin.id, subject, text)
    assert robin.words() == []
