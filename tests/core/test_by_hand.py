"""What stands against a person's own message: exactly what binds everybody, and nothing that is a matter of taste."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.because import Because, Cause
from core.by_hand import NEVER, against
from core.cadence import Cap
from core.facts import AccountFacts, InvoiceStatus, TouchState
from tests.core.builders import ANN, BOB, DEFAULT, OFFICE, account, day, eur, held, invoice, moment, touched

NOON = moment("2026-03-12 12:00")  # a Thursday
LATE = day("02-20")


def no(facts: AccountFacts, *ids: int, to: str = ANN, at: Any = NOON) -> Because | None:
    return against(facts, DEFAULT, OFFICE, ids or (1,), (to,), at)


def cause(facts: AccountFacts, *ids: int, **more: Any) -> Cause | None:
    found = no(facts, *ids, **more)
    return None if found is None else found.cause


def test_an_open_invoice_may_be_written_about() -> None:
    assert no(account(invoice(LATE))) is None


def test_whether_the_cadence_would_speak_plays_no_part() -> None:
    assert no(account(invoice(day("12-01")))) is None, "long before it is due"
    assert no(account(invoice(None))) is None


@pytest.mark.parametrize("status", [one for one in InvoiceStatus if one is not InvoiceStatus.OPEN])
def test_only_what_is_owed(status: InvoiceStatus) -> None:
    assert cause(account(invoice(LATE, status=status))) is not None
    assert cause(account(invoice(LATE, balance=eur(0)))) is Cause.PAID
    assert no(account(invoice(LATE)), 2) == Because(Cause.GONE, 2), "an invoice that is not theirs, or closed"
    assert cause(account(invoice(LATE), invoice(LATE, 2, status=status)), 1, 2) is not None, "each one must be owed"
    assert cause(account(invoice(LATE), invoice(LATE, 2, status=status)), 1) is None


def test_what_their_credit_covers_is_not_asked_for() -> None:
    both = account(invoice(LATE), invoice(day("02-21"), 2), credits=(eur(10_000),))
    assert no(both, 1) == Because(Cause.COVERED_BY_CREDIT, 1)
    assert no(both, 2) is None


@pytest.mark.parametrize("one", list(Cause))
def test_some_holds_bind_people_too_and_the_others_do_not(one: Cause) -> None:
    wanted = one if one in NEVER else None
    assert cause(account(invoice(LATE), holds=(held(one),))) is wanted
    assert cause(account(invoice(LATE, holds=(held(one),)))) is wanted
    assert cause(account(invoice(LATE, holds=(held(one, day("03-12")),)))) is None, "it is over"
    assert cause(account(invoice(LATE), invoice(LATE, 2, holds=(held(one),))), 1) is None, "it is another invoice's"


def test_not_before_the_company_is_live_nor_from_an_old_reading() -> None:
    assert cause(account(invoice(LATE), live=False)) is Cause.NOT_LIVE
    assert cause(account(invoice(LATE), read_at=None)) is Cause.STALE
    assert cause(account(invoice(LATE), read_at=moment("2026-03-10 23:59"))) is Cause.STALE
    assert cause(account(invoice(LATE), read_at=moment("2026-03-11 00:00"))) is None, "36 hours are fresh enough"


@pytest.mark.parametrize("state", list(TouchState))
def test_one_a_day_but_what_the_cadence_has_not_begun_to_send_gives_way(state: TouchState) -> None:
    facts = account(invoice(LATE), touches=(touched(day("03-12"), state=state),))
    gives_way = state in (TouchState.DUE, TouchState.CLAIMED)
    assert cause(facts) is (None if gives_way else Cause.ONE_A_DAY)


def test_the_gap_and_every_limit_hold_for_the_account_and_each_reader() -> None:
    def after(*days: date, to: str = ANN, own: bool = True, **more: Any) -> Cause | None:
        return cause(account(invoice(LATE), touches=tuple(touched(one, to, own=own) for one in days), **more))

    assert after(day("03-11")) is Cause.GAP
    assert after(day("03-06"), day("03-09")) is Cause.BUDGET
    assert after(day("03-05"), day("03-09")) is None, "seven days ago counts no more"
    assert after(day("03-11"), to=BOB, own=False) is None
    assert after(day("03-11"), own=False) is Cause.GAP, "they heard of another account"
    assert after(day("03-09"), caps=(Cap(1, 5),)) is Cause.BUDGET, "the law's limit"


def test_not_outside_office_hours() -> None:
    assert cause(account(invoice(LATE)), at=moment("2026-03-12 18:00")) is Cause.OUTSIDE_HOURS
    assert cause(account(invoice(LATE)), at=moment("2026-03-14 12:00")) is Cause.OUTSIDE_HOURS
