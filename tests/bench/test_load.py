"""The load harness tells the truth: what it measures is served by the real thing, and what it counts has arrived."""

from __future__ import annotations

import pytest

from bench import load
from bench.load_book import Size
from bench.load_drive import Times

TINY = Size(accounts=30, invoices=60, heavy=2, waiting=3, small=2)


def test_times_are_told_with_every_answer() -> None:
    found = Times([0.010] * 99 + [2.0])
    found.answers.update({"200": 99, "TimeoutError": 1})
    assert found.at(0.5) == 0.010
    assert found.at(0.99) == 2.0
    assert found.told() == "p50 10 ms, p99 2,000 ms, most 2,000 ms; 99 × 200, 1 × TimeoutError"


@pytest.mark.slow
def test_a_burst_of_webhooks_is_answered_stored_once_and_handled(capsys: pytest.CaptureFixture[str]) -> None:
    load.main(part=["webhooks"], deliveries=60, seconds=2.0, payers=2, book=TINY)
    said = capsys.readouterr().out
    assert "62 webhooks in 2 s" in said  # two of them came twice
    assert "62 × 200" in said
    assert "stored 60 of 60, marked 60 rows" in said
    assert "left 0, failed 0" in said


@pytest.mark.slow
def test_payers_are_answered_and_what_they_say_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    load.main(part=["slow"], payers=4, slow=4, arriving=1.0, book=TINY)
    said = capsys.readouterr().out
    assert said.count("12 × 200, 4 × 303") == 2  # alone, and beside slow clients
