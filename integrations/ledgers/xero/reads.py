"""What is read of one Xero organisation, with which calls and why so few.

It stores nothing and decides nothing; how lists are taken apart is the affair of `lists.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from msgspec import Raw

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import DepositAccount, LedgerCompany, Page, Purpose
from integrations.ledgers.xero import cursors, mapping, structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.lists import (
    CREDITS,
    CUSTOMERS,
    INVOICES,
    OPEN,
    OTHERS,
    PAYMENTS,
    Ask,
    Kind,
    Reading,
    decoded,
    items,
    listed,
)

IDS_PER_CALL = 40  # more ids make the address too long for Xero
NAMES_PER_FILTER = 20  # the same, where each id takes a clause of a filter
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KINDS: dict[str, tuple[Kind, ...]] = {
    "customer": (CUSTOMERS,),
    "invoice": (INVOICES,),
    "payment": (PAYMENTS,),
    "credit": CREDITS,
}

_STILL_OPEN = [Ask(kind, 'Status=="AUTHORISED"') for kind in CREDITS]


def company(client: Client) -> LedgerCompany:
    envelope = decoded(client.read(Purpose.COMPANY, "get_organisations"))
    rows, unread = items(
        listed(envelope, "Organisations"), structs.Organisation, mapping.company, "company", "OrganisationID"
    )
    if unread or not rows:
        raise Transient("Xero did not describe the organisation; it will be asked again.", 300)
    return replace(rows[0], own_reminders=_reminders(client))


def _reminders(client: Client) -> bool | None:
    """Whether Xero itself reminds; None when it does not let us know."""
    try:
        envelope = decoded(client.read(Purpose.COMPANY, "get_invoice_reminders"))
    except Rejected:
        return None
    said = [one.Enabled for raw in envelope.InvoiceReminders or [] if (one := structs.loose(raw, structs.Reminders))]
    return any(said) if None not in said and said else None


def deposit_accounts(client: Client) -> tuple[DepositAccount, ...]:
    return items(_accounts(client), structs.Account, mapping.deposit_account, "account", "AccountID")[0]


def income_choices(client: Client) -> tuple[DepositAccount, ...]:
    return items(_accounts(client), structs.Account, mapping.income_choice, "account", "AccountID")[0]


def expense_choices(client: Client) -> tuple[DepositAccount, ...]:
    return items(_accounts(client), structs.Account, mapping.expense_choice, "account", "AccountID")[0]


def _accounts(client: Client) -> list[Raw]:
    return listed(decoded(client.read(Purpose.COMPANY, "get_accounts", where='Status=="ACTIVE"')), "Accounts")


def snapshot(client: Client, since: date, mark: str = "") -> Iterator[Page]:
    """Everything a first sync needs. All open invoices and all sales credits come, however old; the rest from `since`.

    Run again from time to time, it also finds what Xero changes without a new time stamp: due dates of part-paid
    invoices. A mark says how far it got; `total` grows as list after list is begun.
    """
    from_then = f"Date>=DateTime({since.year},{since.month:02},{since.day:02})"
    reading = Reading(client, Purpose.SNAPSHOT, f"{since.isoformat()}T00:00:00+00:00")
    asks = [
        Ask(CUSTOMERS),
        Ask(INVOICES, options={"statuses": OPEN}),
        Ask(INVOICES, from_then, {"statuses": OTHERS}),  # open ones were just read
        Ask(PAYMENTS, from_then),
        *map(Ask, CREDITS),
    ]
    yield from reading.pages(asks, mark)
    yield Page(cursor=reading.cursor)


def changes(client: Client, cursor: str, wanted: Collection[str]) -> Iterator[Page]:
    """Every wanted kind of row changed since five minutes before `cursor`, in all statuses: PAID and VOIDED arrive too.

    A call for each kind, three for credit. Terms stand at the customers.
    """
    place, times = cursors.read(cursor), dict[str, str]()
    for entity, kinds in _KINDS.items():
        if _asked(entity, wanted):
            reading = Reading(client, Purpose.CHANGES, place.times[entity].isoformat(), place.since(entity))
            yield from _unmarked(reading, [Ask(kind) for kind in kinds])
            times[entity] = reading.cursor
    yield Page(cursor=place.moved(times))


def _asked(entity: str, wanted: Collection[str]) -> bool:
    return entity in wanted or (entity == "customer" and "term" in wanted)


def door(client: Client, cursor: str, customers: Sequence[str], purpose: Purpose) -> Iterator[Page]:
    """Fresh address, balances and credit of `customers`: one to four calls, and two more for every forty of them.

    Their open invoices are read whole: a new due date of a part-paid invoice does not show as a change. What has left
    the list of open invoices, paid or voided, and all credit, which Xero cannot list by customer, is read as the
    organisation's changes since the cursor, and the customers by their names; each is spared where the cursor says that
    its changes were read a moment ago. Payments are not read, as the invoice's balance says the same.
    """
    place, whole, real = cursors.read(cursor), Reading(client, purpose), _uuids(customers)
    chunks = [real[at : at + IDS_PER_CALL] for at in range(0, len(real), IDS_PER_CALL)]
    for ids in chunks:
        yield from _unmarked(whole, [Ask(INVOICES, options={"statuses": OPEN, "contact_i_ds": ids})])
    if not place.is_just_read("customer", whole.cursor):
        yield from _unmarked(whole, [Ask(CUSTOMERS, options={"i_ds": ids}) for ids in chunks])
    for entity in ("invoice", "credit"):
        if not place.is_just_read(entity, whole.cursor):
            changed = Reading(client, purpose, since=place.since(entity))
            yield from _unmarked(changed, [Ask(kind) for kind in _KINDS[entity]])


def sweep(client: Client) -> Iterator[Page]:
    """Every open invoice and open credit. Contacts are left out: whatever changes about them, their stamp moves."""
    reading = Reading(client, Purpose.SWEEP)
    yield from _unmarked(reading, [Ask(INVOICES, options={"statuses": OPEN}), *_STILL_OPEN])


def named(client: Client, entity: str, ids: Sequence[str], purpose: Purpose) -> Iterator[Page]:
    """These rows whatever their state. What Xero does not answer with is told as deleted."""
    if entity == "credit":
        yield from _open_credit(client, ids, purpose)
        return
    if entity not in ("customer", "invoice", "payment"):
        raise Rejected(f"Xero cannot be asked for a {entity} by its id.", "entity")
    real = _uuids(ids)
    yield from _deleted(entity, set(ids) - set(real))
    size = NAMES_PER_FILTER if entity == "payment" else IDS_PER_CALL
    for at in range(0, len(real), size):
        yield from _some(client, entity, real[at : at + size], purpose)


def _some(client: Client, entity: str, ids: Sequence[str], purpose: Purpose) -> Iterator[Page]:
    [kind] = _KINDS[entity]
    if entity == "payment":  # has no list of ids, only a filter; and that may have OR or AND, not both
        ask = Ask(replace(kind, where=" OR ".join(f'PaymentId==guid("{id}")' for id in ids)))
    else:
        ask = Ask(kind, options={"i_ds": list(ids)})
    seen: set[str] = set()
    for page in _unmarked(Reading(client, purpose), [ask]):
        for rows in (page.customers, page.invoices, page.payments, page.unreadable):
            seen |= {row.id.lower() for row in rows}
        yield page
    if "" not in seen:  # else one of them is there, but could not even say which it is
        yield from _deleted(entity, {id for id in ids if id.lower() not in seen})


def _open_credit(client: Client, ids: Sequence[str], purpose: Purpose) -> Iterator[Page]:
    """Xero lists credit by no ids: all that is open is read, and of any other nothing is left."""
    seen: set[str] = set()
    for page in _unmarked(Reading(client, purpose), _STILL_OPEN):
        seen |= {row.id for rows in (page.credits, page.unreadable) for row in rows}
        yield page
    if "" not in seen:
        yield from _deleted("credit", set(ids) - seen)


def _deleted(entity: str, ids: Collection[str]) -> Iterator[Page]:
    if ids:
        yield Page(deleted=tuple((entity, id) for id in sorted(ids)))


def _unmarked(reading: Reading, asks: list[Ask]) -> Iterator[Page]:
    """Only a snapshot is long enough to be gone on with later."""
    for page in reading.pages(asks):
        yield replace(page, mark="", total=None)


def _uuids(ids: Sequence[str]) -> list[str]:
    """Those that can be ids of Xero's; anything else would make it refuse the whole call."""
    return [id for id in ids if _UUID.fullmatch(id)]
