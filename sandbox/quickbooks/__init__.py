"""The QuickBooks twin: Intuit's sign-in, accounting API and webhooks over books kept in memory.

`sandbox.books` says what a driver may tell it; over HTTP it speaks only what the vendor speaks. It decides nothing
about collections, and the product never imports it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

from flask import Flask, Response, g, request

from sandbox.books import BookCustomer, BookInvoice, BookPayment, Company, Webhook
from sandbox.oauth import Clock, TokenStore
from sandbox.quickbooks import api, consent, faults, hooks, records, shapes
from sandbox.quickbooks.faults import Body, FaultPlan
from sandbox.quickbooks.realm import Realm

P = ParamSpec("P")
R = TypeVar("R")


def _alone(
    method: Callable[Concatenate[QuickBooksTwin, P], R],
) -> Callable[Concatenate[QuickBooksTwin, P], R]:
    """One at a time: the driver, the judge and the server's threads share the books."""

    @wraps(method)
    def locked(self: QuickBooksTwin, /, *args: P.args, **options: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **options)

    return locked


class QuickBooksTwin:
    """A `LedgerTwin`. `minor_versions` counts what callers asked for; `legacy_webhooks` switches the body's shape.

    Webhooks are kept only for companies with a living grant, as the vendor sends them.
    """

    kind = "quickbooks"

    def __init__(
        self,
        clock: Clock,
        new_id: Callable[[], str],
        base_url: str = "",
        *,
        client_id: str = "sandbox-quickbooks-client",
        client_secret: str = "sandbox-quickbooks-secret",  # noqa: S107 (a pretend world has no secrets)
        webhook_key: str = "sandbox-quickbooks-verifier",
    ) -> None:
        self.clock, self.new_id, self.base_url = clock, new_id, base_url.rstrip("/")
        self.client_id, self.client_secret, self.webhook_key = client_id, client_secret, webhook_key
        day = timedelta(hours=24)
        self.tokens = TokenStore(clock, new_id, consent.ACCESS_SECONDS, rotate_after=day, grace=day)
        self.realms: dict[str, Realm] = {}
        self.calls: Counter[str] = Counter()
        self.minor_versions: Counter[str] = Counter()
        self.legacy_webhooks = False
        self._faults = FaultPlan()
        self._lock = RLock()
        self.app = self._make_app()

    def addresses(self, base: str = "") -> dict[str, str]:
        """The four addresses an app is set up with, below `base`; the API's is the host alone, without /v3."""
        base = base.rstrip("/") or self.base_url
        return {
            "authorize_url": f"{base}/connect/oauth2",
            "token_url": f"{base}/oauth2/v1/tokens/bearer",
            "revoke_url": f"{base}/v2/oauth2/tokens/revoke",
            "api_url": base,
        }

    def plan_fault(self, path_contains: str, kind: str, times: int = 1) -> None:
        """The next `times` requests whose "METHOD path" contains `path_contains` go wrong; kinds in `faults.py`."""
        self._faults.add(path_contains, kind, times)

    # What a bookkeeper does

    @_alone
    def add_company(self, company: Company) -> str:
        realm = Realm(f"46208163650{len(self.realms) + 1:05d}", company.about, self.clock)
        self.realms[realm.id] = realm
        waiting = {customer.key: customer for customer in company.customers}
        for customer in company.customers:
            self._with_parents(realm.id, customer, waiting)
        for invoice in company.invoices:
            self.add_invoice(realm.id, invoice)
        for payment in company.payments:
            self.receive(realm.id, payment)
        for key, customer_key, on, amount, apply_to in company.credits:
            self.credit(realm.id, key, customer_key, on, amount, apply_to)
        for invoice_key, _ in company.voids:
            self.void(realm.id, invoice_key)
        realm.news.clear()
        return realm.id

    def _with_parents(self, tenant: str, customer: BookCustomer, waiting: dict[str, BookCustomer]) -> None:
        if waiting.pop(customer.key, None) is None:
            return
        if customer.parent in waiting:
            self._with_parents(tenant, waiting[customer.parent], waiting)
        self.add_customer(tenant, customer)

    @_alone
    def add_customer(self, tenant: str, customer: BookCustomer) -> str:
        """The name is made unique with the key where it has to be; several addresses share one field, with commas."""
        realm = self.realms[tenant]
        name = customer.name.replace(":", " -")
        taken = (records.FULL_NAME, name) in realm.keys
        fields: Body = {"DisplayName": f"{name} ({customer.key})" if taken else name}
        given, _, family = customer.contact.partition(" ")
        fields |= {name: text for name, text in (("GivenName", given), ("FamilyName", family)) if text}
        if customer.emails:
            fields["PrimaryEmailAddr"] = {"Address": ", ".join(customer.emails)}
        if customer.parent:
            parent = {"value": realm.keys["Customer", customer.parent]}
            fields |= {"ParentRef": parent, "Job": True, "BillWithParent": True}
        row = records.save(realm, "Customer", fields)
        realm.keys["Customer", customer.key] = row["Id"]
        if customer.archived:
            self.archive(tenant, customer.key)
        return str(row["Id"])

    @_alone
    def add_invoice(self, tenant: str, invoice: BookInvoice) -> str:
        realm = self.realms[tenant]
        fields = self._sale(realm, invoice.customer, invoice.key, invoice.issued, invoice.amount, invoice.description)
        fields |= {"DueDate": str(invoice.due), "CurrencyRef": {"value": invoice.currency}}
        if invoice.emails:
            fields["BillEmail"] = {"Address": ", ".join(invoice.emails)}
        row = records.save(realm, "Invoice", fields)
        realm.keys["Invoice", invoice.key] = row["Id"]
        return str(row["Id"])

    def _sale(self, realm: Realm, customer: str, number: str, on: date, amount: Decimal, words: str) -> Body:
        return {
            "CustomerRef": {"value": realm.keys["Customer", customer]},
            "DocNumber": number,
            "TxnDate": str(on),
            "Line": [shapes.sale_line(amount, words)],
        }

    @_alone
    def receive(self, tenant: str, payment: BookPayment) -> str:
        row = self._invoice(tenant, payment.invoice)
        if payment.amount <= 0 or payment.amount > row["Balance"]:
            raise ValueError(f"{payment.amount} is more than the {row['Balance']} open on {payment.invoice}.")
        fields = self._payment(row, payment.amount, [("Invoice", row["Id"])], payment.amount, payment.paid_on)
        if payment.reference:
            fields["PaymentRefNum"] = payment.reference
        return str(records.save(self.realms[tenant], "Payment", fields)["Id"])

    def _payment(self, sale: Body, total: Decimal, targets: list[tuple[str, str]], amount: Decimal, on: date) -> Body:
        return {
            "CustomerRef": {"value": sale["CustomerRef"]["value"]},
            "TotalAmt": total,
            "TxnDate": str(on),
            "CurrencyRef": {"value": sale["CurrencyRef"]["value"]},
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for kind, id in targets],
        }

    @_alone
    def void(self, tenant: str, invoice_key: str) -> None:
        row = self._invoice(tenant, invoice_key)
        records.void(self.realms[tenant], "Invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    @_alone
    def delete(self, tenant: str, invoice_key: str) -> None:
        """Beyond the port: an invoice without payments is deleted for good."""
        row = self._invoice(tenant, invoice_key)
        records.delete(self.realms[tenant], "Invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    @_alone
    def credit(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str = "") -> str:
        """A credit memo; applied, it is linked to the invoice by a payment of nothing, as QuickBooks does."""
        realm = self.realms[tenant]
        fields = self._sale(realm, customer_key, key, on, amount, "Credit")
        invoice = self._invoice(tenant, apply_to) if apply_to else None
        if invoice is not None:
            fields["CurrencyRef"] = {"value": invoice["CurrencyRef"]["value"]}
        memo = records.save(realm, "CreditMemo", fields)
        realm.keys["CreditMemo", key] = memo["Id"]
        if invoice is not None:
            targets = [("Invoice", invoice["Id"]), ("CreditMemo", memo["Id"])]
            link = self._payment(invoice, shapes.ZERO, targets, min(amount, invoice["Balance"]), on)
            link["PrivateNote"] = "Created by QB Online to link credits to charges."
            records.save(realm, "Payment", link)
        return str(memo["Id"])

    @_alone
    def archive(self, tenant: str, customer_key: str) -> None:
        realm = self.realms[tenant]
        row = realm.get("Customer", realm.keys["Customer", customer_key])
        update = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Active": False}
        records.save(realm, "Customer", update)

    # What a judge reads

    @_alone
    def balance(self, tenant: str, invoice_key: str) -> Decimal:
        return Decimal(self._invoice(tenant, invoice_key)["Balance"])

    @_alone
    def payments(self, tenant: str) -> list[BookPayment]:
        realm = self.realms[tenant]
        numbers = {id: key for (kind, key), id in realm.keys.items() if kind == "Invoice"}
        return [
            BookPayment(
                invoice=numbers.get(link["TxnId"], link["TxnId"]),
                amount=line["Amount"],
                paid_on=date.fromisoformat(row["TxnDate"]),
                reference=row.get("PaymentRefNum", ""),
                id=row["Id"],
            )
            for row in realm.rows["Payment"].values()
            if row["TotalAmt"]
            for line in row["Line"]
            for link in line["LinkedTxn"]
            if link["TxnType"] == "Invoice"
        ]

    @_alone
    def webhooks(self) -> list[Webhook]:
        connected = {grant.subject for grant in self.tokens.grants if grant.alive}
        news = [one for realm in self.realms.values() if realm.id in connected for one in realm.news]
        for realm in self.realms.values():
            realm.news.clear()
        if not news:
            return []
        return [hooks.delivery(news, self.webhook_key, self.new_id, legacy=self.legacy_webhooks)]

    def _invoice(self, tenant: str, key: str) -> Body:
        realm = self.realms[tenant]
        return realm.get("Invoice", realm.keys["Invoice", key])

    # What callers meet over HTTP

    def _make_app(self) -> Flask:
        app = Flask(__name__)
        app.before_request(self._before)
        app.after_request(self._after)
        consent.add_routes(app, self)
        app.add_url_rule("/v3/company/<realm>/<path:rest>", "api", self._api, methods=["GET", "POST"])
        return app

    def _before(self) -> Response | None:
        g.fault = self._faults.take(f"{request.method} {request.full_path}")
        return faults.ANSWERS[g.fault]() if g.fault in faults.ANSWERS else None

    def _after(self, response: Response) -> Response:
        response.headers["intuit_tid"] = f"1-{self.new_id()}"
        return faults.cut(response) if g.get("fault") == faults.DROP else response

    def _api(self, realm: str, rest: str) -> Response:
        self.calls[f"{request.method} /{rest.split('/')[0]}"] += 1
        self.minor_versions[request.args.get("minorversion", "")] += 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.tokens.check(token)
        if grant is None:
            return faults.unauthorised(token, int(self.clock().timestamp() * 1000))
        if grant.subject != realm or realm not in self.realms:
            return faults.not_authorised()
        return self._once(self.realms[realm], rest)

    @_alone
    def _once(self, realm: Realm, rest: str) -> Response:
        """One request; the same `requestid` gets the first answer again, and nothing is booked twice."""
        key = request.args.get("requestid", "") if request.method == "POST" else ""
        if len(key) > 50:
            fault = faults.Fault("2050", "Invalid String. The string is either too short or too long", "requestid")
            return faults.answer(fault.body(), 400)
        if key in realm.replies:
            body, status = realm.replies[key]
            return Response(body, status, mimetype="application/json")
        response = api.handle(realm, rest)
        if key and response.status_code == 200:
            realm.replies[key] = (response.get_data(), response.status_code)
        return response
