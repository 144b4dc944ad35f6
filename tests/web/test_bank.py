"""The page Bank: a statement is brought, a CSV is asked about, and a person decides where nobody can tell."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import BankLine
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World

CSV = b"""Date,Name,Reference,Amount
12/11/2026,Carver's Yard,INV 1049,512.25
13/11/2026,HALLAM DAUGHTERS,transfer,999.00
14/11/2026,Somebody,no idea,230.00
15/11/2026,Landlord,rent,-900.00
"""


def page(world: World) -> str:
    return f"/companies/{world.bramley.uid}/bank"


def give(client: FlaskClient, world: World, raw: bytes, name: str = "november.csv") -> str:
    token = token_in(client.get(page(world), **HTTPS).text)
    data = {"csrf_token": token, "file": (BytesIO(raw), name)}
    return client.post(page(world), data=data, follow_redirects=True, **HTTPS).text


def answer(client: FlaskClient, world: World, asked: str, **typed: str) -> str:
    """Send the form that asked, as it was filled in, but for what was typed."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked))
    for name, options in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', asked, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return client.post(page(world), data=fields | typed, follow_redirects=True, **HTTPS).text


def brought(client: FlaskClient, world: World) -> str:
    return answer(client, world, give(client, world, CSV))


def lines(world: World) -> dict[str, BankLine]:
    with world.rt.store.read() as session:
        return {one.payer: one for one in session.scalars(select(BankLine))}


def decide(client: FlaskClient, world: World, line: BankLine, do: str, **more: str) -> str:
    token = token_in(client.get(page(world), **HTTPS).text)
    data = {"csrf_token": token, "bank_line": line.uid, "do": do, **more}
    return client.post(f"{page(world)}/decide", data=data, follow_redirects=True, **HTTPS).text


def test_a_csv_is_asked_about_and_then_matched(world: World, ann: FlaskClient) -> None:
    asked = give(ann, world, CSV)
    assert "Which column is which?" in asked
    assert not lines(world), "nothing is taken before somebody has looked"
    text = answer(ann, world, asked)
    assert "4 new lines, 0 known from earlier files." in text
    assert {name: one.state for name, one in lines(world).items()} == {
        "Carver's Yard": "matched",
        "HALLAM DAUGHTERS": "probable",
        "Somebody": "unclear",
        "Landlord": "set-aside",
    }
    assert "This very file was brought in on" in brought(ann, world)


def test_an_unclear_line_shows_its_best_three_and_a_click_settles_it(world: World, ann: FlaskClient) -> None:
    text = brought(ann, world)
    assert text.count("The sum fits.") == 3
    line = lines(world)["Somebody"]
    chosen = world.invoices["1100"].uid
    assert "It waits until the ledger shows the payment." in decide(ann, world, line, "confirm", invoice=chosen)
    assert lines(world)["Somebody"].state == "matched"
    assert "matched anew" in decide(ann, world, line, "undo")
    assert lines(world)["Somebody"].state == "unclear"
    assert "nothing to do with customers" in decide(ann, world, line, "set-aside")


def test_a_probable_line_is_confirmed_or_refused(world: World, ann: FlaskClient) -> None:
    brought(ann, world)
    line = lines(world)["HALLAM DAUGHTERS"]
    text = ann.get(f"{page(world)}?state=probable", **HTTPS).text
    assert "The payer&#39;s name and the sum fit." in text
    assert "Holds until" in text
    decide(ann, world, line, "no")
    assert lines(world)["HALLAM DAUGHTERS"].state == "unclear"
    assert "Please choose which invoice it pays." in decide(ann, world, line, "confirm")


def test_bad_lines_are_named_and_the_others_taken_only_when_somebody_says_so(world: World, ann: FlaskClient) -> None:
    asked = answer(ann, world, give(ann, world, CSV + b"16/11/2026,X,Y,1.x\n"))
    assert "Line 6: The amount &#39;1.x&#39; could not be read." in asked
    assert not lines(world)
    answer(ann, world, asked, despite="on")
    assert len(lines(world)) == 4


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [(b"", "Please choose the statement"), (b"%PDF-1.4", "no statement"), (b"x" * 9_000_000, "larger than 5 MB")],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(
    world: World, ann: FlaskClient, raw: bytes, sentence: str
) -> None:
    assert sentence in give(ann, world, raw, "a.pdf")


def test_columns_that_cannot_be_are_asked_again_and_nothing_is_lost(world: World, ann: FlaskClient) -> None:
    asked = answer(ann, world, give(ann, world, CSV), amount="")
    assert "Please choose either one column with the sum" in asked
    assert "new lines" in answer(ann, world, asked, amount="3")


def test_what_is_carried_along_is_never_more_than_a_file_may_be(world: World, ann: FlaskClient) -> None:
    token = token_in(ann.get(page(world), **HTTPS).text)
    for carried in ("", "no letters of a file", "AAAA"):
        data = {"csrf_token": token, "carried": carried, "read": "on"}
        text = ann.post(page(world), data=data, follow_redirects=True, **HTTPS).text
        assert "Please choose the statement" in text


def test_a_line_of_another_company_cannot_be_decided_about(world: World, ann: FlaskClient) -> None:
    brought(ann, world)
    line = lines(world)["HALLAM DAUGHTERS"]
    otto = sign_in(client_of(world.rt), "otto@example.com")
    theirs = f"/companies/{world.foreign.uid}/bank"
    token = token_in(otto.get(theirs, **HTTPS).text)
    data = {"csrf_token": token, "bank_line": line.uid, "do": "set-aside"}
    assert otto.post(f"{theirs}/decide", data=data, **HTTPS).status_code == 404
    assert lines(world)["HALLAM DAUGHTERS"].state == "probable"
