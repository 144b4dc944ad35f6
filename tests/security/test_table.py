"""The page docs/security.md names tests that exist, and covers every chapter that is in play."""

from __future__ import annotations

import ast
import re

from tests.house import code

PAGE = code.ROOT / "docs/security.md"
_ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| `([^`]+)::([^`]+)` \|$", re.MULTILINE)


def test_every_test_that_the_page_names_exists() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 80
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


def test_every_row_of_the_table_is_read() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Requirement and test")[2].partition("## Not met")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == len(_ROW.findall(text)) + 1


def test_every_chapter_in_play_has_its_tests() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    chapters = {int(number) for named, _, _ in rows for number in re.findall(r"V(\d+)", named)}
    assert chapters == set(range(1, 17))


def test_the_threats_fit_on_one_screen() -> None:
    assert len((code.ROOT / "docs/threats.md").read_text(encoding="utf-8").splitlines()) < 30
