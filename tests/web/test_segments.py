"""The page Segments: a rule is counted before it is kept, kept in words, and refused with nothing lost."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.web.edges import HTTPS, token_in
from tests.web.test_paying import text
from tests.web.world import World
from workflows import segment_rules


def page(world: World) -> str:
    return f"/companies/{world.bramley.uid}/segments"


def keep(client: FlaskClient, world: World, **typed: str) -> str:
    said = {"csrf_token": token_in(client.get(page(world), **HTTPS).text), **typed}
    return text(client.post(page(world), data=said, follow_redirects=True, **HTTPS).text)


def in_segment(world: World, name: str) -> int:
    with world.rt.store.read() as session:
        return sum(segment_rules.counts(session, world.bramley.id).get(name, {}).values())


def test_a_rule_is_counted_first_and_nothing_moves_before_it_is_kept(ann: FlaskClient, world: World) -> None:
    counted = text(ann.get(page(world) + "?segment=new-ones&payer=new", **HTTPS).text)
    assert "would be in it" in counted
    assert "Nothing is changed yet." in counted
    assert in_segment(world, "new-ones") == 0
    kept = keep(ann, world, segment="new-ones", payer="new")
    moved = in_segment(world, "new-ones")
    assert moved > 0
    assert f"The rule of new-ones counts from now on. {moved} customers moved." in kept
    assert "Too new to tell" in kept
    assert f"{moved} customers would be in it" in counted
    with world.rt.store.read() as session:
        uid = segment_rules.rules(session, world.bramley.id)[0].uid
    token = token_in(ann.get(page(world), **HTTPS).text)
    gone = ann.post(f"{page(world)}/drop", data={"csrf_token": token, "rule": uid}, follow_redirects=True, **HTTPS)
    assert "The rule is gone." in text(gone.text)
    assert in_segment(world, "new-ones") == 0


def test_what_nobody_understands_is_said_and_what_was_typed_stays(ann: FlaskClient, world: World) -> None:
    said = keep(ann, world, segment="big", billed_from="1,000", countries="GB")
    assert "Please give the sum in figures with a point" in said
    answer = ann.get(page(world) + "?segment=big&countries=Ireland", **HTTPS)
    assert answer.status_code == 422
    assert "two letters" in answer.text
    assert 'value="Ireland"' in answer.text
    assert "days in figures" in keep(ann, world, segment="big", days_least="soon")
    assert "at least one thing" in keep(ann, world, segment="big")
    assert in_segment(world, "big") == 0


def test_a_rule_stands_in_words_with_its_sums_in_the_companys_money(ann: FlaskClient, world: World) -> None:
    said = keep(
        ann, world, segment="mid", billed_from="50.50", billed_below="999999", days_least="1", countries="gb ie"
    )
    assert (
        "Billed at least £50.50 in a year; billed less than £999,999.00 in a year; first billed at least 1 day ago"
        in said
    )
    assert "in GB, IE" in said
