"""The sizes of the house: files at most 350 lines, `app.py` 120, functions at most 60, most of them far shorter.

`python -m tests.house.measures` prints what is over the line and exits 1 when anything is.
"""

from __future__ import annotations

import ast
import sys

from tests.house import code

FILE_LINES, APP_LINES = 350, 120
FUNCTION_LINES, MEDIAN_LINES, MOST_LINES = 60, 10, 30


def too_long_files() -> list[str]:
    limits = {path: APP_LINES if code.name(path) == "app.py" else FILE_LINES for path in code.python()}
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in limits}
    return [
        f"{code.name(path)} has {lengths[path]} lines, {limit} are allowed"
        for path, limit in limits.items()
        if lengths[path] > limit
    ]


def functions(*, tests: bool) -> list[tuple[int, str]]:
    """(lines, where) of every function, shortest first."""
    found = []
    for path in code.python(tests=tests):
        for node in ast.walk(code.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((lines, f"{code.name(path)}:{node.lineno} {node.name}"))
    return sorted(found)


def findings() -> list[str]:
    """One sentence for each thing that is too long; empty when all is well."""
    found = too_long_files()
    found += [f"{where} has {n} lines, 60 are allowed" for n, where in functions(tests=True) if n > FUNCTION_LINES]
    lengths = [lines for lines, _ in functions(tests=False)]
    if (median := lengths[len(lengths) // 2]) > MEDIAN_LINES:
        found.append(f"the median function has {median} lines, {MEDIAN_LINES} are allowed")
    if (most := lengths[len(lengths) * 9 // 10]) > MOST_LINES:
        found.append(f"nine functions in ten reach {most} lines, {MOST_LINES} are allowed")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(findings()) or 0)
