"""`flask why`: what was decided about a customer on a day, and why. It reads and prints; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from sqlalchemy import select

from cli import as_json, command, companies, report, runtime
from models import Account, Company
from web import daybook, formats
from workflows import why
from workflows.errors import Refusal
from workflows.runtime import Runtime


@command("why", "flask why --account 'Alder & Ash Kitchens' --day 2026-11-03")
@click.option("--account", required=True, help="The customer, by name or uid.")
@click.option("--company", help="Look only in this company, by name or uid.")
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, such as 2026-11-03.")
@as_json
def why_now(account: str, company: str | None, day: datetime, as_json: bool) -> None:
    """What a customer heard on a day, what not, and why. A day to come is worked out as if nothing else happened."""
    with runtime() as (_, rt):
        row, owner = _account(rt, account, companies(rt, company))
        found = why.why(rt, row.id, day.date())
    told = daybook.told(found, owner)
    shown: dict[str, Any] = {"account": row.name, "uid": row.uid, "company": owner.name, "day": found.day}
    shown |= {"source": found.source, "numbers": found.numbers, "answers": [asdict(one) for one in found.answers]}
    shown |= {"heard": [asdict(one) for one in found.heard], "unsaid": [asdict(one) for one in found.unsaid]}
    shown["words"] = asdict(told)
    report(shown, as_json, [f"{row.name}, {owner.name}, {formats.long_day(found.day, owner)}", *_lines(told)])


def _account(rt: Runtime, wanted: str, within: list[Company]) -> tuple[Account, Company]:
    """The one customer of that name or uid. Refusal when there is none, or more than one."""
    owners = {one.id: one for one in within}
    with rt.store.read() as session:
        rows = session.scalars(
            select(Account).where(
                Account.company_id.in_(owners),
                (Account.uid == wanted) | (Account.name == wanted),
                Account.gone_at.is_(None),
            )
        ).all()
    if not rows:
        raise Refusal(f"There is no customer {wanted!r}; give the name as in the ledger, or the uid.")
    if len(rows) > 1:
        several = ", ".join(f"{one.uid} ({owners[one.company_id].name})" for one in rows)
        raise Refusal(f"There are {len(rows)} customers {wanted!r}; give one by uid: {several}.")
    return rows[0], owners[rows[0].company_id]


def _lines(told: daybook.DayTold) -> Iterator[str]:
    yield told.source
    for one in told.heard:
        yield f"{one.when}  {one.sentence} {one.behind}".rstrip()
    for one in told.unsaid:
        yield f"{one.when}  {one.sentence} {one.behind}".rstrip()
    for standing in told.standing:
        yield f"Since {standing.since}:"
        yield from (f"  to be said: {words}" for words in standing.wanted)
        for silence in standing.silences:
            about = f"{silence.about}: " if silence.about else ""
            yield f"  {about}{silence.label}. {silence.sentence} {silence.ends}".rstrip()
        if not standing.wanted and not standing.silences:
            yield "  Nothing was open."


COMMANDS = (why_now,)
