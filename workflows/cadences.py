"""Which cadence is in force for whom: stored versions read, and what each level changes of them. Changes nothing."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.cadence import Anchor, Cadence
from core.inheritance import Level, Override, effective
from core.language import parse_cadence
from models import Account, CadenceOverride, CadenceVersion, Company

SHIPPED = Path(__file__).resolve().parent.parent / "templates" / "cadences"


@lru_cache(maxsize=256)
def parsed(source: str, parts: tuple[tuple[str, str], ...] = ()) -> Cadence:
    """The cadence of a stored text and of those it uses; stored texts never change, so the reading is kept."""
    return parse_cadence(source, dict(parts))


def uses(source: str) -> list[str]:
    """The names of the cadences that a text lends ladders from."""
    return list(tomllib.loads(source).get("uses", []))


def of_version(version: CadenceVersion) -> Cadence:
    """The cadence of a stored version: the same object every time."""
    return parsed(version.source, tuple(sorted(version.parts.items())))


_LENT: dict[str, Cadence] = {}


def with_parts(cadence: Cadence) -> Cadence:
    """With the shipped ladder about the parts of an arrangement, where it has none of its own: who agrees on parts is
    told that a word comes before each. The same cadence gets the same object.
    """
    if cadence.ladders[Anchor.INSTALMENT]:
        return cadence
    found = _LENT.get(cadence.fingerprint)
    if found is None:
        if len(_LENT) >= 256:
            _LENT.clear()
        lent = (step for step in shipped("arrangement").steps if cadence.step(step.name) is None)
        found = _LENT[cadence.fingerprint] = replace(cadence, steps=(*cadence.steps, *lent))
    return found


class Known:
    """The cadences of one company's accounts: its own, with what every level from practice to account changes of it.

    `given` is looked at as if it were the company's own, and `instead` as if it were changed already.
    """

    def __init__(
        self,
        session: Session,
        company: Company,
        given: Cadence | None = None,
        instead: CadenceOverride | None = None,
    ) -> None:
        self._session = session
        self._own = given or cadence_of(session, company)
        self._versions: dict[int, Cadence] = {}
        self._wide: list[Override] = []
        self._segments: dict[str, list[CadenceOverride]] = defaultdict(list)
        self._accounts: dict[int, list[CadenceOverride]] = defaultdict(list)
        rows = list(changed_for(session, company))
        if instead is not None:
            rows = [row for row in rows if scope_of(row) != scope_of(instead)] + [instead]
        for row in rows:
            if row.account_id is not None:
                self._accounts[row.account_id].append(row)
            elif row.segment:
                self._segments[row.segment].append(row)
            else:
                self._wide.append(Override(Level(row.level), row.fields))

    def of(self, account_id: int, segment: str) -> Cadence:
        """The cadence in force for an account: the nearest level that names one, changed by every level."""
        near = [*self._segments.get(segment, ()), *self._accounts.get(account_id, ())]
        chosen = [row.cadence_version_id for row in near if row.cadence_version_id is not None]
        base = self._version(chosen[-1]) if chosen else self._own
        return effective(base, [*self._wide, *(Override(Level(row.level), row.fields) for row in near)])

    def every(self) -> list[Cadence]:
        """Each cadence in force for somebody of the company, once. CadenceError when a change does not fit."""
        accounts = self._session.execute(
            select(Account.id, Account.segment).where(Account.id.in_(list(self._accounts)))
        )
        asked = [(0, ""), *((0, segment) for segment in self._segments), *((id, segment) for id, segment in accounts)]
        return list({one.fingerprint: one for one in (self.of(*about) for about in asked)}.values())

    def _version(self, id: int) -> Cadence:
        if id not in self._versions:
            self._versions[id] = _stored(self._session, id)
        return self._versions[id]


def scope_of(row: CadenceOverride) -> tuple[int | None, str, int | None]:
    """Whom a change is about: company, segment, account."""
    return row.company_id, row.segment, row.account_id


# Asked with every gathering, so they are made once.
_STORED = select(CadenceVersion.source, CadenceVersion.parts).where(CadenceVersion.id == bindparam("version"))
_CHANGED = (
    select(CadenceOverride)
    .where(
        CadenceOverride.practice_id == bindparam("practice"),
        CadenceOverride.company_id.is_(None) | (CadenceOverride.company_id == bindparam("company")),
    )
    .order_by(CadenceOverride.company_id.is_(None).desc(), CadenceOverride.id)
)


def changed_for(session: Session, company: Company) -> Sequence[CadenceOverride]:
    """What is changed for a company, its segments and its accounts, and for its whole practice."""
    return session.scalars(_CHANGED, {"practice": company.practice_id, "company": company.id}).all()


def cadence_of(session: Session, company: Company) -> Cadence:
    """The cadence a company's accounts have unless something is changed for them."""
    return _stored(session, company.cadence_version_id)


def _stored(session: Session, version_id: int) -> Cadence:
    source, parts = session.execute(_STORED, {"version": version_id}).one()
    return parsed(source, tuple(sorted(parts.items())))


@cache
def shipped_library() -> Mapping[str, str]:
    """The text of every shipped cadence, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.toml"))}


def shipped(name: str) -> Cadence:
    """A shipped cadence; KeyError when there is none of that name."""
    return parsed(shipped_library()[name], tuple(shipped_library().items()))
