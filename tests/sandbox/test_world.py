"""The pretend world replays, its books add up, its people do what they are known for, and the judge sees it all."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.books import BookInvoice, BookPayment
from sandbox.habits import Kind
from sandbox.people import Promise
from sandbox.world import Story, World, believable_world, booked_on, share_of, slug
from tests.sandbox.standin import STEPS, StandIn

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def world() -> World:
    return believable_world(7, TODAY)


@pytest.fixture(scope="module")
def lived() -> StandIn:
    run = StandIn(believable_world(7, TODAY))
    run.live(60)
    return run


def test_one_seed_gives_one_world_and_another_gives_another(world: World) -> None:
    again, other = believable_world(7, TODAY), believable_world(8, TODAY)
    assert (again.companies, again.stories, again.pending) == (world.companies, world.stories, world.pending)
    assert other.stories != world.stories


def test_there_are_three_companies_in_two_ledgers_and_120_customers(world: World) -> None:
    assert sorted(world.kinds.values()) == ["quickbooks", "xero", "xero"]
    assert sum(len(company.customers) for company in world.companies) == 120
    assert len({one.name for company in world.companies for one in company.customers}) == 120
    for company in world.companies:
        assert {one.currency for one in company.invoices} == set(company.about.currencies)
        assert len(company.about.currencies) == 2


def test_every_habit_lives_in_every_company(world: World) -> None:
    for company in world.companies:
        kinds = {world.habits[company.about.key, one.key].kind for one in company.customers}
        assert kinds == set(Kind) - {Kind.REAL}


def test_every_company_has_its_awkward_customers(world: World) -> None:
    for company in world.companies:
        assert sum(not one.emails for one in company.customers) == 2
        assert sum(one.archived for one in company.customers) == 2
        assert company.voids
        assert any(credit[4] for credit in company.credits)
        assert any(not credit[4] for credit in company.credits)
        assert any(count > 1 for count in Counter(one.invoice for one in company.payments).values())
        assert len({one.due - one.issued for one in company.invoices}) >= 4
    glen = Counter(one.emails for one in world.company("glen").customers if one.emails)
    assert max(glen.values()) == 2, "one bookkeeper reads the mail of two customers"
    assert [one.parent for one in world.company("cedar").customers if one.parent] == ["cedar-020"] * 2


def test_all_addresses_are_reserved_ones(world: World) -> None:
    customers = [one for company in world.companies for one in company.customers]
    addresses = [address for one in customers for address in one.emails]
    assert all(address.endswith(".example") and address.isascii() for address in addresses)


def test_nothing_is_paid_twice_and_nothing_before_it_was_issued(world: World) -> None:
    for company in world.companies:
        invoices = {one.key: one for one in company.invoices}
        settled: Counter[str] = Counter()
        for payment in company.payments:
            settled[payment.invoice] += payment.amount
            assert invoices[payment.invoice].issued <= payment.paid_on < TODAY
        for _, _, day, amount, number in company.credits:
            settled[number] += amount if number else Decimal(0)
            assert day < TODAY
        assert all(settled[number] <= one.amount for number, one in invoices.items())
        assert not {number for number, _ in company.voids} & set(settled)


def test_old_invoices_are_settled_and_a_believable_share_of_the_new_ones_is_open_and_late(world: World) -> None:
    for company in world.companies:
        settled: Counter[str] = Counter()
        for payment in company.payments:
            settled[payment.invoice] += payment.amount
        for _, _, _, amount, number in company.credits:
            settled[number] += amount
        void = {number for number, _ in company.voids}
        still_open = [one for one in company.invoices if one.key not in void and settled[one.key] < one.amount]
        late = [one for one in still_open if one.due < TODAY]
        assert 0.02 < len(still_open) / len(company.invoices) < 0.12
        assert 0.2 < len(late) / len(still_open) < 0.8
        assert min(one.issued for one in still_open) > TODAY - timedelta(days=300)
        assert min(one.issued for one in company.invoices) < TODAY - timedelta(days=660)


def test_invoices_keep_arriving_on_working_days_and_asking_again_gives_the_same(world: World) -> None:
    days = [TODAY + timedelta(days=after) for after in range(1, 61)]
    arrivals: list[tuple[str, BookInvoice]] = [one for day in days for one in world.arrivals(day)]
    assert 100 < len(arrivals) < 400
    assert arrivals == [one for day in days for one in world.arrivals(day)]
    assert all(invoice.issued.weekday() < 5 for _, invoice in arrivals)
    assert world.arrivals(TODAY) == []


def test_transfers_are_booked_on_a_working_day_within_five_days() -> None:
    for start in range(14):
        for lag in range(6):
            paid = TODAY + timedelta(days=start)
            booked = booked_on(paid, lag)
            assert paid <= booked <= paid + timedelta(days=lag)
            assert booked.weekday() < 5 or booked == paid


def test_names_become_plain_host_names_and_shares_are_stable() -> None:
    assert (slug("Ó Briain Teoranta"), slug("O'Rourke's Pub"), slug("日本")) == (
        "o-briain-teoranta",
        "o-rourke-s-pub",
        "",
    )
    assert [share_of(f"customer {n}", "card") for n in range(5)] == [37, 49, 49, 84, 32]


def test_the_twins_hold_what_the_stories_tell_on_the_first_day(world: World) -> None:
    run = StandIn(believable_world(7, TODAY))
    for story in world.stories.values():
        if story.invoice.issued > TODAY:
            continue
        twin, tenant = run.books[story.company]
        paid = sum((sum_ for day, sum_ in story.pays if day < TODAY and booked_on(day, story.lag) < TODAY), Decimal(0))
        credited = story.credit[1] if story.credit and story.credit[0] < TODAY else Decimal(0)
        left = Decimal(0) if story.void and story.void < TODAY else story.invoice.amount - paid - credited
        assert twin.balance(tenant, story.invoice.key) == left, story


def test_sixty_days_reach_every_step_and_every_kind_of_answer(lived: StandIn) -> None:
    figures = lived.judge.figures()
    assert lived.people.troubles == []
    assert set(figures["touches_by_step"]) == set(STEPS)
    assert figures["touches_sent"] >= 200
    assert figures["payments_taken"] >= 40
    assert min(figures[one] for one in ("promises_kept", "promises_broken", "disputes")) >= 5


def test_an_honest_collector_is_found_faultless(lived: StandIn) -> None:
    figures = lived.judge.figures()
    assert figures["duplicate_touches"] == figures["touches_about_paid_invoices"] == 0
    assert figures["payments_taken"] == figures["payments_written_back"]
    assert figures["payments_unreconciled"] == figures["touches_about_unknown_invoices"] == 0
    assert figures["touches_about_paid_unbooked"] > 0, "transfers take days to be booked, as in life"


def test_the_same_days_lived_again_give_the_same_figures(lived: StandIn) -> None:
    again = StandIn(believable_world(7, TODAY))
    again.live(60)
    assert again.judge.figures() == lived.judge.figures()
    assert [one.text for one in again.mailbox.messages()] == [one.text for one in lived.mailbox.messages()]


def test_the_next_event_is_never_in_the_past_and_nothing_happens_before_it() -> None:
    run = StandIn(believable_world(7, TODAY))
    soon = run.people.next_event()
    assert soon is not None
    books = {key: len(twin.payments(tenant)) for key, (twin, tenant) in run.books.items()}
    run.people.live_through(soon - timedelta(seconds=1))
    assert run.people.next_event() == soon
    assert soon >= run.now
    assert {key: len(twin.payments(tenant)) for key, (twin, tenant) in run.books.items()} == books


def test_a_promise_is_kept_until_its_day_and_broken_only_after_it(lived: StandIn) -> None:
    people, key = lived.people, next(iter(lived.people.paid_on))
    paid, company = people.paid_on[key], key[0]
    assert people.kept(Promise(company, (key[1],), paid, paid))
    assert not people.kept(Promise(company, (key[1],), paid, paid - timedelta(days=1)))
    assert people.broken(Promise(company, (key[1],), paid, paid - timedelta(days=1)))
    assert not people.broken(Promise(company, ("never",), paid, people.today(company)))


# The judge against collectors that are not honest. Each sends real letters through the mailbox.


def test_saying_the_same_step_twice_is_a_duplicate() -> None:
    run, story = _run_with_open_invoice()
    run.letter(story.company, [(story, "late-4")])
    assert run.judge.figures()["duplicate_touches"] == 0
    run.now += timedelta(days=9)
    run.letter(story.company, [(story, "late-4")])
    assert run.judge.figures()["duplicate_touches"] == 1


def test_two_steps_to_one_reader_on_one_local_day_are_a_duplicate_and_the_next_day_not() -> None:
    run, story = _run_with_open_invoice()
    run.letter(story.company, [(story, "heads-up")])
    run.now += timedelta(hours=2)
    run.letter(story.company, [(story, "due-today")])
    assert run.judge.figures()["duplicate_touches"] == 1
    run.now += timedelta(days=1)
    run.letter(story.company, [(story, "late-4")])
    assert run.judge.figures()["duplicate_touches"] == 1


def test_a_letter_about_a_paid_invoice_and_about_one_paid_but_not_booked_are_told_apart() -> None:
    run, story = _run_with_open_invoice()
    twin, tenant = run.books[story.company]
    run.people._transfer(story, twin.balance(tenant, story.invoice.key))
    run.letter(story.company, [(story, "late-4")])
    figures = run.judge.figures()
    assert (figures["touches_about_paid_invoices"], figures["touches_about_paid_unbooked"]) == (0, 1)
    run.now += timedelta(days=6)
    run.people.live_through(run.now)
    run.letter(story.company, [(story, "late-12")])
    figures = run.judge.figures()
    assert (figures["touches_about_paid_invoices"], figures["touches_about_paid_unbooked"]) == (1, 1)


def test_a_thank_you_is_no_touch() -> None:
    run, story = _run_with_open_invoice()
    run.letter(story.company, [(story, "thanks")])
    assert run.judge.figures()["touches_sent"] == 0


def test_a_payment_nobody_took_or_nobody_booked_is_unreconciled() -> None:
    run, story = _run_with_open_invoice()
    twin, tenant = run.books[story.company]
    twin.receive(tenant, BookPayment(story.invoice.key, Decimal("1.00"), TODAY, "A" * 22))
    assert run.judge.figures()["payments_unreconciled"] == 1
    run.letter(story.company, [(story, "late-4")])
    run.people._pay([story], f"http://portal.test/p/{story.company}.{story.invoice.customer}")
    figures = run.judge.figures()
    assert (figures["payments_taken"], figures["payments_written_back"]) == (1, 0)
    assert figures["payments_unreconciled"] == 2
    run._book()
    figures = run.judge.figures()
    assert (figures["payments_taken"], figures["payments_written_back"]) == (1, 1)
    assert figures["payments_unreconciled"] == 1


def _run_with_open_invoice() -> tuple[StandIn, Story]:
    run = StandIn(believable_world(7, TODAY))
    run.now += timedelta(hours=8)
    run.people.live_through(run.now)
    return run, run.an_open_story(Kind.TROUBLE)
