"""What the pretend QuickBooks refuses to an app although a bookkeeper at the screen may do it. Refusals only."""

from __future__ import annotations

from collections.abc import Container

from sandbox.quickbooks import faults, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import TRANSACTIONS, Realm


def check(realm: Realm, entity: str, fields: Body, include: Container[str] = ()) -> None:
    """A fault where this write may not be made over the API: texts too long, a number twice, books that are closed."""
    for name, most in shapes.LONGEST.items():
        if len(_text(fields.get(name))) > most:
            raise faults.too_long(name)
    if entity not in TRANSACTIONS:
        return
    known = realm.rows[entity].get(str(fields.get("Id")), {})
    closed = realm.get("Preferences", "1")["AccountingInfoPrefs"].get("BookCloseDate", "")
    dates = [row["TxnDate"] for row in (known, fields) if row.get("TxnDate")]
    if min(dates, default=str(realm.clock().astimezone(shapes.PACIFIC).date())) <= closed:
        raise faults.closed()
    if fields.get("EmailStatus") == "NeedToSend" and not (known | fields).get("BillEmail"):
        raise faults.missing("BillEmail")
    if "Id" not in fields and entity in ("Invoice", "Purchase"):
        _taxed(realm, fields)
    if "Id" not in fields and entity != "Purchase" and "allowduplicatedocnum" not in include:
        _new_number(realm, entity, fields)


def _text(value: object) -> str:
    """A text as it stands, in an address or in a memo."""
    if isinstance(value, dict):
        value = value.get("Address", value.get("value"))
    return value if isinstance(value, str) else ""


def _taxed(realm: Realm, fields: Body) -> None:
    """Outside the US every line names a code of the company's own, unless tax does not apply to the whole document."""
    codes = [_code(line) for line in fields.get("Line") or []]
    if realm.about.country == "US":
        if set(codes) - {"", "TAX", "NON"}:
            raise faults.bad_reference("TaxCodeRef")
    elif fields.get("GlobalTaxCalculation") != "NotApplicable" and not all(codes):
        raise faults.business("Make sure all your transactions have a VAT rate before you save.")
    elif any(codes):
        raise faults.bad_reference("TaxCodeRef")  # the pretend companies have made no codes


def _code(line: Body) -> str:
    detail = line.get(str(line.get("DetailType"))) or {}
    return str((detail.get("TaxCodeRef") or {}).get("value") or "")


def _new_number(realm: Realm, entity: str, fields: Body) -> None:
    number = fields.get("DocNumber")
    twin = next((row for row in realm.rows[entity].values() if number and row.get("DocNumber") == number), None)
    if twin is not None:
        raise faults.duplicate_number(str(number), entity, twin["Id"])
