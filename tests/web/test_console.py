"""The console's buttons: each does one thing, says so, and refuses in sentences."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from models import Account, AttemptLine, Company, Dispute, Touch
from tests.web.edges import HTTPS, token_in
from tests.web.world import World


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
    page = onlooker.get("/", **HTTPS).text
    for amount in ("£11,443.75", "€730.00", "NZ$2,640.00"):
        assert amount in page
    assert "4 things" in page


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
    for words in ("5 days before the due date", "On the due date", "35 days after the due date", "at least 3 days"):
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
    assert "in a few words" in _press(ann, path, text=" ")
    assert "Settled." in _press(ann, path, text="The doors are on their way.")
    with world.rt.store.read() as session:
        assert session.get_one(Dispute, world.dispute.id).state == "resolved"


def test_a_payment_booked_by_hand_leaves_the_desk(world: World, ann: FlaskClient) -> None:
    path = f"/bookings/{world.booking.uid}/settle"
    assert "must be booked by hand" in _press(ann, path, how="retry")
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
    assert "read 2 days ago" in ann.get("/", **HTTPS).text
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
