"""What the product is made of, and whether anything is known against it; where nobody was asked, nobody knows."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli_security
from app import create_app


def _run(command: str, *arguments: str) -> Result:
    app = create_app()
    with app.app_context():
        return CliRunner().invoke(app.cli.commands[command], arguments)


def test_the_bill_of_materials_names_every_library_with_its_version_and_hashes() -> None:
    bom = json.loads(_run("sbom").output)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    lines = [line for line in cli_security.REQUIREMENTS.read_text().splitlines() if line[:1].isalnum()]
    assert len(bom["components"]) == len(lines) > 40
    for one in bom["components"]:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
        assert one["hashes"], one["name"]
    flask = next(one for one in bom["components"] if one["name"] == "flask")
    assert f"flask=={flask['version']}" in cli_security.REQUIREMENTS.read_text()


@pytest.fixture
def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip-audit, as the edge of the world, saying what the file beside it holds."""
    tool, says = tmp_path / "pip-audit", tmp_path / "says.json"
    tool.write_text(f"#!/bin/sh\ncat {says}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return says


def test_a_clean_answer_about_every_library_is_good(answered: Path) -> None:
    answered.write_text('{"dependencies": [{"name": "flask", "version": "3", "vulns": []}]}')
    result = _run("advisories")
    assert (result.exit_code, "Nothing is known" in result.output) == (0, True)


def test_an_advisory_is_named_and_makes_it_fail(answered: Path) -> None:
    bad = {"name": "flask", "version": "3", "vulns": [{"id": "PYSEC-1"}]}
    answered.write_text(json.dumps({"dependencies": [bad]}))
    result = _run("advisories", "--json")
    assert (result.exit_code, json.loads(result.output)["against"]) == (1, {"flask 3": ["PYSEC-1"]})


@pytest.mark.parametrize("says", ["", "not JSON", "{}", '{"dependencies": []}'])
def test_where_nobody_could_be_asked_it_says_so_and_is_no_success(answered: Path, says: str) -> None:
    answered.write_text(says)
    result = _run("advisories")
    assert (result.exit_code, "no advisory data" in result.output) == (2, True)


def test_libraries_that_were_skipped_were_not_looked_at(answered: Path) -> None:
    """pip-audit itself calls this a success, with 'No known vulnerabilities found'."""
    known, skipped = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}
    answered.write_text(json.dumps({"dependencies": [known, skipped]}))
    result = _run("advisories")
    assert (result.exit_code, "no advisory data for 1 libraries, such as b" in result.output) == (2, True)


def test_without_the_tool_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    result = _run("advisories")
    assert (result.exit_code, "nothing was looked at" in result.output) == (2, True)
