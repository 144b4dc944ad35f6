"""The library in the console: versions in words and as text, proof, roll-out and the way back, changes below."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import CadenceOverride, CadenceVersion, Company, Rollout
from tests.cadences import BEGINS_CLEARLY, CALMER, DEFAULT
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World
from web import changes
from workflows import library


def _text(page: str) -> str:
    words = re.sub(r"<[^>]+>", " ", page).replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")
    return re.sub(r" ([.,:])", r"\1", re.sub(r"\s+", " ", words))


def _see(client: FlaskClient, path: str) -> str:
    answer = client.get(path, **HTTPS)
    assert answer.status_code == 200, path
    return _text(answer.text)


def _post(client: FlaskClient, path: str, **fields: Any) -> Any:
    token = token_in(client.get("/library", **HTTPS).text)
    return client.post(path, data={"csrf_token": token, **fields}, **HTTPS)


def _followed(client: FlaskClient, path: str, **fields: Any) -> str:
    answer = _post(client, path, **fields)
    assert answer.status_code == 303, answer.text
    return _see(client, answer.headers["Location"])


def _versions(world: World) -> dict[tuple[str, int], CadenceVersion]:
    with world.rt.store.read() as session:
        rows = session.scalars(select(CadenceVersion).where(CadenceVersion.practice_id == world.practice))
        return {(one.name, one.number): one for one in rows}


def _has(world: World, company: Company) -> int:
    with world.rt.store.read() as session:
        return session.get_one(Company, company.id).cadence_version_id


@pytest.fixture
def calmer(world: World) -> CadenceVersion:
    return library.save(world.rt, world.practice, CALMER)


def test_the_library_lists_versions_who_has_them_and_what_is_shipped_beside(world: World, ann: FlaskClient) -> None:
    page = _see(ann, "/library")
    assert "Early and gentle" in page
    assert "Bramley Joinery, Kauri Coast Outfitters, Tidewater Studio" in page
    assert "Early intervention" in page
    assert "Nothing was rolled out yet." in page
    page = _followed(ann, "/library/shipped/early-intervention")
    assert "It is in the library now. Nobody has it" in page
    assert "1 day after the delivery" in page
    assert ("early-intervention", 1) in _versions(world)
    offered = _see(ann, "/library").split("Shipped with Dunlin", 1)[1]
    assert "Early intervention" not in offered
    assert "There is no cadence 'nowhere'" in _followed(ann, "/library/shipped/nowhere")


def test_a_version_is_told_in_words_with_its_text_and_what_is_new_in_it(
    world: World, ann: FlaskClient, calmer: CadenceVersion
) -> None:
    answer = ann.get(f"/library/{calmer.uid}", **HTTPS).text
    page = _text(answer)
    assert "Since version 1" in page
    assert "The budget goes from 2 to 1 a week." in page
    assert 'It is called "Calmer" instead of "Early and gentle".' in page
    assert "No company." in page
    assert "week_limit = 1" in answer.split("<textarea", 1)[1].split("</textarea>", 1)[0]


def test_a_changed_text_is_the_next_version_and_the_same_text_is_not(world: World, ann: FlaskClient) -> None:
    first = _versions(world)["default", 1]
    page = _followed(ann, f"/library/{first.uid}/text", text=CALMER.replace("\n", "\r\n"))
    assert "Saved as a new version. Nobody has it until it is rolled out." in page
    assert _versions(world)["default", 2].source == CALMER
    again = _followed(ann, f"/library/{first.uid}/text", text=DEFAULT)
    assert "in the library already" in again
    assert len(_versions(world)) == 2
    assert _has(world, world.bramley) == first.id


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "is not valid TOML"),
        (DEFAULT.replace("offset = 12", "offset = 2"), "must come after"),
        ("x" * 100_001, "Please keep a cadence to 100,000 characters."),
    ],
)
def test_what_cannot_be_saved_says_why_and_nothing_typed_is_lost(
    world: World, ann: FlaskClient, text: str, sentence: str
) -> None:
    first = _versions(world)["default", 1]
    answer = _post(ann, f"/library/{first.uid}/text", text=text)
    assert answer.status_code == 422
    assert sentence in _text(answer.text)
    assert text[:500] in answer.text.replace("&#34;", '"').replace("&#39;", "'")
    assert len(_versions(world)) == 1


@pytest.mark.slow
def test_a_proof_is_told_in_words_and_a_broken_promise_as_a_story(world: World, ann: FlaskClient) -> None:
    clear, kind = library.save(world.rt, world.practice, BEGINS_CLEARLY), _versions(world)["default", 1]
    broken = _see(ann, f"/library/{clear.uid}?prove={world.bramley.uid}")
    assert "It could break this promise: The first word is always gentle" in broken
    assert "It is the first word, and not gentle." in broken
    kept = _see(ann, f"/library/{kind.uid}?prove={world.bramley.uid}")
    assert "It keeps every promise to every account of Bramley Joinery" in kept
    assert "situations were looked at" not in _see(ann, f"/library/{kind.uid}?prove={world.foreign.uid}")


@pytest.mark.slow
def test_a_roll_out_is_looked_at_done_and_taken_back(world: World, ann: FlaskClient, calmer: CadenceVersion) -> None:
    before = _has(world, world.bramley)
    page = _see(ann, f"/library/{calmer.uid}/roll-out?company={world.bramley.uid}")
    assert "The budget goes from 2 to 1 a week." in page
    assert "Roll out to 1 company" in page
    assert _has(world, world.bramley) == before, "looking changes nothing"
    page = _followed(ann, f"/library/{calmer.uid}/roll-out", company=[world.bramley.uid])
    assert "Rolled out to 1 company." in page
    assert "Bramley Joinery had version 1 of default. It has this one now." in page
    assert (_has(world, world.bramley), _has(world, world.kauri)) == (calmer.id, before)
    with world.rt.store.read() as session:
        (rollout,) = session.scalars(select(Rollout))
    assert "Roll back" in _see(ann, "/library")
    page = _followed(ann, f"/roll-outs/{rollout.uid}/back")
    assert "Rolled back for 1 company." in page
    assert "It has that one again." in page
    assert _has(world, world.bramley) == before
    assert "Rolled back 18 Nov 2026" in _see(ann, "/library")
    assert "already rolled back" in _followed(ann, f"/roll-outs/{rollout.uid}/back")


@pytest.mark.slow
def test_who_cannot_follow_is_an_exception_with_its_reason(world: World, ann: FlaskClient) -> None:
    clear = library.save(world.rt, world.practice, BEGINS_CLEARLY)
    before = _has(world, world.bramley)
    page = _see(ann, f"/library/{clear.uid}/roll-out?company={world.bramley.uid}")
    assert "1 exception: it stays as it is" in page
    assert "It could break its promise (gentle)" in page
    assert "None of them can have it." in page
    page = _followed(ann, f"/library/{clear.uid}/roll-out", company=[world.bramley.uid])
    assert "Rolled out to 0 companies." in page
    assert "Bramley Joinery keeps what it has. It could break its promise (gentle)" in page
    assert _has(world, world.bramley) == before


def test_a_company_that_was_changed_since_stays_when_a_roll_out_is_taken_back(
    world: World, ann: FlaskClient, calmer: CadenceVersion
) -> None:
    with world.rt.store.write() as session:
        company = session.get_one(Company, world.bramley.id)
        first, company.cadence_version_id = company.cadence_version_id, calmer.id
        user = library_user(world)
        made = Rollout(
            uid=world.rt.new_id(),
            practice_id=world.practice,
            cadence_version_id=first,
            user_id=user,
            moves=[[company.id, calmer.id, first]],
            made_at=world.rt.clock.now(),
        )
        session.add(made)
        company.cadence_version_id = library.shipped_version(world.rt, session, world.practice, "firm-but-fair").id
    page = _followed(ann, f"/roll-outs/{made.uid}/back")
    assert "Rolled back for 0 companies. Bramley Joinery stays: Its cadence was changed again since; it stays." in page


def library_user(world: World) -> int:
    """Ann's id."""
    return int(world.hold.owner_id)


def test_a_roll_out_needs_a_company(world: World, ann: FlaskClient, calmer: CadenceVersion) -> None:
    assert "Please choose at least one company." in _followed(ann, f"/library/{calmer.uid}/roll-out")
    theirs = _followed(ann, f"/library/{calmer.uid}/roll-out", company=[world.foreign.uid])
    assert "Please choose at least one company." in theirs


# Changes below


def _rows(world: World) -> list[CadenceOverride]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(CadenceOverride).order_by(CadenceOverride.id)))


@pytest.mark.slow
def test_a_company_changes_named_fields_and_they_are_told_in_words_and_taken_away(
    world: World, ann: FlaskClient
) -> None:
    where = {"company": world.bramley.uid}
    text = "gap_hours = 96\n[steps.late-12]\napprove = true\n"
    page = _followed(ann, "/library/change", text=text, **where)
    assert "Saved for Bramley Joinery." in page
    assert "Between two messages there are now 96 hours instead of 72." in page
    assert "Late-12 now waits for a person's approval." in page
    (row,) = _rows(world)
    assert row.fields == {"gap_hours": 96, "steps": {"late-12": {"approve": True}}}
    form = ann.get(f"/library/change?company={world.bramley.uid}", **HTTPS).text
    assert ">\ngap_hours = 96\n[steps.late-12]\napprove = true</textarea>" in form
    page = _followed(ann, f"/library/changes/{row.uid}/away")
    assert "Taken away for Bramley Joinery." in page
    assert _rows(world) == []


@pytest.mark.slow
def test_a_customer_and_a_segment_can_have_another_cadence(
    world: World, ann: FlaskClient, calmer: CadenceVersion
) -> None:
    alder = world.accounts["Alder & Ash Kitchens"]
    page = _followed(ann, "/library/change", account=alder.uid, version=calmer.uid)
    assert "Saved for Alder & Ash Kitchens." in page
    assert 'It is called "Calmer" instead of "Early and gentle".' in page
    segment = {"company": world.bramley.uid, "segment": "key"}
    page = _followed(ann, "/library/change", text="week_limit = 1", **segment)
    assert "Bramley Joinery: customers in key" in page
    assert [(one.level, one.segment) for one in _rows(world)] == [("account", ""), ("segment", "key")]
    form = ann.get(f"/library/change?account={alder.uid}", **HTTPS).text
    assert f'<option value="{calmer.uid}" selected>' in form


@pytest.mark.parametrize(
    ("text", "version", "sentence"),
    [
        ("gap_hours = ", False, "The text is not valid TOML"),
        ("", False, "Please name at least one field"),
        ("gap_hours = 1", False, "gap_hours must be a whole number from 24 to 720"),
        ("colour = 'red'", False, "cannot change 'colour'"),
        ("", True, "A company gets another cadence by a roll-out."),
        ("#" * 20_001, False, "Please keep the text to 20,000 characters."),
    ],
)
def test_what_cannot_stand_says_why_and_nothing_typed_is_lost(
    world: World, ann: FlaskClient, calmer: CadenceVersion, text: str, version: bool, sentence: str
) -> None:
    fields = {"text": text, "version": calmer.uid if version else ""}
    answer = _post(ann, "/library/change", company=world.bramley.uid, **fields)
    assert answer.status_code == 422
    assert sentence in _text(answer.text)
    assert text[:300] in answer.text.replace("&#39;", "'")
    assert _rows(world) == []


def test_fields_are_written_as_they_are_read() -> None:
    fields = {"gap_hours": 72, "steps": {"late-12": {"cc": ["a@b.example"], "when": {"amount_at_least": 5}}}}
    assert changes._fields(changes.as_text(fields)) == fields
    assert (
        changes.as_text({"normal": {"name": 'A "B"'}, "soften": False})
        == 'soften = false\n[normal]\nname = "A \\"B\\""'
    )


def test_another_practice_sees_and_moves_nothing_of_it(
    world: World, stranger: FlaskClient, calmer: CadenceVersion
) -> None:
    otto = sign_in(stranger, "otto@example.com")
    page = _see(otto, "/library")
    assert "Calmer" not in page
    assert "Bramley" not in page
    alder = world.accounts["Alder & Ash Kitchens"].uid
    for path in (
        f"/library/{calmer.uid}",
        f"/library/{calmer.uid}/roll-out",
        f"/library/change?company={world.bramley.uid}",
        f"/library/change?account={alder}",
    ):
        assert otto.get(path, **HTTPS).status_code == 404, path
    for path, fields in (
        (f"/library/{calmer.uid}/text", {"text": DEFAULT}),
        (f"/library/{calmer.uid}/roll-out", {"company": world.foreign.uid}),
        ("/library/change", {"company": world.bramley.uid, "text": "gap_hours = 72"}),
        ("/library/change", {"company": world.foreign.uid, "segment": "key", "version": calmer.uid}),
    ):
        assert _post(otto, path, **fields).status_code == 404, path
    assert _rows(world) == []
