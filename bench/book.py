"""The book that every side reads: invoices and customers made from the twins' own rows, encoded once, row by row.

What an invoice is follows from its number alone, so that a shorter book is the beginning of a longer one. It serves
nothing and measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Protocol

import msgspec

from bench import quickbooks_rows, xero_rows
from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, Company
from sandbox.quickbooks import QuickBooksTwin
from sandbox.xero import XeroTwin

BLOCK, CUSTOMERS = 20_000, 1_000  # the customers of a block have no invoices outside it
SHAPES = 100  # so many different invoices; every other one is paid
Json = dict[str, Any]
encode = msgspec.json.Encoder(decimal_format="number").encode
KINDS = ("quickbooks", "xero")


class Dress(Protocol):
    """What a ledger's rows module has: the twin's rows, and how one of them becomes number so-and-so."""

    def invoices(self, twin: Any, tenant: str) -> list[Json]: ...

    def customer(self, shape: Json, number: int, owed: Decimal) -> Json: ...

    def invoice(self, shape: Json, number: int, customer: int) -> Json: ...

    def customers(self, twin: Any, tenant: str) -> list[Json]: ...

    def about(self, twin: Any, tenant: str) -> dict[str, Json]: ...

    def light(self, row: Json) -> Json | None:
        """The invoice as the ledger gives it where only a summary is asked for; None where it has no such thing."""
        ...

    def total(self, row: Json) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Book:
    """Encoded rows in the order of their ids. `light` are the invoices' summaries, where the ledger has any; `about`
    the single documents by their name in the address.
    """

    tenant: str
    customers: list[bytes]
    invoices: list[bytes]
    light: list[bytes]
    about: dict[str, bytes]


def is_open(number: int) -> bool:
    """One invoice in ten, and for each customer two of twenty."""
    return (number + number // CUSTOMERS) % 10 == 0


def customer_of(number: int) -> int:
    """Neighbours in the book belong to different customers."""
    return number // BLOCK * CUSTOMERS + number * 7919 % CUSTOMERS


def customers_in(rows: int) -> int:
    """How many customers a book of so many invoices has."""
    return -(-rows // BLOCK) * CUSTOMERS


def made(kind: str, rows: int) -> Book:
    """The book of a ledger with so many invoices."""
    dress: Dress = {"quickbooks": quickbooks_rows, "xero": xero_rows}[kind]
    twin, tenant = _twin(kind)
    shapes = dress.invoices(twin, tenant)
    paid, unpaid = shapes[1::2], shapes[::2]
    owed = [Decimal(0)] * customers_in(rows)
    invoices, lights = [], []
    for number in range(rows):
        which = unpaid if is_open(number) else paid
        row = dress.invoice(which[number % len(which)], number, customer_of(number))
        if which is unpaid:
            owed[customer_of(number)] += dress.total(row)
        invoices.append(encode(row))
        if (light := dress.light(row)) is not None:
            lights.append(encode(light))
    someone = dress.customers(twin, tenant)[0]
    customers = [encode(dress.customer(someone, number, sum_)) for number, sum_ in enumerate(owed)]
    about = {name: encode(row) for name, row in dress.about(twin, tenant).items()}
    return Book(tenant, customers, invoices, lights, about)


def _twin(kind: str) -> tuple[Any, str]:
    """A twin with one company of one customer and a hundred invoices, every other one paid; its vendor id."""
    numbers, now = count(), datetime.now(UTC)
    new_id: Callable[[], str] = lambda: f"bench{next(numbers):017d}"  # noqa: E731
    twin = (QuickBooksTwin if kind == "quickbooks" else XeroTwin)(lambda: now, new_id, f"http://{kind}.test")
    about = BookCompany("heron", "Heron & Sons", "USD", "US", "America/New_York", "office@heron.example")
    books = Company(about, [BookCustomer("one", "Customer One", "Robin Reed", ("one@customers.example",))])
    for number in range(SHAPES):
        issued, amount = _issued(now.date(), number), Decimal(40 + 7 * number) + Decimal(number) / 100
        books.invoices.append(BookInvoice(f"N-{number}", "one", issued, issued + timedelta(30), amount, "USD"))
        if number % 2:
            books.payments.append(BookPayment(f"N-{number}", amount, issued + timedelta(35), f"Transfer {number}"))
    return twin, twin.add_company(books)


def _issued(today: date, number: int) -> date:
    return today - timedelta(40 + 6 * number)
