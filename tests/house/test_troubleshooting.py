"""Every sentence that the page docs/troubleshooting.md explains is one that the program says."""

from __future__ import annotations

import ast
import re

from tests.house import code

PAGE = code.ROOT / "docs/troubleshooting.md"
_ROW = re.compile(r"^\| (?!what you read|---)([^|]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def said() -> str:
    """Every text of the program, joined where it is written in several pieces."""
    found = []
    for file in code.python(tests=False):
        for node in ast.walk(code.tree(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (one.value if isinstance(one, ast.Constant) else "…" for one in node.values)
                found.append("".join(map(str, parts)))
    return "\n".join(found)


def test_each_of_them_is_said() -> None:
    explained, program = _ROW.findall(PAGE.read_text(encoding="utf-8")), said()
    assert len(explained) > 30
    assert [one for one in explained if one not in program] == []
