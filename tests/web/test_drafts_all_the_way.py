"""The whole way of a cadence through its pages: changed, refused by its proof, mended, approved by another, kept,
rolled out to two of three companies, and rolled back. Until it is rolled out, nothing that is sent knows of it.
"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import CadenceVersion, Company, Rollout
from tests.web.drafting import Editor, begin, form, second
from tests.web.edges import HTTPS, client_of, sign_in
from tests.web.test_drafts import words
from tests.web.world import World
from workflows import preview


def steps_to_come(world: World, company: Company) -> list[tuple[str, str]]:
    """What would be said at a company in the coming weeks, by day and step."""
    found = preview.preview(world.rt, company.id, 45).messages
    return [(f"{one.moment:%d %b}", one.step) for one in found]


@pytest.mark.slow
def test_from_the_first_change_to_the_way_back(world: World, ann: FlaskClient) -> None:
    second(world)
    editor = begin(world, ann)
    cem = Editor(world, sign_in(client_of(world.rt), "cem@example.com"), editor.uid)
    as_it_was = steps_to_come(world, world.bramley)

    # A day later, and a little clearer: it does not hold, and the story stands at the step.
    editor.done("step", "late-8", offset="9", tone="clear")
    editor.done("step", "late-3", amount_at_least="100")
    answer = editor.press("prove")
    assert answer.status_code == 422
    assert editor.row.state == "draft"
    at = answer.text.split('id="step-5" open>', 1)[1].split("</details>", 1)[0]
    assert "Here it could break this promise: The first word is always gentle" in words(at)
    assert "“late-8” (clear, rung 1) is said. It is the first word, and not gentle." in words(at)
    assert "Please prove it first." in editor.send("approve", form(editor.see(), "/drop")).text

    # Mended, it holds; whoever wrote it asks another.
    editor.done("step", "late-3", amount_at_least="")
    assert "Proved: it keeps every promise" in editor.done("prove")
    page = editor.see()
    assert "You changed it last, so somebody else approves it: Cem." in words(page)
    assert editor.send("approve", form(page, "/drop")).status_code == 422
    assert "It is kept once it is proved and approved." in editor.send("keep", form(page, "/drop")).text
    assert "Approved. It can be kept" in cem.done("approve")

    # Any change makes it a draft again.
    cem.done("move", "late-24", to="later")
    assert (editor.row.state, editor.row.approved_by) == ("draft", None)
    cem.done("prove")
    editor.done("approve")
    page = editor.done("keep")
    assert "Nobody has it until it is rolled out." in page
    kept = editor.row.version_id
    with world.rt.store.read() as session:
        version = session.get_one(CadenceVersion, kept)
        had = session.get_one(Company, world.bramley.id).cadence_version_id
    assert (version.name, version.source) == ("firm-but-fair", editor.row.source)
    assert steps_to_come(world, world.bramley) == as_it_was, "nothing that is sent knows of it"
    assert "This draft is closed." in editor.send("keep", form(page, "/sign-out") | {"revision": ["9"]}).text

    # To two of three, and back.
    assert f"/library/{version.uid}/roll-out" in page
    chosen = [world.bramley.uid, world.kauri.uid]
    token = form(page, "/sign-out")["csrf_token"]
    done = ann.post(f"/library/{version.uid}/roll-out", data={"csrf_token": token, "company": chosen}, **HTTPS)
    assert "Rolled out to 2 companies." in ann.get(done.headers["Location"], **HTTPS).text
    assert versions(world) == {"Bramley": version.id, "Kauri": version.id, "Tidewater": had}
    assert steps_to_come(world, world.bramley) != as_it_was
    assert "Nothing." in words(editor.see()).split("has now", 1)[1], "it is what is live now"
    with world.rt.store.read() as session:
        rollout = session.scalars(select(Rollout)).one()
    ann.post(f"/roll-outs/{rollout.uid}/back", data={"csrf_token": token}, **HTTPS)
    assert set(versions(world).values()) == {had}
    assert steps_to_come(world, world.bramley) == as_it_was


def versions(world: World) -> dict[str, int]:
    with world.rt.store.read() as session:
        rows = session.scalars(select(Company).where(Company.practice_id == world.practice))
        return {one.name.split()[0]: one.cadence_version_id for one in rows}
