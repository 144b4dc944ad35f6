"""What customers tell us on their page: one form each, taken in at once, answered kindly, and shown from then on."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Contact, Dispute, HoldRow, Invoice, SentFile, ToldRow
from tests.web.edges import HTTPS, client_of, token_in
from tests.web.world import World
from web.portal_answers import ANSWERS

ALDER = "Alder & Ash Kitchens"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def tell(client: FlaskClient, world: World, what: str, *numbers: str, status: int = 200, **fields: Any) -> str:
    """What the page says after the button of an answer was pressed."""
    link = world.link(ALDER)
    data = {
        "csrf_token": token_in(client.get(link, **HTTPS).text),
        "invoice": [world.invoices[number].uid for number in numbers or ("1042",)],
        **fields,
    }
    answer = client.post(f"{link}/answers/{what}", data=data, follow_redirects=True, **HTTPS)
    answer.request.environ["wsgi.input"].close()  # a large form lies in a file of the test client's own
    assert answer.status_code == status, answer.text
    return text(answer.text)


def text(page: str) -> str:
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))
    return words.replace("&#39;", "'").replace("&amp;", "&")


def told(world: World) -> list[ToldRow]:
    with world.rt.store.read() as session:
        mine = ToldRow.account_id == world.accounts[ALDER].id
        return list(session.scalars(select(ToldRow).where(mine).order_by(ToldRow.id)))


def test_a_link_with_an_answer_opens_that_one_in_front_and_tells_nothing(world: World, stranger: FlaskClient) -> None:
    for what in ANSWERS:
        page = stranger.get(f"{world.link(ALDER)}?answer={what}", **HTTPS).text
        opened = re.findall(r'<details class="panel way answer" id="([\w-]+)"( open)?', page)
        assert opened[0] == (what, " open")
        assert [one for one, is_open in opened if is_open] == [what]
    assert told(world) == []
    page = stranger.get(f"{world.link(ALDER)}?answer=<b>", **HTTPS).text
    assert not re.search(r'<details class="panel way answer"[^>]* open', page)


def test_everything_in_order_is_kept_with_the_version_they_saw(world: World, stranger: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.get_one(Invoice, world.invoices["1060"].id).version = "v7"
    assert "There is nothing else for you to do" in tell(stranger, world, "in-order", "1060")
    assert "You told us on 18 Nov 2026 that it is in order" in text(stranger.get(world.link(ALDER), **HTTPS).text)
    assert [one.detail for one in told(world)] == [{"versions": {world.invoices["1060"].uid: "v7"}}]


@pytest.mark.parametrize(
    ("what", "fields", "thanks", "shown"),
    [
        ("forgot", {}, "We leave you in peace", "You told us on 18 Nov 2026 that you see to it"),
        ("copy", {}, "The copy goes to your e-mail address", "You asked for a copy on 18 Nov 2026"),
        ("order-number", {"number": "PO 4711"}, "by 25 Nov 2026", "You need the number PO 4711 on it"),
        ("wrong-person", {}, "by 25 Nov 2026", "You told us on 18 Nov 2026 that somebody else is right for it"),
        ("paid-already", {"paid_on": "2026-11-12"}, "We look for your payment", "on 18 Nov 2026 that it is paid"),
        ("short-of-cash", {"text": "June is better."}, "by 25 Nov 2026", "on 18 Nov 2026 that money is tight"),
        ("promise", {"day": "2026-11-27"}, "We noted Friday, 27 November 2026", "You named 27 Nov 2026"),
        ("dispute", {"text": "Two doors."}, "will answer by 25 Nov 2026", "we answer by 25 Nov 2026"),
    ],
)
def test_each_answer_is_thanked_for_shown_and_says_what_happens_next(
    world: World, stranger: FlaskClient, what: str, fields: dict[str, str], thanks: str, shown: str
) -> None:
    page = tell(stranger, world, what, **fields)
    assert thanks in page
    assert shown in page
    assert "If we hear nothing" not in page, "what happens next is about what they told us"


def test_a_payment_is_told_with_its_day_and_reference(world: World, stranger: FlaskClient) -> None:
    tell(stranger, world, "paid-already", paid_on="2026-11-12", reference=" BACS \n 77 ", text="From my own account.")
    (row,) = told(world)
    assert (row.detail, row.text, row.answer_by) == (
        {"paid_on": "2026-11-12", "reference": "BACS 77"},
        "From my own account.",
        None,
    )
    assert "answers by 25 Nov 2026" in tell(stranger, world, "paid-already"), "the second time a person looks for it"


def test_odd_days_are_refused_and_what_was_typed_stays(world: World, stranger: FlaskClient) -> None:
    for day, words in (("2027-01-05", "it cannot lie ahead"), ("1999-01-01", "two years ago"), ("-1", "choose a day")):
        link = world.link(ALDER)
        data = {"csrf_token": token_in(stranger.get(link, **HTTPS).text), "invoice": world.invoices["1042"].uid}
        page = stranger.post(
            f"{link}/answers/paid-already", data={**data, "paid_on": day, "reference": "BACS 77"}, **HTTPS
        )
        assert page.status_code == 422
        assert words in page.text
        assert 'value="BACS 77"' in page.text
        assert 'id="paid-already" open' in page.text
    assert told(world) == []


def test_an_order_number_goes_to_a_person_and_no_copy_without_it_leaves(world: World, stranger: FlaskClient) -> None:
    assert "the number that has to stand on" in tell(stranger, world, "order-number", status=422, number="  ")
    tell(stranger, world, "order-number", number="PO 4711")
    with world.rt.store.read() as session:
        mine = HoldRow.account_id == world.accounts[ALDER].id
        (held,) = session.scalars(select(HoldRow).where(mine, HoldRow.until.is_(None))).all()
    assert "order number PO 4711" in held.note


def test_the_right_person_is_only_proposed(world: World, stranger: FlaskClient) -> None:
    assert "does not look right" in tell(stranger, world, "wrong-person", status=422, email="kim at new.example")
    tell(stranger, world, "wrong-person", name="Kim  New", email="Kim@New.example")
    tell(stranger, world, "wrong-person", name="Kim New", email="kim.new@new.example")
    with world.rt.store.read() as session:
        (found,) = session.scalars(select(Contact)).all()
    assert (found.name, found.email, found.state) == ("Kim New", "kim.new@new.example", "proposed")


def send(client: FlaskClient, world: World, *files: tuple[bytes, str], status: int = 200) -> str:
    sent = [(BytesIO(body), name) for body, name in files]
    fields = {"text": "See for yourself.", "line": "Line 2", "file": sent}
    return tell(client, world, "dispute", status=status, **fields)


def test_what_is_wrong_comes_with_its_line_and_files(world: World, stranger: FlaskClient, ann: FlaskClient) -> None:
    send(stranger, world, (PNG, "../../My photo (1).exe"), (b"It says 4, we ordered 2.", "note.txt"))
    with world.rt.store.read() as session:
        opened = session.scalars(select(Dispute).where(Dispute.invoice_id == world.invoices["1042"].id)).one()
        files = session.scalars(select(SentFile).order_by(SentFile.id)).all()
    assert opened.text == "Line 2: See for yourself."
    assert [(one.name, one.kind, one.dispute_id) for one in files] == [
        ("My-photo-1.png", "image/png", opened.id),
        ("note.txt", "text/plain", opened.id),
    ]
    assert PNG not in files[0].body_sealed
    got = ann.get(f"/files/{files[0].uid}", **HTTPS)
    assert (got.data, got.headers["Content-Disposition"]) == (PNG, 'attachment; filename="My-photo-1.png"')
    assert f"/files/{files[0].uid}" in ann.get("/desk", **HTTPS).text
    assert stranger.get(f"/files/{files[0].uid}", **HTTPS).status_code == 302


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([(b"MZ\x90\x00\x03", "invoice.pdf")], "we cannot take another file"),
        ([(b"<html><script>alert(1)</script>", "photo.png")], "we cannot take another file"),
        ([(b"", "empty.pdf")], "we cannot take another file"),
        ([(PNG, f"{number}.png") for number in range(4)], "at most 3 files"),
        ([(b"%PDF-" + b"0" * 5_300_000, "large.pdf")], "up to 5 MB"),
    ],
)
def test_files_that_are_not_what_they_say_or_too_much_are_refused(
    world: World, stranger: FlaskClient, files: list[tuple[bytes, str]], words: str
) -> None:
    page = send(stranger, world, *files, status=422)
    assert words in page
    assert "See for yourself." in page, "what was typed stays"
    with world.rt.store.read() as session:
        assert session.scalars(select(SentFile)).all() == []
        mine = Dispute.invoice_id == world.invoices["1042"].id
        assert session.scalars(select(Dispute).where(mine)).all() == []


def test_a_long_reason_is_refused_in_one_sentence_and_never_cut(world: World, stranger: FlaskClient) -> None:
    assert "in at most 5000 characters" in tell(stranger, world, "dispute", status=422, text="x" * 5001)
    tell(stranger, world, "dispute", text="x" * 5000)
    with world.rt.store.read() as session:
        found = session.scalars(select(Dispute).where(Dispute.invoice_id == world.invoices["1042"].id)).one()
    assert len(found.text) == 5000


def test_a_reason_of_five_megabytes_is_turned_away_before_it_is_read(world: World, stranger: FlaskClient) -> None:
    assert "Please send less text" in tell(stranger, world, "dispute", status=413, text="x" * 5_000_000)
    assert "Please send less text" in tell(stranger, world, "promise", status=413, day="x" * 20_000_000)


@pytest.mark.parametrize("what", sorted(ANSWERS))
def test_nobody_answers_for_somebody_elses_invoice(world: World, stranger: FlaskClient, what: str) -> None:
    fields = {"day": "2026-11-27", "text": "Mine.", "number": "7"}
    page = tell(stranger, world, what, "1048", status=422, **fields)
    assert "Please choose at least one open invoice." in page
    assert told(world) == []


def test_there_is_no_other_answer_and_none_without_a_good_link(world: World, stranger: FlaskClient) -> None:
    assert "There is no such page" in tell(stranger, world, "refuses", status=404)
    token = token_in(stranger.get(world.link(ALDER), **HTTPS).text)
    answer = stranger.post(f"{world.link(ALDER)}x/answers/forgot", data={"csrf_token": token}, **HTTPS)
    assert answer.status_code == 404


def test_without_the_pages_own_token_nothing_is_told(world: World) -> None:
    client = client_of(world.rt)
    answer = client.post(f"{world.link(ALDER)}/answers/forgot", data={"invoice": world.invoices["1042"].uid}, **HTTPS)
    assert answer.status_code == 400
    assert "nothing was changed" in answer.text
    assert told(world) == []
