"""How an expense can be booked in Xero: as money spent from a bank account, or else as a manual journal.

Xero takes a bank transaction for an account of type BANK only, but lets payments be booked on any account opened for
them, such as a clearing account; from there a journal moves the same money. It only reads; a bookkeeper sees either one
with our reference.
"""

from __future__ import annotations

from integrations.errors import Rejected
from integrations.ledgers.base import ExpenseOrder, Purpose
from integrations.ledgers.xero import mapping, orders, standing, structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.lists import decoded, listed


def call(client: Client, order: ExpenseOrder) -> orders.Call:
    """How the money is spent: from a bank account, or else by a journal. Rejected where Xero allows neither."""
    row = standing.clearing(client, Purpose.WRITE, order.paid_from)
    if row is None or mapping.deposit_account(row) is None:
        words = "The account that payments are booked on is gone from Xero, or takes no payments any more."
        raise Rejected(f"{words} Choose another one in the company's settings.", "account")
    if row.Type == standing.BANK:
        _in_currency(row.CurrencyCode, order, "The account is kept")
        return orders.spent(order, _contact(client, order.payee))
    _in_currency(_base_currency(client), order, "Xero books an expense from an account that is no bank account only")
    if not row.Code:
        words = f"The account {row.Name} has no code in Xero, so no expense can be booked from it. Give it one there."
        raise Rejected(words, "account")
    return orders.journal(order, row.Code)


def _in_currency(kept: str | None, order: ExpenseOrder, words: str) -> None:
    if kept and kept != order.amount.currency:
        todo = "Book the fee in Xero by hand."
        raise Rejected(f"{words} in {kept}, and the fee is in {order.amount.currency}. {todo}", "currency")


def _base_currency(client: Client) -> str:
    rows = listed(decoded(client.read(Purpose.WRITE, "get_organisations")), "Organisations")
    return structs.named(rows[0], "BaseCurrency") if rows else ""


def _contact(client: Client, name: str) -> dict[str, str]:
    """A contact of this name by its id alone, for anything more would change it; one that is new by its name."""
    said = name.replace('"', "'")
    rows = listed(decoded(client.read(Purpose.WRITE, "get_contacts", where=f'Name=="{said}"')), "Contacts")
    ids = [id for raw in rows if (id := structs.named(raw, "ContactID"))]
    return {"ContactID": ids[0]} if ids else {"Name": said}
