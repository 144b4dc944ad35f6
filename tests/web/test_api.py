"""What a program gets from the API: pages that neither lose nor repeat, plain problems, changes that people see."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from models import AuditEvent, Touch
from tests.web import api_examples
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.programs import Program
from tests.web.world import World
from web.api.document import made
from web.api.operations import OPERATIONS
from workflows import audit_reading


def test_pages_of_a_list_lose_nothing_and_repeat_nothing(shown: World) -> None:
    program, path = Program(shown), f"/companies/{shown.bramley.uid}/invoices"
    whole = [one["uid"] for one in program.get(path, limit=200).json["items"]]
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = program.get(path, limit=4, after=after).json
        assert 0 < len(page["items"]) <= 4
        seen += [one["uid"] for one in page["items"]]
        after = page["next"]
    assert seen == whole
    assert len(seen) > 12


def test_a_page_after_something_of_another_list_is_refused(shown: World) -> None:
    answer = Program(shown).get(f"/companies/{shown.bramley.uid}/invoices", after=shown.bramley.uid)
    assert (answer.status_code, answer.json["detail"]) == (
        400,
        "This list has no row with the uid given as after. Begin again without it.",
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": "blue"}, "unknown field `colour`"),
        ({"limit": "0"}, "`$.limit`"),
        ({"limit": "many"}, "`$.limit`"),
        ({"limit": ["1", "2"]}, "more than once"),
    ],
)
def test_fields_that_nobody_understands_are_refused(shown: World, fields: dict[str, Any], words: str) -> None:
    answer = Program(shown).get("/companies", **fields)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert words in answer.json["detail"]


def test_sums_say_their_minor_units_and_currency_and_are_never_added_over_currencies(shown: World) -> None:
    account = shown.accounts["Alder & Ash Kitchens"]
    open_ = Program(shown).get(f"/customers/{account.uid}").json["open"]
    assert open_ == [
        {"amount_minor": 301550, "currency": "GBP", "amount": "3015.50"},
        {"amount_minor": 73000, "currency": "EUR", "amount": "730.00"},
    ]


def test_a_message_never_carries_the_customers_own_link(world: World) -> None:
    program = Program(world)
    uid = program.get(f"/companies/{world.bramley.uid}/messages", limit=1).json["items"][0]["uid"]
    link = f"{world.rt.public_url}{world.link('Alder & Ash Kitchens')}"
    with world.rt.store.write() as session:
        session.execute(update(Touch).where(Touch.uid == uid).values(text=f"Your invoices: {link} Thank you."))
    told = program.get(f"/messages/{uid}").json
    assert told["text"] == f"Your invoices: {world.rt.public_url}/p/… Thank you."


def test_what_a_program_notes_stands_on_the_customers_page_and_in_the_log_under_its_person(world: World) -> None:
    program, account = Program(world, may_change=True), world.accounts["Alder & Ash Kitchens"]
    answer = program.post(f"/customers/{account.uid}/remarks", {"text": "Call before noon."})
    assert answer.status_code == 201
    ann = sign_in(client_of(world.rt))
    assert "Call before noon." in ann.get(f"/accounts/{account.uid}", **HTTPS).text
    with world.rt.store.read() as session:
        row = session.scalars(select(AuditEvent).where(AuditEvent.kind == "remark-made")).one()
        entry = audit_reading.Opener(world.rt.vault, session).entry(row)
    assert entry.user_id is not None


def test_who_is_left_alone_can_be_let_go_and_twice_is_a_problem(world: World) -> None:
    program, account = Program(world, may_change=True), world.accounts["Alder & Ash Kitchens"]
    path = f"/customers/{account.uid}"
    held = program.post(f"{path}/holds", {"cause": "paused", "last_day": "2026-11-30"}).json
    assert (held["state"], held["until"]) == ("open", "2026-12-01")
    assert program.post(f"{path}/let-go", {"hold": held["uid"]}).json["state"] == "ended"
    again = program.post(f"{path}/let-go", {"hold": held["uid"]})
    assert (again.status_code, again.json["detail"]) == (422, "This hold has already ended.")
    elsewhere = world.accounts["Carver's Yard"].uid
    assert program.post(f"/customers/{elsewhere}/let-go", {"hold": held["uid"]}).status_code == 404


def test_a_promise_about_what_is_not_theirs_is_a_problem(world: World) -> None:
    program, account = Program(world, may_change=True), world.accounts["Alder & Ash Kitchens"]
    body = {"day": "2026-11-25", "invoices": [world.invoices["1048"].uid]}
    answer = program.post(f"/customers/{account.uid}/promises", body)
    assert (answer.status_code, answer.json["detail"]) == (422, "Please choose at least one open invoice.")


def test_a_body_that_is_no_json_is_refused(world: World) -> None:
    program, uid = Program(world, may_change=True), world.accounts["Carver's Yard"].uid
    path = f"/customers/{uid}/remarks"
    assert program.ask("POST", path, data={"text": "x"}).status_code == 415
    assert program.ask("POST", path, data=b"{", content_type="application/json").status_code == 400


def test_an_address_or_a_method_that_is_not_there_is_a_problem_in_json_too(shown: World) -> None:
    client = client_of(shown.rt)
    lost, wrong = client.get("/api/v1/nothing", **HTTPS), client.delete("/api/v1/companies", **HTTPS)
    assert (lost.status_code, lost.json["status"]) == (404, 404)
    assert (wrong.status_code, set(wrong.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})


def test_the_document_names_every_operation_and_only_those() -> None:
    named = [told["operationId"] for path in made()["paths"].values() for told in path.values()]
    assert sorted(named) == sorted(one.name for one in OPERATIONS)
    assert made()["openapi"] == "3.1.0"


def test_a_token_is_made_with_the_password_shown_once_and_ended_with_a_click(world: World) -> None:
    ann = sign_in(client_of(world.rt))
    page = "/your-tokens"
    fields = {"name": "Monthly report", "days": "30", "csrf_token": token_in(ann.get(page, **HTTPS).text)}
    wrong = ann.post(page, data={**fields, "confirm": "a guess"}, **HTTPS)
    assert wrong.status_code == 303
    assert "No tokens" in ann.get(page, **HTTPS).text
    made_ = ann.post(page, data={**fields, "confirm": "a walk along the shore"}, **HTTPS).text
    secret = made_.split('<code class="address">', 1)[1].split("<", 1)[0]
    assert secret.startswith("dunlin_")
    again = ann.get(page, **HTTPS).text
    assert secret not in again
    assert "Monthly report" in again
    assert "Only reads" in again
    uid = again.split('name="api_token" value="', 1)[1].split('"', 1)[0]
    ann.post(f"{page}/end", data={"api_token": uid, "csrf_token": token_in(again)}, **HTTPS)
    assert "No tokens" in ann.get(page, **HTTPS).text


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("Report", "0"), ("Report", "367"), ("Report", "soon")])
def test_a_token_without_a_name_or_for_too_long_is_not_made(world: World, name: str, days: str) -> None:
    ann = sign_in(client_of(world.rt))
    token = token_in(ann.get("/your-tokens", **HTTPS).text)
    fields = {"name": name, "days": days, "confirm": "a walk along the shore", "csrf_token": token}
    assert ann.post("/your-tokens", data=fields, **HTTPS).status_code == 303
    page = ann.get("/your-tokens", **HTTPS).text
    assert "No tokens" in page
    assert "Please" in page


def test_the_document_for_people_shows_every_operation_as_it_really_answers() -> None:
    text = api_examples.DOCUMENT.read_text(encoding="utf-8")
    assert text.split(api_examples.MARK)[1] == api_examples.written().split(api_examples.MARK)[1]
