"""`python -m bench sync`: a first reading of a whole book, ours beside the SDKs with the ORM, Singer taps and a floor.

Each runs in a process of its own against the same page server. Only ratios of one run on one machine mean anything.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bench import environments
from bench.child import Job
from bench.children import Failed, Figure, Server, measure, served

KINDS, DATABASES = ("quickbooks", "xero"), ("sqlite", "postgres")
SDK_ROWS = 10_000
NAMES = {"ours": "ours", "floor": "floor", "sdk": "SDK models + session.merge", "tap": "Singer tap to /dev/null"}
AIMS = {"floor": "at least 0.5", "sdk": "at least 10", "tap": "at least 3"}
PREFACE = """\
A first reading of {rows:,} invoices, medians of {repeat} run(s). "ours/this" is our invoices a second over theirs: a
ratio of this one run on this machine, and no figure here means more. "by CPU" is the same in processor time of the
reader's process alone, without the database server's: on a busy machine it is the better one. The page server has a
process of its own and no limits; our own limits are lifted. The SDK side reads {some:,} invoices and is scaled. The
taps store nothing, which is an advantage for them, and cannot ask for less than whole rows; tap-xero reads pages of
100 rows, tap-quickbooks, like everybody else, of 1,000."""
COLUMNS = (
    ("", "<28", lambda one, _: NAMES[one.what]),
    ("invoices", ">9,", lambda one, _: one.rows),
    ("a second", ">10,.0f", lambda one, _: one.rate),
    ("ours/this", ">11.2f", lambda one, ours: ours.rate / one.rate),
    ("aim", ">14", lambda one, _: AIMS.get(one.what, "")),
    ("peak MB", ">9.0f", lambda one, _: one.peak_mb),
    ("CPU s", ">8.1f", lambda one, _: one.cpu),
    ("by CPU", ">8.2f", lambda one, ours: one.cpu / one.rows / ours.cpu * ours.rows),
    ("calls", ">8,", lambda one, _: one.calls),
    ("a call", ">8,.0f", lambda one, _: one.rows / one.calls),
    ("ms a call", ">11.1f", lambda one, _: 1000 * one.seconds / one.calls),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options, as `options` describes them."""

    rows: int
    repeat: int
    kind: str | None
    database: str | None
    only: list[str] | None
    profile: bool


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=100_000, help="invoices in the book (default 100,000)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; medians are shown (default 1)")
    parser.add_argument("--kind", choices=KINDS, help="this ledger only")
    parser.add_argument("--database", choices=DATABASES, help="this database only")
    parser.add_argument("--only", choices=list(NAMES), action="append", help="ours and these only")
    parser.add_argument("--profile", action="store_true", help="then run ours once more and show where its time goes")


def main(**given: Any) -> None:
    asked = Asked(**given)
    print(PREFACE.format(rows=asked.rows, repeat=asked.repeat, some=min(SDK_ROWS, asked.rows)))
    for kind in (asked.kind,) if asked.kind else KINDS:
        with served(kind, asked.rows) as server:
            _one_ledger(Job("ours", kind, "", "", "", asked.rows), server, asked)


def _one_ledger(job: Job, server: Server, asked: Asked) -> None:
    """A table for each database; what cannot be measured here says so in a line."""
    wanted = set(asked.only or NAMES)
    tap = _tap(job, server, asked.repeat) if "tap" in wanted else []
    for backend in (asked.database,) if asked.database else DATABASES:
        try:
            smaller = measure(replace(job, rows=asked.rows // 5), server, backend, repeat=asked.repeat)
            ours = measure(job, server, backend, repeat=asked.repeat)
            others = [
                measure(replace(job, what=what, rows=rows), server, backend, repeat=asked.repeat)
                for what, rows in (("floor", asked.rows), ("sdk", min(SDK_ROWS, asked.rows)))
                if what in wanted
            ]
            _show(f"{job.kind} into {backend}", ours, smaller, [*others, *tap])
            if asked.profile:
                print(measure(replace(job, profile=True), server, backend).profile)
        except (Failed, pytest.skip.Exception) as why:
            print(f"\n{job.kind} into {backend}: not measured. {why}")


def _tap(job: Job, server: Server, repeat: int) -> list[Figure]:
    """The tap's figure; none, and one line why, where it cannot be had."""
    try:
        return [
            measure(
                replace(job, what="tap"),
                server,
                interpreter=str(environments.python(environments.TAPS[job.kind])),
                repeat=repeat,
            )
        ]
    except Failed as why:
        print(f"\n{job.kind}: no figure for the Singer tap. {why}")
        return []


def _show(title: str, ours: Figure, smaller: Figure, others: list[Figure]) -> None:
    width = {form: form.rstrip("f").split(".")[0].rstrip(",") for _, form, _ in COLUMNS}
    print(f"\n{title:{width[COLUMNS[0][1]]}}" + "".join(f"{name:{width[form]}}" for name, form, _ in COLUMNS[1:]))
    for one in (ours, *others):
        print("".join(f"{value(one, ours):{form}}" for _, form, value in COLUMNS))
    print(
        f"Memory of ours: {smaller.before_mb:.0f} MB before, at the highest {smaller.peak_mb:.0f} MB for "
        f"{smaller.rows:,} invoices and {ours.peak_mb:.0f} MB for {ours.rows:,}."
    )
