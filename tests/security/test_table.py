"""The pages docs/security.md and docs/marketplace.md name tests that exist; security covers every chapter in play."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import code

PAGE, MARKETPLACE = code.ROOT / "docs/security.md", code.ROOT / "docs/marketplace.md"
_ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| `([^`]+)::([^`]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize(("page", "least"), [(PAGE, 80), (MARKETPLACE, 30)])
def test_every_test_that_the_page_names_exists(page: Path, least: int) -> None:
    rows = _ROW.findall(page.read_text(encoding="utf-8"))
    assert len(rows) > least
    missing = []
    for _, path, name in rows:
        file = code.ROOT / path
        tests = (
            {node.name for node in ast.walk(code.tree(file)) if isinstance(node, ast.FunctionDef)}
            if file.exists()
            else set()
        )
        if name not in tests:
            missing.append(f"{path}::{name}")
    assert missing == []


@pytest.mark.parametrize(("page", "after"), [(PAGE, "## Not met"), (MARKETPLACE, "## Open")])
def test_every_row_of_the_table_is_read(page: Path, after: str) -> None:
    text = page.read_text(encoding="utf-8").partition("## Requirement and test")[2].partition(after)[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == len(_ROW.findall(text)) + 1


def test_every_chapter_in_play_has_its_tests() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    chapters = {int(number) for named, _, _ in rows for number in re.findall(r"V(\d+)", named)}
    assert chapters == set(range(1, 17))


def test_the_threats_fit_on_one_screen() -> None:
    assert len((code.ROOT / "docs/threats.md").read_text(encoding="utf-8").splitlines()) < 30


def test_every_checkpoint_of_xeros_review_has_its_tests() -> None:
    rows = _ROW.findall(MARKETPLACE.read_text(encoding="utf-8"))
    assert {int(named.split()[1]) for named, _, _ in rows if re.match(r"Xero \d", named)} == set(range(1, 9))
