"""Every route with everybody's ids: what each part of a path names, whose rows there are, and what a request changed.

A route whose path names something that is not listed in `THINGS` or `WORDS` cannot be asked, and its test fails.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask import Flask
from sqlalchemy import Boolean, Integer, LargeBinary, insert, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from models import (
    Account,
    ApiToken,
    ApprovalRow,
    Arrangement,
    Attempt,
    AttemptLine,
    Base,
    BulkChange,
    CadenceDraft,
    CadenceOverride,
    CadenceVersion,
    Charge,
    Company,
    Contact,
    DataRequest,
    Deletion,
    Dispute,
    Draft,
    Effect,
    Extension,
    GuardedChange,
    Handover,
    HoldRow,
    Identity,
    Invitation,
    Invoice,
    Posting,
    Remark,
    Reversal,
    Reward,
    Rollout,
    SentFile,
    SignIn,
    Task,
    Terms,
    ToldRow,
    Touch,
    UnreadableRow,
    User,
    Wording,
)
from tests.cadences import DEFAULT
from tests.house import code
from tests.web.edges import NOW, PASSWORD
from tests.web.world import World

# What an argument names, by the part of the path before it. Whoever adds a route with a new one says here what it is.
THINGS: dict[str, type[Base]] = {
    "accounts": Account,
    "approvals": Draft,
    "approved": ApprovalRow,
    "arrange": Arrangement,
    "bookings": AttemptLine,
    "bulk": BulkChange,
    "by-hand": Effect,
    "changes": CadenceOverride,
    "charges": Charge,
    "companies": Company,
    "contacts": Contact,
    "deletions": Deletion,
    "customers": Account,
    "disputes": Dispute,
    "drafts": CadenceDraft,
    "files": SentFile,
    "handover": Handover,
    "invitations": Invitation,
    "invoices": Invoice,
    "late": Charge,
    "library": CadenceVersion,
    "messages": Touch,
    "more-time": Extension,
    "people": User,
    "postings": Posting,
    "proposals": Arrangement,
    "receipts": Attempt,
    "returned": Reversal,
    "rewards": Reward,
    "roll-outs": Rollout,
    "rows": UnreadableRow,
    "tasks": Task,
    "terms": Terms,
    "touches": Touch,
    "wordings": Wording,
}
# Arguments that name nobody's thing, each with a value that exists.
WORDS = {
    "kind": "xero",
    "secret": "none",
    "place": "1",
    "name": "default",
    "filename": "dunlin.css",
    "what": "promise",
    "picture": "none.svg",
}
WORDS |= {"language": "en", "way": "mail", "template": "late-12"}
WORDS |= {"listed": "customers.csv", "across": "desk.csv", "picture": "none.svg"}
# Fields of forms and queries that name somebody's thing.
FIELDS: dict[str, type[Base]] = {
    "account": Account,
    "api_token": ApiToken,
    "arrangement": Arrangement,
    "browser": SignIn,
    "change": GuardedChange,
    "company": Company,
    "extension": Extension,
    "hold": HoldRow,
    "identity": Identity,
    "invoice": Invoice,
    "line": AttemptLine,
    "person": User,
    "request": DataRequest,
    "remark": Remark,
    "told": ToldRow,
    "version": CadenceVersion,
}
# What else forms are filled in with, so that a request gets past its first check.
TYPED = {
    "amount": "1.00",
    "cause": "paused",
    "confirm": PASSWORD,
    "count": "2",
    "currency": "GBP",
    "day": "2026-12-01",
    "email": "new@example.com",
    "every": "month",
    "holder": "Somebody",
    "iban": "GB33BUKB20201555555555",
    "kind": "stripe",
    "name": "Somebody",
    "reason": "forgot",
    "role": "viewer",
    "shape": "iban",
    "until": "2026-12-01",
    "value": "on",
    "zone": "Europe/London",
}

# Columns that hold one of a few words, where a made row needs one of them.
CODES = {
    "level": "account",
    "cause": "paused",
    "currency": "GBP",
    "cadence_draft.source": DEFAULT,
    "charge.state": "shown",
    "wording.channel": "email",
    "wording.language": "en",
    "wording.template": "late-12",
    "extension.state": "asked",
    "effect.state": "sent",
}


@dataclass
class Tenant:
    """A practice with one row of each kind; `names` are words that only its own people may read."""

    practice: int
    company: Company
    account: Account
    owner: int
    clerk: int
    names: tuple[str, ...]
    sealed: bytes

    def uid(self, session: Session, kind: type[Base]) -> str:
        """The uid of its row of this kind, made if there is none."""
        table = kind.__table__
        if kind in (Company, Account):
            return str((self.company if kind is Company else self.account).uid)
        wanted = select(kind.uid).order_by(kind.id)  # type: ignore[attr-defined]
        for column, mine in self.keys().items():
            if column in table.c:
                wanted = wanted.where(table.c[column] == mine)
                break
        else:
            wanted = wanted.where(kind.uid == f"{table.name}-{self.practice}")  # type: ignore[attr-defined]
        found = session.scalars(wanted).first()
        return str(found or self._make(session, kind))

    def keys(self) -> dict[str, int]:
        """Columns that say whose a row is, the nearest first."""
        return {
            "account_id": self.account.id,
            "company_id": self.company.id,
            "practice_id": self.practice,
            "user_id": self.owner,
        }

    def _make(self, session: Session, kind: type[Base]) -> str:
        """A row in which every column that must be filled holds something plausible of this tenant's."""
        table = kind.__table__
        uid = f"{table.name}-{self.practice}"
        values: dict[str, Any] = {"uid": uid, **_codes(table)}
        for column in table.c:
            if column.name in values or column.name == "id":
                continue
            if column.foreign_keys:
                if not column.nullable or column.name in self.keys():
                    values[column.name] = self._key(session, column)
            elif not column.nullable and column.default is None:
                values[column.name] = uid if column.unique else _plausible(column, self.sealed)
        session.execute(insert(table).values(values))
        return uid

    def _key(self, session: Session, column: Any) -> Any:
        if column.name in self.keys():
            return self.keys()[column.name]
        (key,) = column.foreign_keys
        wanted = next(one.class_ for one in Base.registry.mappers if one.local_table is key.column.table)
        if wanted is User:
            return self.owner
        uid = self.uid(session, wanted)
        return session.scalars(select(wanted.id).where(wanted.uid == uid)).one()


def _codes(table: Any) -> dict[str, str]:
    words = {name.rpartition(".")[2]: word for name, word in CODES.items() if name.startswith(f"{table.name}.")}
    return {**{name: word for name, word in CODES.items() if name in table.c}, **words}


def _plausible(column: Any, sealed: bytes) -> Any:
    kind = column.type
    for of, value in ((Boolean, False), (Integer, 1), (LargeBinary, sealed)):
        if isinstance(kind, of):
            return value
    python = getattr(kind, "impl", kind).python_type
    plain: dict[type, Any] = {datetime: NOW, date: NOW.date(), time: time(9), list: [], dict: {}, int: 1, float: 1.0}
    return plain.get(python, column.name[:10])


def tenants(world: World) -> tuple[Tenant, Tenant]:
    """Harbour & Lane, and Elsewhere beside it, each with an owner and a clerk."""
    rt = world.rt
    harbour = world.practice, world.bramley, "Alder & Ash Kitchens", ("Bramley Joinery", "Alder", "Ann Harbour")
    elsewhere = world.other, world.foreign, "Foreign Customer", ("Somebody Else", "Foreign Customer", "Otto")
    made = []
    with rt.store.write() as session:
        for practice, company, account, names in (harbour, elsewhere):
            owner = session.scalars(select(User).where(User.practice_id == practice).order_by(User.id)).first()
            assert owner is not None
            clerk = User(
                uid=f"clerk-{practice}",
                practice_id=practice,
                email=f"clerk{practice}@example.com",
                name="Cleo Clerk",
                role="accountant",
                password_hash=owner.password_hash,
                created_at=NOW,
            )
            session.add(clerk)
            session.flush()
            one = Tenant(practice, company, world.accounts[account], owner.id, clerk.id, names, rt.vault.seal(b"{}"))
            for kind in {*THINGS.values(), *FIELDS.values()}:
                one.uid(session, kind)
            made.append(one)
    return made[0], made[1]


def things(rule: Rule) -> dict[str, type[Base]]:
    """What each argument of a rule names; KeyError for a part of a path that nobody has listed."""
    found, before = {}, ""
    for is_argument, word in _parts(rule):
        if is_argument and word not in WORDS and word != "token":
            found[word] = THINGS[before]
        before = before if is_argument else word
    return found


def _parts(rule: Rule) -> Iterator[tuple[bool, str]]:
    for part in rule.rule.strip("/").split("/"):
        inner = part[part.find("<") + 1 : part.find(">")] if "<" in part else ""
        yield (True, inner.rpartition(":")[2]) if inner else (False, part)


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def path(app: Flask, rule: Rule, given: dict[str, str], method: str) -> str:
    """The path of a rule with these arguments; words are filled in."""
    arguments = {name: given.get(name) or WORDS[name] for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("dunlin.example").build(rule.endpoint, arguments, method=method)


def fields(session: Session, whose: Tenant) -> dict[str, str]:
    """Every field any page asks for, those that name a thing with the tenant's own."""
    named = {name: whose.uid(session, kind) for name, kind in FIELDS.items()}
    return {**dict.fromkeys(_asked_for(), "1"), **TYPED, **named}


def _asked_for() -> set[str]:
    """Names of fields, from the code of the pages."""
    found = set()
    for file in code.python(tests=False):
        if file.parent.name == "web":
            for node in ast.walk(code.tree(file)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    first = node.args[0]
                    of_form = ast.unparse(node.func.value).split(".")[-1] in ("form", "args", "values")
                    if node.func.attr in ("get", "getlist") and of_form and isinstance(first, ast.Constant):
                        found.add(str(first.value))
    assert len(found) > 40
    return found


Rows = dict[str, set[tuple[Any, ...]]]


def snapshot(world: World) -> Rows:
    """All rows of all tables, as the database keeps them."""
    with world.rt.store.engine.connect() as connection:
        return {
            table.name: {
                tuple(row) for row in connection.exec_driver_sql(f'SELECT {_names(table)} FROM "{table.name}"')
            }
            for table in Base.metadata.sorted_tables
        }


def _names(table: Any) -> str:
    return ", ".join(f'"{column.name}"' for column in table.c)


def changed(before: Rows, after: Rows) -> list[tuple[str, dict[str, Any]]]:
    """(table, row) for every row that came, went or says something else."""
    return [
        (table.name, dict(zip(table.c.keys(), row, strict=True)))
        for table in Base.metadata.sorted_tables
        for row in before[table.name] ^ after[table.name]
    ]
