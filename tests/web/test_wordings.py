"""The pages about words of one's own: what they show, who may change what, and that nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from core.cadence import Channel
from tests.web.edges import HTTPS
from tests.web.world import World
from web.wording_page import OCCASIONS, pieces
from workflows.templating import template_names

OURS = "subject: A word about {{ words.about }}\n\nHas {{ words.about }} reached the right desk?"
THERE = "/wordings/in/en/mail/late-12"


def form(page: str) -> dict[str, str]:
    """The hidden fields of the form with the words."""
    inside = page[page.index('action="/wordings/in/') :]
    found = re.findall(r'name="(csrf_token|revision|company)" value="([^"]*)"', inside[: inside.index("</form>")])
    return dict(found)


def keep(client: FlaskClient, source: str, where: str = THERE, **more: str) -> str:
    page = client.get(where, **HTTPS).text
    return client.post(
        where.partition("?")[0], data={**form(page), "source": source, **more}, follow_redirects=True, **HTTPS
    ).text


def press(client: FlaskClient, page: str, what: str, **more: str) -> str:
    """The button of one wording's form: live, drop, end or restore."""
    action = re.search(rf'action="(/wordings/[^"/]+/{what})"', page)
    assert action is not None, page
    after = page[action.end() :]
    data = dict(re.findall(r'name="(csrf_token|revision)" value="([^"]*)"', after[: after.index("</form>")]))
    return client.post(action[1], data={**data, **more}, follow_redirects=True, **HTTPS).text


def test_every_shipped_template_has_its_occasion_and_none_is_listed_that_there_is_not() -> None:
    assert set(OCCASIONS) == template_names() | template_names(channel=Channel.CALL)


def test_from_the_shipped_words_to_ones_own_and_back(ann: FlaskClient) -> None:
    page = ann.get("/wordings", **HTTPS).text
    assert page.count("as shipped") == len(OCCASIONS)
    page = keep(ann, OURS)
    assert "Kept as a draft" in page
    assert "The kindness check found nothing in it" in page
    assert "a draft waits" in ann.get("/wordings", **HTTPS).text
    page = press(ann, page, "live")
    assert "Live. The next message of this kind is said in these words." in page
    assert ann.get("/wordings", **HTTPS).text.count("own words") == 1
    page = press(ann, page, "end")
    assert "Taken back." in page
    assert "What was said before" in page
    assert "It is a draft again" in press(ann, page, "restore")


def test_what_is_refused_stays_in_the_form_with_the_reason(ann: FlaskClient) -> None:
    page = keep(ann, OURS + " {{ nobody }}")
    assert "there is no field “nobody”" in page
    assert "{{ nobody }}" in page
    assert "a draft waits" not in ann.get("/wordings", **HTTPS).text


def test_a_threat_is_answered_with_kinder_words(ann: FlaskClient) -> None:
    assert "court" in keep(ann, OURS + " If you do not pay, we will take you to court.")
    assert "a draft waits" not in ann.get("/wordings", **HTTPS).text


def test_two_who_write_at_once_do_not_write_over_each_other(ann: FlaskClient) -> None:
    old = form(ann.get(THERE, **HTTPS).text)
    keep(ann, OURS)
    answer = ann.post(THERE, data={**old, "source": OURS + " Thank you."}, **HTTPS)
    assert answer.status_code == 422
    assert "Somebody else changed these words meanwhile" in answer.text
    assert "Thank you." in answer.text


def test_the_preview_is_about_what_that_customer_owes_and_keeps_nothing(ann: FlaskClient, world: World) -> None:
    where = f"{THERE}?company={world.bramley.uid}"
    data = form(ann.get(where, **HTTPS).text) | {"source": OURS, "account": world.accounts["Alder & Ash Kitchens"].uid}
    page = ann.post(f"{THERE}/preview", data=data, **HTTPS).text
    assert "As Alder &amp; Ash Kitchens would read it" in page
    assert re.search(r"Has (invoice|the \d+ invoices|\d+ of the invoices)", page)
    assert "a draft waits" not in page


def test_a_company_has_its_own_words_and_the_others_do_not(ann: FlaskClient, world: World) -> None:
    page = keep(ann, OURS, f"{THERE}?company={world.bramley.uid}")
    press(ann, page, "live")
    assert "own words" in ann.get(f"/wordings?company={world.bramley.uid}", **HTTPS).text
    assert "own words" not in ann.get(f"/wordings?company={world.kauri.uid}", **HTTPS).text
    assert "own words" not in ann.get("/wordings", **HTTPS).text


def test_german_words_ask_for_somebody_who_read_them_aloud(ann: FlaskClient) -> None:
    page = keep(ann, "subject: Kurz gefragt\n\nist alles in Ordnung?", "/wordings/in/de/mail/late-12")
    assert "has read it aloud" in page
    assert "Please tick that somebody" in press(ann, page, "live")
    assert "Live." in press(ann, ann.get("/wordings/in/de/mail/late-12", **HTTPS).text, "live", aloud="on")


@pytest.mark.parametrize("where", ["en/mail/nothing", "xx/mail/late-12", "en/pigeon/late-12", "de/call/call-late"])
def test_there_is_no_page_for_what_there_is_not(ann: FlaskClient, where: str) -> None:
    assert ann.get(f"/wordings/in/{where}", **HTTPS).status_code == 404


def test_a_difference_is_told_line_by_line() -> None:
    assert list(pieces("a\nb", "a\nc")) == [("same", "a"), ("gone", "b"), ("new", "c")]
