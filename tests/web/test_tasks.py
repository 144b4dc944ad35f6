"""Calls and letters in the console: the list, the page of a conversation, and one-click outcomes without a script."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from core.cadence import Reason
from models import Account, Promise, Task, ToldRow
from tests.web.approving import Asked, asked
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World
from web import guides, tasks
from workflows.outcomes import Outcome
from workflows.tasks import conversation


@pytest.fixture
def desk(world: World) -> Asked:
    return asked(world)


def _settle(client: FlaskClient, task: Task, outcome: str, **fields: Any) -> Any:
    page = f"/tasks/{task.uid}"
    token = token_in(client.get(page, **HTTPS).text)
    return client.post(f"{page}/outcome", data={"csrf_token": token, "outcome": outcome, **fields}, **HTTPS)


def _row(desk: Asked, task: Task) -> Task:
    with desk.world.rt.store.read() as session:
        return session.get_one(Task, task.id)


def test_the_list_names_who_is_to_be_called_and_what_is_to_be_posted(desk: Asked, ann: FlaskClient) -> None:
    page = ann.get("/tasks", **HTTPS).text
    assert "To do now" in page
    assert "Weka Wool" in page
    assert "Letter" in page
    assert '<span class="badge-count">2<' in page


def test_the_page_of_a_call_holds_words_facts_history_and_the_guide(desk: Asked, ann: FlaskClient) -> None:
    page = ann.get(f"/tasks/{desk.call.uid}", **HTTPS).text
    for words in ("Is this a good moment?", "03 555 0100", "INV-0302", "$880.00", "If they say", "It was forgotten"):
        assert words in page, words
    assert "6 parts within 90 days" in page


def test_a_day_they_named_is_noted_with_one_press(desk: Asked, ann: FlaskClient) -> None:
    invoice = desk.world.invoices["INV-0302"].uid
    answer = _settle(ann, desk.call, "promise", invoice=[invoice], promise_day="2026-11-27")
    assert answer.status_code == 303
    assert "Nothing is said until a few days after that day" in ann.get("/tasks", **HTTPS).text
    with desk.world.rt.store.read() as session:
        assert session.query(Promise).filter_by(account_id=desk.call.account_id).count() == 1
    assert _row(desk, desk.call).outcome == "promise"


def test_the_story_of_the_account_says_what_became_of_the_call(desk: Asked, ann: FlaskClient) -> None:
    with desk.world.rt.store.read() as session:
        account = session.get_one(Account, desk.call.account_id).uid
    assert "A call for a person to make. About INV-0302" in ann.get(f"/accounts/{account}", **HTTPS).text
    _settle(ann, desk.call, "promise", invoice=[desk.world.invoices["INV-0302"].uid], promise_day="2026-11-27")
    page = ann.get(f"/accounts/{account}", **HTTPS).text
    assert "Called. They named a day. About INV-0302" in page
    assert "Sent to" not in page


def test_a_letter_that_was_not_posted_is_off_the_list(desk: Asked, ann: FlaskClient) -> None:
    answer = _settle(ann, desk.letter, "not-posted", text="The printer is broken.")
    assert answer.status_code == 303
    assert "It counts as unsaid" in ann.get("/tasks", **HTTPS).text
    assert ann.get(f"/tasks/{desk.letter.uid}", **HTTPS).status_code == 404


def test_what_was_typed_is_still_there_when_something_is_missing(desk: Asked, ann: FlaskClient) -> None:
    invoice = desk.world.invoices["INV-0302"].uid
    answer = _settle(ann, desk.call, "promise", invoice=[invoice], text="They were very kind.")
    assert answer.status_code == 422
    assert "They were very kind." in answer.text
    assert "Please choose a day." in answer.text
    assert _row(desk, desk.call).state == "open"


def test_an_outcome_that_does_not_exist_is_refused(desk: Asked, ann: FlaskClient) -> None:
    assert _settle(ann, desk.call, "agency").status_code == 422


def test_a_reason_is_kept_as_this_person_s_word(desk: Asked, ann: FlaskClient) -> None:
    invoice = desk.world.invoices["INV-0302"].uid
    _settle(ann, desk.call, "short-of-cash", invoice=[invoice], text="A quiet season.")
    with desk.world.rt.store.read() as session:
        (row,) = session.query(ToldRow).filter_by(account_id=desk.call.account_id).all()
    assert (row.reason, row.text, row.by_user_id is not None) == ("short-of-cash", "A quiet season.", True)


def test_a_new_number_stands_on_the_page_beside_the_ledger_s(desk: Asked, ann: FlaskClient) -> None:
    answer = _settle(ann, desk.call, "number", phone="021 555 0199")
    assert answer.headers["Location"].endswith(f"/tasks/{desk.call.uid}")
    page = ann.get(f"/tasks/{desk.call.uid}", **HTTPS).text
    assert "tel:0215550199" in page
    assert "In the ledger: 03 555 0100" in page


def test_a_letter_is_shown_as_it_prints_and_noted_as_posted(desk: Asked, ann: FlaskClient) -> None:
    page = ann.get(f"/tasks/{desk.letter.uid}", **HTTPS).text
    with desk.world.rt.store.read() as session:
        touch = conversation(desk.world.rt, session, desk.letter).touch
    assert f'src="/touches/{touch.uid}/body"' in page
    assert "Dear Moa Motors" in ann.get(f"/touches/{touch.uid}/body", **HTTPS).text
    _settle(ann, desk.letter, "posted")
    assert _row(desk, desk.letter).outcome == "posted"


def test_a_settled_call_says_so_and_asks_nothing(desk: Asked, ann: FlaskClient) -> None:
    _settle(ann, desk.call, "talked", text="We spoke.")
    page = ann.get(f"/tasks/{desk.call.uid}", **HTTPS).text
    assert "This is done" in page
    assert "What came of it" not in page


def test_the_list_says_what_may_be_offered_and_leads_to_where_it_is_set(desk: Asked, ann: FlaskClient) -> None:
    page = ann.get("/tasks", **HTTPS).text
    assert f'<a href="/companies/{desk.world.kauri.uid}/agreements">' in page
    assert "up to 6 parts within" in page


def test_nobody_opens_another_practice_s_call(desk: Asked, stranger: FlaskClient) -> None:
    otto = sign_in(stranger, "otto@example.com")
    token = token_in(otto.get("/tasks", **HTTPS).text)
    assert "Weka Wool" not in otto.get("/tasks", **HTTPS).text
    assert otto.get(f"/tasks/{desk.call.uid}", **HTTPS).status_code == 404
    data = {"csrf_token": token, "outcome": "talked", "text": "x"}
    assert otto.post(f"/tasks/{desk.call.uid}/outcome", data=data, **HTTPS).status_code == 404
    assert _row(desk, desk.call).state == "open"


def test_there_is_a_guide_for_every_reason_and_a_word_for_every_outcome(ann: FlaskClient) -> None:
    assert set(guides.GUIDES) == set(Reason)
    assert set(tasks.DONE) == set(Outcome)
    page = ann.get("/tasks/guide", **HTTPS).text
    for guide in guides.GUIDES.values():
        assert guide.title in page
