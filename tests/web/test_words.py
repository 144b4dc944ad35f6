"""Codes turned into words: complete, and readable with and without their details."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest

from core.because import Because, Cause
from core.cadence import Anchor, Channel, Payer, Reason, Step, Tone
from core.money import Money
from integrations.ledgers.base import ENTITIES, Limit, Purpose
from models import Company, Connection, EffectState, Posting, Term
from web import cadence_words, formats, ledger_words, presenters
from workflows import tasks
from workflows.outcomes import Outcome
from workflows.pending import Kind
from workflows.planner import coded

UNTIL = datetime(2026, 12, 1, 9, tzinfo=UTC)
DETAILS = {
    "day": "2026-11-30",
    "step": "late-12",
    "days": "200",
    "limit": "2",
    "answer_by": "2026-11-30",
    "channel": "call",
    "until": "2026-11-30",
    "owner": "Ann Harbour",
    "amount": "100.00 GBP",
}
# What is over for good; of anything else somebody can say what would end it.
FINAL = {Cause.PAID, Cause.GONE, Cause.ERASED}


def test_every_code_has_its_words() -> None:
    assert set(presenters.CAUSES) == set(Cause)
    assert set(presenters.TOUCH_STATES) == set(EffectState)
    assert set(cadence_words.TONES) == set(Tone)
    assert set(cadence_words.CHANNELS) == set(Channel)
    assert set(cadence_words.ANCHORS) == set(Anchor)
    assert set(cadence_words.PAYERS) == set(Payer)
    assert set(cadence_words.REASONS) == set(Reason)
    assert set(cadence_words.OUTCOMES) == set(Outcome)
    assert set(cadence_words.TO_DO) == {Channel(one) for one in tasks.KINDS}
    assert set(ledger_words.PURPOSES) == set(Purpose)
    assert set(ledger_words.POSTINGS) == set(Kind)
    assert set(ledger_words.ENTITIES) == set(ENTITIES)
    labels = [words.label for words in presenters.CAUSES.values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_a_sentence_with_and_without_its_details(cause: Cause) -> None:
    words = presenters.CAUSES[cause]
    fields = {name for _, name, _, _ in string.Formatter().parse(words.fuller) if name}
    assert fields <= set(DETAILS)
    for detail in ((), tuple(DETAILS.items())):
        for until in (None, UNTIL):
            said = presenters.because_words(Because(cause, 1, until, detail))
            assert said.endswith(".")
            assert said[0].isupper()
            assert "{" not in said
            assert "None" not in said


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_says_what_would_end_it(cause: Cause) -> None:
    ends = presenters.CAUSES[cause].ends
    assert (ends == "") == (cause in FINAL)
    assert not ends or (ends[0].isupper() and ends.endswith("."))


def test_who_looks_after_a_hold_is_named() -> None:
    because = Because(Cause.REPLIED, 1, None, (("owner", "Ann Harbour"),))
    assert presenters.because_words(because) == (
        "They wrote to us; a person answers first. Ann Harbour looks after it."
    )


@pytest.mark.parametrize(
    ("anchor", "offset", "more", "words"),
    [
        (Anchor.DUE, -5, {}, "5 days before the due date"),
        (Anchor.DUE, 0, {}, "on the due date"),
        (Anchor.ISSUED, 1, {"working": True}, "1 working day after the delivery"),
        (Anchor.PROMISE, 2, {}, "2 days after the promised day"),
        (Anchor.INSTALMENT, -3, {}, "3 days before the day of a part"),
        (Anchor.RESOLVED, 4, {}, "4 days after the end of a dispute"),
        (Anchor.MONTH, 3, {}, "on day 3 of the month"),
    ],
)
def test_a_steps_day_is_said_in_words(anchor: Anchor, offset: int, more: dict[str, bool], words: str) -> None:
    step = Step("s", offset, 1, Tone.KIND, "s", anchor=anchor, **more)  # type: ignore[arg-type]
    assert cadence_words.step_when(step) == words


def test_details_become_dates_and_titles() -> None:
    because = Because(Cause.NOT_YET, 1, UNTIL, (("step", "late-12"), ("day", "2026-12-01")))
    assert presenters.because_words(because) == "The next word, “Day 12 note”, comes on 1 Dec 2026."
    weekend = Because(Cause.NOT_YET, 1, UNTIL, (("step", "late-12"), ("day", "2026-11-29")))
    assert presenters.because_words(weekend).endswith("comes on 1 Dec 2026."), "when it leaves, not when it is reached"
    gap = presenters.because_words(Because(Cause.GAP, 1, UNTIL))
    assert gap == "They heard from the company a few days ago. Until 1 Dec 2026, 09:00 at the latest."


def test_a_because_is_read_back_as_the_planner_kept_it() -> None:
    told = [
        Because(Cause.NOT_YET, 7, UNTIL, (("step", "late-4"), ("day", "2026-12-01"))),
        Because(Cause.NOT_LIVE),
    ]
    assert presenters.read_because([coded(one) for one in told]) == told


def test_what_asks_for_a_person_is_told_first_and_closed_invoices_last() -> None:
    told = presenters.telling(
        [Because(Cause.PAID, 1), Because(Cause.GAP, 2), Because(Cause.DISPUTE, 3), Because(Cause.GAP, 4)]
    )
    assert [one.cause for one in told] == [Cause.DISPUTE, Cause.GAP]
    assert [one.cause for one in presenters.telling([Because(Cause.PAID, 1)])] == [Cause.PAID]


def _company(country: str = "GB", zone: str | None = "Europe/London") -> Company:
    return Company(name="C", country=country, zone=zone, paused=False, sync_state="idle", sync_note="")


def test_money_and_dates_are_written_as_the_company_writes_them() -> None:
    amount = Money(123450, "USD")
    assert formats.money(amount, _company("US")) == "$1,234.50"
    assert formats.money(amount, _company("GB")) == "US$1,234.50"
    assert formats.money(Money(1234, "JPY"), _company("XX")) == "JP¥1,234"
    assert formats.day(UNTIL.date(), _company("US")) == "Dec 1, 2026"
    assert formats.day(None) == "–"
    assert formats.moment(UNTIL, _company("NZ", "Pacific/Auckland")) == "1 Dec 2026, 22:00"


@pytest.mark.parametrize(
    ("company", "connection", "word"),
    [
        ({}, None, "Not connected"),
        ({}, {"state": "disconnected"}, "Not connected"),
        ({}, {"state": "needs_reconnect"}, "Connect again"),
        ({"sync_state": "failed"}, {"state": "active", "read_at": UNTIL}, "Reading failed"),
        ({}, {"state": "active"}, "Reading"),
        ({"live_at": UNTIL, "paused": True}, {"state": "active", "read_at": UNTIL}, "Paused"),
        ({}, {"state": "active", "read_at": UNTIL}, "Not switched on"),
        ({"live_at": UNTIL}, {"state": "active", "read_at": UNTIL}, "Live"),
    ],
)
def test_a_companys_state_is_what_to_know_first(company: dict, connection: dict | None, word: str) -> None:  # type: ignore[type-arg]
    row = _company()
    for name, value in company.items():
        setattr(row, name, value)
    state = presenters.company_state(row, Connection(**connection) if connection is not None else None)
    assert state.word == word


def _term(rule: str, days: int, **more: int) -> Term:
    return Term(**{"name": "Usual", "rule": rule, "days": days, "discount_days": 0, "discount_points": 0, **more})


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        (_term("after-issue", 30), "due 30 days after the invoice's date."),
        (_term("after-issue", 0), "due at once."),
        (_term("after-month", 1), "due 1 day after the end of the invoice's month."),
        (_term("day-of-month", 20), "due on day 20 of the invoice's month."),
        (_term("day-of-next-month", 20), "due on day 20 of the month after the invoice's."),
        (_term("unknown", 0), "the ledger does not say when due."),
        (_term("a rule of next year", 9), "the ledger does not say when due."),
        (
            _term("after-issue", 30, discount_days=10, discount_points=200),
            "due 30 days after the invoice's date, 2 % off for paying within 10 days.",
        ),
        (
            _term("day-of-month", 31, discount_days=15, discount_points=125),
            "due on day 31 of the invoice's month, 1.25 % off for paying until day 15 of the month.",
        ),
    ],
)
def test_payment_terms_are_a_sentence(term: Term, sentence: str) -> None:
    assert ledger_words.term_words(term) == f"Usual: {sentence}"


def test_what_waits_unread_is_named_in_plain_words() -> None:
    assert ledger_words.waiting_words({"invoice"}) == "invoices"
    assert ledger_words.waiting_words({"term", "invoice", "credit"}) == "credit, invoices and payment terms"
    assert ledger_words.waiting_words({"estimate", "invoice"}) == "invoices and other rows"


def test_limits_are_said_as_the_vendor_means_them() -> None:
    assert ledger_words.limit_words(Limit("day", 86_400, 5_000)) == "5,000 calls a day"
    assert ledger_words.limit_words(Limit("appminute", 60, 10_000, whole_app=True)) == (
        "10,000 calls a minute, all companies of this installation together"
    )
    assert ledger_words.limit_words(Limit("burst", 5, 10)) == "10 calls in 5 s"


@pytest.mark.parametrize("state", ["due", "written", "desk", "void"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_change_that_was_asked_for_has_words_for_what_and_how_far(kind: Kind, state: str) -> None:
    posting = Posting(kind=kind.value, day=UNTIL.date(), currency="GBP", amount_minor=1250, state=state)
    assert "{" not in ledger_words.posting_words(posting, _company())
    assert ledger_words.POSTING_STATES[posting.state][1] in ("good", "calm", "warn")


def test_sizes_and_numbers_are_said_as_people_say_them() -> None:
    assert [formats.size(one) for one in (1, 999, 40_000, 2_500_000)] == ["1 byte", "999 bytes", "40.0 kB", "2.5 MB"]
    assert formats.thousands(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("channel", "outcome", "words"),
    [
        (Channel.CALL, "", "A call for a person to make"),
        (Channel.CALL, "promise", "Called. They named a day"),
        (Channel.CALL, "forgot", "Called. They had forgotten"),
        (Channel.CALL, "not-needed", "It was settled before anybody had to see to it"),
        (Channel.LETTER, "", "A letter for a person to post"),
        (Channel.LETTER, "posted", "Posted as a letter"),
    ],
)
def test_a_call_and_a_letter_say_what_became_of_them(channel: Channel, outcome: str, words: str) -> None:
    assert cadence_words.task_words(channel, outcome) == words


def test_a_phrase_is_told_as_a_sentence() -> None:
    assert cadence_words.as_sentence("the budget goes up") == "The budget goes up."
    assert cadence_words.as_sentence('its reason is now "So."') == 'Its reason is now "So."'
