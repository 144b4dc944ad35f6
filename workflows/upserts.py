"""One upsert for each kind of row a ledger hands over, by vendor id, inside the transaction of `mirror.storing`.

It says what one kind has that others do not: who is billed, what moves, what is held. It wakes nobody itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from core.facts import InvoiceStatus
from integrations.ledgers.base import (
    LedgerCredit,
    LedgerCustomer,
    LedgerInvoice,
    LedgerPayment,
    LedgerTerm,
    Unreadable,
)
from models import Account, HoldRow, Invoice, UnreadableRow
from workflows import rows
from workflows.billing import family
from workflows.rows import plain
from workflows.shapes import CREDIT, CUSTOMER, INVOICE, PAYMENT, SHAPES, TERM, Shape
from workflows.storing import Known, Storing

ID, ENTITY = 64, 20
RAW = 65_536  # bytes kept of a row that could not be read


def customers(reading: Storing, items: Sequence[LedgerCustomer]) -> None:
    """All of them first have a row: a child may stand before its parent, who must not be made twice."""
    latest, known = _latest(reading, CUSTOMER, items)
    latest |= {id: replace(latest[id], erased=True) for id in _erased(reading, Account.external_id, latest)}
    moved = {id for id, item in latest.items() if _above(known.get(id)) != (item.bills_to, item.merged_into)}
    reading.wake_payers(moved)
    reading.woken |= reading.put(CUSTOMER, latest, known)
    if moved:
        reading.woken |= reading.payers(moved).known(moved)
        _move_invoices(reading, moved)
        _move_holds(reading, [id for id in moved if latest[id].merged_into])
    _readable(reading, "customer", latest)


def _erased(reading: Storing, column: Any, among: Iterable[Any]) -> Collection[Any]:
    """Those of these accounts whom a person erased here, whatever the ledger says of them now."""
    these = Account.company_id == reading.company.id, Account.erased_at.is_not(None)
    return reading.session.scalars(select(column).where(*these, rows.among(reading.session, column, among))).all()


def _above(row: tuple[Any, ...] | None) -> tuple[str, str]:
    return ("", "") if row is None else (row[CUSTOMER.place("bills_to")], row[CUSTOMER.place("merged_into")])


def _move_invoices(reading: Storing, moved: Collection[str]) -> None:
    """Their invoices, and those of everyone below them, go to whoever is billed now."""
    company_id = reading.company.id
    held = reading.session.execute(
        select(Invoice.id, Invoice.customer, Invoice.account_id).where(
            Invoice.company_id == company_id, Invoice.customer.in_(family(company_id, moved))
        )
    ).all()
    payers = reading.payers({customer for _, customer, _ in held})
    moving = [(payer, id, old) for id, customer, old in held if (payer := payers.of(customer)) != old]
    reading.woken |= {account for payer, _, old in moving for account in (payer, old)}
    rows.update(reading.connection, INVOICE.table, ["account_id"], [(payer, id) for payer, id, _ in moving])
    for payer, id, _ in moving:
        reading.session.execute(update(HoldRow).where(HoldRow.invoice_id == id).values(account_id=payer))


def _move_holds(reading: Storing, merged: Collection[str]) -> None:
    """Who was to be left alone is so under the name they merged into, too."""
    payers = reading.payers(merged)
    for customer in merged:
        chain = payers.chain(customer)
        reading.session.execute(
            update(HoldRow)
            .where(HoldRow.account_id == chain[0], HoldRow.invoice_id.is_(None), HoldRow.state == "open")
            .values(account_id=chain[-1])
        )


def invoices(reading: Storing, items: Sequence[LedgerInvoice]) -> None:
    """Each belongs to whoever is billed for its customer."""
    latest, known = _latest(reading, INVOICE, items)
    payers = reading.payers({item.customer for item in latest.values()})
    billed = [payers.of(item.customer) for item in latest.values()]
    nobodys = _erased(reading, Account.id, set(billed))
    if nobodys:
        silent = [id for id, payer in zip(latest, billed, strict=True) if payer in nobodys]
        latest |= {id: replace(latest[id], emails=(), cc=()) for id in silent}
    reading.woken |= reading.put(INVOICE, latest, known, account_id=billed)
    _readable(reading, "invoice", latest)


def payments(reading: Storing, items: Sequence[LedgerPayment]) -> None:
    """One that was undone stays, marked gone."""
    _money(reading, PAYMENT, items)


def credits(reading: Storing, items: Sequence[LedgerCredit]) -> None:
    """One that was undone stays, marked gone."""
    _money(reading, CREDIT, items)


def _money(reading: Storing, shape: Shape, items: Sequence[LedgerPayment] | Sequence[LedgerCredit]) -> None:
    latest, known = _latest(reading, shape, items)
    reading.wake_payers(reading.put(shape, latest, known))
    _readable(reading, shape.entity, latest)


def terms(reading: Storing, items: Sequence[LedgerTerm]) -> None:
    """No account wakes for its terms: they are not facts."""
    latest, known = _latest(reading, TERM, items)
    reading.put(TERM, latest, known)
    _readable(reading, "term", latest)


def _latest(reading: Storing, shape: Shape, items: Sequence[Any]) -> tuple[dict[str, Any], Known]:
    """The items by vendor id, the last of each, without those that were read later; and what we have of them."""
    latest = {item.id: item for item in items}
    known, late = reading.known(shape, latest)
    return {id: item for id, item in latest.items() if id not in late}, known


def deleted(reading: Storing, items: Sequence[tuple[str, str]]) -> None:
    """What the ledger deleted is marked gone and never removed; a customer or a term is no longer active."""
    for shape, ids in _by_shape(items):
        known, late = reading.known(shape, ids)
        flag = shape.place("gone_at" if shape.gone else "active")
        told = [row for id, row in known.items() if id not in late]
        ended = [row for row in told if (row[flag] is None if shape.gone else row[flag])]
        gone = {"gone_at": reading.started} if shape.gone else {}
        reading.touch(shape, [row[0] for row in told])
        reading.touch(shape, [row[0] for row in ended], **shape.end, **gone)
        reading.changed += len(ended)
        owners = {row[shape.place(shape.owner or "id")] for row in ended}
        if shape.owner == "customer":
            reading.wake_payers(owners)
        elif shape.facts:
            reading.woken |= owners
        _readable(reading, shape.entity, ids)


def _by_shape(items: Iterable[tuple[str, str]]) -> Iterable[tuple[Shape, list[str]]]:
    """The vendor ids of each kind that is mirrored; of other kinds there is nothing to mark."""
    for entity, shape in SHAPES.items():
        if ids := list({id: None for kind, id in items if kind == entity}):
            yield shape, ids


def unreadable(reading: Storing, items: Sequence[Unreadable]) -> None:
    """Keep what could not be read for a person; an invoice we had is held until it can be read again.

    So is whoever is billed for the customer of a payment or credit: it may cover what they owe.
    """
    latest = {(plain(item.entity, ENTITY), plain(item.id, ID)): item for item in items}
    whose: dict[tuple[str, str], str] = {}
    for shape, ids in _by_shape(latest):
        known, late = reading.known(shape, ids)
        for id in late:  # A later reading has read it well.
            del latest[shape.entity, id]
        if shape is INVOICE:
            _hold(reading, [row for id, row in known.items() if id not in late])
        elif shape.owner == "customer":
            for id in set(ids) - late:
                before = known[id][shape.place("customer")] if id in known else ""
                whose[shape.entity, id] = plain(latest[shape.entity, id].customer, ID) or before
    _put_aside(reading, latest, whose)


def _hold(reading: Storing, known: Sequence[tuple[Any, ...]]) -> None:
    status, owner = INVOICE.place("status"), INVOICE.place("account_id")
    reading.touch(INVOICE, [row[0] for row in known], status=InvoiceStatus.UNKNOWN.value, version="")
    changed = [row for row in known if row[status] != InvoiceStatus.UNKNOWN.value]
    reading.changed += len(changed)
    reading.woken |= {row[owner] for row in changed}


def _put_aside(
    reading: Storing, items: Mapping[tuple[str, str], Unreadable], whose: Mapping[tuple[str, str], str]
) -> None:
    """Written down once each, with the bytes last seen."""
    table: Any = UnreadableRow.__table__
    ids = {id for _, id in items}
    columns = (table.c.entity, table.c.external_id, table.c.id, table.c.seen_at, table.c.customer)
    mine = select(*columns).where(table.c.company_id == reading.company.id, table.c.external_id.in_(ids))
    known = {(entity, id): (key, seen_at, held) for entity, id, key, seen_at, held in reading.session.execute(mine)}
    nobodys = _of_erased(reading, items, whose)
    new, again = [], []
    moved: set[str] = set()
    for name, item in items.items():
        customer = whose.get(name, "")
        said = {"reason": plain(item.reason), "customer": customer, "seen_at": reading.started}
        said |= {"raw_sealed": None if name in nobodys else _sealed(reading, item.raw)}
        key, seen_at, held = known.get(name, (None, reading.started, ""))
        if key is None:
            named = {"company_id": reading.company.id, "entity": name[0], "external_id": name[1]}
            new.append({"uid": reading.rt.new_id(), **named, **said})
        elif seen_at <= reading.started:
            again.append({"key": key, **said})
        else:
            continue
        moved |= {customer, held} if customer != held else set()
    if new:
        reading.session.execute(insert(table), new)
    if again:
        reading.connection.execute(update(table).where(table.c.id == bindparam("key")), again)
    reading.wake_payers(moved - {""})


def _of_erased(
    reading: Storing, items: Iterable[tuple[str, str]], whose: Mapping[tuple[str, str], str]
) -> set[tuple[str, str]]:
    """Those that are about somebody who was erased, as far as it is known whose they are: their bytes are not kept."""
    about = {name: name[1] if name[0] == "customer" else whose.get(name, "") for name in items}
    ids = [id for entity, id in about if entity == "invoice"]
    theirs = select(Invoice.external_id, Invoice.customer).where(
        Invoice.company_id == reading.company.id, rows.among(reading.session, Invoice.external_id, ids)
    )
    about |= {("invoice", id): customer for id, customer in reading.session.execute(theirs)} if ids else {}
    nobodys = set(_erased(reading, Account.external_id, set(about.values()) - {""}))
    return {name for name, customer in about.items() if customer in nobodys}


def _sealed(reading: Storing, raw: bytes) -> bytes | None:
    return reading.rt.vault.seal(raw[:RAW]) if raw else None


def _readable(reading: Storing, entity: str, ids: Iterable[str]) -> None:
    """What was put aside of these before they could be read is over, and with it the hold on whose money it was."""
    ended = reading.session.scalars(
        delete(UnreadableRow)
        .where(
            UnreadableRow.company_id == reading.company.id,
            UnreadableRow.entity == entity,
            rows.among(reading.session, UnreadableRow.external_id, ids),
            UnreadableRow.seen_at <= reading.started,
        )
        .returning(UnreadableRow.customer)
        .execution_options(synchronize_session=False)
    )
    reading.wake_payers(set(ended) - {""})
