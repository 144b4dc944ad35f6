"""The kindness check over labelled texts: hardly a threat gets by, and hardly a kind word is stopped."""

from __future__ import annotations

import pytest

from tests.core.kindness_corpus import false_alarms, figures, judged, missed_threats

# What is wanted is one in twenty on both; over texts the rules were not written against it is not reached yet. These
# are the shares reached, and may only fall.
MISSED = {"learn": 0.05, "apart": 0.30}
ALARMS = {"learn": 0.05, "apart": 0.12}


@pytest.mark.parametrize("name", MISSED)
def test_hardly_a_threat_is_missed(name: str) -> None:
    print("\n".join(figures(name)))
    assert missed_threats(name) <= MISSED[name]


@pytest.mark.parametrize("name", ALARMS)
def test_hardly_a_harmless_text_raises_an_alarm(name: str) -> None:
    assert false_alarms(name) <= ALARMS[name]


def test_the_texts_that_judge_are_many() -> None:
    assert len(judged("apart")) >= 200
