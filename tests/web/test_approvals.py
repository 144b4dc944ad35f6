"""The queue of drafts in the console: read, approved, edited, left out and taken back with plain forms."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import ApprovalRow, Company
from tests.web.approving import Asked, asked, drafts
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World


@pytest.fixture
def queue(world: World) -> Asked:
    return asked(world)


def _post(client: FlaskClient, path: str, page: str = "/approvals", **fields: Any) -> Any:
    token = token_in(client.get(page, **HTTPS).text)
    return client.post(path, data={"csrf_token": token, **fields}, **HTTPS)


def _mark(client: FlaskClient, uid: str) -> str:
    """What the page sends along with an approval of this draft."""
    text = client.get("/approvals", **HTTPS).text
    form = text.split(f'action="/approvals/{uid}/approve"', 1)[1]
    return form.split('name="mark" value="', 1)[1].split('"', 1)[0]


def _words(world: World) -> list[ApprovalRow]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(ApprovalRow).order_by(ApprovalRow.id)))


def test_the_queue_shows_each_draft_as_it_would_leave_and_how_many_wait(queue: Asked, ann: FlaskClient) -> None:
    page = ann.get("/approvals", **HTTPS).text
    assert len(queue.drafts) >= 2
    assert f"{len(queue.drafts)} messages wait for your word" in page
    assert "Kea Kayaks" in page
    assert "INV-0301" in page
    assert "A few" in page or "late" in page or "due" in page
    assert f'<span class="badge-count">{len(queue.drafts)}<' in page


def test_only_one_company_s_drafts_are_shown_when_asked_for(queue: Asked, ann: FlaskClient) -> None:
    page = ann.get(f"/approvals?company={queue.world.bramley.uid}", **HTTPS).text
    assert "Nothing waits for your word" in page


def test_approving_takes_it_off_the_queue_and_it_can_be_taken_back(queue: Asked, ann: FlaskClient) -> None:
    uid = queue.drafts["Kea Kayaks"].uid
    answer = _post(ann, f"/approvals/{uid}/approve", mark=_mark(ann, uid))
    assert answer.status_code == 303
    page = ann.get("/approvals", **HTTPS).text
    assert "Approved. It can be taken back" in page
    assert uid not in page
    (word,) = _words(queue.world)
    assert word.approved
    assert word.paragraphs
    _post(ann, f"/approved/{word.uid}/take-back")
    assert "Taken back" in ann.get("/approvals", **HTTPS).text
    assert _words(queue.world)[0].withdrawn_at is not None


def test_a_draft_that_changed_since_it_was_read_is_not_approved(queue: Asked, ann: FlaskClient) -> None:
    uid = queue.drafts["Kea Kayaks"].uid
    _post(ann, f"/approvals/{uid}/approve", mark="0" * 16)
    assert "has changed since you read it" in ann.get("/approvals", **HTTPS).text
    assert _words(queue.world) == []


def test_a_person_s_own_words_are_kept_and_a_threat_comes_back_with_what_was_typed(
    queue: Asked, ann: FlaskClient
) -> None:
    uid = queue.drafts["Kea Kayaks"].uid
    mark, page = _mark(ann, uid), f"/approvals/{uid}"
    fields = {"mark": mark, "subject": "Hello", "text": "Pay or we send the bailiffs to your house."}
    answer = _post(ann, f"{page}/approve", page, **fields)
    assert answer.status_code == 422
    assert "Pay or we send the bailiffs to your house." in answer.text
    assert 'role="alert"' in answer.text
    assert _words(queue.world) == []
    _post(ann, f"{page}/approve", page, **{**fields, "text": "Could you have a look?\r\n\r\nThank you."})
    (word,) = _words(queue.world)
    assert (word.subject, word.paragraphs) == ("Hello", ["Could you have a look?", "Thank you."])


def test_words_that_could_be_kinder_may_leave_and_say_so(queue: Asked, ann: FlaskClient) -> None:
    uid = queue.drafts["Kea Kayaks"].uid
    fields = {"mark": _mark(ann, uid), "subject": "PLEASE HAVE A LOOK", "text": "You have ignored us again."}
    _post(ann, f"/approvals/{uid}/approve", f"/approvals/{uid}", **fields)
    assert len(_words(queue.world)) == 1
    assert "“" in ann.get("/approvals", **HTTPS).text


def test_leaving_out_needs_a_because_and_a_day(queue: Asked, ann: FlaskClient) -> None:
    uid = queue.drafts["Kea Kayaks"].uid
    for fields in ({"because": "", "until": "2026-11-25"}, {"because": "On holiday", "until": ""}):
        _post(ann, f"/approvals/{uid}/skip", **fields)
        assert _words(queue.world) == []
    _post(ann, f"/approvals/{uid}/skip", because="On holiday", until="2026-11-25")
    (word,) = _words(queue.world)
    assert (word.approved, word.note) == (False, "On holiday")
    assert "On holiday" in ann.get("/approvals", **HTTPS).text


def test_all_that_was_shown_of_a_company_is_approved_with_one_press(queue: Asked, ann: FlaskClient) -> None:
    shown = [f"{one.uid}:{_mark(ann, one.uid)}" for one in queue.drafts.values()]
    _post(ann, f"/companies/{queue.world.kauri.uid}/approve-drafts", draft=shown)
    assert drafts(queue.world) == {}
    assert all(word.approved for word in _words(queue.world))
    assert len(_words(queue.world)) == len(shown)


def test_the_rule_of_a_company_is_set_on_the_page(queue: Asked, ann: FlaskClient) -> None:
    path = f"/companies/{queue.world.kauri.uid}/approval"
    _post(ann, path, draft_days="14", everything="on")
    with queue.world.rt.store.read() as session:
        kauri = session.get_one(Company, queue.world.kauri.id)
    assert (kauri.draft_days, kauri.approve_all) == (14, True)
    _post(ann, path, draft_days="soon")
    assert "Please give a number of days" in ann.get("/approvals", **HTTPS).text


def test_nobody_sees_or_decides_about_another_practice_s_drafts(queue: Asked, stranger: FlaskClient) -> None:
    otto = sign_in(stranger, "otto@example.com")
    uid, kauri = queue.drafts["Kea Kayaks"].uid, queue.world.kauri.uid
    assert "Kea Kayaks" not in otto.get("/approvals", **HTTPS).text
    assert otto.get(f"/approvals/{uid}", **HTTPS).status_code == 404
    for path in (f"/approvals/{uid}/approve", f"/approvals/{uid}/skip", f"/companies/{kauri}/approve-drafts"):
        assert _post(otto, path, mark="x", because="x", until="2026-11-25").status_code == 404
    assert _words(queue.world) == []
