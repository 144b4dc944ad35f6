"""Everything the API can do, as one table: address, what may be sent, what comes back, and who may.

Routes, checks and the OpenAPI document are made from it, so they cannot differ. It answers nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from core.roles import Role
from web.api import agreed, changes, looks, reads, shapes, wishes, worked_out


@dataclass(frozen=True, slots=True)
class Operation:
    """`wish` are the fields of the address when it is read, of the body when something is changed."""

    name: str
    path: str
    summary: str
    wish: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    does: Callable[..., msgspec.Struct]
    role: Role = Role.VIEWER
    changes: bool = False

    @property
    def method(self) -> str:
        return "POST" if self.changes else "GET"

    @property
    def status(self) -> int:
        return 201 if self.changes else 200

    @property
    def of_one(self) -> bool:
        """Whether the address names one thing by its uid."""
        return "{uid}" in self.path


def _read(name: str, path: str, summary: str, wish: Any, answer: Any, does: Any) -> Operation:
    return Operation(name, path, summary, wish, answer, does)


def _change(name: str, path: str, summary: str, wish: Any, answer: Any, does: Any) -> Operation:
    return Operation(name, path, summary, wish, answer, does, Role.CLERK, True)


_A = "/companies/{uid}"
_C = "/customers/{uid}"
OPERATIONS = (
    _read("token", "/token", "Whose token this is, and what it may", wishes.Nothing, shapes.Whose, reads.whose),
    _read("companies", "/companies", "Companies that are open to you", wishes.Page, shapes.Companies, reads.companies),
    _read("company", _A, "One company", wishes.Nothing, shapes.Company, reads.company),
    _read(
        "customers",
        f"{_A}/customers",
        "Customers of a company, with what they owe and why they hear nothing",
        wishes.CustomersPage,
        shapes.Customers,
        reads.customers,
    ),
    _read("invoices", f"{_A}/invoices", "Invoices of a company", wishes.OfCustomer, shapes.Invoices, reads.invoices),
    _read("messages", f"{_A}/messages", "What was sent, or is in doubt", wishes.Days, shapes.Messages, reads.messages),
    _read("promises", f"{_A}/promises", "Days that were promised", wishes.OfCustomer, shapes.Promises, agreed.promises),
    _read(
        "disputes",
        f"{_A}/disputes",
        "What customers said is wrong",
        wishes.OfCustomer,
        shapes.Disputes,
        agreed.disputes,
    ),
    _read(
        "arrangements",
        f"{_A}/arrangements",
        "Payment in parts",
        wishes.OfCustomer,
        shapes.Arrangements,
        agreed.arrangements,
    ),
    _read(
        "payments",
        f"{_A}/payments",
        "Money taken through Dunlin, and how far it is on its way into the ledger",
        wishes.OfCustomer,
        shapes.Payments,
        agreed.payments,
    ),
    _read(
        "preview",
        f"{_A}/preview",
        "What would go out in the next days if nobody paid",
        wishes.Ahead,
        worked_out.Preview,
        looks.ahead,
    ),
    _read("month-end", f"{_A}/month-end", "Does a month agree?", wishes.Month, worked_out.MonthEnd, looks.month),
    _read(
        "colleagues",
        f"{_A}/colleagues",
        "Who of the practice can look after a customer",
        wishes.Nothing,
        shapes.People,
        reads.colleagues,
    ),
    _read("customer", _C, "One customer", wishes.Nothing, shapes.Customer, reads.customer),
    _read(
        "why",
        f"{_C}/why",
        "Why the customer heard something on a day, or nothing",
        wishes.OneDay,
        shapes.Why,
        looks.why_silent,
    ),
    _read("holds", f"{_C}/holds", "Why the customer is left alone", wishes.Page, shapes.Holds, agreed.holds),
    _read("invoice", "/invoices/{uid}", "One invoice", wishes.Nothing, shapes.Invoice, reads.invoice),
    _read(
        "message",
        "/messages/{uid}",
        "One message, with its words and what had been read just before it left",
        wishes.Nothing,
        shapes.WholeMessage,
        reads.message,
    ),
    _read("desk", "/desk", "How much waits for a person, by company", wishes.Nothing, worked_out.Desk, looks.desk),
    _change(
        "hold", f"{_C}/holds", "Leave the customer, or one invoice, alone", wishes.ToHold, shapes.Hold, changes.hold
    ),
    _change("let-go", f"{_C}/let-go", "Let go of a hold", wishes.ToLetGo, shapes.Hold, changes.let_go),
    _change("promise", f"{_C}/promises", "Note a promised day", wishes.ToPromise, shapes.Promise, changes.promise),
    _change("dispute", f"{_C}/disputes", "Note what is wrong", wishes.ToDispute, shapes.Dispute, changes.dispute),
    _change("remark", f"{_C}/remarks", "Write a remark for colleagues", wishes.ToRemark, shapes.Remark, changes.remark),
    _change("assign", f"{_C}/assign", "Say who looks after them", wishes.ToAssign, shapes.Customer, changes.assign),
)
