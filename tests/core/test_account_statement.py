"""The statement of account: it closes with the ledger's own figure, however it is cut, and hides nothing."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from core.account_statement import (
    Age,
    Books,
    Credit,
    Invoice,
    Kind,
    Part,
    Payment,
    outstanding,
    statement,
    usual_start,
)
from core.money import Money, totals

TODAY = date(2026, 11, 18)
START = date(2026, 8, 1)
AT_INVOICES = {Kind.INVOICE, Kind.SETTLED, Kind.REOPENED, Kind.HELD}


def gbp(amount: str) -> Money:
    return Money.parse(amount, "GBP")


def invoice(number: str, total: str, left: str, issued: date = date(2026, 9, 1), **more: object) -> Invoice:
    due = more.pop("due", issued + timedelta(days=30))
    return Invoice(number, number, issued, due, gbp(total), gbp(left), **more)  # type: ignore[arg-type]


def only(books: Books, since: date = START, until: date | None = None) -> Part:
    (part,) = statement(books, TODAY, since, until).parts
    return part


def told(part: Part) -> list[tuple[str, str, str]]:
    """(what, by how much, what is open then)."""
    return [(one.kind.value, str(one.amount.decimal), str(one.balance.decimal)) for one in part.movements]


# One account, step by step


def test_an_invoice_and_its_payment_end_where_they_began() -> None:
    books = Books([invoice("1", "100", "0")], [Payment("p", date(2026, 9, 20), gbp("100"), (("1", gbp("100")),))])
    part = only(books)
    assert told(part) == [("invoice", "100.00", "100.00"), ("received", "-100.00", "0.00")]
    assert (part.opening, part.closing) == (gbp("0"), gbp("0"))
    assert part.movements[1].about == ("1",)


def test_what_was_open_before_the_period_is_the_opening_balance() -> None:
    old = invoice("1", "100", "40", date(2026, 5, 4))
    books = Books([old], [Payment("p", date(2026, 9, 20), gbp("60"), (("1", gbp("60")),))])
    part = only(books)
    assert (part.opening, part.closing) == (gbp("100"), gbp("40"))
    assert told(part) == [("received", "-60.00", "40.00")]


def test_money_without_an_invoice_is_open_credit_and_not_counted_twice() -> None:
    books = Books(
        [invoice("1", "100", "100")],
        [Payment("p", date(2026, 9, 20), gbp("30"))],
        [Credit("p", "", date(2026, 9, 20), gbp("30"), received=True)],
    )
    part = only(books)
    assert told(part) == [("invoice", "100.00", "100.00"), ("on-account", "-30.00", "70.00")]
    assert (part.closing, part.credit, part.outstanding.total) == (gbp("70"), gbp("30"), gbp("100"))


def test_a_credit_note_counts_with_all_it_was_worth_on_its_day() -> None:
    note = Credit("c", "CN-1", date(2026, 9, 10), gbp("20"), (("1", gbp("30")),))
    part = only(Books([invoice("1", "100", "70")], credits=[note]))
    assert told(part) == [("invoice", "100.00", "100.00"), ("credit", "-50.00", "50.00")]
    assert (part.movements[1].number, part.movements[1].about) == ("CN-1", ("1",))


def test_a_credit_note_that_is_not_used_says_so() -> None:
    note = Credit("c", "CN-1", date(2026, 9, 10), gbp("20"))
    assert told(only(Books(credits=[note]))) == [("unused", "-20.00", "-20.00")]


def test_credit_that_a_payment_of_nothing_sets_against_an_invoice_is_said_as_such() -> None:
    """QuickBooks links credit memos to invoices in this way, and its memo tells only what is left of it."""
    memo = Credit("m", "M-1", date(2026, 9, 10), gbp("0"))
    link = Payment("p", date(2026, 9, 12), gbp("0"), (("1", gbp("30")),))
    part = only(Books([invoice("1", "100", "70")], [link], [memo]))
    assert told(part) == [("invoice", "100.00", "100.00"), ("used", "-30.00", "70.00")]
    both = Payment("p", date(2026, 9, 12), gbp("20"), (("1", gbp("50")),))
    assert told(only(Books([invoice("1", "100", "50")], [both], [memo])))[1:] == [
        ("received", "-20.00", "80.00"),
        ("used", "-30.00", "50.00"),
    ]


def test_what_nothing_explains_is_said_at_its_invoice_and_not_hidden() -> None:
    books = Books([invoice("1", "100", "10"), invoice("2", "50", "50", date(2026, 9, 5))])
    part = only(books)
    assert told(part) == [
        ("invoice", "100.00", "100.00"),
        ("settled", "-90.00", "10.00"),
        ("invoice", "50.00", "60.00"),
    ]
    assert [one.number for one in part.movements] == ["1", "1", "2"]


def test_more_set_against_an_invoice_than_its_balance_shows_is_said_too() -> None:
    books = Books([invoice("1", "100", "100")], [Payment("p", date(2026, 9, 20), gbp("40"), (("1", gbp("40")),))])
    part = only(books)
    assert told(part) == [
        ("invoice", "100.00", "100.00"),
        ("reopened", "40.00", "140.00"),
        ("received", "-40.00", "100.00"),
    ]
    assert part.closing == gbp("100")


def test_an_invoice_settled_before_our_mirror_begins_never_makes_an_old_balance_look_larger() -> None:
    part = only(Books([invoice("1", "5000", "0", date(2024, 1, 9)), invoice("2", "10", "10")]))
    assert part.opening == gbp("0")


def test_an_invoice_whose_state_is_not_sure_counts_only_with_what_was_paid_for_it() -> None:
    books = Books(
        [invoice("1", "100", "0", unsure=True)], [Payment("p", date(2026, 9, 20), gbp("60"), (("1", gbp("60")),))]
    )
    part = only(books)
    assert told(part) == [("held", "60.00", "60.00"), ("received", "-60.00", "0.00")]
    assert part.outstanding.invoices == ()


def test_what_a_payment_settled_for_another_account_is_no_movement_of_this_one() -> None:
    paid = Payment("p", date(2026, 9, 20), gbp("100"), (("1", gbp("60")), ("9", gbp("40"))))
    part = only(Books([invoice("1", "60", "0")], [paid], elsewhere=frozenset({"9"})))
    assert told(part) == [("invoice", "60.00", "60.00"), ("received", "-60.00", "0.00")]
    assert part.opening == gbp("0")


def test_a_credit_without_a_day_stands_in_the_opening_balance() -> None:
    part = only(Books([invoice("1", "100", "100")], credits=[Credit("c", "", None, gbp("25"))]))
    assert (part.opening, part.closing) == (gbp("-25"), gbp("75"))


def test_what_was_paid_and_is_not_in_the_books_yet_stands_beside_them() -> None:
    part = only(Books([invoice("1", "100", "100")], on_its_way=[gbp("60"), gbp("40")]))
    assert (part.closing, part.on_its_way) == (gbp("100"), gbp("100"))


def test_a_past_period_leaves_out_what_came_later_and_up_to_today_takes_in_what_is_dated_ahead() -> None:
    books = Books([invoice("1", "100", "100"), invoice("2", "50", "50", TODAY + timedelta(days=4))])
    assert only(books).closing == gbp("150")
    past = only(books, until=date(2026, 9, 30))
    assert (told(past), past.closing) == ([("invoice", "100.00", "100.00")], gbp("100"))
    assert only(books, until=TODAY + timedelta(days=90)) == only(books)


def test_each_currency_has_a_part_of_its_own_and_the_first_comes_first() -> None:
    euro = Invoice("3", "3", date(2026, 9, 1), None, Money(700, "EUR"), Money(700, "EUR"))
    parts = statement(Books([euro, invoice("1", "100", "100")]), TODAY, START, first="GBP").parts
    assert [(one.currency, one.closing.minor) for one in parts] == [("GBP", 10_000), ("EUR", 700)]


def test_nothing_at_all_is_an_empty_statement() -> None:
    assert statement(Books(), TODAY, START).parts == ()
    assert statement(Books([invoice("1", "5", "0", date(2020, 1, 1))]), TODAY, START).parts == ()


def test_an_invoice_is_as_old_as_its_due_day() -> None:
    days = {0: Age.NOT_DUE, 1: Age.TO_30, 30: Age.TO_30, 31: Age.TO_60, 60: Age.TO_60, 61: Age.TO_90, 91: Age.OVER_90}
    for late, age in days.items():
        (found,) = outstanding([invoice("1", "9", "9", due=TODAY - timedelta(days=late))], TODAY)
        assert [(one, sum_) for one, sum_ in found.ageing.items() if sum_] == [(age, gbp("9"))], late
    (found,) = outstanding([invoice("1", "9", "9", due=None)], TODAY)
    assert found.ageing[Age.NOT_DUE] == gbp("9")


def test_a_statement_usually_begins_with_the_month_three_months_back() -> None:
    assert usual_start(TODAY) == date(2026, 8, 1)
    assert usual_start(date(2026, 2, 28)) == date(2025, 11, 1)
    assert usual_start(date(2026, 3, 1)) == date(2025, 12, 1)


# Any account at all

days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
currencies = st.sampled_from(["GBP", "EUR"])
ids = st.sampled_from([f"i{number}" for number in range(6)])


def sums(currency: str, least: int = 0) -> st.SearchStrategy[Money]:
    return st.integers(least, 500).map(lambda minor: Money(minor, currency))


def applications(currency: str) -> st.SearchStrategy[tuple[tuple[str, Money], ...]]:
    return st.lists(st.tuples(ids, sums(currency)), max_size=3).map(tuple)


@st.composite
def an_invoice(draw: st.DrawFn, id: str) -> Invoice:
    currency = draw(currencies)
    total = draw(sums(currency))
    left = Money(draw(st.integers(0, total.minor)), currency)
    unsure = draw(st.booleans())
    none = Money.zero(currency)
    return Invoice(id, id, draw(days), draw(st.none() | days), total, none if unsure else left, unsure)


@st.composite
def any_books(draw: st.DrawFn) -> Books:
    payments = []
    for number in range(draw(st.integers(0, 5))):
        currency = draw(currencies)
        payments.append(Payment(f"p{number}", draw(days), draw(sums(currency)), draw(applications(currency))))
    credits = []
    for number in range(draw(st.integers(0, 4))):
        currency, id = draw(currencies), draw(st.sampled_from([f"c{number}", "p0"]))
        day, left = draw(st.none() | days), draw(sums(currency))
        credits.append(Credit(id, id, day, left, draw(applications(currency)), draw(st.booleans())))
    return Books(
        [draw(an_invoice(f"i{number}")) for number in range(draw(st.integers(0, 5)))],
        payments,
        credits,
        draw(st.frozensets(ids, max_size=1)),
    )


@given(any_books(), days, st.none() | days)
def test_every_part_adds_up_line_by_line(books: Books, since: date, until: date | None) -> None:
    for part in statement(books, TODAY, since, until).parts:
        balance = part.opening
        for one in part.movements:
            balance += one.amount
            assert one.balance == balance
        assert balance == part.closing


@given(any_books(), days)
def test_up_to_today_it_closes_with_the_ledger_s_open_balances_less_its_open_credit(books: Books, since: date) -> None:
    found = {one.currency: one.closing for one in statement(books, TODAY, since).parts}
    open_now, credit = totals(one.left for one in books.invoices), totals(one.remaining for one in books.credits)
    for currency in {*open_now, *credit, *found}:
        none = Money.zero(currency)
        assert found.get(currency, none) == open_now.get(currency, none) - credit.get(currency, none)


@given(any_books(), days, days, st.none() | days)
def test_a_period_cut_in_two_tells_the_same(books: Books, since: date, cut: date, until: date | None) -> None:
    assume(since <= cut < min(until or TODAY, TODAY))
    whole = {one.currency: one for one in statement(books, TODAY, since, until).parts}
    before = {one.currency: one for one in statement(books, TODAY, since, cut).parts}
    after = {one.currency: one for one in statement(books, TODAY, cut + timedelta(days=1), until).parts}
    for currency, part in whole.items():
        halves = [half[currency] for half in (before, after) if currency in half]
        assert tuple(one for half in halves for one in half.movements) == part.movements
        if len(halves) == 2:
            assert halves[0].opening == part.opening
            assert halves[0].closing == halves[1].opening
            assert halves[1].closing == part.closing


@given(any_books(), days)
def test_movements_stand_in_the_order_of_their_days_and_an_invoice_before_what_was_paid_that_day(
    books: Books, since: date
) -> None:
    for part in statement(books, TODAY, since).parts:
        lines = part.movements
        assert all(since <= one.day for one in lines)
        assert [one.day for one in lines] == sorted(one.day for one in lines)
        for one, other in pairwise(lines):
            if one.day == other.day and one.kind in (
                Kind.RECEIVED,
                Kind.ON_ACCOUNT,
                Kind.CREDIT,
                Kind.UNUSED,
                Kind.USED,
            ):
                assert other.kind not in (Kind.INVOICE, Kind.SETTLED, Kind.REOPENED, Kind.HELD)
            if other.kind in (Kind.SETTLED, Kind.REOPENED):
                assert (one.kind, one.number) == (Kind.INVOICE, other.number)


@given(any_books())
def test_the_ages_add_up_to_what_is_open(books: Books) -> None:
    for one in outstanding(books.invoices, TODAY):
        assert list(one.ageing) == list(Age)
        assert sum(one.ageing.values(), Money.zero(one.currency)) == one.total
        assert one.total == totals(each.left for each in books.invoices)[one.currency]


@given(any_books(), days, st.none() | days)
def test_the_order_in_which_rows_are_read_changes_nothing(books: Books, since: date, until: date | None) -> None:
    turned = Books(books.invoices[::-1], books.payments[::-1], books.credits, books.elsewhere)
    assert statement(turned, TODAY, since, until) == statement(books, TODAY, since, until)
