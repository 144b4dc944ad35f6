"""`make mutants`: small faults put into what decides, one at a time, and the tests of the core run against each.

Works on a copy and changes nothing here. Says which faults no test found, and is content when nearly all were.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

HERE = Path(__file__).parents[1]
WANTED = 0.95
# What decides, and what it asks. The types it is made of have few lines of their own.
SCOPE = ("plan", "ladder", "vetoes", "timetable", "calendars", "readers", "cadence", "money", "delivery")
# Stories that run in a moment; the property tests and the proof find the same faults, and take minutes for each.
STORIES = (
    *("plan", "ladder", "vetoes", "holds", "reasons", "steps", "statements", "calendars", "versions", "replay"),
    *("approvals", "cadence", "causes", "delivery", "money", "parts", "shipped"),
)
_RESULT = re.compile(r"^\s*(?P<name>core\.\S+): (?P<verdict>[a-z ]+)$", re.MULTILINE)
# Fresh processes: what is remembered from one run of the tests must not answer for a fault in the next.
_SETTINGS = f"""
[tool.mutmut]
source_paths = ["core"]
only_mutate = {[f"core/{name}.py" for name in SCOPE]}
also_copy = ["templates"]
pytest_add_cli_args = ["-n0"]
pytest_add_cli_args_test_selection = {[f"tests/core/test_{name}.py" for name in STORIES]}
process_isolation = "forkserver"
use_git_change_detection = false
use_setproctitle = false
"""


def main() -> int:
    """Exit code 0 when enough were found. `python -m tests.mutants core.vetoes*` looks at some only."""
    with TemporaryDirectory(prefix="dunlin-mutants-") as folder:
        copy = Path(folder)
        _lay_out(copy)
        chosen = sys.argv[1:]
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


def _lay_out(copy: Path) -> None:
    """As much of the project as the stories need, with the settings of the tool."""
    for folder in ("core", "templates", "tests/core"):
        copytree(HERE / folder, copy / folder)
    for name in ("tests/__init__.py", "tests/conftest.py"):
        (copy / name).write_text((HERE / name).read_text())
    (copy / "pyproject.toml").write_text((HERE / "pyproject.toml").read_text() + _SETTINGS)


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
