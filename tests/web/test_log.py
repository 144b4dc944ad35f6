"""The log on screen and as a file: who did what, checkable by hand, and only for the practice's own people."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app import create_app
from models import AuditEvent, AuditKey
from tests.house import calls
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World
from web import log_words
from workflows import audit, audit_reading

# Orders that leave no entry, and why not.
UNWRITTEN = {
    "web.companies.read_now": "asks for a reading, which is listed as one; it changes nothing",
    "web.connecting.begin": "leads to the ledger's own page; what comes of it is written when they come back",
    "web.vendors.sign_in": "leads to the vendor's own page; what comes of it is written when they come back",
    "web.vendors.sign_up": "leads to the vendor's own page; what comes of it is written when they come back",
    "web.senders.sign_in": "leads to the provider's own page; what comes of it is written when they come back",
    "web.wordings.preview": "shows words as a customer would read them; it keeps and changes nothing",
    "web.senders.check": "looks the domain up in the DNS again; it changes nothing",
    "web.portal_answers.tell": "shows a question of the portal's; the answer is written where it is given",
    "web.webhooks.receive": "what vendors send is kept sealed as it came; what it leads to is written",
}


def test_every_order_of_a_person_can_be_followed_to_an_entry_or_says_why_not() -> None:
    """Read from the source: what a form leads to mentions `audit.record`, directly or through what it calls."""
    written = calls.leading_to(frozenset({"workflows.audit.record", "workflows.audit.record_practice"}))
    silent = set(calls.orders()) - written
    assert len(calls.orders()) > 80
    assert silent - set(UNWRITTEN) == set()
    assert set(UNWRITTEN) - silent == set(), "it is written now"


def pause(client: FlaskClient, world: World, value: str = "on") -> None:
    path = f"/companies/{world.bramley.uid}"
    token = token_in(client.get(path, **HTTPS).text)
    assert client.post(f"{path}/pause", data={"value": value, "csrf_token": token}, **HTTPS).status_code == 303


def test_a_companys_log_says_what_was_done_and_by_whom(world: World, ann: FlaskClient) -> None:
    pause(ann, world)
    page = ann.get(f"/companies/{world.bramley.uid}/log", **HTTPS).text
    assert "Everything was paused" in page
    assert "by Ann" in page
    assert "Not chained yet" in page
    audit.link_all(world.rt)
    assert "Not chained yet" not in ann.get(f"/companies/{world.bramley.uid}/log", **HTTPS).text


def test_whoever_is_signed_in_next_is_not_taken_for_the_one_before(world: World, ann: FlaskClient) -> None:
    pause(ann, world)
    with world.rt.store.write() as session:
        audit.record(world.rt, session, "resumed", world.bramley.id)
    with world.rt.store.read() as session:
        entries, _ = audit_reading.of_company(world.rt, session, world.bramley, 1)
    assert [one.user_id is None for one in entries[:2]] == [True, False]


def test_a_long_log_has_pages(world: World, ann: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.execute(delete(AuditEvent))
        for number in range(audit_reading.PAGE + 1):
            audit.record(world.rt, session, "noted", world.bramley.id, words=f"number {number:03}")
    first = ann.get(f"/companies/{world.bramley.uid}/log", **HTTPS).text
    assert ("number 050" in first, "number 000" in first, "Page 1 of 2" in first) == (True, False, True)
    second = ann.get(f"/companies/{world.bramley.uid}/log?page=2", **HTTPS).text
    assert ("number 000" in second, "Newer" in second, "Older" in second) == (True, True, False)


def taken(world: World, client: FlaskClient, folder: Path) -> list[dict[str, object]]:
    """The file, unpacked; its entries."""
    with world.rt.store.write() as session:
        for place, account in enumerate(list(world.accounts.values()) * 2):
            audit.record(world.rt, session, "noted", account.company_id, account.id, account.uid, place=place)
    answer = client.get(f"/accounts/{world.accounts['Dene Interiors'].uid}/log.zip", **HTTPS)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    zipfile.ZipFile(io.BytesIO(answer.data)).extractall(folder)
    return [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]


def checked(folder: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, folder / "check.py"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def test_the_file_of_a_customer_can_be_checked_without_us(world: World, ann: FlaskClient, tmp_path: Path) -> None:
    entries = taken(world, ann, tmp_path)
    assert [one["kind"] for one in entries] == ["noted", "noted", "log-taken"]
    assert {one["subject"] for one in entries} == {world.accounts["Dene Interiors"].uid}
    assert checked(tmp_path) == (0, "3 entries fit.")
    places = [int(one["sequence"]) for one in entries]  # type: ignore[call-overload]
    links = (tmp_path / "links.csv").read_text().splitlines()
    assert {str(near) for place in places for near in (place - 1, place, place + 1)} & {"1"} == set()
    assert all(any(line.startswith(f"{near},") for line in links) for near in (places[0] - 1, places[0] + 1))
    readme = (tmp_path / "README.txt").read_text()
    assert all(name in readme for name in ("entries.jsonl", "links.csv", "check.py", "index.json", "SHA-256"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("kind", "payment-taken", "does not fit its link"),
        ("sealed", "something else", "was not sealed like this"),
        ("previous", "0" * 64, "is not in its place"),
        ("link", "0" * 64, "does not fit its link"),
    ],
)
def test_a_file_that_was_changed_is_found_out(
    world: World, ann: FlaskClient, tmp_path: Path, field: str, value: str, said: str
) -> None:
    entries = taken(world, ann, tmp_path)
    entries[0][field] = value
    (tmp_path / "entries.jsonl").write_text("\n".join(map(json.dumps, entries)))
    code, words = checked(tmp_path)
    assert (code, said in words) == (1, True)


def test_nobody_of_another_practice_sees_a_log_or_takes_a_file(world: World) -> None:
    otto = sign_in(client_of(world.rt), "otto@example.com")
    uid = world.accounts["Dene Interiors"].uid
    for path in (
        f"/accounts/{uid}/log",
        f"/accounts/{uid}/log.zip",
        f"/accounts/{uid}/kept.zip",
        f"/accounts/{uid}/erase",
    ):
        assert otto.get(path, **HTTPS).status_code == 404, path
    assert otto.get(f"/companies/{world.bramley.uid}/log", **HTTPS).status_code == 404
    with world.rt.store.write() as session:
        audit.record_practice(world.rt, session, "noted", world.bramley.practice_id, words="of Ann's own")
    assert "of Ann" not in otto.get("/log", **HTTPS).text


def test_where_the_key_was_destroyed_the_page_says_so(world: World, ann: FlaskClient) -> None:
    account = world.accounts["Dene Interiors"]
    with world.rt.store.write() as session:
        audit.record(world.rt, session, "noted", account.company_id, account.id, words="a word of theirs")
    assert "a word of theirs" in ann.get(f"/accounts/{account.uid}/log", **HTTPS).text
    with world.rt.store.write() as session:
        session.scalars(select(AuditKey).where(AuditKey.account_id == account.id)).one().key_sealed = None
    page = ann.get(f"/accounts/{account.uid}/log", **HTTPS).text
    assert ("a word of theirs" in page, "erased with the customer" in page) == (False, True)


def test_every_kind_is_said_in_words() -> None:
    assert log_words.title("live") == "Sending was switched on"
    assert log_words.title("arrangement-grown") == "Arrangement grown"
    said = {"user": 1, "all": True, "nothing": "", "fields": {"a": 1, "b": [2, "x"]}, "says": "Now"}
    assert list(log_words.details(said)) == [("all", "yes"), ("fields", "a 1, b 2, x"), ("what", "Now")]


@pytest.fixture
def flask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """`flask audit verify` of an installation with an empty world and one entry."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    monkeypatch.setenv("DUNLIN_DATABASE_URL", f"sqlite:///{tmp_path}/dunlin.db")
    app = create_app()
    with app.app_context():
        yield lambda *words: app.test_cli_runner().invoke(args=["audit", "verify", *words])


def test_the_command_says_how_much_it_looked_at_and_remembers_where_a_chain_ended(
    flask: Callable[..., Result], tmp_path: Path
) -> None:
    assert flask().stdout.splitlines() == ["The log is unbroken.", "0 entries in 0 chains were looked at."]
    found = json.loads(flask("--json").stdout)
    assert found == {"broken": [], "entries": 0, "chains": 0, "heads": []}
    heads = tmp_path / "heads.json"
    heads.write_text(json.dumps({"heads": [{"of": "company gone", "sequence": 3, "link": "a"}]}))
    missed = flask("--heads", str(heads))
    assert (missed.exit_code, missed.stdout.splitlines()[0]) == (
        1,
        "A log that was noted is not there any more: company gone.",
    )
    heads.write_text("nothing")
    assert flask("--heads", str(heads)).exit_code == 2
