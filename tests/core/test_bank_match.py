"""Which invoices a line of the bank pays: sure only where the words and the sum agree, and never more than there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bank_facts import Finding, Line, Moved, Open, Part, Shown, State
from core.bank_match import Books, candidates, match, shows
from core.bank_words import folded, is_payer, names, references
from core.money import Money

DAY = date(2026, 3, 12)


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def owed(id: int, number: str, minor: int, account: int = 1, name: str = "Fern & Sons Ltd", **more: object) -> Open:
    return Open(id, number, account, name, f"RF{account:08d}", gbp(minor), **more)  # type: ignore[arg-type]


def line(minor: int, text: str = "", payer: str = "", day: date = DAY, key: str = "k") -> Line:
    return Line(key, day, gbp(minor), payer, text)


def books(*invoices: Open, shown: Sequence[Shown] = (), payouts: Sequence[Moved] = ()) -> Books:
    return Books({one.id: one for one in invoices}, {one.id: one for one in shown}, {one.id: one for one in payouts})


def only(one: Line, of: Books) -> Finding:
    return match([one], of)[one.key]


def paid(finding: Finding) -> dict[int, int]:
    return {part.invoice: part.amount.minor for part in finding.parts}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("INV-0042", "Payment INV-0042 thanks"),
        ("INV-0042", "inv 42"),
        ("INV-0042", "INV00042"),
        ("INV-1042", "your invoice 1042"),
        ("INV-1042", "INV 1042, INV 1043"),
        ("1042", "RE1042"),
        ("2026-0042", "2026 0042"),
        ("2026/42", "202642 Müller"),
        ("42", "Rechnung Nr. 42"),
        ("1042-A", "1042A"),
    ],
)
def test_a_number_is_found_despite_spaces_zeros_and_a_missing_prefix(number: str, text: str) -> None:
    assert names(number, folded(text))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1042", "11042"),
        ("1042", "10421"),
        ("1042", "1 0 4 2 0"),
        ("2026", "paid on 12.03.2026"),
        ("1042", "EUR 1042.50"),
        ("42", "42 High Street"),
        ("INV-42", "42"),
        ("INV-1042", "CN-1042"),
        ("1042-A", "1042-B"),
        ("INV-1042", "1042B"),
        ("draft", "draft"),
    ],
)
def test_it_is_never_found_within_another_number_a_day_or_a_sum(number: str, text: str) -> None:
    assert not names(number, folded(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RF18 5390 0754 7034", {"rf18539007547034"}),
        ("ref rf18539007547034 march", {"rf18539007547034"}),
        ("RF19 5390 0754 7034", set()),
        ("nothing", set()),
    ],
)
def test_a_creditor_reference_counts_only_with_its_check_digits(text: str, found: set[str]) -> None:
    """The first one is the example of the standard, ISO 11649."""
    assert found <= references(folded(text))
    assert bool(found) == any(one.endswith("47034") for one in references(folded(text)))


@pytest.mark.parametrize(
    ("account", "payer", "text", "same"),
    [
        ("Fern & Sons Ltd", "FERN AND SONS LIMITED", "", True),
        ("Bäckerei Müller GmbH", "BACKEREI MULLER", "", True),
        ("Fern & Sons Ltd", "Fern Gardens", "", False),
        ("Fern & Sons Ltd", "", "TRANSFER FROM FERN SONS", True),
        ("Al", "", "al fresco", False),
        ("The Ltd", "The Ltd", "", False),
    ],
)
def test_a_payer_is_known_by_the_words_that_tell_people_apart(account: str, payer: str, text: str, same: bool) -> None:
    assert is_payer(account, payer, text) is same


def test_the_number_and_the_sum_together_are_sure() -> None:
    found = only(line(10_000, "INV-1042"), books(owed(1, "INV-1042", 10_000), owed(2, "INV-1043", 10_000)))
    assert (found.state, paid(found)) == (State.MATCHED, {1: 10_000})


def test_two_numbers_whose_sum_fits_are_sure_and_one_of_another_customer_is_not() -> None:
    two = line(15_000, "INV-1042 INV-1043")
    assert only(two, books(owed(1, "INV-1042", 10_000), owed(2, "INV-1043", 5_000))).state is State.MATCHED
    other = owed(2, "INV-1043", 5_000, account=2, name="Moss")
    assert only(two, books(owed(1, "INV-1042", 10_000), other)).state is State.UNCLEAR


@pytest.mark.parametrize(("minor", "kept"), [(9_000, 9_000), (12_000, 10_000)])
def test_the_number_with_another_sum_is_probable_and_never_more_than_is_open(minor: int, kept: int) -> None:
    found = only(line(minor, "INV-1042"), books(owed(1, "INV-1042", 10_000)))
    assert (found.state, paid(found)) == (State.PROBABLE, {1: kept})


def test_a_discount_may_be_kept_back_until_its_day_and_not_after() -> None:
    invoice = owed(1, "INV-1042", 10_000, discount=gbp(200), discount_until=DAY)
    assert only(line(9_800, "INV-1042"), books(invoice)).state is State.MATCHED
    late = line(9_800, "INV-1042", day=DAY + timedelta(days=1))
    assert only(late, books(invoice)).state is State.PROBABLE


def test_the_payer_and_the_sum_of_one_or_all_are_probable() -> None:
    of = (owed(1, "INV-1042", 10_000), owed(2, "INV-1043", 5_000), owed(3, "INV-7", 10_000, account=2, name="Moss"))
    assert paid(only(line(10_000, payer="Fern Sons"), books(*of))) == {1: 10_000}
    assert paid(only(line(15_000, payer="Fern Sons"), books(*of))) == {1: 10_000, 2: 5_000}
    assert only(line(10_000), books(*of)).state is State.UNCLEAR, "a sum alone says nothing"


def test_between_two_that_would_do_nothing_is_guessed_and_a_person_sees_both() -> None:
    of = books(owed(1, "INV-1042", 10_000), owed(2, "INV-1043", 10_000))
    one = line(10_000, payer="Fern Sons")
    assert only(one, of).state is State.UNCLEAR
    assert [part.invoice for part in candidates(one, of)] == [1, 2]


def test_what_the_ledger_shows_is_seen_and_each_payment_is_for_one_line() -> None:
    payment = Shown(7, DAY + timedelta(days=2), gbp(10_000), 1, "Fern & Sons Ltd", ((1, 10_000),))
    of = books(owed(1, "INV-1042", 0), owed(2, "INV-1043", 10_000), shown=[payment])
    first, second = line(10_000, payer="Fern Sons", key="a"), line(10_000, payer="Fern Sons", key="b")
    found = match([second, first], of)
    assert (found["a"].state, found["b"].state, paid(found["b"])) == (State.SEEN, State.PROBABLE, {2: 10_000})


def test_a_payment_far_from_the_day_is_another_one() -> None:
    payment = Shown(7, DAY + timedelta(days=8), gbp(10_000), 1, "Fern & Sons Ltd", ((1, 10_000),))
    assert only(line(10_000, "INV-1042"), books(owed(1, "INV-1042", 0), shown=[payment])).state is State.UNCLEAR


def test_several_payments_of_the_ledger_may_be_one_line() -> None:
    both = [Shown(id, DAY, gbp(5_000), 1, "Fern & Sons Ltd", ((id, 5_000),)) for id in (1, 2)]
    of = books(owed(1, "INV-1042", 0), owed(2, "INV-1043", 0), shown=both)
    assert paid(only(line(10_000, payer="Fern Sons"), of)) == {1: 5_000, 2: 5_000}


def test_what_a_person_matched_is_seen_once_the_ledger_shows_it() -> None:
    part = Part(1, gbp(10_000), "")
    payment = Shown(7, DAY, gbp(10_000), 1, "Fern", ((1, 10_000),))
    of = books(owed(1, "INV-1042", 0), shown=[payment])
    assert shows(line(10_000), [part], of)
    assert not shows(line(10_000), [part], of), "the payment is taken"


def test_a_payout_is_known_by_its_sum_its_days_and_the_processors_name() -> None:
    payout = Moved(3, DAY, gbp(48_210), ("stripe", "Stripe"))
    assert only(line(48_210, "STRIPE PAYMENTS UK"), books(payouts=[payout])).payout == 3
    assert only(line(48_210, "Somebody"), books(payouts=[payout])).state is State.UNCLEAR
    late = line(48_210, "STRIPE", day=DAY + timedelta(days=6))
    assert only(late, books(payouts=[payout])).state is State.UNCLEAR


def test_money_that_went_out_pays_no_invoice() -> None:
    assert only(line(-10_000, "INV-1042"), books(owed(1, "INV-1042", 10_000))).state is State.SET_ASIDE


NAMES = ("Fern & Sons Ltd", "Moss", "Heath Bakery")
_invoices = st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(1, 4), st.booleans()), min_size=1, max_size=8)
_lines = st.lists(
    st.tuples(st.integers(-1, 8), st.integers(0, 9), st.sampled_from(["", *NAMES]), st.integers(0, 9)), max_size=10
)
_shown = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 4), st.integers(0, 9)), max_size=4)


def _world(invoices: list[tuple[int, int, bool]], shown: list[tuple[int, int, int]]) -> Books:
    made = [
        owed(
            id,
            f"INV-{1040 + id}",
            100 * size,
            who,
            NAMES[who],
            **({"discount": gbp(10), "discount_until": DAY} if less else {}),
        )
        for id, (who, size, less) in enumerate(invoices)
    ]
    payments = [
        Shown(
            n,
            DAY + timedelta(days=later),
            gbp(100 * size),
            made[at % len(made)].account,
            made[at % len(made)].name,
            ((made[at % len(made)].id, 100 * size),),
        )
        for n, (at, size, later) in enumerate(shown)
    ]
    return books(*made, shown=payments)


@settings(max_examples=150, deadline=None)
@given(_invoices, _lines, _shown, st.randoms(use_true_random=False))
def test_nothing_is_paid_beyond_itself_and_the_order_of_lines_plays_no_part(
    invoices: list[tuple[int, int, bool]],
    drawn: list[tuple[int, int, str, int]],
    shown: list[tuple[int, int, int]],
    chance: object,
) -> None:
    lines = [
        line(100 * size, f"INV-{1040 + about}" if about < 9 else "", payer, DAY + timedelta(days=later), f"k{n}")
        for n, (size, about, payer, later) in enumerate(drawn)
    ]
    found = match(lines, _world(invoices, shown))
    mixed = list(lines)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert match(mixed, _world(invoices, shown)) == found
    assert set(found) == {one.key for one in lines}
    taken: Counter[int] = Counter()
    for one in lines:
        answer = found[one.key]
        assert sum(part.amount.minor for part in answer.parts) <= max(one.amount.minor, 0)
        if answer.state in (State.MATCHED, State.PROBABLE):
            assert all(part.amount.minor > 0 for part in answer.parts)
            taken.update(paid(answer))
    assert all(minor <= 100 * invoices[id][1] for id, minor in taken.items())
