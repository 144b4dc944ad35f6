"""`flask sbom`, `flask advisories` and `flask password`: what is inside, what is known against it, and the way back in
for who forgot a password. They read, ask and print; what counts is decided elsewhere.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from cli import as_json, command, report, runtime
from models import User
from workflows import people, second_step
from workflows.errors import Refusal

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_PATIENCE = 300  # seconds for the whole list
_LINE = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(requirements: str) -> list[dict[str, Any]]:
    """What a hash-locked list names, in CycloneDX's words. Each hash is that of one of its files."""
    found: list[dict[str, Any]] = []
    for line in requirements.splitlines():
        if named := _LINE.match(line):
            name, version = named[1].lower().replace("_", "-"), named[2]
            ref = f"pkg:pypi/{name}@{version}"
            one: dict[str, Any] = {
                "type": "library",
                "bom-ref": ref,
                "name": name,
                "version": version,
                "purl": ref,
                "hashes": [],
            }
            found.append(one)
        if found:
            found[-1]["hashes"] += [{"alg": "SHA-256", "content": one} for one in _HASH.findall(line)]
    return found


@command("sbom", "flask sbom > dunlin.cdx.json")
def sbom() -> None:
    """Print what Dunlin is made of, as CycloneDX JSON: every library with its version and the hashes of its files."""
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "dunlin"}},
        "components": components(REQUIREMENTS.read_text(encoding="utf-8")),
    }
    click.echo(json.dumps(bom, indent=1))


@command("advisories", "flask advisories --json")
@as_json
def advisories(as_json: bool) -> None:
    """Is anything known against the libraries we use? 1: yes. 2: nobody could be asked, so nobody knows."""
    tool = Path(sys.executable).with_name("pip-audit")
    if not tool.exists():
        raise Refusal("There is no pip-audit here, so nothing was looked at; `make check` installs it.")
    asked = [tool, "-r", REQUIREMENTS, "--disable-pip", "--require-hashes", "-f", "json", "--progress-spinner", "off"]
    try:
        answer = subprocess.run(  # noqa: S603 (all of it is ours)
            [str(one) for one in asked], capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        libraries = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        raise Refusal("There was no advisory data to look at: the advisory database did not answer.") from None
    unknown = [one["name"] for one in libraries if "vulns" not in one]
    if unknown or not libraries:
        raise Refusal(f"There was no advisory data for {len(unknown)} libraries, such as {', '.join(unknown[:3])}.")
    found = {f"{one['name']} {one['version']}": [bad["id"] for bad in one["vulns"]] for one in libraries}
    against = {name: ids for name, ids in found.items() if ids}
    lines = [f"{name}: {', '.join(ids)}" for name, ids in against.items()]
    report({"looked_at": len(found), "against": against}, as_json, lines or ["Nothing is known against what we use."])
    sys.exit(1 if against else 0)


@command("password", "flask password ann@example.com")
@click.argument("email")
@click.option("--lost-device", is_flag=True, help="Also switch their second step off. Be sure who is asking.")
@click.password_option(help="Asked for when it is not given.")
def password(email: str, lost_device: bool, password: str) -> None:
    """Give somebody who forgot it a new password; they are signed out everywhere, and their second step stays."""
    with runtime() as (_, rt):
        with rt.store.read() as session:
            user = session.scalars(select(User).where(User.email == email.strip().lower())).first()
        if user is None:
            raise Refusal("Nobody signs in with this e-mail address.")
        people.set_password(rt, user.id, password)
        if lost_device:
            second_step.forget(rt, user.id)
    click.echo(f"{user.name} has a new password and is signed out everywhere.")


COMMANDS = (sbom, advisories, password)
