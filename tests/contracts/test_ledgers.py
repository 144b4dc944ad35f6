"""What Dunlin may rely on in every ledger: one class of tests, run over the registry through each ledger's twin.

A new entry in the registry without a twin here fails; what is odd about one vendor is tested beside its adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from core.facts import InvoiceStatus
from core.money import Money
from integrations import oauth
from integrations.errors import BadSignature, InDoubt, RateLimited, Reconnect, Rejected, Transient
from integrations.ledgers.base import Consent, Ledger, LedgerKind, LedgerSettings, Page, PaymentOrder, Purpose
from integrations.registry import LEDGERS
from integrations.transport import Transport
from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, Company
from sandbox.browser import Browser
from sandbox.quickbooks import QuickBooksTwin
from sandbox.stage import WorldClock, ids
from sandbox.wires import Network
from sandbox.xero import XeroTwin
from tests.meters import Noting
from tests.town import MONDAY

ABOUT = BookCompany("rook", "Rook & Daughters", "EUR", "DE", "Europe/Berlin", "office@rook.test")
TODAY, SINCE = MONDAY.date(), date(2024, 3, 2)
CALLBACK = "https://dunlin.test/connect/callback"
REFERENCE = "r-2203620012345678901x"

# How each twin is made, and which request books a payment there.
TWINS: dict[str, tuple[type[QuickBooksTwin] | type[XeroTwin], dict[str, str]]] = {
    "quickbooks": (QuickBooksTwin, {"write": "POST /v3/company"}),
    "xero": (XeroTwin, {"write": "PUT /api.xro/2.0/Payments"}),
}


def a_book() -> Company:
    """Three customers, five invoices (one old and open, one paid, one void), and a credit that is open."""

    def bill(number: str, customer: str, due: date, amount: str = "120.50") -> BookInvoice:
        return BookInvoice(number, customer, due - timedelta(days=30), due, Decimal(amount), "EUR")

    people = [
        BookCustomer("ada", "Ada Byrne", "Ada Byrne", ("ada@byrne.test", "books@byrne.test")),
        BookCustomer("ben", "Ben Curran", "Ben Curran", ("ben@curran.test",)),
        BookCustomer("cal", "Cal Daly", "Cal Daly", (), archived=True),
    ]
    invoices = [
        bill("R-1", "ada", date(2026, 3, 16)),
        bill("R-2", "ada", date(2026, 2, 16), "80.00"),
        bill("R-OLD", "ben", date(2023, 1, 16)),
        bill("R-PAID", "ben", date(2026, 1, 16)),
        bill("R-VOID", "ben", date(2026, 1, 20)),
    ]
    return Company(
        ABOUT,
        people,
        invoices,
        payments=[BookPayment("R-PAID", Decimal("120.50"), date(2026, 1, 15), "bank 7")],
        credits=[("CN-1", "ben", date(2026, 2, 2), Decimal("30.00"), "")],
        voids=[("R-VOID", date(2026, 1, 21))],
    )


class Place:
    """A twin with the common book, the adapter in front of it, and a permission given on the consent page."""

    def __init__(self, kind: str) -> None:
        make, self.names = TWINS[kind]
        self.clock = WorldClock(MONDAY)
        host = f"https://{kind}.test"
        self.twin: Any = make(self.clock.now, ids(1), host)
        self.tenant = self.twin.add_company(a_book())
        self.later(hours=1)
        network = Network()
        network.route(f"{kind}.test", self.twin.app)
        self.network, self.transport = network, Transport(network.adapter, network.pool)
        kinds: dict[str, Any] = dict(LEDGERS)
        self.kind: LedgerKind = kinds[kind](self._settings(kind, host))
        self.meter = Noting()
        self.callback, self.token = self._connect()

    def _settings(self, kind: str, host: str) -> LedgerSettings:
        paths = {
            "quickbooks": ("/connect/oauth2", "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"),
            "xero": ("/identity/connect/authorize", "/connect/token", "/connect/revocation"),
        }[kind]
        keys = (self.twin.client_id, self.twin.client_secret, self.twin.webhook_key)
        return LedgerSettings(*keys, *[host + path for path in paths], host)

    def _connect(self) -> tuple[dict[str, str], oauth.Token]:
        url, _state, verifier = oauth.begin(self.kind.oauth, CALLBACK)
        with requests.Session() as http:
            for prefix in ("http://", "https://"):
                http.mount(prefix, self.network.adapter())
            form = next(one for one in Browser(http).open(url).forms if one.method == "post")
            for box in form.kind("checkbox"):
                box.chosen = True
            fields = form.fields() + [(one.name, one.value) for one in form.kind("submit")[:1]]
            answer = http.post(form.action, data=fields, allow_redirects=False, timeout=5)
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        return query, oauth.exchange(
            self.kind.oauth, CALLBACK, query["code"], verifier, self.transport, self.clock.now()
        )

    def consent(self) -> Consent:
        return self.kind.consent(self.token, self.callback, self.transport)

    def open(self) -> Ledger:
        return self.kind.open(self.token.access, self.tenant, self.transport, self.meter)

    @property
    def calls(self) -> list[Purpose]:
        return self.meter.calls

    def later(self, **time: int) -> None:
        self.clock.move(self.clock.now() + timedelta(**time))

    def snapshot(self) -> Page:
        return together(self.open().snapshot(SINCE))

    def order(self, number: str = "R-1", amount: str = "120.50") -> PaymentOrder:
        """Pay an invoice into the first account offered."""
        invoice = next(one for one in self.snapshot().invoices if one.number == number)
        account = self.open().deposit_accounts()[0].id
        money = Money(int(Decimal(amount) * 100), "EUR")
        return PaymentOrder(invoice.id, invoice.customer, money, TODAY, account, REFERENCE)

    def booked(self) -> list[BookPayment]:
        return [one for one in self.twin.payments(self.tenant) if one.invoice == "R-1"]


def together(pages: Iterator[Page]) -> Page:
    """All rows of the pages, the last version of each, and the last cursor."""
    rows: dict[str, dict[str, Any]] = {name: {} for name in ("customers", "invoices", "payments", "credits")}
    found, cursor = Page(), None
    for page in pages:
        assert cursor is None, "a cursor stands on the last page only"
        cursor = page.cursor
        for name, known in rows.items():
            known.update({row.id: row for row in getattr(page, name)})
        found = replace(
            found, deleted=(*found.deleted, *page.deleted), unreadable=(*found.unreadable, *page.unreadable)
        )
    return replace(found, **{name: tuple(known.values()) for name, known in rows.items()}, cursor=cursor)


def balances(page: Page) -> dict[str, str]:
    return {row.number: str(row.balance) for row in page.invoices}


@pytest.fixture(params=list(LEDGERS))
def place(request: pytest.FixtureRequest) -> Place:
    assert request.param in TWINS, f"The ledger {request.param!r} has no twin in the sandbox."
    return Place(request.param)


class TestEveryLedger:
    def test_a_consent_leads_to_the_company_that_was_chosen(self, place: Place) -> None:
        consent = place.consent()
        assert consent.holder
        assert [tenant.id for tenant in consent.tenants] == [place.tenant]
        company = place.open().company()
        assert (company.name, company.currency, company.country) == ("Rook & Daughters", "EUR", "DE")
        assert company.zone == "Europe/Berlin"

    def test_the_first_reading_holds_every_customer_and_all_that_is_open(self, place: Place) -> None:
        page = place.snapshot()
        people = {row.name: row for row in page.customers}
        assert set(people) == {"Ada Byrne", "Ben Curran", "Cal Daly"}
        assert set(people["Ada Byrne"].emails) == {"ada@byrne.test", "books@byrne.test"}
        assert (people["Cal Daly"].emails, people["Cal Daly"].active) == ((), False)
        status = {row.number: row.status for row in page.invoices if row.status is not InvoiceStatus.OPEN}
        assert status == {"R-PAID": InvoiceStatus.PAID, "R-VOID": InvoiceStatus.VOIDED}
        assert {number: text for number, text in balances(page).items() if number not in status} == {
            "R-1": "120.50 EUR",
            "R-2": "80.00 EUR",
            "R-OLD": "120.50 EUR",
        }
        assert {row.customer for row in page.invoices if row.number == "R-1"} == {people["Ada Byrne"].id}
        assert [row.due for row in page.invoices if row.number == "R-1"] == [date(2026, 3, 16)]
        assert [(row.amount, row.reference) for row in page.payments] == [(Money(12_050, "EUR"), "bank 7")]
        assert [(row.remaining, row.customer) for row in page.credits if row.remaining] == [
            (Money(3000, "EUR"), people["Ben Curran"].id)
        ]
        assert (page.unreadable, bool(page.cursor)) == ((), True)
        assert set(place.calls) == {Purpose.SNAPSHOT}

    def test_the_changes_since_show_a_payment_a_void_and_a_new_invoice(self, place: Place) -> None:
        cursor = place.snapshot().cursor or ""
        place.later(minutes=10)
        assert together(place.open().changes(cursor)).invoices == (), "nothing has happened"
        place.twin.receive(place.tenant, BookPayment("R-1", Decimal("20.50"), TODAY, "bank 8"))
        place.twin.void(place.tenant, "R-2")
        new = BookInvoice("R-3", "ben", TODAY, date(2026, 4, 1), Decimal(7), "EUR")
        place.twin.add_invoice(place.tenant, new)
        place.twin.archive(place.tenant, "ben")
        place.later(minutes=1)
        page = together(place.open().changes(cursor))
        assert {number: balances(page)[number] for number in ("R-1", "R-3")} == {"R-1": "100.00 EUR", "R-3": "7.00 EUR"}
        assert [row.status for row in page.invoices if row.number == "R-2"] == [InvoiceStatus.VOIDED]
        assert [(row.amount.minor, row.reference) for row in page.payments] == [(2050, "bank 8")]
        assert [row.active for row in page.customers if row.name == "Ben Curran"] == [False]
        place.later(minutes=10)
        following = together(place.open().changes(page.cursor or "")).cursor or ""
        assert together(place.open().changes(following)).payments == (), "each reading's cursor leads on"

    def test_changes_may_be_read_again_from_the_same_cursor(self, place: Place) -> None:
        cursor = place.snapshot().cursor or ""
        place.twin.receive(place.tenant, BookPayment("R-1", Decimal("20.50"), TODAY, "bank 8"))
        place.later(minutes=10)
        first, second = (together(place.open().changes(cursor)) for _ in range(2))
        assert balances(first) == balances(second)
        assert balances(first)["R-1"] == "100.00 EUR"

    def test_the_reading_at_the_door_sees_what_was_paid_a_minute_ago(self, place: Place) -> None:
        page = place.snapshot()
        customers = [row.id for row in page.customers if row.name in ("Ada Byrne", "Ben Curran")]
        place.later(minutes=20)
        place.twin.receive(place.tenant, BookPayment("R-1", Decimal("120.50"), TODAY, "bank 9"))
        place.twin.credit(place.tenant, "CN-2", "ada", TODAY, Decimal("5.00"))
        place.later(minutes=1)
        place.calls.clear()
        door = together(place.open().door(page.cursor or "", customers))
        assert balances(door)["R-1"] == "0.00 EUR"
        assert [row.status for row in door.invoices if row.number == "R-1"] == [InvoiceStatus.PAID]
        assert 500 in [row.remaining.minor for row in door.credits]
        assert set(place.calls) == {Purpose.DOOR}
        assert len(place.calls) <= 6

    def test_only_accounts_that_can_take_a_payment_are_offered(self, place: Place) -> None:
        accounts = place.open().deposit_accounts()
        assert accounts
        assert all(one.id and one.name for one in accounts)
        assert len({one.id for one in accounts}) == len(accounts)
        assert not [one for one in accounts if "Sales" in one.name]

    def test_a_payment_is_booked_once_under_one_key(self, place: Place) -> None:
        order = place.order()
        body = place.open().prepare(order)
        assert body == place.open().prepare(order), "equal orders make equal bytes"
        first = place.open().write(order, body, "key-1")
        again = place.open().write(order, body, "key-1")
        assert first.id == again.id
        (booked,) = place.booked()
        assert (booked.id, booked.amount, booked.paid_on) == (first.id, Decimal("120.50"), TODAY)
        assert place.twin.balance(place.tenant, "R-1") == 0
        assert [row.id for row in together(place.open().changes(place.snapshot().cursor or "")).payments] == [first.id]

    def test_a_payment_is_found_again_by_our_own_reference(self, place: Place) -> None:
        order = place.order()
        assert place.open().find(order) is None
        booked = place.open().write(order, place.open().prepare(order), "key-1")
        found = place.open().find(order)
        assert found is not None
        assert (found.id, found.gone) == (booked.id, False)
        assert place.open().find(replace(order, reference="r-another-2345678901x")) is None

    def test_a_lost_answer_is_in_doubt_and_the_same_bytes_and_key_book_nothing_new(self, place: Place) -> None:
        order = place.order()
        body = place.open().prepare(order)
        place.twin.plan_fault(place.names["write"], "drop")
        with pytest.raises(InDoubt):
            place.open().write(order, body, "key-1")
        assert len(place.booked()) == 1, "the ledger has it; only the answer was lost"
        again = place.open().write(order, body, "key-1")
        assert [one.id for one in place.booked()] == [again.id]

    def test_what_the_books_do_not_allow_is_rejected_in_the_ledgers_own_words(self, place: Place) -> None:
        order = place.order(amount="999.00")
        with pytest.raises(Rejected) as refusal:
            place.open().write(order, place.open().prepare(order), "key-1")
        assert str(refusal.value)
        assert refusal.value.code
        assert place.token.access not in str(refusal.value)
        assert place.booked() == []

    def test_an_expired_or_unknown_token_asks_to_connect_again(self, place: Place) -> None:
        place.token = replace(place.token, access=f"{place.token.access}x")
        with pytest.raises(Reconnect) as gone:
            place.open().company()
        assert place.token.access not in str(gone.value)

    @pytest.mark.parametrize(
        ("weather", "error"), [("429", RateLimited), ("429-bare", RateLimited), ("503", Transient), ("500", Transient)]
    )
    def test_weather_at_the_vendor_says_when_to_come_back(
        self, place: Place, weather: str, error: type[Transient]
    ) -> None:
        reads: list[Callable[[], object]] = [lambda: place.open().company(), place.snapshot]
        for read in reads:
            place.twin.plan_fault("/", weather)
            with pytest.raises(error) as later:
                read()
            assert 0 < later.value.retry_after <= 3600
            read()

    def test_a_renewed_permission_works_and_a_withdrawn_one_does_not(self, place: Place) -> None:
        place.later(hours=2)
        with pytest.raises(Reconnect):
            place.open().company()
        place.token = oauth.refresh(place.kind.oauth, place.token.refresh, place.transport, place.clock.now())
        assert place.open().company().name == "Rook & Daughters"
        place.kind.disconnect(place.token, place.consent().tenants[0].connection, place.transport)
        oauth.revoke(place.kind.oauth, place.token.refresh, place.transport)
        with pytest.raises(Reconnect):
            oauth.refresh(place.kind.oauth, place.token.refresh, place.transport, place.clock.now())

    def test_a_webhook_names_the_company_and_a_forged_one_is_turned_away(self, place: Place) -> None:
        place.twin.receive(place.tenant, BookPayment("R-1", Decimal(1), TODAY))
        (hook,) = place.twin.webhooks()
        assert hook.kind == place.kind.kind
        events = place.kind.events(hook.raw, hook.headers)
        assert {event.tenant for event in events} == {place.tenant}
        assert events == place.kind.events(hook.raw, hook.headers), "its keys are the same when it comes again"
        for raw, headers in ((hook.raw + b" ", hook.headers), (hook.raw, {})):
            with pytest.raises(BadSignature):
                place.kind.events(raw, headers)

    def test_it_says_what_it_is(self, place: Place) -> None:
        assert LEDGERS[place.kind.kind] is type(place.kind)
        assert place.kind.label
        assert place.kind.label in place.kind.reminders_place
        assert 60 <= place.kind.key_memory <= 86_400
