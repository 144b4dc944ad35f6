"""Money spent in the pretend QuickBooks: a purchase, paid from one account on others.

Refusals are the vendor's; it knows nothing of HTTP and of customers, and keeps no balances of accounts.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.quickbooks import booking, faults
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import Realm
from sandbox.quickbooks.shapes import ZERO

_KIND = "AccountBasedExpenseLineDetail"
_PAYS = {"Cash": {"Bank", "Other Current Asset"}, "Check": {"Bank"}, "CreditCard": {"Credit Card"}}


def lines(realm: Realm, fields: Body) -> tuple[list[Body], Decimal]:
    """The lines as stored, each on an account, and their total."""
    stored: list[Body] = []
    for line in fields["Line"]:
        if line.get("DetailType") != _KIND:
            raise faults.business("This pretend QuickBooks spends on accounts only")
        detail = line.get(_KIND) or {}
        if not detail.get("AccountRef"):
            raise faults.missing("AccountRef")
        amount = booking.money(line.get("Amount"), "Amount")
        named = {"AccountRef": _named(_account(realm, detail))}
        code = {"TaxCodeRef": {"value": "NON"}, "BillableStatus": "NotBillable"}
        stored.append({"Id": str(len(stored) + 1), **line, "Amount": amount, _KIND: code | detail | named})
    return stored, sum((line["Amount"] for line in stored), ZERO)


def spend(realm: Realm, body: Body) -> Body:
    """Store a purchase whose lines are checked."""
    paying, currency = _account(realm, body), body["CurrencyRef"]["value"]
    if paying["AccountType"] not in _PAYS.get(str(body["PaymentType"]), set()):
        raise faults.business("The account cannot be used for this type of payment")
    if paying["CurrencyRef"]["value"] != currency:
        raise faults.business("The currency of the transaction is not the currency of the account")
    if body["TotalAmt"] <= ZERO:
        raise faults.business("The total of an expense must be more than zero")
    return realm.add("Purchase", body | {"AccountRef": _named(paying), "Credit": False})


def _account(realm: Realm, fields: Body) -> Body:
    row = realm.rows["Account"].get(str((fields.get("AccountRef") or {}).get("value")))
    if row is None or not row["Active"]:
        raise faults.bad_reference("AccountRef")
    return row


def _named(account: Body) -> Body:
    return {"value": account["Id"], "name": account["FullyQualifiedName"]}
