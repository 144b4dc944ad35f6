"""How the Xero adapter reads: what is new about a row, where a long reading goes on, and what each reading costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import RateLimited, Rejected, Transient
from integrations.ledgers.base import ENTITIES, Feature, LedgerPerson, Limit, Page, Purpose, TermRule, features
from integrations.ledgers.xero import lists, mapping
from integrations.ledgers.xero.scopes import ASKED, SCOPES
from sandbox.books import BookPayment
from tests.sandbox.xero_world import World, gathered, invoice

YEAR_START = date(2026, 1, 1)
DAY = date(2026, 10, 30)


@pytest.fixture
def world() -> World:
    return World()


# --- what rows tell ---


def test_an_invoice_tells_whether_it_was_mailed_and_when_its_money_is_expected(world: World) -> None:
    world.twin.mail(world.tenant, "INV-1")
    world.twin.expect(world.tenant, "INV-1", date(2026, 11, 20))
    world.twin.spoil(world.tenant, "invoice", "INV-1", BrandingThemeID="t-1")
    world.twin.spoil(world.tenant, "invoice", "INV-2", SentToContact=None)
    rows = {row.number: row for row in gathered(list(world.ledger().snapshot(YEAR_START))).invoices}
    assert (rows["INV-1"].mailed, rows["INV-1"].expected) == (True, date(2026, 11, 20))
    assert rows["INV-1"].branding == "t-1"
    assert (rows["INV-2"].mailed, rows["INV-2"].expected) == (None, None)


def test_everyone_at_a_customer_is_named_and_who_of_them_gets_mail(world: World) -> None:
    world.twin.add_person(world.tenant, "barney", "Betty Rubble", "betty@rubble.test", mailed=False)
    phones = [
        {"PhoneType": "FAX", "PhoneNumber": "9"},
        {"PhoneType": "DEFAULT", "PhoneNumber": "1234", "PhoneAreaCode": "09", "PhoneCountryCode": "64"},
    ]
    world.twin.spoil(world.tenant, "customer", "barney", Phones=phones)
    barney = next(row for row in _customers(world) if row.name.startswith("Barney"))
    assert barney.people == (
        LedgerPerson("Barney Rubble", "barney@rubble.test", True),
        LedgerPerson("Betty Rubble", "betty@rubble.test", False),
    )
    assert (barney.emails, barney.phone) == (("barney@rubble.test",), "+64 09 1234")


def test_of_someone_to_be_forgotten_nothing_is_kept(world: World) -> None:
    world.twin.add_person(world.tenant, "barney", "Betty Rubble", "betty@rubble.test")
    world.twin.request_erasure(world.tenant, "barney")
    barney = next(row for row in _customers(world) if row.name.startswith("Barney"))
    assert (barney.people, barney.phone, barney.emails, barney.contact) == ((), "", (), "")


@pytest.mark.parametrize(
    ("kind", "rule", "name"),
    [
        ("DAYSAFTERBILLDATE", TermRule.AFTER_ISSUE, "20 days after the invoice date"),
        ("DAYSAFTERBILLMONTH", TermRule.AFTER_MONTH, "20 days after the end of the invoice month"),
        ("OFCURRENTMONTH", TermRule.DAY_OF_MONTH, "day 20 of the invoice month"),
        ("OFFOLLOWINGMONTH", TermRule.DAY_OF_NEXT_MONTH, "day 20 of the following month"),
        ("SOMETHINGNEW", TermRule.UNKNOWN, "SOMETHINGNEW 20"),
    ],
)
def test_terms_come_with_the_customers_who_have_them(world: World, kind: str, rule: TermRule, name: str) -> None:
    for key in ("barney", "wilma"):
        world.twin.spoil(world.tenant, "customer", key, PaymentTerms={"Sales": {"Day": 20, "Type": kind}})
    pages = list(world.ledger().snapshot(YEAR_START))
    [term] = [term for page in pages for term in page.terms]
    assert (term.id, term.rule, term.name, term.days, term.discount_days) == (f"{kind}/20", rule, name, 20, 0)
    assert {row.term for page in pages for row in page.customers} == {f"{kind}/20"}


def test_credit_tells_its_number_its_date_and_what_it_was_used_for(world: World) -> None:
    world.twin.credit(world.tenant, "CN-1", "barney", DAY, Decimal(20), apply_to="INV-1")
    [credit] = gathered(list(world.ledger().snapshot(YEAR_START))).credits
    used = ((world.order().invoice, Money(2000, "NZD")),)
    assert (credit.number, credit.issued, credit.applied) == ("CN-1", DAY, used)


def test_the_later_lock_date_counts_and_xeros_own_reminders_are_known(world: World) -> None:
    ledger = world.ledger()
    assert ledger.company().locked_until is None
    world.twin.lock(world.tenant, date(2026, 3, 31))
    world.twin.lock_year(world.tenant, date(2025, 12, 31))
    for on in (True, False):
        world.twin.reminders(world.tenant, on)
        assert (ledger.company().locked_until, ledger.company().own_reminders) == (date(2026, 3, 31), on)
    world.twin.plan_fault("/InvoiceReminders", "401-scope")
    assert ledger.company().own_reminders is None


# --- where a reading goes on ---


def busy(world: World) -> None:
    for number in range(7):
        world.twin.add_invoice(world.tenant, invoice(f"N-{number}"))
    world.twin.receive(world.tenant, BookPayment("N-6", Decimal(115), DAY))
    world.twin.credit(world.tenant, "CN-1", "wilma", DAY, Decimal(6))
    world.twin.prepay(world.tenant, "PP-1", "wilma", DAY, Decimal(7))


def rows(pages: list[Page]) -> Page:
    return gathered([*pages, Page()])


def test_a_snapshot_goes_on_behind_any_of_its_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    busy(world)
    whole = list(world.ledger().snapshot(YEAR_START))
    assert len(whole) > 8
    for at, page in enumerate(whole[:-1]):
        assert page.mark
        world.later(minutes=1)
        rest = list(world.ledger().snapshot(YEAR_START, page.mark))
        assert rows(whole[: at + 1] + rest[:-1]) == rows(whole[:-1])
        assert len(rest) == len(whole) - at - 1, "nothing is read twice"
        assert rest[-1].cursor == whole[-1].cursor, "the cursor is the time of the very first answer"


def test_what_moves_between_two_halves_of_a_snapshot_is_not_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    busy(world)
    ledger, first = world.ledger(), []
    for page in ledger.snapshot(YEAR_START):
        first.append(page)
        if page.invoices:
            break
    paid = first[-1].invoices[0]
    world.twin.receive(world.tenant, BookPayment(paid.number, Decimal("115.00"), date(2026, 11, 2)))
    rest = list(ledger.snapshot(YEAR_START, first[-1].mark))
    read = {row.number: row for row in rows(first + rest).invoices}
    assert set(read) == {"INV-1", "INV-2", *(f"N-{number}" for number in range(7))}
    assert read[paid.number].status is InvoiceStatus.PAID
    assert rest[-2].total == 2 + 7 + 2 + 2 + 2, "customers, open invoices, others, payments, credit"


def test_a_snapshot_says_how_much_is_expected_as_far_as_it_knows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 4)
    busy(world)
    totals = [page.total for page in world.ledger().snapshot(YEAR_START)]
    assert totals == [2, 10, 10, 11, 12, 13, 13, 14, None]


@pytest.mark.parametrize("mark", ["nonsense", '["a"]', "{}"])
def test_a_mark_that_cannot_be_read_begins_anew(world: World, mark: str) -> None:
    ledger = world.ledger()
    assert rows(list(ledger.snapshot(YEAR_START, mark))) == rows(list(ledger.snapshot(YEAR_START)))


# --- what each reading costs ---


def reading(world: World, read: Callable[[], object]) -> list[str]:
    """The requests that `read` makes, by the twin's count."""
    world.twin.calls.clear()
    read()
    return sorted(world.twin.calls.elements())


def test_only_wanted_kinds_of_changes_cost_a_call(world: World) -> None:
    ledger, since = world.ledger(), "2026-11-02T08:00:00+00:00"
    credit = ["GET /CreditNotes", "GET /Overpayments", "GET /Prepayments"]
    asked = {"customer": ["GET /Contacts"], "term": ["GET /Contacts"], "invoice": ["GET /Invoices"]}
    asked |= {"payment": ["GET /Payments"], "credit": credit}
    assert set(asked) == ENTITIES
    for entity, calls in asked.items():
        assert reading(world, lambda entity=entity: list(ledger.changes(since, {entity}))) == calls
    assert len(reading(world, lambda: list(ledger.changes(since)))) == 6
    assert [page.cursor for page in ledger.changes(since, ())] == [since], "nothing read, nothing moved on"


def test_the_door_costs_six_calls_for_forty_customers(world: World) -> None:
    ledger, somebody = world.ledger(), [world.twin.new_uuid() for _ in range(40)]
    calls = reading(world, lambda: list(ledger.door("2026-11-02T08:00:00+00:00", somebody)))
    credit = ["GET /CreditNotes", "GET /Overpayments", "GET /Prepayments"]
    assert calls == sorted(["GET /Contacts", "GET /Invoices", "GET /Invoices", *credit])


def test_the_door_sees_an_address_that_has_changed_and_who_was_archived(world: World) -> None:
    ledger, customers = world.ledger(), [row.id for row in _customers(world)]
    world.twin.spoil(world.tenant, "customer", "barney", EmailAddress="new@rubble.test")
    world.twin.archive(world.tenant, "wilma")
    read = gathered(list(ledger.door("2026-11-02T08:00:00+00:00", customers, Purpose.LOOK)))
    assert {(row.emails[0], row.active) for row in read.customers} == {
        ("new@rubble.test", True),
        ("wilma@pottery.test", False),
    }
    assert set(world.calls[-4:]) == {Purpose.LOOK}


def test_a_sweep_shows_what_the_changes_did_not_tell(world: World) -> None:
    ledger = world.ledger()
    busy(world)
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(5), DAY))
    world.later(minutes=20)
    world.twin.change_due(world.tenant, "INV-1", date(2026, 12, 24))
    changed = rows(list(ledger.changes(world.now.isoformat())))
    swept = gathered(list(ledger.sweep()))
    assert changed.invoices == ()
    assert {row.number: row.due for row in swept.invoices}["INV-1"] == date(2026, 12, 24)
    assert len(swept.invoices) == 8
    assert sorted(row.remaining.minor for row in swept.credits) == [600, 700]
    assert (swept.cursor, set(world.calls[-4:])) == (None, {Purpose.SWEEP})


@pytest.mark.parametrize("entity", ["invoice", "customer", "payment"])
def test_rows_asked_for_by_name_come_whatever_their_state_and_the_others_are_gone(world: World, entity: str) -> None:
    twin, tenant, ledger = world.twin, world.tenant, world.ledger()
    if entity == "payment":
        ids = [twin.receive(tenant, BookPayment("INV-1", Decimal(1), DAY)) for _ in range(30)]
        twin.unreceive(tenant, ids[0])
    elif entity == "invoice":
        ids = [twin.add_invoice(tenant, invoice(f"N-{number}")) for number in range(50)]
        twin.void(tenant, "N-0")
    else:
        ids = [twin.contact(tenant, key).id for key in ("barney", "wilma")]
        twin.archive(tenant, "barney")
    missing = [twin.new_uuid(), "not-an-id", "{" + twin.new_uuid() + "}"]
    pages = list(ledger.named(entity, [*ids, *missing], Purpose.LOOK))
    read = rows(pages)
    assert sorted(row.id for row in (*read.invoices, *read.customers, *read.payments)) == sorted(ids)
    assert sorted(one for page in pages for one in page.deleted) == sorted((entity, id) for id in missing)
    assert set(world.calls) == {Purpose.LOOK}


def test_a_named_row_that_cannot_be_read_is_not_told_as_gone(world: World) -> None:
    ledger, ids = world.ledger(), [world.order(number).invoice for number in ("INV-1", "INV-2")]
    world.twin.spoil(world.tenant, "invoice", "INV-1", Total="lots")
    pages = list(ledger.named("invoice", ids))
    assert [one.id for page in pages for one in page.unreadable] == [ids[0]]
    world.twin.spoil(world.tenant, "invoice", "INV-1", InvoiceID=None)
    pages += list(ledger.named("invoice", ids))
    assert [page.deleted for page in pages if page.deleted] == []
    with pytest.raises(Rejected, match="by its id"):
        list(ledger.named("term", ids))


def test_of_credit_asked_for_by_name_only_what_is_open_is_still_there(world: World) -> None:
    ledger = world.ledger()
    still = world.twin.credit(world.tenant, "CN-9", "wilma", date(2026, 11, 2), Decimal("5.00"))
    used = world.twin.credit(world.tenant, "CN-10", "wilma", date(2026, 11, 2), Decimal("6.00"), "INV-1")
    pages = list(ledger.named("credit", [still, used]))
    assert still in {row.id for page in pages for row in page.credits}
    assert [page.deleted for page in pages if page.deleted] == [(("credit", used),)]


def test_the_meter_hears_of_every_answer_and_what_is_left(world: World) -> None:
    ledger = world.ledger()
    world.twin.limits()
    list(ledger.snapshot(YEAR_START))
    assert world.calls == [Purpose.SNAPSHOT] * 7
    assert world.meter.reads == [True] * 7
    assert len(world.meter.answers) == 7
    for size, left in world.meter.answers:
        assert size > 100
        assert set(left) == {"minute", "day", "appminute"}
    assert world.meter.answers[0][1]["minute"] - world.meter.answers[-1][1]["minute"] == 6
    world.twin.plan_fault("/Organisation", "429-minute")
    with pytest.raises(RateLimited):
        ledger.company()
    assert len(world.meter.answers) == 8, "a refusal is an answer too"
    order = world.order()
    ledger.write(order, ledger.prepare(order), "key-1")
    assert (world.calls[-1], world.meter.reads[-1]) == (Purpose.WRITE, False)


# --- documents and permissions ---


def test_the_picture_of_an_invoice_its_page_and_its_place_in_xero(world: World) -> None:
    ledger, bill = world.ledger(), world.order().invoice
    assert ledger.pdf(bill).startswith(b"%PDF")
    assert ledger.pay_link(bill).startswith("https://")
    assert ledger.pay_link(world.twin.new_uuid()) == ""
    with pytest.raises(Rejected, match="no longer has"):
        ledger.pdf(world.twin.new_uuid())
    assert world.xero.deep_link("invoice", bill, "!23eYt") == f"https://go.xero.com/app/!23eYt/invoicing/view/{bill}"
    assert world.xero.deep_link("customer", "c", "!2") == "https://go.xero.com/app/!2/contacts/contact/c"
    assert world.xero.deep_link("payment", "p", "!2") == world.xero.deep_link("invoice", bill, "") == ""
    assert set(world.calls) == {Purpose.DOCUMENT}


def test_a_page_that_is_no_picture_is_asked_for_again(world: World) -> None:
    ledger, bill = world.ledger(), world.order().invoice
    world.twin.plan_fault("/Invoices", "lost")
    with pytest.raises(Transient):
        ledger.pdf(bill)


def test_granular_and_broad_permissions_open_the_same_features() -> None:
    everything = set(Feature) - {Feature.ON_ACCOUNT, Feature.EXPENSES}
    assert features(SCOPES, ASKED) == everything
    banks = [*ASKED, "accounting.banktransactions"]
    assert features(SCOPES, banks) == set(Feature) - {Feature.EXPENSES}
    assert features(SCOPES, [*banks, "accounting.manualjournals"]) == set(Feature)
    broad = ["accounting.transactions", "accounting.contacts", "accounting.settings"]
    assert features(SCOPES, broad) == set(Feature)
    reading = [f"accounting.{name}.read" for name in ("transactions", "contacts", "settings")]
    assert features(SCOPES, reading) == {Feature.READ, Feature.DOCUMENTS}
    mixed = ["accounting.invoices.read", "accounting.payments", "accounting.contacts", "accounting.settings.read"]
    assert features(SCOPES, mixed) == {Feature.READ, Feature.DOCUMENTS, Feature.PAYMENTS}
    assert features(SCOPES, ["accounting.contacts.read", "accounting.payments"]) == {Feature.PAYMENTS}


def test_the_days_calls_are_the_operators_to_say(world: World) -> None:
    assert Limit("day", 86_400, 1000) in world.xero.limits
    assert {limit.name for limit in world.xero.limits} == {"minute", "day", "appminute"}
    assert [limit.name for limit in world.xero.limits if limit.whole_app] == ["appminute"]
    assert (world.xero.pace.at_once, world.xero.metered) == (5, "bytes")


def test_the_organisations_a_token_opens_are_told(world: World) -> None:
    token, _ = world.connect()
    assert [one.id for one in world.xero.tenants(token, world.transport)] == [world.tenant]
    world.twin.disconnect(world.tenant)
    assert world.xero.tenants(token, world.transport) == ()


def _customers(world: World) -> tuple[mapping.LedgerCustomer, ...]:
    return gathered(list(world.ledger().snapshot(YEAR_START))).customers
