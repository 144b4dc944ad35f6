"""The SDKs' models and the ORM: what one would write first. Each row becomes a vendor model, then one of our tables'
objects, then `session.merge`, a page a transaction.

The primary keys are handed out by number, which spares it the look-up by vendor id that it would need in earnest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from quickbooks import QuickBooks
from quickbooks.objects.customer import Customer
from quickbooks.objects.invoice import Invoice as Sale
from requests import Session
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from bench.child import Job
from bench.office import office
from models import Account, Invoice

PAGE = 1000


def ready(job: Job) -> Callable[[], int]:
    """Read both lists through models and merge them; how many invoices there were."""
    here = office(job.kind, job.server, job.tenant, job.database)
    source: Any = {"quickbooks": _QuickBooks, "xero": _Xero}[job.kind](job)
    now = here.rt.clock.now()
    ids: dict[str, int] = {}

    def merged(rows: Iterable[Account | Invoice]) -> int:
        number = 0
        with here.rt.store.write() as session:
            for row in rows:
                session.merge(row)
                number += 1
        return number

    def account(model: Any) -> Account:
        values = source.account(model)
        id = ids[values["external_id"]] = len(ids) + 1
        common = {"uid": here.rt.new_id(), "company_id": here.company_id, "row_read_at": now, "wake_at": now}
        return Account(id=id, **common, **values)

    def invoice(id: int, model: Any) -> Invoice:
        values = source.invoice(model)
        common = {"uid": here.rt.new_id(), "company_id": here.company_id, "read_at": now, "seen_at": now}
        return Invoice(id=id, account_id=ids[values["customer"]], **common, **values)

    def read() -> int:
        for page in source.pages("customers"):
            merged(account(one) for one in page)
        number = 0
        for page in source.pages("invoices"):
            number += merged(invoice(id, one) for id, one in enumerate(page, number + 1))
        return number

    return read


def _minor(amount: Any) -> int:
    return int(Decimal(str(amount)) * 100)


class _QuickBooks:
    """python-quickbooks: `Invoice.filter` with its own models."""

    def __init__(self, job: Job) -> None:
        self._client = QuickBooks(company_id=job.tenant, minorversion=75, use_decimal=True)
        self._client.session = _Bearer()
        self._client.api_url_v3 = f"{job.server}/v3"

    def pages(self, what: str) -> Iterator[list[Any]]:
        model, start = {"customers": Customer, "invoices": Sale}[what], 1
        page: list[Any] = [None] * PAGE
        while len(page) == PAGE:
            page = model.filter(start_position=start, max_results=PAGE, qb=self._client)
            start += PAGE
            yield page

    def account(self, it: Customer) -> dict[str, Any]:
        contact, address = f"{it.GivenName} {it.FamilyName}", it.PrimaryEmailAddr.Address
        people = {"contact": contact, "emails": [address], "people": [[contact, address, True]]}
        return {"external_id": it.Id, "name": it.DisplayName, "version": it.SyncToken, **people}

    def invoice(self, it: Sale) -> dict[str, Any]:
        return {
            "external_id": it.Id,
            "customer": it.CustomerRef.value,
            "number": it.DocNumber,
            "issued": date.fromisoformat(it.TxnDate),
            "due": date.fromisoformat(it.DueDate),
            "currency": it.CurrencyRef.value,
            "total_minor": _minor(it.TotalAmt),
            "balance_minor": _minor(it.Balance),
            "status": "open" if it.Balance else "paid",
            "emails": [it.BillEmail.Address],
            "mailed": it.EmailStatus == "EmailSent",
            "term": it.SalesTermRef.value,
            "version": it.SyncToken,
        }


class _Bearer(Session):
    """What python-quickbooks asks of a session besides requests'."""

    access_token = "bench"


class _Xero:
    """xero-python: `get_invoices` with its own models, of summaries as ours are."""

    def __init__(self, job: Job) -> None:
        configuration = Configuration(debug=False)
        configuration.oauth2_token = OAuth2Token(client_id="bench", client_secret="bench")
        client = ApiClient(configuration, pool_threads=1)
        client.oauth2_token_getter(
            lambda: {"access_token": "bench", "scope": [], "expires_in": 1800, "token_type": "Bearer"}
        )
        client.oauth2_token_saver(lambda _token: None)
        self._api, self._tenant = AccountingApi(client, base_url=f"{job.server}/api.xro/2.0"), job.tenant

    def pages(self, what: str) -> Iterator[list[Any]]:
        number = 1
        page: list[Any] = [None] * PAGE
        while len(page) == PAGE:
            at = {"page": number, "page_size": PAGE}
            if what == "customers":
                page = self._api.get_contacts(self._tenant, **at).contacts
            else:
                page = self._api.get_invoices(self._tenant, summary_only=True, **at).invoices
            number += 1
            yield page

    def account(self, it: Any) -> dict[str, Any]:
        contact = f"{it.first_name} {it.last_name}"
        people = {"contact": contact, "emails": [it.email_address], "people": [[contact, it.email_address, True]]}
        return {"external_id": it.contact_id, "name": it.name, "version": _stamp(it.updated_date_utc), **people}

    def invoice(self, it: Any) -> dict[str, Any]:
        return {
            "external_id": it.invoice_id,
            "customer": it.contact.contact_id,
            "number": it.invoice_number,
            "issued": it.date,
            "due": it.due_date,
            "currency": it.currency_code.value,
            "total_minor": _minor(it.total),
            "balance_minor": _minor(it.amount_due),
            "status": {"AUTHORISED": "open", "PAID": "paid"}[it.status],
            "raw_status": it.status,
            "mailed": it.sent_to_contact,
            "branding": it.branding_theme_id,
            "version": _stamp(it.updated_date_utc),
        }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
