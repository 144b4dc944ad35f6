"""How long what is kept: the page counts what the next night forgets, and nobody else's rows."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import update

from models import Reading
from tests.web.edges import HTTPS
from tests.web.world import World
from workflows import reaching, retention, retention_ahead


def counted(world: World, practice: int) -> dict[str, int | None]:
    with world.rt.store.read() as session:
        rows = retention_ahead.next_night(world.rt, session, reaching.whole(practice))
        return {one.kept.name: one.rows for one in rows}


def test_the_page_counts_what_the_night_forgets_and_nobody_elses(world: World, ann: FlaskClient) -> None:
    before = counted(world, world.practice)
    assert before["readings"] == 0
    with world.rt.store.write() as session:
        old = world.rt.clock.now() - timedelta(days=91)
        session.execute(update(Reading).where(Reading.company_id == world.bramley.id).values(began_at=old))
    ours = counted(world, world.practice)["readings"]
    assert ours
    assert counted(world, world.other)["readings"] == 0
    assert counted(world, world.practice)["webhooks"] is None, "nobody can tell whose they are"
    assert retention.forget(world.rt) >= ours
    assert counted(world, world.practice)["readings"] == 0
    page = ann.get("/how-long", **HTTPS).text
    assert all(f">{one.days:,}<" in page for one in retention.TABLE)
