"""`flask prove`: does a cadence keep its promises to every account there can be? If not, the story that shows it.

It reads a file and prints. It needs no database and no settings, and changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cli import as_json, command, report
from core.cells import decode
from core.proof import PROMISED, Counterexample, Proof
from workflows import backtests, proofs
from workflows.clock import SystemClock


@command("prove", "flask prove own.toml --country GB --zone Europe/London")
@click.argument("cadence", metavar="CADENCE.toml", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--country", default="", help="Whose public holidays and limits count, such as GB.")
@click.option("--region", default="", help="Whose within the country, such as SCT.")
@click.option("--zone", default="UTC", show_default=True, help="The company's time zone, such as Europe/London.")
@click.option("--year", type=click.IntRange(2000, 2100), help="The year to go through day by day; else this one.")
@as_json
def prove(cadence: Path, country: str, region: str, zone: str, year: int | None, as_json: bool) -> None:
    """Prove for all accounts, not samples, what a cadence can never do, or print how it could."""
    read = backtests.cadence_named(cadence.name, decode(cadence.read_bytes()))
    proof = proofs.in_country(read, country.upper(), region.upper(), zone, year or SystemClock().now().year)
    report(_figures(proof), as_json, list(_lines(proof)))
    sys.exit(0 if proof.holds else 1)


def _lines(proof: Proof) -> Iterator[str]:
    """A line for each promise, the stories below the broken ones, and the warnings last."""
    for promise, found in proof.promises.items():
        if isinstance(found, Counterexample):
            yield f"BROKEN  {PROMISED[promise]}"
            yield from (f"          {scene}" for scene in found.story)
        else:
            yield f"proved  {PROMISED[promise]} ({found.states:,} states)"
    yield from (f"warning {words}" for words in proof.warnings)
    if proof.holds:
        yield f"{proof.cadence} keeps its promises to every account. What is assumed: docs/proof.md."
    else:
        yield f"{proof.cadence} must not go live."


def _figures(proof: Proof) -> dict[str, Any]:
    """The answer of `--json`; keys are stable."""
    promises = [
        {
            "promise": promise.value,
            "words": PROMISED[promise],
            "proved": not isinstance(found, Counterexample),
            "states": 0 if isinstance(found, Counterexample) else found.states,
            "story": [str(scene) for scene in found.story] if isinstance(found, Counterexample) else [],
        }
        for promise, found in proof.promises.items()
    ]
    return {
        "cadence": proof.cadence,
        "proved": proof.holds,
        "states": proof.states,
        "promises": promises,
        "warnings": list(proof.warnings),
    }


COMMANDS = (prove,)
