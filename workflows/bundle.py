"""The ZIP for an agency: statement, invoices as PDF, and everything in `dossier`, with a page that says what is in it.

It asks the ledger, outside of every transaction. What cannot be had is named; nothing is left out silently. It writes
nothing down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.money import Money, totals
from integrations.errors import OutsideError, Rejected
from integrations.ledgers.base import ENTITIES, Purpose
from models import Company, Invoice
from workflows import archive, documents, door, dossier, gather, reading, statements, ties
from workflows.calendars import today_of
from workflows.connections import with_ledger
from workflows.dossier import Books
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.typesetting import PaperError

# Each invoice's PDF is a call to the ledger while a person waits, and all of them must fit into one mail or upload.
MOST, ROOM, PATIENCE = 40, 20_000_000, timedelta(seconds=60)
README = "README.txt"
WHAT = {
    "statement.pdf": "every movement and what is open",
    "invoices/": "the open invoices as the ledger prints them",
    "contacts.csv": "who they are and how to reach them",
    "invoices.csv": "all invoices, the paid ones too",
    "payments.csv": "what was received",
    "credits.csv": "credit notes and money in hand",
    "messages/": "every message and letter, word for word",
    "calls.csv": "calls and letters by a person, and what came of them",
    "promises.csv": "days on which they said they would pay",
    "disputes.csv": "what they said was wrong, and the answers",
    "arrangements.csv": "payment in parts",
    "reasons.csv": "what they told us",
    "holds.csv": "when and why they were left alone",
    archive.INDEX: "the SHA-256 sum of each file",
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """`data` is the ZIP. `content` (JSON) has `as_of`, `read_at`, `open` and `credit` ([minor units, currency]),
    `files` ([name, size, SHA-256]), `missing` ([what, why]) and `last`, the newest row of each kind that is in it.
    """

    data: bytes
    content: dict[str, Any]


def read_again(rt: Runtime, company_id: int, account_id: int) -> str:
    """Have today's figures, every payment among them; "" when they are here, else a sentence why not."""
    with rt.store.read() as session:
        company, tie = session.get_one(Company, company_id), ties.active(session, company_id)
    try:
        if tie is not None and tie.cursor:
            with_ledger(rt, company_id, lambda ledger: reading.changes(rt, company, ledger, ENTITIES))
        door.read(rt, company_id, [account_id], Purpose.LOOK)
    except OutsideError as error:
        return f"The ledger could not be read just now. {error}"
    return ""


def make(rt: Runtime, account_id: int, unread: str) -> Bundle:
    """Gather it all. `unread` is why today's figures could not be read, "" when they were."""
    now = rt.clock.now()
    with rt.store.read() as session:
        found = dossier.books(session, account_id)
        files = dossier.files(rt, session, found)
        read_at = gather.account(rt, session, account_id, now).facts.read_at
    papers, missing = _papers(rt, found, now)
    missing = [*([("Today's figures", unread)] if unread else []), *missing]
    files |= papers
    open_sums = list(totals(one.balance for one in found.open).values())
    credit = list(totals(one for one in found.credit if one.minor > 0).values())
    content = {
        "as_of": now.isoformat(),
        "read_at": read_at.isoformat() if read_at else None,
        "open": [[one.minor, one.currency] for one in open_sums],
        "credit": [[one.minor, one.currency] for one in credit],
        "missing": [list(one) for one in missing],
        "last": last(found),
    }
    files[README] = _readme(found, content, files, now).encode()
    data = archive.packed(files, now)
    named = archive.unpacked(data)
    content["files"] = [[name, len(named[name]), archive.digest(named[name])] for name in sorted(named)]
    return Bundle(data, content)


def last(found: Books) -> dict[str, int]:
    """The newest row of each kind: what comes later is not in it."""
    kinds: Mapping[str, Sequence[Any]] = {
        "invoice": found.invoices,
        "payment": found.payments,
        "credit": found.credits,
    }
    return {name: max((one.id for one in rows), default=0) for name, rows in kinds.items()}


def _papers(rt: Runtime, found: Books, now: datetime) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The statement and the open invoices as PDF, and what of it cannot be had, each with its reason."""
    papers, missing = _statement(rt, found, now)
    able = documents.available(rt, found.company.id)
    stop = "" if able else "The ledger is not connected, or its permission does not cover documents."
    for place, invoice in enumerate(found.open):
        name = archive.new_name("invoices/", invoice.number, ".pdf", papers)
        why = stop or _no_more(rt, place, now)
        try:
            paper = b"" if why else documents.pdf(rt, invoice.id)
        except Refusal as refusal:
            paper, why = b"", str(refusal)
            # Unless it is about this invoice alone, the next call would meet the same, each after a long wait.
            stop = "" if isinstance(refusal.__cause__, Rejected | None) else why
        if not why and sum(map(len, papers.values())) + len(paper) > ROOM:
            why = f"There is no room for it: all papers together may have {ROOM // 1_000_000} MB."
        if why:
            missing.append((f"The invoice {invoice.number or 'without a number'} as PDF", why))
        else:
            papers[name] = paper
    return papers, missing


def _no_more(rt: Runtime, place: int, began: datetime) -> str:
    if place >= MOST:
        return f"Only the {MOST} invoices that are due longest are fetched."
    return "Fetching it would have taken too long." if rt.clock.now() - began > PATIENCE else ""


def _statement(rt: Runtime, found: Books, now: datetime) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """From the first invoice on; an invoice may be dated in the future."""
    today = today_of(found.company, now)
    first = min((one.issued for one in found.invoices), default=today)
    try:
        return {"statement.pdf": statements.pdf(rt, found.account.id, since=min(first, today))}, []
    except PaperError as error:
        return {}, [("The statement", str(error))]


def _readme(found: Books, content: Mapping[str, Any], files: Mapping[str, bytes], now: datetime) -> str:
    company, zone = found.company, found.company.zone or "UTC"
    read_at = datetime.fromisoformat(content["read_at"]) if content["read_at"] else None
    here = [f"  {name}: {words}" for name, words in WHAT.items() if _is_in(name, files)]
    lines = [
        f"{found.account.name}, customer of {company.name}{f' ({company.email})' if company.email else ''}",
        "",
        f"Put together on {dossier.moment(now, company)}; the ledger was last read on "
        f"{dossier.moment(read_at, company) or 'no day that we know'}.",
        f"Times are those of {zone}.",
        "",
        "What is open",
        *(f"  {_said(one)} on {_invoices(found.open, one)}" for one in _sums(content["open"])),
        *(f"  less {_said(one)} of open credit" for one in _sums(content["credit"])),
        "",
        "What is in it",
        *here,
        "",
        "What could not be had",
        *([f"  {what}: {why}" for what, why in content["missing"]] or ["  Nothing is missing."]),
        "",
        "Words and links",
        "  Messages stand as they were sent. Only the customer's own link to their payment page is blanked.",
        "  In the tables, text that begins like a formula has an apostrophe in front.",
        "  What was paid after this was put together is not in it; ask for what came since.",
    ]
    return "\n".join(lines) + "\n"


def _is_in(name: str, files: Mapping[str, bytes]) -> bool:
    return name == archive.INDEX or any(one == name or (name[-1] == "/" and one.startswith(name)) for one in files)


def _sums(pairs: Sequence[Sequence[Any]]) -> list[Money]:
    return [Money(minor, currency) for minor, currency in pairs]


def _said(amount: Money) -> str:
    return f"{amount.currency} {amount.decimal}"


def _invoices(rows: Sequence[Invoice], amount: Money) -> str:
    number = sum(one.currency == amount.currency for one in rows)
    return f"{number} invoice{'' if number == 1 else 's'}"
