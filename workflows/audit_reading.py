"""The log for people: entries opened and in order, and a file of one account's entries that can be checked by hand.

It reads; who took a file is written down as an entry of its own. Words for the screen are made on display.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Account, AuditEvent, AuditHead, AuditKey, Company
from workflows import archive, audit
from workflows.runtime import Runtime
from workflows.vault import Vault, VaultError, unseal_with

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it can be shown: `said` is None once its key was destroyed; `user_id` is the person who did it.

    `sequence` is None until the clock has chained it.
    """

    sequence: int | None
    at: datetime
    kind: str
    subject: str
    account_id: int | None
    user_id: int | None
    said: Mapping[str, Any] | None


def of_account(rt: Runtime, session: Session, account: Account, number: int) -> tuple[list[Entry], int]:
    """One page of an account's entries, the newest first, and how many there are."""
    return _page(rt, session, AuditEvent.account_id == account.id, number)


def of_company(rt: Runtime, session: Session, company: Company, number: int) -> tuple[list[Entry], int]:
    """The same for a whole company, its accounts' entries among them."""
    return _page(rt, session, AuditEvent.company_id == company.id, number)


def of_practice(rt: Runtime, session: Session, practice_id: int, number: int) -> tuple[list[Entry], int]:
    """The same for what concerns no company."""
    return _page(rt, session, AuditEvent.practice_id == practice_id, number)


def _page(rt: Runtime, session: Session, mine: ColumnElement[bool], number: int) -> tuple[list[Entry], int]:
    total = session.scalar(select(func.count()).select_from(AuditEvent).where(mine)) or 0
    newest = select(AuditEvent).where(mine).order_by(AuditEvent.id.desc()).offset((number - 1) * PAGE).limit(PAGE)
    opener = Opener(rt.vault, session)
    return [opener.entry(row) for row in session.scalars(newest)], total


@dataclass(slots=True)
class Opener:
    """Opens payloads; a key is fetched once."""

    vault: Vault
    session: Session
    keys: dict[tuple[int | None, ...], bytes | None] = field(default_factory=dict)

    def entry(self, row: AuditEvent) -> Entry:
        said = self.said(row)
        user = (said or {}).get("user", (said or {}).get("owner"))
        return Entry(
            row.sequence, row.at, row.kind, row.subject, row.account_id, user if isinstance(user, int) else None, said
        )

    def said(self, row: AuditEvent) -> dict[str, Any] | None:
        """None where the key was destroyed, or is not the one it was sealed with: sealed after an erasure."""
        whose = (row.practice_id, row.company_id, row.account_id)
        if whose not in self.keys:
            names = ("practice_id", "company_id", "account_id")
            found = self.session.scalars(select(AuditKey).filter_by(**dict(zip(names, whose, strict=True)))).first()
            sealed = found.key_sealed if found else None
            self.keys[whose] = self.vault.unseal(sealed) if sealed else None
        key = self.keys[whose]
        try:
            opened: dict[str, Any] | None = json.loads(unseal_with(key, row.payload_sealed)) if key else None
        except VaultError:
            return None
        return opened


def taken(rt: Runtime, account_id: int, user_id: int) -> bytes:
    """All entries of an account as a ZIP with how to check them; that it was taken is the last entry in it."""
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        audit.record(rt, session, "log-taken", account.company_id, account_id, account.uid, user=user_id)
    audit.link_all(rt)
    with rt.store.read() as session:
        rows = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.account_id == account_id, AuditEvent.sequence.is_not(None))
            .order_by(AuditEvent.sequence)
        ).all()
        opener = Opener(rt.vault, session)
        lines = [json.dumps(line(row, opener.said(row)), sort_keys=True) for row in rows]
        company_id = session.get_one(Account, account_id).company_id
        files = {
            "entries.jsonl": "\n".join([*lines, ""]).encode(),
            "links.csv": _links(session, company_id, [row.sequence or 0 for row in rows]),
            "README.txt": README.encode(),
            "check.py": CHECK.encode(),
        }
    return archive.packed(files, rt.clock.now())


def line(row: AuditEvent, said: Mapping[str, Any] | None) -> dict[str, Any]:
    """An entry as it stands in a file: all that its link is made of, and what it says."""
    names = ("sequence", "uid", "company_id", "account_id", "kind", "subject", "payload_hash", "previous", "link")
    return {
        **{name: getattr(row, name) for name in names},
        "at": row.at.isoformat(),
        "sealed": row.payload_sealed.decode(),
        "says": said,
    }


def _links(session: Session, company_id: int, places: Sequence[int]) -> bytes:
    """The links of these entries, of their neighbours, and of the end of the company's chain."""
    head = session.scalars(select(AuditHead).where(AuditHead.company_id == company_id)).one()
    near = {one for place in places for one in (place - 1, place, place + 1)} | {head.sequence}
    known = session.execute(
        select(AuditEvent.sequence, AuditEvent.link)
        .where(AuditEvent.company_id == company_id, AuditEvent.sequence.is_not(None))
        .order_by(AuditEvent.sequence)
    )
    return _csv((place, link) for place, link in known if place in near)


def _csv(rows: Iterable[tuple[Any, ...]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([("sequence", "link"), *rows])
    return written.getvalue().encode()


README = """\
The log of one customer
=======================

entries.jsonl  every entry about this customer, one a line, in the order of the company's log
links.csv      the links of these entries, of their neighbours in the company's log, and of its end
check.py       does all that is written below; it needs nothing but Python 3: python3 check.py
index.json     the SHA-256 sum of each file

How to check it by hand, with nothing but SHA-256
-------------------------------------------------

1. An entry is what was sealed then: the SHA-256 of "sealed", as text, is "payload_hash".
2. An entry is in its place: join these with | between them, in this order:
   previous, sequence, uid, company_id, account_id, at, kind, subject, payload_hash
   The SHA-256 of that is "link".
3. An entry follows the one before: "previous" is the link of sequence - 1 in links.csv.
4. Between two entries of this customer stand entries of others, of which only the links are here. Every link contains
   the one before it, so none of them could be changed, added or taken out without changing every link after it. Two
   files taken at different times must therefore agree wherever both have the same sequence.

What this file alone does not show
----------------------------------

That no other log was ever written. Whoever has the installation and its keys could write one anew, with other links.
Keep the last line of links.csv somewhere else: no log written anew will have that link in that place. The installation
also proves its log under a key that is not in its database: flask audit verify.

"says" is what "sealed" opens to. Only who has the customer's key can open it; the practice can show that on request.
Where "says" is null the customer was erased and the key destroyed: what stood there nobody can read any more, and the
links hold as before.
"""

CHECK = '''\
"""Checks the entries beside this file: python3 check.py"""
import csv, hashlib, json, pathlib

here = pathlib.Path(__file__).parent
links = {int(row["sequence"]): row["link"] for row in csv.DictReader((here / "links.csv").open(newline=""))}
names = "previous sequence uid company_id account_id at kind subject payload_hash".split()
wrong = []
entries = [json.loads(line) for line in (here / "entries.jsonl").read_text().splitlines()]
for entry in entries:
    place = entry["sequence"]
    if hashlib.sha256(entry["sealed"].encode()).hexdigest() != entry["payload_hash"]:
        wrong.append(f"Entry {place} was not sealed like this.")
    if hashlib.sha256("|".join(str(entry[name]) for name in names).encode()).hexdigest() != entry["link"]:
        wrong.append(f"Entry {place} does not fit its link.")
    if links.get(place) != entry["link"] or links.get(place - 1, entry["previous"]) != entry["previous"]:
        wrong.append(f"Entry {place} is not in its place.")
print("\\n".join(wrong) or f"{len(entries)} entries fit.")
raise SystemExit(bool(wrong))
'''
