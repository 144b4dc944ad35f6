"""The page of a company's law and limits: what is in force and where it stands, and keeping to another country's."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from models import Company
from tests.web.edges import HTTPS, token_in
from tests.web.world import World


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _chosen(client: FlaskClient, world: World, preset: str) -> str:
    path = f"/companies/{world.bramley.uid}/law"
    form = {"preset": preset, "csrf_token": token_in(client.get(path, **HTTPS).text)}
    return _text(client.post(path, data=form, follow_redirects=True, **HTTPS).text)


def test_the_page_says_which_rules_are_kept_with_source_day_and_weight(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/companies/{shown.bramley.uid}/law", **HTTPS).text
    told = _text(page)
    assert "In force: United Kingdom" in told
    assert "Late Payment of Commercial Debts (Interest) Act 1998." in told
    assert "read on 21 Nov 2026" in told
    assert 'href="https://www.gov.uk/late-commercial-payments' in page
    for weight in ("Law", "Guidance"):
        assert f">{weight}</span>" in page
    assert "Nothing is known here about: how often, at which hours" in told
    assert "This is no legal advice." in told
    assert "more than 18 months" not in told
    assert f'href="/companies/{shown.bramley.uid}/law"' in onlooker.get(
        f"/companies/{shown.bramley.uid}/settings", **HTTPS
    ).text  # fmt: skip


def test_a_country_of_which_nothing_was_read_says_so(shown: World, onlooker: FlaskClient) -> None:
    told = _text(onlooker.get(f"/companies/{shown.kauri.uid}/law", **HTTPS).text)
    assert "In force: New Zealand" in told
    assert "Nothing was read about New Zealand." in told


def test_another_countrys_rules_are_chosen_and_left_again(world: World, ann: FlaskClient) -> None:
    told = _chosen(ann, world, "AU")
    assert "Bramley Joinery keeps to the rules of: Australia." in told
    assert "at most 3 times in 7 days and at most 10 times in 31 days" in told
    assert "Please choose one of the countries" in _chosen(ann, world, "XX")
    with world.rt.store.read() as session:
        assert session.get_one(Company, world.bramley.id).caps == "AU"
    assert "In force: United Kingdom" in _chosen(ann, world, "")


def test_somebody_elses_company_is_not_there(shown: World, onlooker: FlaskClient) -> None:
    assert onlooker.get(f"/companies/{shown.foreign.uid}/law", **HTTPS).status_code == 404
