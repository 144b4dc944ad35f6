"""Creating, updating, voiding and deleting rows, as a person in the ledger or the API does it.

Every refusal is QuickBooks' own fault; nothing here knows HTTP.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.quickbooks import booking, customers, faults, lists, shapes, spending
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import FULL_NAME, TRANSACTIONS, Realm
from sandbox.quickbooks.shapes import ZERO


def save(realm: Realm, entity: str, fields: Body) -> Body:
    """POST /<entity>: an update where the body has an Id, else a new row."""
    for name in fields:
        if name not in shapes.KNOWN[entity]:
            raise faults.unknown_property(entity, name, len(shapes.KNOWN[entity]))
    if "Id" in fields:
        return _update(realm, entity, fields)
    fields = shapes.without_nulls(fields)
    _need(entity, fields)
    if entity in ("Invoice", "CreditMemo"):
        return _new_sale(realm, entity, fields)
    new = {"Customer": customers.new, "Payment": _new_payment, "Purchase": _new_purchase, "Term": _new_term}
    return new[entity](realm, fields)


def void(realm: Realm, entity: str, fields: Body) -> Body:
    row = realm.current(entity, fields)
    if entity == "Payment":
        _not_deposited(row)
        booking.void_payment(realm, row)
    elif entity in ("Invoice", "CreditMemo"):
        booking.void_sale(realm, entity, row)
    else:
        raise faults.unsupported(f"void {entity}")
    return row


def delete(realm: Realm, entity: str, fields: Body) -> Body:
    """Gone for good; what is left is the stub."""
    row = realm.current(entity, fields)
    if entity not in TRANSACTIONS:
        raise faults.unsupported(f"delete {entity}")
    if entity == "Payment":
        _not_deposited(row)
        booking.release_links(realm, row)
    elif row.get("LinkedTxn"):
        raise faults.business("You must unlink the transactions linked to this one before you can delete it")
    elif entity != "Purchase":
        realm.owe(row["CustomerRef"]["value"], row["Balance"] * (-1 if entity == "Invoice" else 1))
    realm.remove(entity, row)
    return {"domain": "QBO", "status": "Deleted", "Id": row["Id"]}


def send(realm: Realm, row: Body, to: str = "") -> Body:
    """The invoice is mailed `to`, else where its own BillEmail says, else to the customer."""
    customer = realm.get("Customer", row["CustomerRef"]["value"])
    address = to or (row.get("BillEmail") or customer.get("PrimaryEmailAddr") or {}).get("Address")
    if not address:
        raise faults.missing("BillEmail")
    row["BillEmail"], row["EmailStatus"] = {"Address": address}, "EmailSent"
    row["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": shapes.stamp(realm.clock())}
    realm.bump("Invoice", row, "Emailed")
    return row


def deposit(realm: Realm, payment: str) -> None:
    """A payment becomes part of a bank deposit, which itself is not kept."""
    row = realm.get("Payment", payment)
    _not_deposited(row)
    row["LinkedTxn"] = [{"TxnId": realm.next_number("transactions"), "TxnType": "Deposit"}]
    realm.bump("Payment", row)


def _not_deposited(payment: Body) -> None:
    if payment.get("LinkedTxn"):
        raise faults.deposited()


def _need(entity: str, fields: Body) -> None:
    for name in shapes.NEEDED[entity]:
        if not fields.get(name) and fields.get(name) != 0:
            raise faults.missing(name)


def _new_term(realm: Realm, fields: Body) -> Body:
    body = {"Active": True, "Type": "DATE_DRIVEN" if "DayOfMonthDue" in fields else "STANDARD"}
    if body["Type"] == "STANDARD" and "DueDays" not in fields:
        raise faults.missing("DueDays")
    if ("Term", str(fields["Name"])) in realm.keys:
        raise faults.duplicate_name()
    row = realm.add("Term", body | shapes.writable("Term", fields))
    realm.keys["Term", row["Name"]] = row["Id"]
    return row


def _named(realm: Realm, entity: str, fields: Body, name: str, title: str = "Name") -> Body:
    """The reference `name` of the fields, with the name of what it points to."""
    row = realm.rows[entity].get(str((fields.get(name) or {}).get("value")))
    if row is None:
        raise faults.bad_reference(name)
    return {"value": row["Id"], "name": row[title]}


def _references(realm: Realm, fields: Body) -> Body:
    """Those references of a sale or customer that carry a name, as far as they are given."""
    refs: Body = {}
    if fields.get("CustomerRef"):
        refs["CustomerRef"] = _named(realm, "Customer", fields, "CustomerRef", FULL_NAME)
    if fields.get("SalesTermRef"):
        refs["SalesTermRef"] = _named(realm, "Term", fields, "SalesTermRef")
    return refs


def _currency(realm: Realm, fields: Body, amounts: dict[str, Decimal]) -> Body:
    """Currency, and the rate and home amounts where the company knows more than one."""
    code = str((fields.get("CurrencyRef") or {}).get("value") or realm.about.currency)
    if code not in {realm.about.currency, *realm.about.currencies}:
        raise faults.bad_reference("CurrencyRef")
    body: Body = {"CurrencyRef": shapes.currency_ref(code)}
    if set(realm.about.currencies) - {realm.about.currency}:
        rate = Decimal(1) if code == realm.about.currency else shapes.RATE
        body |= {"ExchangeRate": rate, **{f"Home{name}": amount * rate for name, amount in amounts.items()}}
    return body


def _lines(realm: Realm, entity: str, fields: Body) -> tuple[list[Body], Decimal]:
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
            stored[kind] = {"TaxCodeRef": {"value": "NON"}, **_sold(realm, entity, line.get(kind) or {})}
        lines.append({"Id": str(len(lines) + 1), "LineNum": len(lines) + 1, **stored})
    if not lines:
        raise faults.missing("Line")
    total = sum((line["Amount"] for line in lines), ZERO)
    subtotal: Body = {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*lines, subtotal, *discounts], total - sum((line["Amount"] for line in discounts), ZERO)


def _sold(realm: Realm, entity: str, detail: Body) -> Body:
    """What a line sells; on a credit memo it must say so."""
    if detail.get("ItemRef"):
        return detail | {"ItemRef": _named(realm, "Item", detail, "ItemRef")}
    if entity == "CreditMemo":
        raise faults.missing("ItemRef")
    return detail


def _new_sale(realm: Realm, entity: str, fields: Body) -> Body:
    """A new invoice or credit memo."""
    references = _references(realm, fields)
    customer = references["CustomerRef"]
    lines, total = _lines(realm, entity, fields)
    issued = str(fields.get("TxnDate") or realm.clock().astimezone(shapes.PACIFIC).date())
    defaults = shapes.invoice_defaults(total) if entity == "Invoice" else shapes.sale_defaults(total)
    body = {**defaults, **shapes.writable(entity, fields), **references, "Line": lines, "TxnDate": issued}
    if not body.get("DocNumber") and not realm.get("Preferences", "1")["SalesFormsPrefs"]["CustomTxnNumbers"]:
        body["DocNumber"] = realm.next_number("documents")
    if entity == "Invoice":
        _set_due(realm, body)
    else:
        body["RemainingCredit"] = total
    body |= _currency(realm, fields, {"TotalAmt": total, "Balance": total})
    for address in {"BillAddr", "ShipAddr"} & set(realm.rows["Customer"][customer["value"]]):
        body.setdefault(address, realm.rows["Customer"][customer["value"]][address])
    row = realm.add(entity, body)
    realm.owe(customer["value"], total if entity == "Invoice" else -total)
    return row


def _set_due(realm: Realm, invoice: Body) -> None:
    if not invoice.get("DueDate"):
        term = realm.rows["Term"].get(invoice.get("SalesTermRef", {}).get("value"))
        invoice["DueDate"] = str(lists.due(date.fromisoformat(invoice["TxnDate"]), term))


def _new_payment(realm: Realm, fields: Body) -> Body:
    total, links = booking.money(fields["TotalAmt"], "TotalAmt"), booking.links_of(fields)
    payer = _references(realm, fields) | _currency(realm, fields, {})
    unapplied = booking.check_links(realm, payer, total, links)
    deposit = str((fields.get("DepositToAccountRef") or {}).get("value") or _undeposited(realm))
    if deposit not in realm.rows["Account"]:
        raise faults.bad_reference("DepositToAccountRef")
    today = realm.clock().astimezone(shapes.PACIFIC).date()
    body = {"TxnDate": str(today), "ProcessPayment": False, **shapes.writable("Payment", fields)}
    body |= {**payer, "TotalAmt": total, "UnappliedAmt": unapplied}
    body |= {"DepositToAccountRef": {"value": deposit}, "Line": []}
    if "PaymentRefNum" in body:
        body["PaymentRefNum"] = str(body["PaymentRefNum"])[:21]
    row = realm.add("Payment", body)
    booking.apply_links(realm, row, links)
    return row


def _new_purchase(realm: Realm, fields: Body) -> Body:
    lines, total = spending.lines(realm, fields)
    today = realm.clock().astimezone(shapes.PACIFIC).date()
    body = {"TxnDate": str(today), **shapes.writable("Purchase", fields), **_currency(realm, fields, {})}
    return spending.spend(realm, body | {"Line": lines, "TotalAmt": total})


def _undeposited(realm: Realm) -> str:
    accounts = realm.rows["Account"].items()
    return next(row_id for row_id, row in accounts if row["AccountSubType"] == "UndepositedFunds")


def _update(realm: Realm, entity: str, fields: Body) -> Body:
    """Sparse updates change what they name; full ones also drop what they leave out."""
    row = realm.current(entity, fields)
    if entity == "Purchase":
        raise faults.unsupported("update Purchase")  # nobody needs to here
    _need(entity, row | fields if fields.get("sparse") else fields)
    changes = shapes.writable(entity, fields)
    changes |= _references(realm, {name: changes.get(name) for name in ("SalesTermRef", "CustomerRef")})
    if entity == "Payment":
        _update_payment(realm, row, fields, changes)
    elif entity in ("Invoice", "CreditMemo"):
        _change_sale(realm, entity, row, changes)
    if entity == "Customer":
        customers.rename(realm, row, changes)
    if not fields.get("sparse"):
        for name in shapes.WRITABLE[entity] - shapes.KEPT - set(changes):
            row.pop(name, None)
    row.update(changes)
    for name in row.keys() - shapes.without_nulls(row).keys():
        del row[name]
    if entity == "Invoice":
        _set_due(realm, row)
    realm.bump(entity, row)
    return row


def _update_payment(realm: Realm, row: Body, fields: Body, changes: Body) -> None:
    """Lines are replaced all or none, sparse or not."""
    if {"TotalAmt", "Line", "TxnDate", "DepositToAccountRef"} & set(changes):
        _not_deposited(row)
    links = before = booking.links_of(row)
    if "Line" in changes:
        links = booking.links_of(fields)
        del changes["Line"]
    total = booking.money(changes.pop("TotalAmt", row["TotalAmt"]), "TotalAmt")
    booking.release_links(realm, row)
    try:
        unapplied = booking.check_links(realm, row | changes, total, links)
    except faults.Fault:
        booking.apply_links(realm, row, before)
        raise
    row.update(TotalAmt=total, UnappliedAmt=unapplied, CustomerRef=(row | changes)["CustomerRef"])
    booking.apply_links(realm, row, links)


def _change_sale(realm: Realm, entity: str, row: Body, changes: Body) -> None:
    """New lines give a new total; another customer owes it from now on."""
    used = row["TotalAmt"] - row["Balance"]
    total = row["TotalAmt"]
    if "Line" in changes:
        changes["Line"], total = _lines(realm, entity, changes)
    customer = (row | changes)["CustomerRef"]["value"]
    if total < used:
        raise faults.business("The new total is less than what is already applied")
    if row.get("LinkedTxn") and customer != row["CustomerRef"]["value"]:
        raise faults.business("A transaction that is linked to others cannot be given to another customer")
    if (total, customer) == (row["TotalAmt"], row["CustomerRef"]["value"]):
        return
    sign = 1 if entity == "Invoice" else -1
    realm.owe(row["CustomerRef"]["value"], -sign * row["Balance"])
    row.update(TotalAmt=total, Balance=total - used)
    realm.owe(customer, sign * row["Balance"])
    if entity == "CreditMemo":
        row["RemainingCredit"] = row["Balance"]
    if "HomeBalance" in row:
        row |= {f"Home{name}": row[name] * row["ExchangeRate"] for name in ("TotalAmt", "Balance")}
