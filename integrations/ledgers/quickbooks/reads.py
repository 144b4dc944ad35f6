"""Reading a QuickBooks company: the first load, what changed since, and the reading at the door.

Bytes become rows of the port here; a row that cannot be read is reported and never guessed. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import (
    DepositAccount,
    LedgerCompany,
    LedgerCredit,
    LedgerCustomer,
    LedgerInvoice,
    LedgerPayment,
    Page,
    Unreadable,
)
from integrations.ledgers.quickbooks import mapping, structs
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.wire import Wire, quoted

PAGE = 1000
# Pages overlap: a row that leaves the selection between two calls moves every later row up by one.
PAGE_OVERLAP = 50
OVERLAP = timedelta(minutes=5)
LOOK_BACK = timedelta(days=29)  # the vendor remembers 30 days of changes
CDC_MOST = 1000
ENTITIES = {"Customer": "customer", "Invoice": "invoice", "Payment": "payment", "CreditMemo": "credit"}
_ODD = "unreadable"
_ALL_CUSTOMERS = "Active IN (true, false)"

_envelope = msgspec.json.Decoder(structs.Envelope)
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_stub = msgspec.json.Decoder(structs.Stub)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "Customer": msgspec.json.Decoder(structs.Customer),
    "Invoice": msgspec.json.Decoder(structs.Invoice),
    "Payment": msgspec.json.Decoder(structs.Payment),
    "CreditMemo": msgspec.json.Decoder(structs.CreditMemo),
}
_account = msgspec.json.Decoder(structs.Account)


def open_envelope(body: bytes) -> structs.Envelope:
    try:
        return _envelope.decode(body)
    except msgspec.DecodeError:
        raise Transient(f"{LABEL} sent an answer that cannot be read.") from None


@dataclass(slots=True)
class _Sorter:
    """Collects raw rows into a page, skipping versions it has already handed out."""

    home: Callable[[], str]
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    customers: list[LedgerCustomer] = field(default_factory=list)
    invoices: list[LedgerInvoice] = field(default_factory=list)
    payments: list[LedgerPayment] = field(default_factory=list)
    credits: list[LedgerCredit] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def add(self, entity: str, raw: msgspec.Raw) -> None:
        try:
            row = _decoders[entity].decode(raw)
            if row.status == mapping.DELETED:
                self._delete(entity, row.id)
            elif self.seen.get((entity, row.id)) != row.sync_token or not row.sync_token:
                self._keep(entity, row)
                self.seen[entity, row.id] = row.sync_token
        except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
            self._odd(entity, raw, error)

    def _keep(self, entity: str, row: Any) -> None:
        if entity == "Customer":
            self.customers.append(mapping.customer(row))
        elif entity == "Invoice":
            self.invoices.append(mapping.invoice(row, self.home))
        elif entity == "CreditMemo":
            self.credits.append(mapping.credit_memo(row, self.home))
        else:
            payment, credit = mapping.payment(row, self.home), mapping.unapplied(row, self.home)
            self.payments.append(payment)
            self.credits += [credit] if credit is not None else []

    def _odd(self, entity: str, raw: msgspec.Raw, error: Exception) -> None:
        """A deleted row is only a stub; anything else that does not fit is reported."""
        try:
            stub = _stub.decode(raw)
        except msgspec.DecodeError:
            stub = structs.Stub()
        if stub.status == mapping.DELETED and stub.id:
            self._delete(entity, stub.id)
            return
        if stub.id and self.seen.get((entity, stub.id)) == _ODD:
            return
        self.seen[entity, stub.id] = _ODD
        reason = f"This {ENTITIES[entity]} from {LABEL} could not be read: {error}."
        self.unreadable.append(Unreadable(ENTITIES[entity], stub.id, reason))

    def _delete(self, entity: str, id: str) -> None:
        """A deleted payment takes its open credit with it."""
        self.deleted.append((ENTITIES[entity], id))
        if entity == "Payment":
            self.deleted.append((ENTITIES["CreditMemo"], id))

    def page(self, cursor: str | None = None) -> Page:
        """What was collected since the last page."""
        page = Page(
            customers=tuple(self.customers),
            invoices=tuple(self.invoices),
            payments=tuple(self.payments),
            credits=tuple(self.credits),
            deleted=tuple(self.deleted),
            unreadable=tuple(self.unreadable),
            cursor=cursor,
        )
        self.customers, self.invoices, self.payments, self.credits = [], [], [], []
        self.deleted, self.unreadable = [], []
        return page


class Reader:
    """Readings of one company over one wire."""

    def __init__(self, wire: Wire, realm: str) -> None:
        self._wire, self._realm = wire, realm
        self._home = ""

    def company(self) -> LedgerCompany:
        info = self.info()
        return mapping.company(info, self.home())

    def info(self) -> structs.CompanyInfo:
        envelope = open_envelope(self._wire.get(f"companyinfo/{self._realm}", "company"))
        if envelope.company is None:
            raise Transient(f"{LABEL} did not say which company this is.")
        return envelope.company

    def home(self) -> str:
        """The home currency, read once."""
        if not self._home:
            preferences = open_envelope(self._wire.get("preferences", "company")).preferences
            prefs = preferences.currency_prefs if preferences else None
            if prefs is None or prefs.home_currency is None:
                raise Rejected(f"{LABEL} does not name the company's home currency.")
            self._home = prefs.home_currency.value
        return self._home

    def snapshot(self, since: date) -> Iterator[Page]:
        """Every customer, open invoice and credit memo, and invoices and payments dated on or after `since`.

        The cursor is the time of the first answer, so that whatever moves during the reading is read again.
        """
        dated = f"TxnDate >= '{since.isoformat()}'"
        wanted = [("Customer", _ALL_CUSTOMERS), ("Invoice", "Balance > '0'"), ("Invoice", dated)]
        return self._selections([*wanted, ("Payment", dated), ("CreditMemo", "")], "snapshot")

    def changes(self, cursor: str, purpose: str = "changes") -> Iterator[Page]:
        """What changed since the cursor less five minutes: one CDC call, more only when it is full.

        A cursor older than 29 days, or a CDC the vendor cannot answer (one bad stored address breaks it), is read by
        query instead; a query cannot tell what was deleted.
        """
        since = _moment(cursor) - OVERLAP
        try:
            first = self._cdc(list(ENTITIES), since, purpose)
        except Rejected:
            yield from self._selections([_changed_since(entity, since) for entity in ENTITIES], purpose)
            return
        if _moment(first.time) - since > LOOK_BACK:
            yield from self._selections([_changed_since(entity, since) for entity in ENTITIES], purpose)
            return
        sorter = _Sorter(self.home)
        if _collect(sorter, first) < CDC_MOST:
            yield sorter.page(first.time)
            return
        yield sorter.page()
        for entity in ENTITIES:
            if _collect(sorter, self._cdc([entity], since, purpose)) >= CDC_MOST:
                for _ in self._fill(sorter, [_changed_since(entity, since)], purpose):
                    yield sorter.page()
            yield sorter.page()
        yield Page(cursor=first.time)

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        """Active bank and other current asset accounts."""
        statement = _select("Account", "AccountType IN ('Bank', 'Other Current Asset')", "MAXRESULTS 1000")
        block = open_envelope(self._wire.query(statement, "company")).query
        rows = (_account.decode(raw) for raw in _list(block, "Account"))
        return tuple(mapping.deposit_account(row) for row in rows if row.active)

    def payments_with(self, reference: str) -> tuple[LedgerPayment, ...]:
        """Payments with this very PaymentRefNum."""
        where = f"PaymentRefNum = {quoted(reference)}"
        statement = _select("Payment", where, "MAXRESULTS 1000")
        envelope = open_envelope(self._wire.query(statement, "find"))
        sorter = _Sorter(self.home)
        for raw in _list(envelope.query, "Payment"):
            sorter.add("Payment", raw)
        return tuple(payment for payment in sorter.payments if payment.reference == reference)

    def one_payment(self, raw: msgspec.Raw) -> LedgerPayment | None:
        sorter = _Sorter(self.home)
        sorter.add("Payment", raw)
        return sorter.payments[0] if sorter.payments else None

    def _cdc(self, entities: list[str], since: datetime, purpose: str) -> structs.Envelope:
        changed = since.isoformat(timespec="seconds")
        return open_envelope(self._wire.get("cdc", purpose, entities=",".join(entities), changedSince=changed))

    def _selections(self, wanted: list[tuple[str, str]], purpose: str) -> Iterator[Page]:
        """A page for each answer, and a last one with the time of the first."""
        sorter = _Sorter(self.home)
        cursor = ""
        for time in self._fill(sorter, wanted, purpose):
            cursor = cursor or time
            yield sorter.page()
        yield Page(cursor=cursor)

    def _fill(self, sorter: _Sorter, wanted: list[tuple[str, str]], purpose: str) -> Iterator[str]:
        """Put answer after answer into the sorter; the time of each."""
        for entity, where in wanted:
            for envelope, rows in self._pages(entity, where, purpose):
                for raw in rows:
                    sorter.add(entity, raw)
                yield _moment(envelope.time).isoformat()

    def _pages(self, entity: str, where: str, purpose: str) -> Iterator[tuple[structs.Envelope, list[msgspec.Raw]]]:
        start = 1
        while True:
            window = f"ORDERBY MetaData.LastUpdatedTime STARTPOSITION {start} MAXRESULTS {PAGE}"
            envelope = open_envelope(self._wire.query(_select(entity, where, window), purpose))
            rows = _list(envelope.query, entity)
            yield envelope, rows
            if len(rows) < PAGE:
                return
            start += PAGE - PAGE_OVERLAP


def _changed_since(entity: str, since: datetime) -> tuple[str, str]:
    """The selection of an entity's rows by time of change, as far as a query can see them."""
    changed = f"MetaData.LastUpdatedTime >= '{since.isoformat(timespec='seconds')}'"
    return entity, f"{_ALL_CUSTOMERS} AND {changed}" if entity == "Customer" else changed


def _select(entity: str, where: str, window: str) -> str:
    """A statement; values in `where` are dates of ours or went through `quoted`."""
    return " ".join(["SELECT * FROM", entity, *(["WHERE", where] if where else []), window])


def _collect(sorter: _Sorter, envelope: structs.Envelope) -> int:
    """Sort the rows of a CDC answer; how many there were."""
    count = 0
    for response in envelope.cdc:
        for block in response.blocks:
            if "Fault" in block:
                raise Transient(f"{LABEL} could not say what changed.")
            for entity in ENTITIES.keys() & block.keys():
                rows = _list(block, entity)
                count += len(rows)
                for raw in rows:
                    sorter.add(entity, raw)
    return count


def _list(block: structs.Block, entity: str) -> list[msgspec.Raw]:
    raw = block.get(entity)
    try:
        return [] if raw is None else _rows.decode(raw)
    except msgspec.DecodeError:
        raise Transient(f"{LABEL} sent a list that cannot be read.") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Transient(f"{LABEL} sent an answer without its time.") from None
    if moment.tzinfo is None:
        raise Transient(f"{LABEL} sent a time without its zone.")
    return moment
