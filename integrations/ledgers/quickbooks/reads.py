"""Reading a QuickBooks company: what it is, what changed since, the sweep, and rows by name.

Bytes become rows of the port here; the first load is in `snapshot.py`. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import DepositAccount, LedgerCompany, Page, Purpose
from integrations.ledgers.quickbooks import mapping, mending, structs
from integrations.ledgers.quickbooks.envelope import Envelope, items, open_envelope
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.portions import ENTITIES, SHAPES, Place, Portion, behind, open_portion
from integrations.ledgers.quickbooks.sorting import OVERLAP, Sorter
from integrations.ledgers.quickbooks.wire import Wire, quoted

PAGE = 1000
START = Place()
BACK = timedelta(minutes=5)
LOOK_BACK = timedelta(days=29)  # the vendor remembers 30 days of changes
CDC_MOST = 1000
IDS_MOST = 200  # ids in one statement; the vendor names no limit, and a page holds 1000 rows
GONE = "610"
_MONEY_ACCOUNTS = ("Bank", "Other Current Asset")
_EXPENSE_ACCOUNTS = ("Expense", "Other Expense", "Cost of Goods Sold")
# Of the other current assets, those that money passes through; stock, loans and prepaid expenses are assets too.
_PASSING = {"", "undepositedfunds", "othercurrentassets"}
_BOOKABLE = {"service", "noninventory"}

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one entity. Values in `where` are dates of ours or went through `quoted`."""

    entity: str
    where: str = ""

    def _condition(self, since: str = "") -> list[str]:
        """QuickBooks leaves out what is not active unless asked for it."""
        both = "Active IN (true, false)" if self.entity in ("Customer", "Term") else ""
        later = f"MetaData.LastUpdatedTime >= {quoted(since)}" if since else ""
        parts = [part for part in (both, self.where, later) if part]
        return ["WHERE", " AND ".join(parts)] if parts else []

    def window(self, place: Place) -> str:
        order = f"ORDERBY MetaData.LastUpdatedTime STARTPOSITION {place.start} MAXRESULTS {PAGE}"
        return " ".join(["SELECT * FROM", self.entity, *self._condition(place.since), order])

    @property
    def count(self) -> str:
        return " ".join(["SELECT COUNT(*) FROM", self.entity, *self._condition()])


class Reader:
    """Readings of one company over one wire."""

    def __init__(self, wire: Wire, realm: str, homes: MutableMapping[str, str] | None = None) -> None:
        """`homes` keeps each company's home currency, which never changes: it is read once, not every job."""
        self._wire, self._realm = wire, realm
        self._homes = {} if homes is None else homes

    # What the company is

    def company(self) -> LedgerCompany:
        info, preferences = self.info(), self._preferences()
        return mapping.company(info, preferences, self._keep_home(preferences))

    def info(self, purpose: Purpose = Purpose.COMPANY) -> structs.CompanyInfo:
        return self._settings(f"companyinfo/{quote(self._realm, safe='')}", structs.CompanyInfo, purpose)

    def _preferences(self) -> structs.Preferences:
        return self._settings("preferences", structs.Preferences, Purpose.COMPANY)

    def _settings(self, path: str, shape: type[_Shape], purpose: Purpose) -> _Shape:
        try:
            return mending.read(self.get(path, purpose).one(shape.__name__) or b"null", shape)
        except ValueError:
            raise Transient(f"{LABEL} did not say which company this is.") from None

    def home(self) -> str:
        """The home currency, for rows that do not name their own."""
        return self._homes.get(self._realm) or self._keep_home(self._preferences())

    def _keep_home(self, preferences: structs.Preferences) -> str:
        prefs = preferences.currency_prefs
        if prefs is None or prefs.home_currency is None:
            raise Rejected(f"{LABEL} does not name the company's home currency.")
        self._homes[self._realm] = prefs.home_currency.value
        return prefs.home_currency.value

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        """Active bank and other current asset accounts."""
        return self._choices(_accounts(_MONEY_ACCOUNTS), takes_money)

    def expense_choices(self) -> tuple[DepositAccount, ...]:
        """Active expense accounts: a line of a purchase names an account."""
        return self._choices(_accounts(_EXPENSE_ACCOUNTS), lambda _: True)

    def income_choices(self) -> tuple[DepositAccount, ...]:
        """Active services and goods without stock: a line of an invoice or credit memo names an item, no account."""
        return self._choices(Selection("Item"), _is_bookable)

    def _choices(self, wanted: Selection, fits: Callable[[structs.Choice], bool]) -> tuple[DepositAccount, ...]:
        found: dict[str, DepositAccount] = {}
        for portion in self.portions(wanted, Purpose.COMPANY):
            for raw in items(portion.raw()):
                try:
                    row = mending.read(raw, structs.Choice)
                except ValueError:
                    continue  # nobody is asked to choose what has no name
                if row.active and fits(row):
                    found[row.id] = mapping.choice(row)
        return tuple(found.values())

    # What changed

    def changes(self, cursor: str, purpose: Purpose) -> Iterator[Page]:
        """What changed since the cursor less five minutes: one CDC call, more only when it is full.

        A cursor older than 29 days, or a CDC the vendor cannot answer (one bad stored address breaks it), is read by
        query instead; a query cannot tell what was deleted: that is left to the sweep.
        """
        since = _since(cursor)
        sorter = Sorter(self.home)
        try:
            first = self._cdc(list(ENTITIES), since, purpose)
            count = _collect(sorter, first)
        except Rejected:
            yield from self._changed_by_query(cursor, since, purpose)
            return
        if first.moment is not None and first.moment - since > LOOK_BACK:
            yield from self._changed_by_query(cursor, since, purpose)
            return
        # An answer that does not tell its time leaves the cursor where it was: then more is read twice, nothing missed.
        following = first.moment.isoformat() if first.moment else cursor
        if count < CDC_MOST:
            yield sorter.page(following)
            return
        yield sorter.page()
        blind = False
        for entity in ENTITIES:
            blind |= yield from self._changed_of(entity, since, purpose)
        yield Page(cursor=following, blind=blind)

    def _changed_of(self, entity: str, since: datetime, purpose: Purpose) -> Generator[Page, None, bool]:
        """One entity's changes; by query too when they alone fill the feed: whether that was so."""
        sorter = Sorter(self.home)
        full = _collect(sorter, self._cdc([entity], since, purpose)) >= CDC_MOST
        yield sorter.page()
        if full:
            yield from (page for page, _ in self.pages(_changed(entity, since), purpose))
        return full

    def _changed_by_query(self, cursor: str, since: datetime, purpose: Purpose) -> Iterator[Page]:
        following = ""
        for entity in ENTITIES:
            for page, moment in self.pages(_changed(entity, since), purpose):
                following = following or (moment.isoformat() if moment else "")
                yield page
        yield Page(cursor=following or cursor, blind=True)

    def _cdc(self, entities: list[str], since: datetime, purpose: Purpose) -> Envelope:
        changed = since.isoformat(timespec="seconds")
        return self.get("cdc", purpose, entities=",".join(entities), changedSince=changed)

    # What stands

    def sweep(self) -> Iterator[Page]:
        """Every open invoice and every credit memo.

        Unapplied payments cannot be asked for by what is left of them; the changes and the first load tell of them.
        """
        for page, _ in self.pages(Selection("Invoice", "Balance > '0'"), Purpose.SWEEP):
            yield page
        for page, _ in self.pages(Selection("CreditMemo"), Purpose.SWEEP):
            yield page

    def named(self, entity: str, ids: Sequence[str], purpose: Purpose) -> Iterator[Page]:
        """Rows by id. A credit is a credit memo or, failing that, a payment with money left."""
        [first, *others] = [name for name, word in ENTITIES.items() if word == entity]
        kinds = [first, *others, *(["Payment"] if entity == "credit" else [])]
        missing = list(dict.fromkeys(ids))
        for place, kind in enumerate(kinds):
            wanted, missing = missing, []
            for start in range(0, len(wanted), IDS_MOST):
                chunk = wanted[start : start + IDS_MOST]
                page = self._by_id(kind, chunk, purpose)
                absent = _absent(page, chunk)
                if place == len(kinds) - 1:
                    gone = [(entity, id) for id in absent]
                    gone += [("credit", id) for id in absent if entity == "payment"]
                    yield Page(**_rows(page), deleted=tuple(gone))
                else:
                    missing += absent
                    yield page

    def _by_id(self, entity: str, ids: list[str], purpose: Purpose) -> Page:
        wanted = Selection(entity, f"Id IN ({', '.join(quoted(id) for id in ids)})")
        sorter = Sorter(self.home)
        for portion in self.portions(wanted, purpose):
            sorter.take(portion)
        return sorter.page()

    # Common to all readings

    def get(self, path: str, purpose: Purpose, **params: str) -> Envelope:
        return open_envelope(self._wire.get(path, purpose, **params))

    def row(self, entity: str, id: str, purpose: Purpose, **params: str) -> Any:
        """One row as its struct. Rejected when it is not there (code 610) or cannot be read."""
        raw = self.get(f"{entity.lower()}/{quote(id, safe='')}", purpose, **params).one(entity)
        if raw is None:
            raise Transient(f"{LABEL} sent an answer that cannot be read.")
        try:
            found = mending.read(raw, SHAPES[entity])
        except ValueError as error:
            raise Rejected(f"This {ENTITIES[entity]} from {LABEL} could not be read: {error}.") from None
        if mapping.is_deleted(found):
            raise Rejected(f"This {ENTITIES[entity]} has been deleted in {LABEL}.", GONE)
        return found

    def found(self, wanted: Selection, reference: str) -> list[Any]:
        """All rows of a selection as structs. Rejected when one that names our reference cannot be read."""
        rows: list[Any] = []
        sorter = Sorter(self.home, lambda _, row: rows.append(row))
        for portion in self.portions(wanted, Purpose.FIND):
            sorter.take(portion)
        for odd in sorter.page().unreadable:
            if reference.encode() in odd.raw:  # it may well be ours: better a person looks than a second booking
                raise Rejected(f"{odd.reason} It names our reference {reference}; look it up in {LABEL}.", "unreadable")
        return rows

    def account(self, id: str) -> structs.Choice:
        """An account to book on, as it is now. Rejected when it is not there (code 610) or cannot be read."""
        raw = self.get(f"account/{quote(id, safe='')}", Purpose.WRITE).one("Account")
        try:
            return mending.read(raw or b"null", structs.Choice)
        except ValueError as error:
            raise Rejected(f"This account from {LABEL} could not be read: {error}.") from None

    def purchases(self, number: str, reference: str) -> list[structs.Purchase]:
        """All purchases with this number. Rejected when one that names our reference cannot be read."""
        rows: list[structs.Purchase] = []
        for portion in self.portions(Selection("Purchase", f"DocNumber = {quoted(number)}"), Purpose.FIND):
            for raw in items(portion.raw()):
                try:
                    rows.append(mending.read(raw, structs.Purchase))
                except ValueError as error:
                    if reference.encode() in bytes(raw):
                        words = f"This expense from {LABEL} could not be read: {error}. It names our reference"
                        raise Rejected(f"{words} {reference}; look it up in {LABEL}.", "unreadable") from None
        return rows

    def pdf(self, invoice: str) -> bytes:
        body = self._wire.pdf(f"invoice/{quote(invoice, safe='')}/pdf").body
        if not body.startswith(b"%PDF"):
            raise Transient(f"{LABEL} did not send the invoice as a PDF.")
        return body

    def counted(self, selections: Sequence[Selection], purpose: Purpose) -> tuple[int | None, datetime | None]:
        """How many rows the selections hold, in one call, and when that was. The number only shows progress."""
        statements = [selection.count for selection in selections]
        try:
            envelope = open_envelope(self._wire.queries(statements, purpose))
        except Rejected:
            return None, None
        counts = envelope.counts()
        known = [count for count in counts if count is not None]
        return (sum(known) if len(known) == len(selections) else None), envelope.moment

    def pages(self, wanted: Selection, purpose: Purpose) -> Iterator[tuple[Page, datetime | None]]:
        sorter = Sorter(self.home)
        for portion in self.portions(wanted, purpose):
            sorter.take(portion)
            yield sorter.page(), portion.moment

    def portions(self, wanted: Selection, purpose: Purpose, start: Place = START) -> Iterator[Portion]:
        """The answers to a selection, with some rows of each again at the head of the next."""
        place: Place | None = start
        while place is not None:
            portion = open_portion(wanted.entity, self._wire.query(wanted.window(place), purpose))
            place = behind(portion, place, OVERLAP) if portion.count >= PAGE else None
            yield replace(portion, following=place)


def _accounts(kinds: Sequence[str]) -> Selection:
    return Selection("Account", f"AccountType IN ({', '.join(quoted(kind) for kind in kinds)})")


def takes_money(row: structs.Choice) -> bool:
    """Whether money arrives on this account or passes through it."""
    return row.account_type == "Bank" or (row.account_sub_type or "").lower() in _PASSING


def _is_bookable(row: structs.Choice) -> bool:
    return (row.type or "").replace("-", "").lower() in _BOOKABLE


def _collect(sorter: Sorter, envelope: Envelope) -> int:
    """Sort the rows of a CDC answer; how many there were."""
    blocks = envelope.changed()
    return sum(sorter.add(entity, block[entity]) for block in blocks for entity in ENTITIES if entity in block)


def _changed(entity: str, since: datetime) -> Selection:
    """An entity's rows by time of change, as far as a query can see them."""
    return Selection(entity, f"MetaData.LastUpdatedTime >= '{since.isoformat(timespec='seconds')}'")


def _since(cursor: str) -> datetime:
    moment = mending.moment(cursor)
    if moment is None:
        raise Rejected("This cursor is none of ours; the company must be read anew.")
    return moment - BACK


def _absent(page: Page, ids: Sequence[str]) -> list[str]:
    """The ids that were not answered; none when a row came that does not say whose it is."""
    if any(not odd.id for odd in page.unreadable):
        return []
    there = {row.id for rows in _rows(page).values() for row in rows}
    return [id for id in ids if id not in there]


def _rows(page: Page) -> dict[str, Any]:
    names = ("customers", "invoices", "payments", "credits", "terms", "unreadable")
    return {name: getattr(page, name) for name in names}
