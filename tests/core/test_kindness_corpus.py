"""How often the kindness check is wrong: on the texts it learned from, and on texts it has never seen."""

from __future__ import annotations

import pytest

from core.kindness.weighing import write_scales
from tests.core.kindness_corpus import WEIGHTS, false_alarms, figures, labelled, learned, missed_threats

# What is wanted, and kept on texts that were learned from. On the others the check is not there yet: these ceilings are
# what it was seen to do, and may only come down.
WANTED = 0.05
MISSED = {"learn": WANTED, "apart": 0.175}
ALARMS = {"learn": WANTED, "apart": 0.105}


@pytest.mark.parametrize("name", ["learn", "apart"])
def test_hardly_a_threat_is_missed(name: str) -> None:
    print("\n".join(figures(name)))
    assert missed_threats(name) <= MISSED[name]


@pytest.mark.parametrize("name", ["learn", "apart"])
def test_hardly_a_harmless_text_raises_an_alarm(name: str) -> None:
    print("\n".join(figures(name)))
    assert false_alarms(name) <= ALARMS[name]


def test_the_texts_that_judge_are_many_and_were_not_learned_from() -> None:
    assert len(labelled("learn")) >= 2000
    assert len(labelled("apart")) >= 200
    assert {text.words for text in labelled("apart")}.isdisjoint(text.words for text in labelled("learn"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_shipped_weights_are_those_that_the_learning_texts_teach() -> None:
    scales = {category: scale for category, (scale, _) in learned(labelled("learn")).items()}
    assert write_scales(scales) == WEIGHTS.read_text(encoding="utf-8")
