"""Who calls whom in web/ and workflows/, read from the source: for tests about what an order of a person leads to.

It follows names as Python would find them in a module, and never runs anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from tests.house import code

ROOMS = ("web", "workflows")
Place = str  # "workflows.holds.note_hold"


@cache
def _modules() -> Mapping[str, ast.Module]:
    files = (path for path in code.python(tests=False) if path.parent.name in ROOMS)
    return {f"{path.parent.name}.{path.stem}": code.tree(path) for path in files}


def _imported(module: ast.Module) -> dict[str, str]:
    """What each imported name stands for: a module, or something in one."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in module.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS
        for alias in node.names
    }


@cache
def graph() -> Mapping[Place, frozenset[Place]]:
    """By function (and method, by its bare name): the functions it mentions, called at once or handed on."""
    found: dict[Place, frozenset[Place]] = {}
    for name, module in _modules().items():
        known = _imported(module)
        own = {node.name: f"{name}.{node.name}" for node in module.body if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                found[f"{name}.{node.name}"] = frozenset(_mentioned(node, {**known, **own}))
    return found


def _mentioned(function: ast.FunctionDef, known: Mapping[str, str]) -> Iterator[Place]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in known:
            yield known[node.id]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield f"{known[node.value.id]}.{node.attr}"


def leading_to(wanted: frozenset[Place]) -> set[Place]:
    """Everything that mentions one of `wanted`, or mentions what does."""
    found, more = set(wanted), True
    while more:
        further = {place for place, mentioned in graph().items() if place not in found and mentioned & found}
        found |= further
        more = bool(further)
    return found


def orders() -> list[Place]:
    """Every function that a form leads to."""
    return sorted(
        f"{name}.{node.name}"
        for name, module in _modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and any(_takes_forms(one) for one in node.decorator_list)
    )


def _takes_forms(decorator: ast.expr) -> bool:
    """`pages.post(...)`, or a route that names POST among its methods."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return False
    return decorator.func.attr == "post" or any("POST" in ast.dump(one.value) for one in decorator.keywords)
