"""What bookings do to each other: payments and credit lower invoices, voids and deletions give back.

Links stand on both sides, and an invoice's balance is only ever moved here. Refusals are the vendor's.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.quickbooks import faults
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import Realm
from sandbox.quickbooks.shapes import ZERO, line_extra

Link = tuple[str, str, Decimal]  # (TxnType, TxnId, amount)


def money(value: object, name: str) -> Decimal:
    """A JSON number as an amount; text is refused, because nobody knows that QuickBooks takes it."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise faults.Fault("2010", "Request has invalid or unsupported property", f"{name} must be a number")
    amount = Decimal(value)
    if amount != amount.quantize(Decimal("0.01")):
        raise faults.business(f"{name} has too many decimal places")
    return amount


def links_of(fields: Body) -> list[Link]:
    """What a payment's lines are applied to, in their order."""
    links: list[Link] = []
    for line in fields.get("Line") or []:
        targets = line.get("LinkedTxn") or []
        if len(targets) != 1:
            raise faults.business("A payment line is linked to exactly one transaction here")
        kind, txn = str(targets[0].get("TxnType")), str(targets[0].get("TxnId"))
        if kind not in ("Invoice", "CreditMemo"):
            raise faults.bad_reference(f"{kind} {txn}")
        links.append((kind, txn, money(line.get("Amount"), "Amount")))
    return links


def check_links(realm: Realm, payment: Body, total: Decimal, links: list[Link]) -> Decimal:
    """What of a payment stays unapplied; a fault when it applies more than there is on either side.

    Of `payment` only the customer and the currency count here.
    """
    left: dict[tuple[str, str], Decimal] = {}
    for kind, txn, amount in links:
        row = realm.rows[kind].get(txn)
        if row is None:
            raise faults.bad_reference(f"{kind} {txn}")
        payer = payment["CustomerRef"]["value"]
        if payer not in {one["Id"] for one in realm.lineage(row["CustomerRef"]["value"])}:  # a parent pays for its jobs
            raise faults.business("The customer of the payment is not the customer of the transaction")
        if row["CurrencyRef"]["value"] != payment["CurrencyRef"]["value"]:
            raise faults.business("The currency of the payment is not the currency of the transaction")
        open_amount = left.setdefault((kind, txn), row["Balance"])
        left[kind, txn] = open_amount - amount
        if amount < ZERO or amount > open_amount:
            raise faults.business("The amount applied exceeds the open balance of the transaction")
    applied = sum((amount if kind == "Invoice" else -amount for kind, _, amount in links), ZERO)
    if total < ZERO or applied > total:
        raise faults.business("The total of the lines exceeds the amount received")
    return total - applied


def apply_links(realm: Realm, payment: Body, links: list[Link]) -> None:
    """Lower what the lines name; the payment's lines remember the balance and number they met."""
    payment["Line"] = []
    for kind, txn, amount in links:
        row = realm.rows[kind][txn]
        extras = [line_extra("txnId", txn), line_extra("txnOpenBalance", f"{row['Balance']:.2f}")]
        extras += [line_extra("txnReferenceNumber", row["DocNumber"])] if "DocNumber" in row else []
        linked = [{"TxnId": txn, "TxnType": kind}]
        payment["Line"].append({"Amount": amount, "LineEx": {"any": extras}, "LinkedTxn": linked})
        _move(realm, kind, row, -amount)
        row.setdefault("LinkedTxn", []).append({"TxnId": payment["Id"], "TxnType": "Payment"})
    _owe_unapplied(realm, payment, -1)


def release_links(realm: Realm, payment: Body) -> None:
    """Give back what a payment had taken, on both sides."""
    _owe_unapplied(realm, payment, 1)
    for kind, txn, amount in links_of(payment):
        row = realm.rows[kind][txn]
        row["LinkedTxn"] = [link for link in row["LinkedTxn"] if link["TxnId"] != payment["Id"]]
        if kind == "CreditMemo" and not row["LinkedTxn"]:
            del row["LinkedTxn"]
        _move(realm, kind, row, amount)
    payment["Line"] = []


def _owe_unapplied(realm: Realm, payment: Body, sign: int) -> None:
    if payment["UnappliedAmt"]:
        realm.owe(payment["CustomerRef"]["value"], sign * payment["UnappliedAmt"])


def _move(realm: Realm, kind: str, row: Body, amount: Decimal) -> None:
    """Change what is open on an invoice or credit memo. As a rule the payment's webhook is the only one sent for it."""
    row["Balance"] += amount
    if "HomeBalance" in row:
        row["HomeBalance"] = row["Balance"] * row["ExchangeRate"]
    if kind == "CreditMemo":
        row["RemainingCredit"] = row["Balance"]
    realm.bump(kind, row, tell=realm.tells_linked)
    realm.owe(row["CustomerRef"]["value"], amount if kind == "Invoice" else -amount)


def void_sale(realm: Realm, entity: str, row: Body) -> None:
    """A voided invoice or credit memo: everything zero, the word in the note, and no status."""
    _unlink(realm, entity, row)
    realm.owe(row["CustomerRef"]["value"], -row["Balance"] if entity == "Invoice" else row["Balance"])
    for line in row["Line"]:
        line["Amount"] = ZERO
        detail = line.get("SalesItemLineDetail", {})
        if "Qty" in detail:
            detail["Qty"] = ZERO
        detail.pop("UnitPrice", None)
    amounts = {"TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "RemainingCredit"} & set(row)
    row.update(dict.fromkeys(amounts, ZERO))
    _mark_voided(row)
    realm.bump(entity, row, "Void")


def _unlink(realm: Realm, entity: str, row: Body) -> None:
    """Payments linked to a voided row keep their money, unapplied."""
    for payment in list(realm.rows["Payment"].values()):
        links = links_of(payment)
        kept = [link for link in links if link[:2] != (entity, row["Id"])]
        if len(kept) == len(links):
            continue
        release_links(realm, payment)
        if payment["TotalAmt"] == ZERO:
            kept = []  # a link between credit and invoice without one of its ends holds nothing
        payment["UnappliedAmt"] = check_links(realm, payment, payment["TotalAmt"], kept)
        apply_links(realm, payment, kept)
        realm.bump("Payment", payment)


def void_payment(realm: Realm, row: Body) -> None:
    release_links(realm, row)
    row.update(TotalAmt=ZERO, UnappliedAmt=ZERO)
    _mark_voided(row)
    realm.bump("Payment", row, "Void")


def _mark_voided(row: Body) -> None:
    note = row.get("PrivateNote")
    if not str(note).startswith("Voided"):
        row["PrivateNote"] = f"Voided - {note}" if note else "Voided"
