"""What a customer who never answers hears of each shipped cadence, day by day; every other day is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.cadence import Cadence, Payer
from core.facts import Instalment, InvoiceFacts
from core.language import parse_cadence
from core.replay import replay
from tests.core.builders import OFFICE, account, day, eur, invoice
from tests.core.test_language import LIBRARY, SIX

# A Monday. Issued and delivered on it, due thirty days later: a Wednesday.
BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
DUE = date(2026, 4, 1)
MAIN = SIX[:4]


def cadence(name: str) -> Cadence:
    return parse_cadence(LIBRARY[name], LIBRARY)


def heard(name: str, *invoices: InvoiceFacts, days: int = 120, **more: Any) -> list[tuple[str, str, str]]:
    """Day, step and tone of every message of the next `days` days."""
    walked = replay(account(*invoices, **more), cadence(name), OFFICE, BEGINS, BEGINS + timedelta(days=days))
    return [(f"{action.day:%m-%d}", action.lead, action.tone.value) for _, action in walked.sent]


def bill(due: date = DUE, **more: Any) -> InvoiceFacts:
    return invoice(due, issued=date(2026, 3, 2), **more)


def old(**more: Any) -> InvoiceFacts:
    """One that was due a month before we look."""
    return invoice(date(2026, 2, 1), issued=date(2026, 1, 2), **more)


def test_early_intervention() -> None:
    assert heard("early-intervention", bill()) == [
        ("03-03", "welcome", "friendly"),
        ("03-27", "heads-up", "friendly"),
        ("04-01", "due-today", "friendly"),
        ("04-06", "late-4", "kind"),
        ("04-13", "late-12", "kind"),
        ("04-22", "late-21", "clear"),
        ("05-01", "call-30", "clear"),
    ]


def test_a_trusted_partner_who_pays_nine_days_late_is_not_spoken_to_before_that_and_then_softly() -> None:
    said = heard("trusted-partner", bill(), payer=Payer.STEADY, usual_delay=9)
    assert said == [
        ("04-15", "late-5", "friendly"),
        ("04-27", "late-15", "friendly"),
        ("05-11", "call-30", "friendly"),
    ]


def test_firm_but_fair_climbs_one_word_at_a_time_and_never_twice_in_a_week() -> None:
    said = heard("firm-but-fair", bill())
    assert [step for _, step, _ in said] == [
        "welcome", "heads-up", "due-today", "late-3", "late-8", "late-15", "late-24", "call-31"
    ]  # fmt: skip
    assert [tone for _, _, tone in said] == [
        "friendly", "friendly", "friendly", "kind", "kind", "clear", "firm", "firm"
    ]  # fmt: skip


def test_a_statement_a_month_and_little_else() -> None:
    assert heard("statement-monthly", bill(), days=80) == [
        ("03-03", "statement", "friendly"),
        ("04-03", "statement", "friendly"),
        ("05-01", "late-30", "kind"),
        ("05-04", "statement", "friendly"),
        ("05-18", "call-45", "kind"),
    ]


@pytest.mark.parametrize("name", [*MAIN, "arrangement"])
def test_an_arrangement_is_spoken_of_by_its_parts_alone(name: str) -> None:
    part = Instalment(day("03-20"), eur(5_000))
    assert heard(name, old(arranged=True, instalment=part)) == [
        ("03-17", "instalment-soon", "friendly"),
        ("03-20", "instalment-today", "friendly"),
        ("03-24", "instalment-missed", "kind"),
        ("03-31", "call-instalment", "kind"),
    ]


@pytest.mark.parametrize("name", ["early-intervention", "trusted-partner", "firm-but-fair", "after-a-broken-promise"])
def test_after_a_broken_promise_a_gentle_word_a_clear_one_and_a_call(name: str) -> None:
    assert heard(name, old(broken=day("02-28"))) == [
        ("03-03", "promise-passed", "kind"),
        ("03-10", "promise-passed-again", "clear"),
        ("03-17", "call-promise", "clear"),
    ]


@pytest.mark.parametrize("name", ["early-intervention", "trusted-partner", "firm-but-fair", "after-a-dispute"])
def test_after_a_dispute_thanks_come_first(name: str) -> None:
    assert heard(name, old(resolved=day("02-28"))) == [
        ("03-04", "dispute-resolved", "kind"),
        ("03-16", "resolved-14", "clear"),
        ("03-24", "call-dispute", "clear"),
    ]


@pytest.mark.parametrize("name", MAIN)
def test_a_dispute_that_ended_before_the_due_day_leaves_the_ladder_as_it_was(name: str) -> None:
    told = bill(resolved=day("03-01"))
    assert [step for _, step, _ in heard(name, told)] == [step for _, step, _ in heard(name, bill())]


@pytest.mark.parametrize("name", MAIN)
def test_no_customer_hears_more_than_two_words_in_a_week_or_six_in_a_month_however_many_invoices(name: str) -> None:
    many = [bill(DUE + timedelta(days=3 * at), id=at + 1) for at in range(12)]
    days = [date.fromisoformat(f"2026-{on}") for on, _, _ in heard(name, *many)]
    assert len(days) > 3
    for limit, span in ((cadence(name).week_limit, 7), (cadence(name).month_limit, 30)):
        assert max(sum(0 <= (later - first).days < span for later in days) for first in days) <= limit
