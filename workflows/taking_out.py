"""What leaves Dunlin as a file: everything of a company as one ZIP, and a word in the log for every list taken.

It writes row by row and never holds a whole company in memory. What is sealed stays here, and so do the keys of a
customer's own page: whoever had one could act for them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import select

from models import AuditEvent, Company, Terms, Touch, User
from workflows import archive, audit, audit_reading, tables
from workflows.runtime import Runtime

_AT_ONCE = 200
# (file name, title, head, rows) of a list
Listed = tuple[str, str, Sequence[str], Iterable[tables.Row]]
_FILES = {
    "messages/": "every message as it was sent, as text (.txt) and as the mail looked (.html); the uid is in the list",
    "terms/": "the terms that were agreed on, also those that are not valid any more",
    "log/entries.jsonl": "the company's log, one entry a line, in the order of its chain",
    "log/links.csv": "the link of each entry",
    "log/check.py": "checks the log: python3 check.py",
    "index.json": "the SHA-256 sum of each file",
}


def note_list(rt: Runtime, company: Company, name: str, user_id: int) -> None:
    """Somebody took a list of this company."""
    with rt.store.write() as session:
        audit.record(rt, session, "list-taken", company.id, subject=company.uid, user=user_id, list=name)


def note_list_across(rt: Runtime, user: User, name: str) -> None:
    """Somebody took a list over all their companies."""
    with rt.store.write() as session:
        audit.record_practice(rt, session, "list-taken", user.practice_id, user.uid, user=user.id, list=name)


def everything(rt: Runtime, company: Company, user_id: int, lists: Sequence[Listed], file: IO[bytes]) -> None:
    """The ZIP; that it was taken is the last entry of the log in it."""
    with rt.store.write() as session:
        audit.record(rt, session, "company-taken", company.id, subject=company.uid, user=user_id)
    audit.link_all(rt)
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        into = _Packing(rt, packed)
        for name, _, head, rows in lists:
            into.add(f"lists/{name}.csv", tables.lines(head, rows))
        for name, body in _messages(rt, company.id):
            into.add(name, [body])
        for name, body in _terms(rt, company.id):
            into.add(name, [body])
        into.add("log/entries.jsonl", _entries(rt, company.id))
        into.add("log/links.csv", _links(rt, company.id))
        into.add("log/check.py", [audit_reading.CHECK.encode()])
        into.add("README.txt", [_readme(rt, company, lists).encode()])
        into.add(archive.INDEX, [json.dumps({"sha256": dict(into.sums)}, indent=1, sort_keys=True).encode()])


def without_links(rt: Runtime, text: str) -> str:
    """A message without the customer's own way into their payment page."""
    return re.sub(re.escape(rt.public_url) + r"/p/[^\s>)<\"'&]+", f"{rt.public_url}/p/…", text)


class _Packing:
    """Files going into a ZIP piece by piece; `sums` are their SHA-256."""

    def __init__(self, rt: Runtime, packed: ZipFile) -> None:
        now = rt.clock.now().astimezone(UTC)
        self._stamp = (max(now.year, 1980), now.month, now.day, now.hour, now.minute, now.second)
        self._packed, self.sums = packed, dict[str, str]()

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        entry, digest = ZipInfo(name, self._stamp), hashlib.sha256()
        entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 3, 0o600 << 16
        with self._packed.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        self.sums[name] = digest.hexdigest()


def _messages(rt: Runtime, company_id: int) -> Iterator[tuple[str, bytes]]:
    wanted = (
        select(Touch.day, Touch.uid, Touch.subject, Touch.text, Touch.html)
        .where(Touch.company_id == company_id)
        .order_by(Touch.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    with rt.store.read() as session:
        for day, uid, subject, text, html in session.execute(wanted):
            yield f"messages/{day}-{uid}.txt", without_links(rt, f"Subject: {subject}\n\n{text}").encode()
            if html:
                yield f"messages/{day}-{uid}.html", without_links(rt, html).encode()


def _terms(rt: Runtime, company_id: int) -> Iterator[tuple[str, bytes]]:
    wanted = select(Terms).where(Terms.company_id == company_id).order_by(Terms.id).execution_options(yield_per=1)
    with rt.store.read() as session:
        for one in session.scalars(wanted):
            stem = f"terms/{one.valid_from}-{one.uid}"
            yield (f"{stem}.pdf", one.pdf) if one.pdf else (f"{stem}.txt", f"{one.title}\n\n{one.text}".encode())


def _chained(company_id: int, *columns: Any) -> Any:
    mine = AuditEvent.company_id == company_id, AuditEvent.sequence.is_not(None)
    return select(*columns).where(*mine).order_by(AuditEvent.sequence).execution_options(yield_per=_AT_ONCE)


def _entries(rt: Runtime, company_id: int) -> Iterator[bytes]:
    with rt.store.read() as session:
        opener = audit_reading.Opener(rt.vault, session)
        for row in session.scalars(_chained(company_id, AuditEvent)):
            yield json.dumps(audit_reading.line(row, opener.said(row)), sort_keys=True).encode() + b"\n"


def _links(rt: Runtime, company_id: int) -> Iterator[bytes]:
    yield b"sequence,link\r\n"
    with rt.store.read() as session:
        for place, link in session.execute(_chained(company_id, AuditEvent.sequence, AuditEvent.link)):
            written = io.StringIO(newline="")
            csv.writer(written).writerow([place, link])
            yield written.getvalue().encode()


def _readme(rt: Runtime, company: Company, lists: Sequence[Listed]) -> str:
    files = {f"lists/{name}.csv": f"{title}: {', '.join(head)}" for name, title, head, _ in lists}
    return README.format(
        company=company.name,
        at=rt.clock.now().isoformat(timespec="minutes"),
        zone=company.zone or "UTC",
        files="\n".join(f"{name}\n    {words}" for name, words in {**files, **_FILES}.items()),
    )


README = """\
Everything of {company}
as Dunlin had it at {at}. Moments are those of {zone}, with their offset; days are written year-month-day.

What is in it
-------------

{files}

The columns are explained in docs/exports.md. In the tables, text that a spreadsheet could take for a formula has an
apostrophe in front.

How to check the log with nothing but SHA-256
---------------------------------------------

1. An entry is what was sealed then: the SHA-256 of "sealed", as text, is "payload_hash".
2. An entry is in its place: join these with | between them, in this order:
   previous, sequence, uid, company_id, account_id, at, kind, subject, payload_hash
   The SHA-256 of that is "link".
3. An entry follows the one before: "previous" is the link of sequence - 1.

"says" is what "sealed" opens to; null where a customer was erased and the key destroyed.

What is not in it
-----------------

The permission at the ledger, keys of processors and the password of a mailbox, and bank details that wait to be
changed: they are sealed, and of use to nobody but this installation.
Rows as the ledger sent them and what vendors reported: sealed, and they may name others.
Files that customers sent, and hand-overs to agencies: sealed; they are downloaded customer by customer.
Links to customers' own pages: whoever has one could act for them, so each is cut short in the messages.
Receipts and statements: they are made anew from the same figures whenever they are asked for.
"""
