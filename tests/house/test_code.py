"""The code keeps the manners of the house: sizes, opening paragraphs, layers, and nothing of any one machine."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import code, measures

PORTS = re.compile(r"integrations(\.(errors|oauth|transport|(\w+\.)?base))?")
# Places a committed file must not lead to: package registries and the folders of one machine.
FOREIGN = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmmirror|artifactory|devpi|/root/|/home/\w|/Users/\w|C:\\Users|"
    r"(?<![\w./])/" + r"work/",
    re.IGNORECASE,
)
TEXT = {".py", ".toml", ".txt", ".md", ".json", ".mako", ".html", ".css", ".js", ".svg", ".csv", ".yaml", ".npmrc", ""}


def test_a_file_opens_with_a_paragraph_that_says_what_it_is_for() -> None:
    paragraphs = {path: (ast.get_docstring(code.tree(path)) or "").split("\n\n")[0].strip() for path in code.python()}
    bare = [code.name(path) for path, words in paragraphs.items() if len(words) < 20 or words[-1] not in ".:?`"]
    assert bare == []


def test_files_and_functions_keep_their_size() -> None:
    assert measures.findings() == []


def test_imports_point_down() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=code.ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr


def _imports(room: str) -> list[tuple[str, str]]:
    """(file, imported module) for a whole room, also imports inside functions."""
    found = []
    for path in code.python(tests=False):
        if path.relative_to(code.ROOT).parts[0] != room:
            continue
        for node in ast.walk(code.tree(path)):
            if isinstance(node, ast.Import):
                found += [(code.name(path), alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append((code.name(path), node.module or "."))
    assert found
    return found


def _needed_to_run(path: Path) -> list[ast.ImportFrom]:
    """Imports anywhere in a file, but for those that only the reader of types needs."""
    for_types = {
        id(node)
        for test in ast.walk(code.tree(path))
        if isinstance(test, ast.If) and isinstance(test.test, ast.Name) and test.test.id == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    return [
        node for node in ast.walk(code.tree(path)) if isinstance(node, ast.ImportFrom) and id(node) not in for_types
    ]


def test_no_circle_of_imports() -> None:
    """Also where Python would not mind: what leans on itself cannot be understood from below."""
    modules = {code.name(path).removesuffix(".py").replace("/", "."): path for path in code.python(tests=False)}
    leans: dict[str, set[str]] = {}
    for module, path in modules.items():
        named = {
            name
            for node in _needed_to_run(path)
            for name in (str(node.module), *(f"{node.module}.{one.name}" for one in node.names))
        }
        leans[module] = (named & modules.keys()) - {module}
    graphlib.TopologicalSorter(leans).prepare()


def test_core_imports_nothing_but_itself_and_the_standard_library() -> None:
    allowed = {"core", *sys.stdlib_module_names}
    assert [row for row in _imports("core") if row[1].partition(".")[0] not in allowed] == []


@pytest.mark.parametrize("room", ["workflows", "web"])
def test_only_the_ports_of_the_outside_world_are_known(room: str) -> None:
    outside = [row for row in _imports(room) if row[1].partition(".")[0] == "integrations"]
    assert [row for row in outside if not PORTS.fullmatch(row[1])] == []


def test_nothing_leads_to_a_registry_or_to_one_machine() -> None:
    found = []
    for path in code.files():
        if path.suffix in TEXT and path != Path(__file__).resolve():
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
                if hit := FOREIGN.search(line):
                    found.append(f"{code.name(path)}:{number} {hit[0]}")
    assert found == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_fixed_by_hashes_and_names_no_index(name: str) -> None:
    text = (code.ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"^[a-z0-9][\w.\[\],-]*==\S+ ", line), line
        assert "--hash=sha256:" in line, line
        assert "://" not in line, line


def test_the_two_lists_of_requirements_agree() -> None:
    """What is tested is what runs."""
    runtime, development = (
        set(re.findall(r"^([\w.\[\],-]+==[^\s;]+)", (code.ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    strip = {re.sub(r"\[.*?\]", "", one) for one in development}
    assert {re.sub(r"\[.*?\]", "", one) for one in runtime} - strip == set()


def test_no_promise_of_later_work_is_left_in_the_code() -> None:
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
    assert [code.name(path) for path in code.python() if word.search(path.read_text(encoding="utf-8"))] == []
