"""The ledger changes under us: between the decision to write and the door, and while the message is being written.

Nothing may be sent about money that is no longer owed, and the row of what was not sent says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from integrations.channels.smtp import Smtp
from tests.stories import bookkeeper
from tests.stories.days import BOTH, OPENING, diary, effects_of, message_about, town_of
from tests.town import Town
from workflows import clock, inbox, planner, sync

DUE = date(2026, 3, 9)
HEADS_UP = date(2026, 3, 4)

# What happens to each invoice after its message was decided, and why the message is then not sent.
CHANGES: dict[str, tuple[Callable[[Town, str], None], str]] = {
    "PAID": (bookkeeper.receive, "paid"),
    "VOIDED": (bookkeeper.void, "gone"),
    "DELETED": (bookkeeper.delete, "gone"),
    "CREDITED": (lambda town, number: bookkeeper.credit(town, number, applied=True), "paid"),
    "COVERED": (lambda town, number: bookkeeper.credit(town, number, applied=False), "covered-by-credit"),
    "MOVED": (lambda town, number: bookkeeper.move_due(town, number, date(2026, 4, 1)), "not-yet"),
}


def decided(town: Town, kind: str) -> None:
    """The moment at which sending opens: messages are decided, none is sent; six minutes later nothing is fresh."""
    town.at(HEADS_UP, OPENING[kind] - 1, 50)
    town.clock.move(town.now + timedelta(minutes=10))
    planner.plan_due(town.rt)
    assert {effect.state for effect in effects_of(town)} == {"due"}
    town.clock.move(town.now + timedelta(minutes=6))


@BOTH
def test_what_changed_after_the_decision_is_seen_at_the_door(kind: str) -> None:
    invoices = [(number, number.lower(), DUE) for number in [*CHANGES, "UNTOUCHED"]]
    with town_of(kind, *invoices) as town:
        decided(town, kind)
        for number, (change, _) in CHANGES.items():
            change(town, number)
        clock.settle(town.rt)
        assert [mail.header("X-Dunlin-Invoices") for mail in town.mails()] == ["UNTOUCHED"]
        assert len(town.touches()) == 1
        notes = {number: message_about(town, number).note for number in CHANGES}
        unsaid = "Asked again before sending; left unsaid: "
        assert notes == {number: f"{unsaid}{why}." for number, (_, why) in CHANGES.items()}
        assert {number: town.causes(number) for number in ("COVERED", "MOVED")} == {
            "COVERED": {"covered-by-credit"},
            "MOVED": {"not-yet"},
        }


@BOTH
def test_a_customer_put_away_or_without_an_address_hears_nothing(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as town:
        town.at(HEADS_UP, OPENING[kind] - 1, 50)
        bookkeeper.archive(town, kind, "fern")  # ten minutes before: the vendor's webhook asks for a reading
        bookkeeper.forget_address(town, kind, "moss")
        assert diary(town, "A-1", HEADS_UP, HEADS_UP) == ["04 Mar: archived"]
        assert town.causes("B-1") == {"no-address"}
        assert town.mails() == []


def test_quickbooks_tells_of_a_customer_put_away_even_without_its_webhook() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as town:
        decided(town, "quickbooks")
        bookkeeper.archive(town, "quickbooks", "fern")
        bookkeeper.forget_address(town, "quickbooks", "moss")
        clock.settle(town.rt)
        assert town.mails() == []
        assert (town.causes("A-1"), town.causes("B-1")) == ({"archived"}, {"no-address"})


@BOTH
def test_a_new_due_date_is_a_new_beginning_and_the_old_words_do_not_count(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", HEADS_UP, date(2026, 3, 5)) == ["04 Mar: HEADS-UP", "05 Mar: not-yet"]
        bookkeeper.move_due(town, "A-1", date(2026, 3, 14))
        assert diary(town, "A-1", date(2026, 3, 6), date(2026, 3, 9)) == [
            "06 Mar to 08 Mar: not-yet",
            "09 Mar: HEADS-UP",
        ]


class Listening:
    """A mail server's line that tells when the recipients are named: the message is written, nothing has left."""

    def __init__(self, line: Any, hear: Callable[[], None]) -> None:
        self._line, self._hear = line, hear

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def rcpt(self, address: str) -> Any:
        self._hear()
        return self._line.rcpt(address)


def while_writing(town: Town, act: Callable[[], None]) -> None:
    """Let this happen once, at the very moment when the next message is written and not yet on its way."""
    acts = [act]

    def hear() -> None:
        if acts:
            acts.pop()()

    connect = town.mailbox.connect
    channel = Smtp(town.settings.smtp_url, lambda: Listening(connect(), hear))
    town.rt = replace(town.rt, channel=channel)


def _a_reading_brings_a_transfer(town: Town, kind: str) -> None:
    bookkeeper.receive(town, "A-1")
    assert sync.sync_company(town.rt, town.company(kind).id)


def _the_processors_webhook_comes(town: Town, kind: str) -> None:
    town.carry()
    inbox.handle(town.rt)


@BOTH
def test_a_transfer_read_while_the_message_is_written_stops_it(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        decided(town, kind)
        while_writing(town, lambda: _a_reading_brings_a_transfer(town, kind))
        clock.tick(town.rt)
        assert message_about(town, "A-1").state == "dropped"
        assert message_about(town, "A-1").note == "A fact changed while the message was being written; planned again."
        clock.settle(town.rt)
        assert (town.mails(), town.touches()) == ([], [])
        assert diary(town, "A-1", HEADS_UP, date(2026, 3, 9)) == ["04 Mar to 09 Mar: paid"]


@BOTH
def test_a_card_payment_told_while_the_message_is_written_stops_it(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.at(date(2026, 3, 3), 20)
        page = town.checkout("A-1")  # the page stays open over night, and stops holding the messages
        decided(town, kind)
        town.stripe.pay(page.rpartition("/")[2])
        while_writing(town, lambda: _the_processors_webhook_comes(town, kind))
        clock.tick(town.rt)
        assert (town.mails(), town.touches()) == ([], [])
        assert message_about(town, "A-1").state == "dropped"
        clock.settle(town.rt)
        assert town.steps("A-1") == []


def test_any_fact_that_changes_meanwhile_plans_again_and_the_message_is_said_once() -> None:
    with town_of("xero", ("A-1", "fern", DUE), ("A-2", "fern", DUE)) as town:
        decided(town, "xero")
        while_writing(town, lambda: _a_reading_brings_a_transfer(town, "xero"))
        clock.settle(town.rt)
        assert [mail.header("X-Dunlin-Invoices") for mail in town.mails()] == ["A-2"]
        assert "A-1" not in town.mails()[0].text
        assert len(town.touches()) == 1
