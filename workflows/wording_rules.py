"""Whether the source of an own wording keeps to the documented fields and to the small part of Jinja it may use.

It reads the tree that Jinja's own parser makes, before anything is compiled or run, and allows by list: what is not
named here is refused, in one sentence with its line. It renders nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import TemplateSyntaxError, nodes

from workflows import wording_fields as fields
from workflows.errors import Refusal
from workflows.templating import environment

LONGEST, DEEPEST_LOOP, MOST_NODES = 6000, 1, 2000
_PLAIN = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand)
_SIMPLE = (*_PLAIN, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Sub, nodes.Tuple, nodes.List)
_NAMES = {nodes.Call: "a call", nodes.Macro: "a macro", nodes.Assign: "{% set %}", nodes.Test: "a test with “is”"}
_LIST = "list of "

Scope = Mapping[str, str]


def keep(source: str) -> None:
    """Refusal with the line of the first thing that an own wording may not do."""
    if not source:
        raise Refusal("Please write a first line “subject: …”, an empty line and a paragraph.")
    if len(source) > LONGEST:
        raise Refusal(f"Please keep the wording to {LONGEST} characters; it has {len(source)}.")
    try:
        tree = environment().parse(source)
        if sum(1 for _ in tree.find_all(nodes.Node)) > MOST_NODES:
            raise Refusal("The wording has too many fields and conditions; please make it simpler.")
        _walk(tree, {one.name: one.kind for one in fields.FIELDS}, 0)
    except Refusal:
        raise
    except TemplateSyntaxError as error:
        raise Refusal(f"Line {error.lineno} cannot be read: {error.message}") from error
    except ValueError as error:
        raise Refusal("A number in the wording is too long to be read.") from error
    except RecursionError as error:
        raise Refusal("The wording has too many brackets or conditions inside each other.") from error


def _walk(node: nodes.Node, scope: Scope, loops: int) -> None:
    rule = _RULES.get(type(node))
    if rule is not None:
        rule(node, scope, loops)
    elif type(node) in _SIMPLE:
        for child in node.iter_child_nodes():
            _walk(child, scope, loops)
    else:
        what = _NAMES.get(type(node), f"“{type(node).__name__.lower()}”")
        raise _refused(node, f"{what} cannot be used in a wording; use the listed fields and conditions only")


def _refused(node: nodes.Node, why: str) -> Refusal:
    return Refusal(f"Line {node.lineno}: {why}.")


def _const(node: nodes.Const, _scope: Scope, _loops: int) -> None:
    if not isinstance(node.value, str | int | bool | None):
        raise _refused(node, "only texts and whole numbers may be written out")


def _field(node: nodes.Node, scope: Scope, _loops: int) -> None:
    _kind(node, scope)


def _kind(node: nodes.Node, scope: Scope) -> str:
    """The kind of a field that is named, of one inside it, or of the first of a list."""
    if isinstance(node, nodes.Name) and node.name in scope:
        return scope[node.name]
    if isinstance(node, nodes.Name):
        raise _refused(node, f"there is no field “{node.name}”; see the list of fields")
    if isinstance(node, nodes.Getattr):
        group = _kind(node.node, scope)
        if any(one.name == node.attr for one in fields.GROUPS.get(group, ())):
            return fields.kind_of(node.attr, group)
        raise _refused(node, f"there is no field “{node.attr}” there; see the list of fields")
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and node.arg.value == 0:
        kind = _kind(node.node, scope)
        if kind.startswith(_LIST):
            return kind.removeprefix(_LIST)
    raise _refused(node, "only the first of a list can be taken, as in “rows[0]”")


def _filter(node: nodes.Filter, scope: Scope, loops: int) -> None:
    words = [one.value for one in node.args if isinstance(one, nodes.Const) and isinstance(one.value, str)]
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs or len(words) != len(node.args):
        raise _refused(node, f"the filter “{node.name}” cannot be used so")
    if node.name == "length" and not words:
        if not _kind(node.node, scope).startswith(_LIST):
            raise _refused(node, "“length” counts a list, such as “lead”")
    elif node.name == "replace" and len(words) == 2 and words[0] and len(words[1]) <= len(words[0]):
        _walk(node.node, scope, loops)
    else:
        raise _refused(node, f"the filter “{node.name}” cannot be used here; there are “length” and “replace” only")


def _loop(node: nodes.For, scope: Scope, loops: int) -> None:
    kind = _kind(node.iter, scope) if isinstance(node.iter, nodes.Name | nodes.Getattr) else ""
    if not kind.startswith(_LIST) or not isinstance(node.target, nodes.Name):
        raise _refused(node, "a loop goes over a list of the fields, such as “rows”")
    if loops >= DEEPEST_LOOP or node.recursive:
        raise _refused(node, "a loop cannot stand inside another")
    if node.target.name in scope or node.target.name == "loop":
        raise _refused(node, f"“{node.target.name}” is a field already; give what the loop goes over another name")
    inner = {**scope, node.target.name: kind.removeprefix(_LIST)}
    for child in (*([node.test] if node.test else []), *node.body, *node.else_):
        _walk(child, inner, loops + 1)


_RULES: Mapping[type[nodes.Node], Callable[..., None]] = {
    nodes.Const: _const,
    nodes.Name: _field,
    nodes.Getattr: _field,
    nodes.Getitem: _field,
    nodes.Filter: _filter,
    nodes.For: _loop,
}
