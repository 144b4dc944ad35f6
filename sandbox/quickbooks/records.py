"""Creating, updating, voiding and deleting rows, as a person in the ledger or the API does it.

Every refusal is QuickBooks' own fault; nothing here knows HTTP.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.quickbooks import booking, faults, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import Realm
from sandbox.quickbooks.shapes import ZERO

TERM = timedelta(days=30)
FULL_NAME = "FullyQualifiedName"


def save(realm: Realm, entity: str, fields: Body) -> Body:
    """POST /<entity>: an update where the body has an Id, else a new row."""
    for name in fields:
        if name not in shapes.KNOWN[entity]:
            raise faults.unknown_property(entity, name, len(shapes.KNOWN[entity]))
    if "Id" in fields:
        return _update(realm, entity, fields)
    if entity == "Customer":
        return _new_customer(realm, fields)
    return _new_payment(realm, fields) if entity == "Payment" else _new_sale(realm, entity, fields)


def void(realm: Realm, entity: str, fields: Body) -> Body:
    row = realm.current(entity, fields)
    if entity == "Payment":
        booking.void_payment(realm, row)
    elif entity in ("Invoice", "CreditMemo"):
        booking.void_sale(realm, entity, row)
    else:
        raise faults.unsupported(f"void {entity}")
    return row


def delete(realm: Realm, entity: str, fields: Body) -> Body:
    """Gone for good; what is left is the stub."""
    row = realm.current(entity, fields)
    if entity == "Payment":
        booking.release_links(realm, row)
    elif entity == "Invoice" and not row["LinkedTxn"]:
        realm.owe(row["CustomerRef"]["value"], -row["Balance"])
    else:
        raise faults.business("You must unlink the transactions linked to this one before you can delete it")
    realm.remove(entity, row)
    return {"domain": "QBO", "status": "Deleted", "Id": row["Id"]}


def _writable(entity: str, fields: Body) -> Body:
    """Read-only properties are silently ignored."""
    return {name: value for name, value in fields.items() if name in shapes.WRITABLE[entity]}


def _new_customer(realm: Realm, fields: Body) -> Body:
    name = str(fields.get("DisplayName") or "").strip()
    if not name:
        raise faults.missing("DisplayName")
    body = shapes.customer_defaults(name, realm.about.currency) | _writable("Customer", fields)
    _place(realm, body)
    _check_name(realm, body)
    row = realm.add("Customer", body)
    realm.keys[FULL_NAME, row["FullyQualifiedName"]] = row["Id"]
    return row


def _check_name(realm: Realm, body: Body) -> None:
    """Unique with its parents: recorded companies have one name twice, below different parents."""
    if realm.keys.get((FULL_NAME, body["FullyQualifiedName"]), body.get("Id")) != body.get("Id"):
        raise faults.duplicate_name()
    if any(sign in body["DisplayName"] for sign in ":\t\n"):
        raise faults.business("A name must not contain a colon, tab or line break")


def _place(realm: Realm, body: Body) -> None:
    """The full name of a customer under its parent."""
    body["FullyQualifiedName"] = body["DisplayName"]
    if "ParentRef" not in body:
        return
    parent = realm.rows["Customer"].get(str(body["ParentRef"].get("value")))
    if parent is None:
        raise faults.bad_reference("ParentRef")
    body["ParentRef"] = {"value": parent["Id"]}
    body["Level"] = parent.get("Level", 0) + 1
    body["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{body['DisplayName']}"


def _customer_ref(realm: Realm, fields: Body) -> Body:
    if "CustomerRef" not in fields:
        raise faults.missing("CustomerRef")
    row = realm.rows["Customer"].get(str(fields["CustomerRef"].get("value")))
    if row is None:
        raise faults.bad_reference("CustomerRef")
    return {"value": row["Id"], "name": row["FullyQualifiedName"]}


def _currency(realm: Realm, fields: Body, amounts: dict[str, Decimal]) -> Body:
    """Currency, and the rate and home amounts where the company knows more than one."""
    code = str(fields.get("CurrencyRef", {}).get("value") or realm.about.currency)
    if code not in {realm.about.currency, *realm.about.currencies}:
        raise faults.bad_reference("CurrencyRef")
    body: Body = {"CurrencyRef": shapes.currency_ref(code)}
    if set(realm.about.currencies) - {realm.about.currency}:
        rate = Decimal(1) if code == realm.about.currency else shapes.RATE
        body |= {"ExchangeRate": rate, **{f"Home{name}": amount * rate for name, amount in amounts.items()}}
    return body


def _lines(fields: Body) -> tuple[list[Body], Decimal]:
    """The lines as stored, then their subtotal, then discounts, which have no number; and the total."""
    lines: list[Body] = []
    discounts: list[Body] = []
    for line in fields.get("Line") or []:
        kind = line.get("DetailType")
        if kind == "SubTotalLineDetail":
            continue
        stored = {**line, "Amount": booking.money(line.get("Amount"), "Amount")}
        if kind == "DiscountLineDetail":
            discounts.append(stored)
            continue
        if kind == "SalesItemLineDetail":
            stored[kind] = {"TaxCodeRef": {"value": "NON"}, **line.get(kind, {})}
        lines.append({"Id": str(len(lines) + 1), "LineNum": len(lines) + 1, **stored})
    if not lines:
        raise faults.missing("Line")
    total = sum((line["Amount"] for line in lines), ZERO)
    subtotal: Body = {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*lines, subtotal, *discounts], total - sum((line["Amount"] for line in discounts), ZERO)


def _new_sale(realm: Realm, entity: str, fields: Body) -> Body:
    """A new invoice or credit memo."""
    customer = _customer_ref(realm, fields)
    lines, total = _lines(fields)
    issued = str(fields.get("TxnDate") or realm.clock().astimezone(shapes.PACIFIC).date())
    number = str(fields.get("DocNumber") or realm.next_number("documents"))[:21]
    defaults = shapes.invoice_defaults(total) if entity == "Invoice" else shapes.sale_defaults(total)
    body = {**defaults, **_writable(entity, fields), "CustomerRef": customer, "Line": lines}
    body |= {"DocNumber": number, "TxnDate": issued}
    if entity == "Invoice":
        body.setdefault("DueDate", str(date.fromisoformat(issued) + TERM))
    else:
        body["RemainingCredit"] = total
    body |= _currency(realm, fields, {"TotalAmt": total, "Balance": total})
    for address in {"BillAddr", "ShipAddr"} & set(realm.rows["Customer"][customer["value"]]):
        body.setdefault(address, realm.rows["Customer"][customer["value"]][address])
    row = realm.add(entity, body)
    realm.owe(customer["value"], total if entity == "Invoice" else -total)
    return row


def _new_payment(realm: Realm, fields: Body) -> Body:
    customer = _customer_ref(realm, fields)
    if "TotalAmt" not in fields:
        raise faults.missing("TotalAmt")
    total, links = booking.money(fields["TotalAmt"], "TotalAmt"), booking.links_of(fields)
    unapplied = booking.check_links(realm, customer["value"], total, links)
    deposit = str(fields.get("DepositToAccountRef", {}).get("value") or _undeposited(realm))
    if deposit not in realm.rows["Account"]:
        raise faults.bad_reference("DepositToAccountRef")
    today = realm.clock().astimezone(shapes.PACIFIC).date()
    body = {"TxnDate": str(today), "ProcessPayment": False, **_writable("Payment", fields)}
    body |= {"CustomerRef": customer, "TotalAmt": total, "UnappliedAmt": unapplied}
    body |= {"DepositToAccountRef": {"value": deposit}, "Line": []} | _currency(realm, fields, {})
    if "PaymentRefNum" in body:
        body["PaymentRefNum"] = str(body["PaymentRefNum"])[:21]
    row = realm.add("Payment", body)
    booking.apply_links(realm, row, links)
    return row


def _undeposited(realm: Realm) -> str:
    accounts = realm.rows["Account"].items()
    return next(row_id for row_id, row in accounts if row["AccountSubType"] == "UndepositedFunds")


def _update(realm: Realm, entity: str, fields: Body) -> Body:
    """Sparse updates change what they name; full ones also drop what they leave out."""
    row = realm.current(entity, fields)
    changes = _writable(entity, fields)
    if entity == "Payment":
        _update_payment(realm, row, fields, changes)
    elif "Line" in changes and entity != "Customer":
        _replace_lines(realm, entity, row, changes)
    if entity == "Customer":
        _rename(realm, row, changes)
    if not fields.get("sparse"):
        _drop_omitted(entity, row, changes)
    row.update(changes)
    realm.bump(entity, row)
    return row


def _rename(realm: Realm, row: Body, changes: Body) -> None:
    """A new name or parent gives a new full name, which must be free."""
    renamed = {**row, **changes}
    _place(realm, renamed)
    _check_name(realm, renamed)
    del realm.keys[FULL_NAME, row["FullyQualifiedName"]]
    realm.keys[FULL_NAME, renamed["FullyQualifiedName"]] = row["Id"]
    if renamed["DisplayName"] != row["DisplayName"]:
        changes.setdefault("PrintOnCheckName", renamed["DisplayName"])
    changes["FullyQualifiedName"] = renamed["FullyQualifiedName"]


def _drop_omitted(entity: str, row: Body, changes: Body) -> None:
    optional = {"BillEmail", "BillEmailCc", "BillEmailBcc", "PrivateNote", "CustomerMemo", "SalesTermRef"}
    optional |= {"PrimaryEmailAddr", "PrimaryPhone", "GivenName", "FamilyName", "CompanyName", "PaymentRefNum"}
    for name in optional & shapes.WRITABLE[entity] - set(changes):
        row.pop(name, None)


def _update_payment(realm: Realm, row: Body, fields: Body, changes: Body) -> None:
    """Lines are replaced all or none, sparse or not."""
    total = booking.money(changes.pop("TotalAmt", row["TotalAmt"]), "TotalAmt")
    links = booking.links_of(fields if "Line" in changes else row)
    changes.pop("Line", None)
    before, row_total, row_unapplied = booking.links_of(row), row["TotalAmt"], row["UnappliedAmt"]
    booking.release_links(realm, row)
    try:
        unapplied = booking.check_links(realm, row["CustomerRef"]["value"], total, links)
    except faults.Fault:
        row.update(TotalAmt=row_total, UnappliedAmt=row_unapplied)
        booking.apply_links(realm, row, before)
        raise
    row.update(TotalAmt=total, UnappliedAmt=unapplied)
    booking.apply_links(realm, row, links)


def _replace_lines(realm: Realm, entity: str, row: Body, changes: Body) -> None:
    lines, total = _lines(changes)
    used = row["TotalAmt"] - row["Balance"]
    if total < used:
        raise faults.business("The new total is less than what is already applied")
    realm.owe(row["CustomerRef"]["value"], (total - row["TotalAmt"]) * (1 if entity == "Invoice" else -1))
    row.update(TotalAmt=total, Balance=total - used)
    if entity == "CreditMemo":
        row["RemainingCredit"] = row["Balance"]
    changes["Line"] = lines
