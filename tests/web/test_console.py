"""The console's buttons: each does one thing, says so, and refuses in sentences."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import (
    Account,
    AttemptLine,
    AuditEvent,
    Company,
    Connection,
    Dispute,
    Grant,
    Posting,
    Touch,
    UnreadableRow,
)
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World
from web import rawrow


def _press(client: FlaskClient, path: str, **form: Any) -> str:
    """Send a form and follow to the page it leads to."""
    token = token_in(client.get("/", **HTTPS).text)
    answer = client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS)
    assert answer.status_code == 200
    return answer.text


def _company(world: World, company: Company) -> Company:
    with world.rt.store.read() as session:
        return session.get_one(Company, company.id)


def test_totals_are_listed_per_currency_and_never_summed(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get("/companies", **HTTPS).text
    for amount in ("£11,443.75", "€730.00", "NZ$2,240.00"):
        assert amount in page
    assert "7 things" in page


def test_a_company_that_is_not_ready_says_what_is_missing(world: World, ann: FlaskClient) -> None:
    page = _press(ann, f"/companies/{world.tide.uid}/live", value="on")
    for sentence in ("first reading", "time zone", "DUNLIN_SMTP_URL"):
        assert page.count(sentence) >= 2, sentence  # as the answer, and in the list of what is missing
    assert _company(world, world.tide).live_at is None


def test_switching_off_and_pausing_are_said_and_done(world: World, ann: FlaskClient) -> None:
    base = f"/companies/{world.bramley.uid}"
    assert "Nothing is sent until you resume" in _press(ann, f"{base}/pause", value="on")
    assert _company(world, world.bramley).paused
    assert "Messages go out again" in _press(ann, f"{base}/pause", value="off")
    assert "is switched off" in _press(ann, f"{base}/live", value="off")
    assert _company(world, world.bramley).live_at is None
    assert "use the button" in _press(ann, f"{base}/live", value="perhaps")


def test_settings_keep_what_the_form_does_not_name_and_refuse_nonsense(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/settings"
    assert "Saved." in _press(ann, path, zone="Europe/Dublin")
    changed = _company(world, world.bramley)
    assert (changed.zone, changed.deposit_account, changed.email) == ("Europe/Dublin", "35", "accounts@bramley.example")
    assert "not a time zone" in _press(ann, path, zone="Middle/Earth")
    assert "whole e-mail address" in _press(ann, path, email="nobody")
    page = ann.get(path, **HTTPS).text
    assert '<option value="35" selected>Current account (GBP)</option>' in page
    assert "<option selected>Europe/Dublin</option>" in page


def test_read_now_asks_for_the_next_tick_and_the_page_keeps_itself_fresh(world: World, ann: FlaskClient) -> None:
    assert 'http-equiv="refresh"' not in ann.get(f"/companies/{world.bramley.uid}", **HTTPS).text
    page = _press(ann, f"/companies/{world.bramley.uid}/sync")
    assert 'http-equiv="refresh"' in page
    assert _company(world, world.bramley).next_sync_at == world.rt.clock.now()


def test_the_preview_names_who_when_which_step_and_every_silence(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/companies/{shown.bramley.uid}/preview?days=30", **HTTPS).text
    for words in ("Larkspur Florists", "Friday, 20 November 2026", "Heads up", "hello3@example.com", "1103"):
        assert words in page
    for name, why in (
        ("Dene Interiors", "The ledger has no e-mail address"),
        ("Elm Row Residents", "It is 240 days late"),
        ("Gorse Hill Farm", "It has no due date"),
        ("Carver&#39;s Yard", "They said something is wrong"),
    ):
        assert why in page.split(name, 1)[1][:300], name
    assert onlooker.get(f"/companies/{shown.bramley.uid}/preview?days=many", **HTTPS).status_code == 200


def test_the_cadence_is_told_in_plain_words(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/companies/{shown.bramley.uid}/cadence", **HTTPS).text
    for words in ("5 days before the due date", "On the due date", "35 days after the due date", "at least 72 hours"):
        assert words in page


def test_an_account_tells_its_story_newest_first(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/accounts/{shown.accounts['Alder & Ash Kitchens'].uid}", **HTTPS).text
    story = page.split("What happened", 1)[1]
    places = [story.index(words) for words in ("12 Nov 2026", "9 Nov 2026, 10:30", "2 Oct 2026")]
    assert places == sorted(places)
    assert "is about to leave" in page
    school = onlooker.get(f"/accounts/{shown.accounts['Brightwell Primary School'].uid}", **HTTPS).text
    assert "They promised to pay by 27 Nov 2026" in school


def test_a_search_finds_by_name_and_by_invoice_number(shown: World, onlooker: FlaskClient) -> None:
    path = f"/companies/{shown.bramley.uid}"
    assert "Juniper Cafe" in onlooker.get(f"{path}?q=JUNI", **HTTPS).text
    by_number = onlooker.get(f"{path}?q=1048", **HTTPS).text
    assert "Brightwell" in by_number
    assert "Juniper" not in by_number
    assert "Nobody found" in onlooker.get(f"{path}?q=%25_%25zzz", **HTTPS).text


def test_a_persons_word_settles_a_doubt(world: World, ann: FlaskClient) -> None:
    assert "Please say whether" in _press(ann, f"/touches/{world.doubt.uid}/settle", answer="maybe")
    assert "Noted as sent" in _press(ann, f"/touches/{world.doubt.uid}/settle", answer="sent")
    with world.rt.store.read() as session:
        assert session.get_one(Touch, world.doubt.id).state == "sent"
    assert "no longer in doubt" in _press(ann, f"/touches/{world.doubt.uid}/settle", answer="not_sent")


def test_a_dispute_is_settled_with_a_note(world: World, ann: FlaskClient) -> None:
    path = f"/disputes/{world.dispute.uid}/resolve"
    assert "how it ended" in _press(ann, path, text="The doors are on their way.")
    assert "in a few words" in _press(ann, path, text=" ", ending="corrected")
    assert "Settled." in _press(ann, path, text="The doors are on their way.", ending="corrected")
    with world.rt.store.read() as session:
        found = session.get_one(Dispute, world.dispute.id)
    assert (found.state, found.ending) == ("resolved", "corrected")
    carver = world.accounts["Carver's Yard"]
    page = ann.get(f"/accounts/{carver.uid}", **HTTPS).text
    assert "Corrected for 1049" in page


def test_a_payment_booked_by_hand_leaves_the_desk(world: World, ann: FlaskClient) -> None:
    path = f"/bookings/{world.booking.uid}/settle"
    assert "must be booked by hand" in _press(ann, path, how="retry")
    assert "what is to be done" in _press(ann, path, how="perhaps")
    page = _press(ann, path, how="booked")
    assert "Noted as booked by hand" in page
    assert "Hallam" not in page
    with world.rt.store.read() as session:
        assert session.get_one(AttemptLine, world.booking.id).state == "confirmed"


def test_long_lists_come_in_pages(world: World, ann: FlaskClient) -> None:
    for number in range(60):
        world._account(world.kauri, f"Customer {number:02}", [], [(f"X{number}", 3, 100, 100)])
    first = ann.get(f"/companies/{world.kauri.uid}", **HTTPS).text
    assert "Page 1 of 2" in first
    assert "Customer 00" in first
    assert "Tui Trails" not in first
    assert "Tui Trails" in ann.get(f"/companies/{world.kauri.uid}?page=2", **HTTPS).text
    for nonsense in ("0", "-1", "x", "9" * 30):
        assert ann.get(f"/companies/{world.kauri.uid}?page={nonsense}", **HTTPS).status_code == 200


def test_reading_long_ago_is_said_in_words(world: World, ann: FlaskClient) -> None:
    world.rt.clock.moment += timedelta(days=2)  # type: ignore[attr-defined]
    sign_in(ann)
    assert "read 2 days ago" in ann.get("/companies", **HTTPS).text
    with world.rt.store.read() as session:
        assert session.scalars(select(Company.id)).all()


def test_an_address_that_was_turned_away_waits_at_the_desk_until_it_is_tried_again(
    world: World, ann: FlaskClient
) -> None:
    with world.rt.store.write() as session:
        account = session.scalars(select(Account).where(Account.company_id == world.bramley.id)).first()
        assert account is not None
        account.refused = ["gone@alder.example"]
    assert "gone@alder.example" in ann.get("/desk", **HTTPS).text
    page = _press(ann, f"/accounts/{account.uid}/try-again")
    assert "try the address again" in page
    assert "gone@alder.example" not in page
    assert "None of this customer" in _press(ann, f"/accounts/{account.uid}/try-again")


def test_what_credit_notes_are_booked_on_is_chosen_in_the_settings(world: World, ann: FlaskClient) -> None:
    path = f"/companies/{world.bramley.uid}/settings"
    assert '<option value="80" selected>Discounts given</option>' in ann.get(path, **HTTPS).text
    assert "Saved." in _press(ann, path, income_choice="81")
    changed = _company(world, world.bramley)
    assert (changed.income_choice, changed.deposit_account) == ("81", "35")
    _press(ann, path, zone="Europe/Dublin")
    assert _company(world, world.bramley).income_choice == "81"


@pytest.mark.parametrize(
    ("how", "said"), [("booked", "Noted as booked"), ("paid-back", "Noted as paid back by hand. The invoice is open")]
)
def test_a_payment_on_the_desk_can_be_settled_by_hand_in_two_ways(
    world: World, ann: FlaskClient, how: str, said: str
) -> None:
    assert "Book it as money on account" in ann.get("/desk", **HTTPS).text
    assert said in _press(ann, f"/bookings/{world.booking.uid}/settle", how=how)
    with world.rt.store.read() as session:
        line = session.get_one(AttemptLine, world.booking.id)
    assert line.state == {"booked": "confirmed", "paid-back": "void"}[how]


@pytest.mark.parametrize(
    ("how", "said", "state"),
    [
        ("retry", "We will try again in a moment.", "due"),
        ("done", "Noted as done by hand.", "void"),
        ("drop", "Dropped. Nothing is changed in the ledger.", "void"),
    ],
)
def test_what_could_not_be_written_waits_at_the_desk_until_somebody_says_what_to_do(
    world: World, ann: FlaskClient, how: str, said: str, state: str
) -> None:
    desk = ann.get("/desk", **HTTPS).text
    assert "New due date, 20/12/2026" in desk or "New due date, 20 Dec 2026" in desk
    assert "Xero does not let anybody change a paid one." in desk
    assert "whether to try it again" in _press(ann, f"/postings/{world.posting.uid}/settle", how="perhaps")
    page = _press(ann, f"/postings/{world.posting.uid}/settle", how=how)
    assert said in page
    assert "Xero does not let anybody" not in page
    with world.rt.store.read() as session:
        assert session.get_one(Posting, world.posting.id).state == state


def test_a_connection_that_ended_says_why_and_offers_that_company(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        tie = session.scalars(select(Connection).where(Connection.company_id == world.kauri.id)).one()
        tie.state, tie.ended_why = "needs_reconnect", "It was disconnected in Xero."
    desk = ann.get("/desk", **HTTPS).text
    assert "It was disconnected in Xero." in desk
    assert f'name="company" value="{world.kauri.uid}"' in desk


def test_a_permission_that_ends_soon_waits_at_the_desk_with_its_day(world: World, ann: FlaskClient) -> None:
    before = ann.get("/companies", **HTTPS).text
    with world.rt.store.write() as session:
        session.execute(update(Grant).values(hard_expires_at=world.rt.clock.now() + timedelta(days=59)))
    assert "16 Jan 2027" in ann.get("/desk", **HTTPS).text
    assert ("7 things" in before, "10 things" in ann.get("/companies", **HTTPS).text) == (True, True)


def test_a_row_nobody_could_read_is_shown_as_it_came_and_who_looked_is_kept(world: World, ann: FlaskClient) -> None:
    assert f'href="/rows/{world.row.uid}"' in ann.get("/desk", **HTTPS).text
    page = ann.get(f"/rows/{world.row.uid}", **HTTPS).text
    shown = html.unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page, re.S)[1])  # type: ignore[index]
    assert shown.splitlines()[:3] == ["{", '  "Id": "77",', '  "TotalAmt": 1.10,']
    assert "<script>alert(1)</script>" in shown
    assert "<script>alert" not in page
    with world.rt.store.read() as session:
        seen = session.scalars(select(AuditEvent).where(AuditEvent.kind == "raw-row-seen")).all()
    assert [(one.company_id, one.subject) for one in seen] == [(world.bramley.id, world.row.uid)]


def test_a_row_whose_bytes_were_not_kept_says_so(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.get_one(UnreadableRow, world.row.id).raw_sealed = None
    assert "Its bytes were not kept." in ann.get(f"/rows/{world.row.uid}", **HTTPS).text


def test_a_thousand_rows_are_counted_and_a_hundred_listed(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        for number in range(1000):
            session.add(_unreadable(world, number))
    desk = ann.get("/desk", **HTTPS).text
    assert "902 more wait behind these." in desk
    assert desk.count('href="/rows/') == 100
    assert "1007 things" in ann.get("/companies", **HTTPS).text


def _unreadable(world: World, number: int) -> UnreadableRow:
    about = {"company_id": world.kauri.id, "entity": "invoice", "external_id": f"x{number}", "reason": "Odd."}
    return UnreadableRow(uid=world.rt.new_id(), seen_at=world.rt.clock.now(), **about)


@pytest.mark.parametrize(
    ("raw", "text", "whole"),
    [
        (b"", "", True),
        (b"not { json", "not { json", True),
        (b"\xff<Error/>", "\ufffd<Error/>", True),
        (b'{"a":[1.10,"x, y"],"b":{}}', '{\n  "a": [\n    1.10,\n    "x, y"\n  ],\n  "b": {\n  }\n}', True),
        (b"[" * 5000 + b"]" * 5000, "[" * 5000 + "]" * 5000, True),
        (b"x" * 70_000, "x" * 65_536, False),
    ],
)
def test_a_raw_row_is_made_readable_and_never_changed(raw: bytes, text: str, whole: bool) -> None:
    assert rawrow.shown(raw) == (text, whole)


def test_a_small_row_cannot_grow_into_a_huge_page() -> None:
    deep = b"[" * 900 + b",".join([b"1"] * 20_000) + b"]" * 900
    text, whole = rawrow.shown(deep)
    assert (len(text) <= 65_536, whole) == (True, False)
