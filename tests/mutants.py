"""`make mutants`: small faults put into what decides and what touches money, one at a time; do the tests find them?

Works on a copy and changes nothing here. Says which faults no test found, and is content when nearly all were.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

HERE = Path(__file__).parents[1]
WANTED = 0.95


@dataclass(frozen=True, slots=True)
class Ground:
    """Where faults are put (files of a room), what is copied beside it, and the tests that should find them."""

    room: str
    scope: tuple[str, ...]
    beside: tuple[str, ...]
    tests: tuple[str, ...]


# Stories that run in a moment; the property tests and the proof find the same faults, and take minutes for each.
_STORIES = (
    *("plan", "ladder", "vetoes", "holds", "reasons", "steps", "statements", "calendars", "versions", "replay"),
    *("approvals", "cadence", "causes", "delivery", "money", "parts", "shipped"),
)
_HOUSE = ("core", "models", "integrations", "web", "sandbox", "migrations", "templates", "static", "tests")
_MONEY = (
    *("effects", "lease", "many_renew", "token_answers", "renewals", "postings", "writing_edges", "asking"),
    *("storage_edges", "guarded", "reconcile", "many_renew", "readings"),
)
GROUNDS = {
    # What decides, and what it asks. The types it is made of have few lines of their own.
    "core": Ground(
        "core",
        ("plan", "ladder", "vetoes", "timetable", "calendars", "readers", "cadence", "money", "delivery"),
        ("templates", "tests/core"),
        tuple(f"tests/core/test_{name}.py" for name in _STORIES),
    ),
    # Effects, writing back to the ledgers, and their tokens.
    "money": Ground(
        "workflows",
        ("effects", "writing", "bookings", "grants"),
        (*_HOUSE, *(path.name for path in HERE.glob("*.py"))),
        (
            *(f"tests/workflows/test_{name}.py" for name in dict.fromkeys(_MONEY)),
            *(f"tests/stories/test_{name}.py" for name in ("card_payments", "paying_once", "reconnecting")),
        ),
    ),
}
_RESULT = re.compile(r"^\s*(?P<name>(?:core|workflows)\.\S+): (?P<verdict>[a-z ]+)$", re.MULTILINE)


def _settings(ground: Ground) -> str:
    """Fresh processes: what is remembered from one run of the tests must not answer for a fault in the next."""
    return f"""
[tool.mutmut]
source_paths = ["{ground.room}"]
only_mutate = {[f"{ground.room}/{name}.py" for name in ground.scope]}
also_copy = {[one for one in ground.beside if not one.startswith("tests")]}
pytest_add_cli_args = ["-n0", "-m", "not slow and not postgres and not browser and not prism"]
pytest_add_cli_args_test_selection = {list(ground.tests)}
process_isolation = "forkserver"
use_git_change_detection = false
use_setproctitle = false
"""


def main() -> int:
    """Exit code 0 when enough were found. `python -m tests.mutants core core.vetoes*` looks at some only."""
    name, *chosen = sys.argv[1:] or ["core"]
    with TemporaryDirectory(prefix="dunlin-mutants-") as folder:
        copy = Path(folder)
        _lay_out(copy, GROUNDS[name])
        subprocess.run([*_mutmut(), "run", "--max-children", "1", *chosen], cwd=copy, check=True)
        found = subprocess.run(
            [*_mutmut(), "results", "--all", "true"], cwd=copy, check=True, capture_output=True, text=True
        )
        verdicts = {one["name"]: one["verdict"].strip() for one in _RESULT.finditer(found.stdout)}
        asked = {name: verdict for name, verdict in verdicts.items() if verdict != "not checked"}
        for name, verdict in asked.items():
            if not _is_found(verdict):
                print(f"\n{verdict}: {name}\n{_shown(copy, name)}")
    return _judged(asked)


def _lay_out(copy: Path, ground: Ground) -> None:
    """As much of the project as the tests need, with the settings of the tool."""
    for one in (ground.room, *ground.beside, "tests/__init__.py", "tests/conftest.py"):
        source, target = HERE / one, copy / one
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            copytree(source, target, dirs_exist_ok=True)
        else:
            target.write_text(source.read_text())
    (copy / "pyproject.toml").write_text((HERE / "pyproject.toml").read_text() + _settings(ground))


def _mutmut() -> list[str]:
    return [str(Path(sys.executable).with_name("mutmut"))]


def _shown(copy: Path, name: str) -> str:
    """The lines that were changed."""
    shown = subprocess.run([*_mutmut(), "show", name], cwd=copy, check=True, capture_output=True, text=True)
    lines = shown.stdout.splitlines()
    return "\n".join(line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---")))


def _is_found(verdict: str) -> bool:
    """What takes for ever was found as well."""
    return verdict in ("killed", "timeout")


def _judged(verdicts: dict[str, str]) -> int:
    counted = Counter(map(_is_found, verdicts.values()))
    share = counted[True] / len(verdicts) if verdicts else 0.0
    print(f"{counted[True]} of {len(verdicts)} faults were found: {share:.1%}, at least {WANTED:.0%} are wanted.")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    os.nice(19)
    sys.exit(main())
