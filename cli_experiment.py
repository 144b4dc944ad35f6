"""`flask experiment`: what a fair test of two cadences can tell, shown on tests that never were. It reads nothing and
prints.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import Any

import click

from cli import as_json, command, report
from core.insights.safe import ALPHA
from core.insights.scores import at_most
from core.insights.simulating import Alarms, Power, World, alarms, power

NOTE = (
    "Simulated, not measured: accounts whose invoices pay alike, two groups by hash, one look a day; "
    "the account is the unit."
)
_EFFECTS = (1.25, 1.5, 2.0, 3.0)


@click.group("experiment", epilog="Example: flask experiment simulate")
def experiment() -> None:
    """Fair tests of cadences."""


@command("simulate", "flask experiment simulate --accounts 500 --json")
@click.option("--tests", default=1000, show_default=True, type=click.IntRange(20, 20_000), help="Without a difference.")
@click.option("--accounts", default=300, show_default=True, type=click.IntRange(10, 5000), help="In each test.")
@click.option("--weeks", default=26, show_default=True, type=click.IntRange(4, 104), help="How long a test lasts.")
@click.option("--habit", default=1.0, show_default=True, type=click.FloatRange(0, 3), help="How much accounts differ.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same figures.")
@as_json
def simulate(tests: int, accounts: int, weeks: int, habit: float, seed: int, as_json: bool) -> None:
    """How often a daily look finds a difference where there is none, and how often one that is there."""
    world = World(accounts=accounts, weeks=weeks, habit=habit)
    found = alarms(world, tests, max(20, tests // 5), seed)
    curve = [power(replace(world, ratio=ratio), max(20, tests // 5), seed) for ratio in _EFFECTS]
    allowed = at_most(found.tests, ALPHA)
    report(figures(world, found, curve, allowed), as_json, _lines(world, found, curve, allowed))
    sys.exit(0 if found.alarms <= allowed else 1)


def figures(world: World, found: Alarms, curve: list[Power], allowed: int) -> dict[str, Any]:
    """The answer of `--json`; keys are stable."""
    return {
        "note": NOTE,
        "alpha": ALPHA,
        "accounts": world.accounts,
        "weeks": world.weeks,
        "tests": found.tests,
        "false_alarms": found.alarms,
        "allowed": allowed,
        "compared": found.compared,
        "false_alarms_ignoring_accounts": found.ignoring,
        "interval_held": found.held,
        "interval_held_ignoring_accounts": found.held_ignoring,
        "power": [{**asdict(one), "power": one.stopped / one.tests} for one in curve],
    }


def _lines(world: World, found: Alarms, curve: list[Power], allowed: int) -> list[str]:
    rows = [
        f"  {one.ratio:>5.2f}{one.days:>13.1f}{one.stopped / one.tests:>9.0%}"
        f"{'-' if one.weeks is None else f'{one.weeks:.0f}':>8}{one.wrong:>9}"
        for one in curve
    ]
    return [
        NOTE,
        "",
        f"{found.tests} tests without a difference, {world.accounts} accounts, {world.weeks} weeks: "
        f"{found.alarms} false alarms; up to {allowed} are allowed.",
        f"With each invoice a unit of its own: {found.ignoring} of {found.compared}.",
        f"The interval of the mean difference held 0 in {found.held} of {found.compared}, "
        f"with each invoice a unit of its own in {found.held_ignoring}.",
        "",
        "With a difference:",
        f"  {'ratio':>5}{'days sooner':>13}{'found':>9}{'weeks':>8}{'wrong':>9}",
        *rows,
    ]


experiment.add_command(simulate)


COMMANDS = (experiment,)
