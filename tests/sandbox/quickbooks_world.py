"""The small pretend QuickBooks of `quickbooks_scene` with Dunlin's own adapter on the wires."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from core.money import Money
from integrations import oauth
from integrations.ledgers.base import (
    Consent,
    LedgerInvoice,
    LedgerSettings,
    Page,
    PaymentOrder,
)
from integrations.ledgers.quickbooks import QuickBooks, QuickBooksLedger
from integrations.oauth import Token
from sandbox.books import BookCompany
from tests.meters import Noting
from tests.sandbox.quickbooks_scene import (
    ABROAD,
    ACME,
    AMY,
    BILL,
    CALLBACK,
    EARLY,
    START,
    Client,
    Scene,
    invoice,
    payment,
)

__all__ = ["ABROAD", "ACME", "AMY", "BILL", "CALLBACK", "EARLY", "START"]
__all__ += ["Client", "World", "by_number", "gathered", "invoice", "payment"]


class World(Scene):
    """A scene with the adapter. `calls` are the purposes of the calls it has metered."""

    def __init__(self, base: str = "https://quickbooks.test", about: BookCompany = ACME) -> None:
        super().__init__(base, about)
        self.meter = Noting()
        self.calls = self.meter.calls
        self.settle(base)

    def settle(self, base: str) -> None:
        """Point the adapter at `base`."""
        self.base = base
        keys = (self.twin.client_id, self.twin.client_secret, self.twin.webhook_key)
        self.quickbooks = QuickBooks(LedgerSettings(*keys, **self.twin.addresses(base)))

    def answer_consent(self, decision: str = "allow", realm: str = "") -> dict[str, str]:
        """The person answers the consent page; the callback's query."""
        return self.permit(realm, decision=decision)

    def connect(self) -> tuple[Token, Consent]:
        """The whole dance: consent, code, tokens, and which company it is."""
        callback = self.answer_consent()
        token = oauth.exchange(self.quickbooks.oauth, CALLBACK, callback["code"], "", self.transport, self.now)
        return token, self.quickbooks.consent(token, callback, self.transport)

    def ledger(self) -> QuickBooksLedger:
        """A freshly connected company, opened."""
        return self.open(self.connect()[0].access)

    def open(self, access: str) -> QuickBooksLedger:
        return self.quickbooks.open(access, self.realm, self.transport, self.meter)

    def order(self, amount: str = "100.00", currency: str = "USD", deposit: str = "") -> PaymentOrder:
        """A payment for invoice 1001."""
        row = self.row("Invoice", "1001")
        money, reference = Money.parse(amount, currency), "Ref-abcdefghijklmnopqr"
        return PaymentOrder(row["Id"], row["CustomerRef"]["value"], money, date(2026, 11, 2), deposit, reference)


def gathered(pages: Iterable[Page]) -> Page:
    """All pages as one; the cursor is the last page's."""
    held = list(pages)
    assert [page.cursor for page in held[:-1]] == [None] * (len(held) - 1), "only the last page has a cursor"
    names = ("customers", "invoices", "payments", "credits", "terms", "deleted", "unreadable")
    rows = {name: tuple(row for page in held for row in getattr(page, name)) for name in names}
    return Page(**rows, cursor=held[-1].cursor)


def by_number(rows: Iterable[LedgerInvoice]) -> dict[str, LedgerInvoice]:
    return {row.number: row for row in rows}
