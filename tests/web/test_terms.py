"""Terms in the console and on the customer's page: kept, read, withdrawn, refused in a sentence, and nobody else's."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from models import Terms
from tests.web.agreed import A_PDF
from tests.web.edges import HTTPS, token_in
from tests.web.world import World

SCHOOL, ALDER = "Brightwell Primary School", "Alder & Ash Kitchens"


def _text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'")
    return re.sub(r" ([.,:])", r"\1", words)


def _press(client: FlaskClient, path: str, **form: Any) -> Any:
    form["csrf_token"] = token_in(client.get("/", **HTTPS).text)
    return client.post(path, data=form, follow_redirects=True, **HTTPS)


def _all(world: World) -> str:
    return f"/companies/{world.bramley.uid}/terms"


def _one(world: World, name: str = ALDER) -> str:
    return f"/accounts/{world.accounts[name].uid}/terms"


def _rows(world: World) -> list[Terms]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(Terms).order_by(Terms.id)))


def test_the_list_says_what_counts_what_comes_and_what_is_over(shown: World, onlooker: FlaskClient) -> None:
    page = _text(onlooker.get(_all(shown), **HTTPS).text)
    places = [
        page.index(words)
        for words in (
            "Terms of payment 2027 Text 1 Jan 2027 Coming",
            "Terms (draft) Text 1 Jun 2026 Withdrawn",
            "Terms of payment Text 1 Jan 2026 In force",
            "Terms of payment Text 1 Jan 2024 Past",
        )
    ]
    assert places == sorted(places)
    assert "Framework agreement" not in page


def test_settings_and_the_customers_page_name_what_counts(shown: World, onlooker: FlaskClient) -> None:
    counts = "Terms of payment from 1 Jan 2026 on."
    assert counts in _text(onlooker.get(f"/companies/{shown.bramley.uid}/settings", **HTTPS).text)
    assert counts in _text(onlooker.get(_one(shown).removesuffix("/terms"), **HTTPS).text)
    school = _text(onlooker.get(_one(shown, SCHOOL).removesuffix("/terms"), **HTTPS).text)
    assert "Framework agreement from 1 Mar 2026 on, agreed with this customer." in school
    assert "None are known." in _text(onlooker.get(f"/companies/{shown.kauri.uid}/settings", **HTTPS).text)


def test_a_text_is_kept_for_all_customers_and_can_be_read_as_it_was_typed(world: World, ann: FlaskClient) -> None:
    text = "1. Pay.\r\n2. <b>Talk</b> to us.\r\n\r\nThank you."
    page = _press(ann, _all(world), day="2026-11-18", title="New terms", text=text).text
    assert "Kept. They count from 18 Nov 2026 on" in page
    row = _rows(world)[-1]
    assert (row.company_id, row.account_id, row.valid_from) == (world.bramley.id, None, date(2026, 11, 18))
    read = ann.get(f"/terms/{row.uid}", **HTTPS).text
    assert "<p>1. Pay.\n2. &lt;b&gt;Talk&lt;/b&gt; to us.</p><p>Thank you.</p>" in read
    paper = ann.get(f"/terms/{row.uid}.pdf", **HTTPS)
    assert paper.headers["Content-Disposition"] == 'attachment; filename="terms-2026-11-18.pdf"'
    assert "<b>Talk</b> to us." in PdfReader(BytesIO(paper.data)).pages[0].extract_text()


def test_a_file_is_kept_for_one_customer_and_given_out_as_it_is(world: World, ann: FlaskClient) -> None:
    file = (BytesIO(A_PDF), "agreed.pdf", "application/pdf")
    page = _press(ann, _one(world), day="2026-11-01", title="Agreed in May", text="", file=file).text
    assert "Agreed in May PDF 1 Nov 2026 In force" in _text(page)
    row = _rows(world)[-1]
    assert row.account_id == world.accounts[ALDER].id
    assert ann.get(f"/terms/{row.uid}.pdf", **HTTPS).data == A_PDF
    assert "given as a PDF file" in ann.get(f"/terms/{row.uid}", **HTTPS).text


def test_what_was_typed_is_still_there_after_a_refusal(world: World, ann: FlaskClient) -> None:
    before = len(_rows(world))
    answer = _press(ann, _all(world), day="", title="My own", text="Long and well thought out.")
    assert answer.status_code == 422
    for words in ("Please choose a day.", 'value="My own"', ">Long and well thought out.</textarea>"):
        assert words in answer.text
    file = (BytesIO(b"PK a letter"), "letter.docx")
    assert "That file is no PDF" in _press(ann, _one(world), day="2026-11-01", title="x", file=file).text
    assert len(_rows(world)) == before


@pytest.mark.parametrize("size", [2_000_001, 3_000_000])
def test_a_file_that_is_too_large_is_refused_in_a_sentence(world: World, ann: FlaskClient, size: int) -> None:
    file = FileStorage(BytesIO(b"%PDF-" + b" " * size + b"%%EOF"), "large.pdf")
    token = token_in(ann.get("/", **HTTPS).text)
    form = {"csrf_token": token, "day": "2026-11-01", "title": "Large", "file": file}
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    page = ann.post(_all(world), data=body, content_type=kind, follow_redirects=True, **HTTPS).text
    assert "The file is larger than 2 MB; please give a smaller one." in page
    assert "Large" not in [one.title for one in _rows(world)]


def test_what_is_withdrawn_no_longer_counts(world: World, ann: FlaskClient) -> None:
    page = _text(_press(ann, f"/terms/{world.terms.uid}/withdraw").text)
    assert "Withdrawn. They are sent to nobody any more" in page
    assert "Terms of payment Text 1 Jan 2024 In force" in page
    assert "withdrawn already" in _press(ann, f"/terms/{world.terms.uid}/withdraw").text


def test_a_customer_reads_the_terms_that_count_for_them_and_nobody_elses(shown: World, onlooker: FlaskClient) -> None:
    link = shown.link(ALDER)
    assert f'href="{link}/terms">Our terms</a>' in onlooker.get(link, **HTTPS).text
    page = onlooker.get(f"{link}/terms", **HTTPS)
    assert "An invoice is due 30 days after its date.\n2. If you need longer" in page.text
    assert (page.headers["X-Robots-Tag"], "Framework" in page.text) == ("noindex, nofollow", False)
    paper = onlooker.get(f"{link}/terms.pdf", **HTTPS).data
    assert "Goods stay ours" in PdfReader(BytesIO(paper)).pages[0].extract_text()
    school = shown.link(SCHOOL)
    assert "Framework agreement" in onlooker.get(f"{school}/terms", **HTTPS).text
    assert onlooker.get(f"{school}/terms.pdf", **HTTPS).data == A_PDF


def test_where_there_are_none_nothing_is_said_of_them(shown: World, onlooker: FlaskClient) -> None:
    link = shown.link("Tui Trails")
    assert "Our terms" not in onlooker.get(link, **HTTPS).text
    for way in ("terms", "terms.pdf"):
        assert onlooker.get(f"{link}/{way}", **HTTPS).status_code == 404
        assert "This link does not open" in onlooker.get(f"{link}x/{way}", **HTTPS).text
