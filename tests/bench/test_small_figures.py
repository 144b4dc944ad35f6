"""The smaller benches do what they say, in small: what they print is never judged, how long they take neither."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench import dunning, growth, perform, webhooks, workers
from sandbox.mailbox import Mailbox


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_known_growth_is_found(power: float) -> None:
    sizes = [10, 100, 1000]
    assert growth.exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_a_book_is_planned_ticked_and_looked_through_at_a_cost() -> None:
    found = growth.costs(1_000)
    assert set(found) == set(growth.ACTS)
    assert all(cost > 0 for cost in found.values())


def test_every_delivery_is_stored_and_a_forged_one_ends_the_figure(capsys: pytest.CaptureFixture[str]) -> None:
    webhooks.main(10)
    assert "10 deliveries, all stored" in capsys.readouterr().out
    raw, headers = webhooks.letters(1)[0]
    with pytest.raises(RuntimeError, match="401"):
        webhooks.seconds(webhooks.peer(checks=True), [(raw + b" ", headers)])


def test_the_very_messages_of_a_round_reach_the_mail_server_three_ways(capsys: pytest.CaptureFixture[str]) -> None:
    perform.main(20)
    assert re.match(r"perform: [1-9]\d* messages of ", capsys.readouterr().out)


def test_what_is_overdue_is_spoken_of_in_one_message_an_account_and_the_floor_sends_the_same() -> None:
    sink = Mailbox(lambda: datetime.now(UTC)).start()
    try:
        mine = dunning.ours(sink, 10, 3)
        with TemporaryDirectory() as folder:
            least = dunning.floor(sink, Path(folder), mine)
    finally:
        sink.stop()
    assert 0 < mine.messages <= 10, "an account hears one message of all it owes"
    assert mine.messages < mine.invoices <= 30
    assert (least.invoices, least.messages) == (mine.invoices, mine.messages)


def test_what_the_peer_prints_is_read_from_its_last_line() -> None:
    said = 'Some notice\n{"dunnings": 120, "generate": {"seconds": 9, "processor": 1}, "process": {"processor": 2}}\n'
    took = dunning.told(said, 120)
    assert (took.invoices, took.messages, took.rate) == (120, 120, 40)


@pytest.mark.slow
@pytest.mark.postgres
def test_workers_say_every_company_s_message_once_while_the_ledgers_are_slow() -> None:
    (took,) = workers.measure([1], many=8, warm=2)
    assert took.rounds == 6
    assert took.answers > took.rounds * workers.MAIL_ANSWERS, "every message is preceded by a look into the ledger"
    assert all(took.processor.values())
