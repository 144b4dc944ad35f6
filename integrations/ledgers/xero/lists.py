"""Xero's lists, page by page and row by row, straight from the bytes.

It asks and takes apart; what is asked for and why is said in `reads.py`. A row that cannot be read is reported with its
bytes and its neighbours go on; an odd envelope costs no row. Lists come in the order of their ids: an id does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from integrations.ledgers.base import LedgerCustomer, LedgerTerm, Page, Purpose, Unreadable
from integrations.ledgers.xero import faults, mapping, structs
from integrations.ledgers.xero.client import Answer, Client

PAGE_SIZE = 1000
AGAIN = 3  # how often a list that moves while it is read is begun anew
ALL = ["AUTHORISED", "DRAFT", "SUBMITTED", "PAID", "VOIDED", "DELETED"]  # Xero does not say that none named means all
OPEN, OTHERS = ALL[:1], ALL[1:]
Row = TypeVar("Row")
Item = TypeVar("Item")
_ODD = (ValueError, OverflowError, RecursionError)  # msgspec's own errors are ValueErrors


@dataclass(frozen=True, slots=True)
class Kind:
    """One of Xero's collections: how it is asked for, what its rows are, and how they become a Page.

    `fit` makes it of rows that are all of the `shape` that Xero documents, or else raises; without one all are `read`.
    """

    method: str
    name: str
    id_name: str
    shape: Any
    fit: Callable[[list[Any]], Page]
    read: Callable[[list[Raw]], Page]
    where: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """One list to read: its kind, a filter on top of the kind's own, and further options of the call."""

    kind: Kind
    where: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def call(self) -> dict[str, Any]:
        """The options for the SDK's method."""
        where = " AND ".join(text for text in (self.kind.where, self.where) if text)
        fixed = {"page_size": PAGE_SIZE, "order": f"{self.kind.id_name} ASC"} | ({"where": where} if where else {})
        return {**fixed, **self.kind.options, **self.options}


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """Where a reading of several lists stands: behind page `page` of list `list`.

    `size` is how long that list is, `again` how often it was begun anew, `total` how long all lists begun so far are,
    and `began` Xero's time of the very first answer.
    """

    list: int = 0
    page: int = 0
    size: int | None = None
    again: int = 0
    total: int = 0
    began: str = ""

    def moved(self, size: int | None) -> bool:
        """Whether rows may have moved between pages since: the list has grown or shrunk."""
        return self.size is not None and size is not None and size != self.size and self.again < AGAIN

    def anew(self) -> Mark:
        return Mark(self.list, again=self.again + 1, total=self.total - (self.size or 0), began=self.began)

    def next_page(self, size: int | None, began: str) -> Mark:
        first = self.page == 0
        total = self.total + (size or 0 if first else 0)
        return Mark(self.list, self.page + 1, size if first else self.size, self.again, total, began)

    def next_list(self) -> Mark:
        return Mark(self.list + 1, total=self.total, began=self.began)


class Reading:
    """One pass over several lists, all changed since `since` if it is given.

    `fallback` is the cursor where Xero's answers carry no time; it must lie before everything that is read.
    """

    def __init__(self, client: Client, purpose: Purpose, fallback: str = "", since: datetime | None = None) -> None:
        self._client, self._purpose, self._fallback = client, purpose, fallback
        self._options = {} if since is None else {"if_modified_since": since}
        self._began = ""

    @property
    def cursor(self) -> str:
        """Xero's own time of the first answer: whatever changes after it belongs to the next reading."""
        return self._began or self._fallback

    def pages(self, asks: Sequence[Ask], behind: str = "") -> Iterator[Page]:
        """The pages of every list in turn, from behind a mark on. Each has a mark, and a total as far as it is known.

        A mark that cannot be read begins everything anew.
        """
        at = structs.loose(behind.encode(), Mark) or Mark()
        self._began = at.began
        while at.list < len(asks):
            for behind_it, page in self._list(asks[at.list], at):
                at = behind_it
                yield replace(page, mark=msgspec.json.encode(at).decode(), total=at.total)

    def _list(self, ask: Ask, at: Mark) -> Iterator[tuple[Mark, Page]]:
        """The pages of one list, each with the mark behind it. When the list changes its length, it is read again."""
        before: list[Raw] = []
        more = True
        while more:
            lot = self._lot(ask, at.page + 1)
            if at.moved(lot.about.itemCount):
                at, before = at.anew(), []
                continue
            at = at.next_page(lot.about.itemCount, self._began)
            raws = lot.raws() if lot.about.pageCount is None else []
            more = bool(lot.count) and _follows(at.page, lot.about.pageCount, raws, before)
            yield at if more else at.next_list(), lot.page()
            before = raws

    def _lot(self, ask: Ask, number: int) -> _Lot:
        answer = self._client.read(self._purpose, ask.kind.method, page=number, **self._options, **ask.call())
        lot = _opened(ask.kind, answer)
        self._began = self._began or _server_time(lot.told, answer) or self._fallback
        return lot


@dataclass(frozen=True, slots=True)
class _Lot:
    """One page of a list as Xero sent it: how many rows, what Xero says of the whole list, and when it said so.

    `fit` are its rows, where all of them are of the documented shape.
    """

    kind: Kind
    answer: Answer
    count: int
    about: structs.Pagination
    told: str | None
    fit: list[Any] | None = None

    def raws(self) -> list[Raw]:
        """The rows as they came, whatever they are."""
        return listed(decoded(self.answer), self.kind.name)

    def page(self) -> Page:
        """An odd row is reported with its bytes, and its neighbours arrive."""
        if self.fit is not None:
            try:
                return self.kind.fit(self.fit)
            except _ODD:
                pass  # to say which one it was, they are taken one by one
        return self.kind.read(self.raws())


def _opened(kind: Kind, answer: Answer) -> _Lot:
    """Everything in one pass over the bytes, where it is all as documented; row by row otherwise."""
    try:
        found = _whole(kind.name, kind.shape).decode(answer.body) if kind.shape else None
    except _ODD:
        found = None
    if found is not None:
        return _Lot(kind, answer, len(found.rows), found.pagination, found.DateTimeUTC, found.rows)
    envelope = decoded(answer)
    about = structs.loose(envelope.pagination, structs.Pagination) or structs.Pagination()
    return _Lot(kind, answer, len(listed(envelope, kind.name)), about, structs.loose(envelope.DateTimeUTC, str))


@cache
def _whole(name: str, shape: Any) -> msgspec.json.Decoder[Any]:
    """Of a good answer with its rows; what else it holds is not looked at."""
    fields = [("rows", list[shape]), ("pagination", structs.Pagination), ("DateTimeUTC", str)]
    return structs.decoder(msgspec.defstruct("Whole", fields, rename={"rows": name}))


def _follows(page: int, count: int | None, raws: list[Raw], before: list[Raw]) -> bool:
    """Whether another page follows. Without Xero's count only an empty or a repeated page is the end."""
    if count is not None:
        return page < count
    return [bytes(raw) for raw in raws] != [bytes(raw) for raw in before]


def decoded(answer: Answer, writing: bool = False) -> structs.Envelope:
    """The envelope of an answer; Transient (InDoubt for a write) when it is no such thing."""
    try:
        return structs.read(answer.body, structs.Envelope)
    except (ValueError, RecursionError) as error:
        raise faults.unreadable(writing) from error


def listed(envelope: structs.Envelope, name: str, writing: bool = False) -> list[Raw]:
    """The rows of an answer. Without the list, only Xero's own OK says that there is nothing."""
    raws: list[Raw] | None = getattr(envelope, name)
    if raws is None and structs.loose(envelope.Status, str) != "OK":
        raise faults.unreadable(writing)
    return raws or []


def items(
    raws: list[Raw], kind: type[Row], read: Callable[[Row], Item | None], entity: str, id_name: str
) -> tuple[tuple[Item, ...], tuple[Unreadable, ...]]:
    """(rows that could be read, rows that could not). Rows for which `read` gives None are none of our business."""
    good: list[Item] = []
    bad: list[Unreadable] = []
    for raw in raws:
        try:
            item = read(structs.read(raw, kind))
        except _ODD as error:
            why = f"This {entity} could not be read: {str(error).rstrip('.')}."
            bad.append(Unreadable(entity, structs.named(raw, id_name), why, bytes(raw), _whose(raw)))
        else:
            good += [] if item is None else [item]
    return tuple(good), tuple(bad)


def _whose(raw: Raw) -> str:
    """The id of the contact whose row it is: a payment names it in its invoice. "" where the row does not show it."""
    row = structs.loose(raw, dict[str, Raw]) or {}
    invoice = structs.loose(row.get("Invoice", b""), dict[str, Raw]) or {}
    contacts = (structs.named(one.get("Contact", b""), "ContactID") for one in (row, invoice))
    return next(filter(None, contacts), "")


def _server_time(told: str | None, answer: Answer) -> str:
    """When Xero answered, as it told or else from the headers; ""."""
    try:
        stamped = structs.moment(told)
        stamped = stamped or parsedate_to_datetime(answer.headers.get("Date") or "")
    except (TypeError, ValueError, OverflowError):
        return ""
    return stamped.replace(microsecond=0).isoformat()


def _kind(
    method: str,
    name: str,
    entity: str,
    shape: type[Row],
    read: Callable[[Row], Item | None],
    page: Callable[[tuple[Item, ...]], Page],
    **more: Any,
) -> Kind:
    """A collection whose rows are read one by one by `read`, and gathered by `page`."""
    id_name = f"{name.removesuffix('s')}ID"

    def fit(rows: list[Row]) -> Page:
        return page(tuple(item for item in map(read, rows) if item is not None))

    def loose(raws: list[Raw]) -> Page:
        rows, unread = items(raws, shape, read, entity, id_name)
        return replace(page(rows), unreadable=unread)

    return Kind(method, name, id_name, shape, fit, loose, **more)


def _customer(row: structs.Contact) -> tuple[LedgerCustomer, LedgerTerm | None]:
    return mapping.customer(row), mapping.term(row)


def _customers(both: tuple[tuple[LedgerCustomer, LedgerTerm | None], ...]) -> Page:
    terms = {term.id: term for _, term in both if term is not None}
    return Page(customers=tuple(one for one, _ in both), terms=tuple(terms.values()))


def _credits(method: str, name: str, where: str = "") -> Kind:
    return _kind(method, name, "credit", structs.Credit, mapping.credit, lambda rows: Page(credits=rows), where=where)


# Without includeArchived nobody would tell of archiving. summaryOnly leaves out lines and payments, nothing we read,
# and makes an invoice a fraction of its size.
CUSTOMERS = _kind(
    *("get_contacts", "Contacts", "customer", structs.Contact, _customer, _customers),
    options={"include_archived": "true"},
)
INVOICES = _kind(
    *("get_invoices", "Invoices", "invoice", structs.Invoice, mapping.invoice),
    lambda rows: Page(invoices=rows),
    where='Type=="ACCREC"',
    options={"summary_only": "true", "statuses": ALL},
)
PAYMENTS = _kind(
    *("get_payments", "Payments", "payment", structs.Payment, mapping.payment),
    lambda rows: Page(payments=rows),
    where='PaymentType=="ACCRECPAYMENT"',
)
CREDITS = (
    _credits("get_credit_notes", "CreditNotes", 'Type=="ACCRECCREDIT"'),
    _credits("get_overpayments", "Overpayments"),
    _credits("get_prepayments", "Prepayments"),
)
