"""The project's own files, for the tests that look at them. It reads; it judges nothing."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "models", "integrations", "workflows", "web", "sandbox", "migrations", "bench")


@cache
def files() -> tuple[Path, ...]:
    """Everything git keeps or would keep: tracked files, and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return tuple(sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()))


def python(*, tests: bool = True) -> list[Path]:
    """Python files; generated migrations are left out."""
    found = [path for path in files() if path.suffix == ".py" and "migrations/versions" not in path.as_posix()]
    return [path for path in found if tests or path.relative_to(ROOT).parts[0] not in ("tests", "bench")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
