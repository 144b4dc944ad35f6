"""`flask audit`: is the log unbroken, and does it still go as far as it once did? It reads and prints; nothing else."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from cli import as_json, command, report, runtime
from workflows import audit, audit_heads, leaving_receipt


@click.group("audit", epilog="Example: flask audit verify")
def audit_log() -> None:
    """The append-only log."""


@command("verify", "flask audit verify --json > heads.json; later: flask audit verify --heads heads.json")
@click.option(
    "--heads",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What this command printed before with --json: also finds a log that was cut and ended anew since.",
)
@as_json
def audit_verify(heads: Path | None, as_json: bool) -> None:
    """Is the log unbroken? Says how many entries and chains were looked at, and where each chain ends."""
    with runtime() as (_, rt):
        noted = audit_heads.noted(heads.read_text()) if heads is not None else []
        audit.link_all(rt)
        found = audit.check(rt)
        broken = [*found.broken, *leaving_receipt.complaints(rt), *audit_heads.differences(rt, noted)]
    looked = f"{found.entries} entries in {len(found.ends)} chains were looked at."
    ends = [f"  {one.of} ends at entry {one.sequence}: {one.link}" for one in found.ends]
    figures = {"broken": broken, "entries": found.entries, "chains": len(found.ends)}
    report(
        {**figures, "heads": [asdict(one) for one in found.ends]},
        as_json,
        [*(broken or ["The log is unbroken."]), looked, *ends],
    )
    sys.exit(1 if broken else 0)


audit_log.add_command(audit_verify)


COMMANDS = (audit_log,)
