"""The worked examples of docs/api.md: every operation really asked of the small world, and its answer as it came.

`python -m tests.web.api_examples` writes them anew; a test holds the document against them.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from models import Touch
from tests.house import code
from tests.web.edges import new_store, runtime
from tests.web.programs import Program
from tests.web.world import World
from web.api.operations import OPERATIONS, Operation

DOCUMENT = code.ROOT / "docs" / "api.md"
MARK = "## Every operation, with an example\n"
_QUERIES = {
    "companies": {"limit": "1"},
    "customers": {"limit": "1", "owing": "true"},
    "invoices": {"limit": "1", "open": "true"},
    "messages": {"limit": "1", "first": "2026-11-01", "last": "2026-11-30"},
    "preview": {"days": "5"},
    "month-end": {"month": "2026-10"},
    "why": {"day": "2026-11-18"},
}


def written(world: World | None = None) -> str:
    """All examples, in the order of the table; of a new world, where the same uids come every time."""
    world = world or World(runtime(new_store()))
    program, made = Program(world, may_change=True), dict[str, str]()
    return MARK + "".join(_example(world, program, one, made) for one in OPERATIONS)


def _example(world: World, program: Program, one: Operation, made: dict[str, str]) -> str:
    path = one.path.replace("{uid}", _about(world, one)) if one.of_one else one.path
    fields = _QUERIES.get(one.name, {}) if not one.changes else {}
    body = _bodies(world, made).get(one.name) if one.changes else None
    answer = program.post(path, body) if one.changes else program.get(path, **fields)
    assert answer.status_code == one.status, f"{one.name}: {answer.text}"
    if one.name == "hold":
        made["hold"] = answer.json["uid"]
    asked = "&".join(f"{name}={value}" for name, value in fields.items())
    sent = f"{one.method} /api/v1{path}{'?' + asked if asked else ''}\n"
    sent += f"\n{_pretty(body)}\n" if body is not None else ""
    return f"\n### {one.summary}\n\n```http\n{sent}```\n\n```json\n{_pretty(_short(answer.json))}\n```\n"


def _about(world: World, one: Operation) -> str:
    with world.rt.store.read() as session:
        message = session.scalars(select(Touch.uid).where(Touch.company_id == world.bramley.id)).first()
    by_room = {
        "companies": world.bramley.uid,
        "customers": world.accounts["Alder & Ash Kitchens"].uid,
        "invoices": world.invoices["1042"].uid,
        "messages": str(message),
    }
    return by_room[one.path.split("/")[1]]


def _bodies(world: World, made: dict[str, str]) -> dict[str, Any]:
    return {
        "hold": {"cause": "replied", "last_day": "2026-11-30", "note": "They will ring on Friday."},
        "let-go": {"hold": made.get("hold", "")},
        "promise": {"day": "2026-11-25", "invoices": [world.invoices["1042"].uid]},
        "dispute": {"invoice": world.invoices["1051"].uid, "text": "Two doors are missing."},
        "remark": {"text": "Call before noon."},
        "assign": {"person": None},
    }


def _short(value: Any) -> Any:
    """Of each list the first two: an example shows the shape, not the world."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return [_short(one) for one in value[:2]] if isinstance(value, list) else value


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    before = DOCUMENT.read_text(encoding="utf-8").split(MARK)[0]
    DOCUMENT.write_text(before + written(), encoding="utf-8")
