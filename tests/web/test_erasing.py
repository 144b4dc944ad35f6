"""Everybody of the small world is erased, one after the other: nothing of them is left anywhere, and the log holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import (
    Account,
    Arrangement,
    Attempt,
    AttemptLine,
    AuditEvent,
    Company,
    Dispute,
    Effect,
    Extension,
    Feedback,
    Handover,
    Invoice,
    Notice,
    Posting,
    SentFile,
    Task,
    ToldRow,
    Touch,
    User,
)
from tests.web.edges import HTTPS, PASSWORD, token_in
from tests.web.world import World
from workflows import archive, audit, erasure, notices, personal, planner
from workflows.errors import Refusal

SETTLED: tuple[tuple[Any, dict[str, Any]], ...] = (
    (Invoice, {"balance_minor": 0, "status": "paid"}),
    (Effect, {"state": "sent"}),
    (Attempt, {"state": "expired"}),
    (AttemptLine, {"state": "confirmed"}),
    (Posting, {"state": "void"}),
    (Arrangement, {"state": "kept"}),
    (Dispute, {"state": "resolved"}),
    (Extension, {"state": "refused"}),
    (Task, {"state": "done"}),
)


def settle(world: World) -> None:
    """Nothing is open or under way any more, for anybody."""
    with world.rt.store.write() as session:
        for table, values in SETTLED:
            session.execute(update(table).values(**values))
        session.execute(update(Handover).values(ended_at=world.rt.clock.now()))


def owner_of(world: World, account: Account) -> int:
    mine = select(Company.practice_id).where(Company.id == account.company_id).scalar_subquery()
    with world.rt.store.read() as session:
        return session.scalars(select(User.id).where(User.role == "owner", User.practice_id == mine)).first() or 0


def words(world: World, account: Account) -> set[str]:
    """What is personal of them: every sentence, name and address in a column that is to be blanked, wherever it is."""
    found: set[str] = set()
    with world.rt.store.read() as session:
        for table, columns in personal.BLANKED.items():
            mine: Any = table.id if table is Account else table.account_id  # type: ignore[attr-defined]
            for row in session.execute(select(*columns).where(mine == account.id)):
                found |= {text for value in row for text in _texts(value)}
        own = set(session.scalars(select(User.name)))
    return {text for text in found if "@" in text or " " in text} - own


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def everything(world: World, path: Path) -> bytes:
    """The whole database as one file, without what was freed."""
    source, target = world.rt.store.engine.raw_connection(), sqlite3.connect(path)
    source.driver_connection.backup(target)  # type: ignore[union-attr]
    source.close()
    target.execute("VACUUM")
    target.close()
    return path.read_bytes()


def test_after_an_erasure_no_word_of_them_is_left_and_the_log_holds(world: World, tmp_path: Path) -> None:
    rt = world.rt
    settle(world)
    with rt.store.write() as session:
        for account in world.accounts.values():
            audit.record(rt, session, "told", account.company_id, account.id, account.uid, words=f"{account.name} said")
    audit.link_all(rt)
    everybody = {name: words(world, account) for name, account in world.accounts.items()}
    before = everything(world, tmp_path / "before")
    assert all(name.encode() in before for name in everybody), "the search finds what is there"
    for name, account in world.accounts.items():
        erasure.erase(rt, account.id, owner_of(world, account), f" {name.upper()} ")
    after = everything(world, tmp_path / "after")
    assert {text for texts in everybody.values() for text in texts if text.encode() in after} == set()
    for name in everybody:
        assert name.encode() not in after
    audit.link_all(rt)
    assert list(audit.verify(rt)) == []


def erase_form(client: FlaskClient, account: Account, typed: str, password: str = PASSWORD) -> str:
    """The page after the form was sent."""
    path = f"/accounts/{account.uid}/erase"
    token = token_in(client.get(path, **HTTPS).text)
    answer = client.post(path, data={"name": typed, "confirm": password, "csrf_token": token}, **HTTPS)
    assert answer.status_code == 303
    return client.get(answer.location, **HTTPS).text


def test_an_owner_erases_a_customer_on_a_page_that_says_what_goes_and_what_stays(
    world: World, ann: FlaskClient
) -> None:
    account = world.accounts["Dene Interiors"]
    before = ann.get(f"/accounts/{account.uid}/erase", **HTTPS).text
    assert "There is still 129.00 GBP open" in before
    assert "Erase for good" not in before
    settle(world)
    page = ann.get(f"/accounts/{account.uid}/erase", **HTTPS).text
    assert all(words in page for words in ("What goes", "What stays, and why", "tax law", "Erase for good"))
    assert "That is not your password" in erase_form(ann, account, "Dene Interiors", password="a guess")
    assert "type the customer&#39;s name exactly" in erase_form(ann, account, "Dene")
    assert "Nothing personal of this customer is kept" in erase_form(ann, account, "Dene Interiors")
    after = ann.get(f"/accounts/{account.uid}", **HTTPS).text
    assert "Dene Interiors" not in after
    assert "They were erased on" in ann.get(f"/accounts/{account.uid}/erase", **HTTPS).text
    assert "A customer was erased" in ann.get(f"/companies/{world.bramley.uid}/log", **HTTPS).text


def test_every_page_about_an_erased_customer_still_opens(world: World, ann: FlaskClient) -> None:
    settle(world)
    for name in ("Alder & Ash Kitchens", "Matai Lodge", "Rimu Rafting", "Carver's Yard"):
        account = world.accounts[name]
        erasure.erase(world.rt, account.id, owner_of(world, account), name)
        for path in ("", "/log", "/erase", "/statement", "/handover", "/terms", "/why?day=2026-11-10", "/kept.zip"):
            assert ann.get(f"/accounts/{account.uid}{path}", **HTTPS).status_code == 200, (name, path)
    for path in (
        f"/touches/{world.touch.uid}",
        f"/companies/{world.bramley.uid}?show=all",
        "/desk",
        "/approvals",
        "/tasks",
    ):
        assert ann.get(path, **HTTPS).status_code == 200, path
    planner.sweep(world.rt)


def ask(world: World) -> None:
    """Somebody asks for more time, and somebody is to be called."""
    now, account = world.rt.clock.now(), _first(world)
    whose = {"company_id": account.company_id, "account_id": account.id}
    with world.rt.store.write() as session:
        session.add(Extension(uid="more", day=now.date(), asked_at=now, **whose))
        touch = session.scalars(select(Touch.id).where(Touch.id.not_in(select(Task.touch_id)))).first()
        session.add(Task(uid="call", touch_id=touch, kind="call", day=now.date(), opened_at=now, **whose))


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        (Invoice, {"balance_minor": 100, "status": "open"}, "There is still .* open"),
        (Effect, {"state": "in_doubt"}, "under way or in doubt"),
        (Attempt, {"state": "pending"}, "can pay is open"),
        (AttemptLine, {"state": "desk"}, "not in the ledger yet"),
        (Dispute, {"state": "open"}, "waits for an answer"),
        (Handover, {"ended_at": None}, "handed over"),
        (Arrangement, {"state": "running"}, "arrangement is under way"),
        (Extension, {"state": "asked"}, "more time"),
        (Task, {"state": "open"}, "call or a letter"),
        (Posting, {"state": "due"}, "change of the ledger"),
    ],
)
def test_nobody_is_erased_while_something_is_open(world: World, table: Any, values: dict[str, Any], said: str) -> None:
    ask(world)
    settle(world)
    owner = table.attempt_id if table is AttemptLine else table.account_id
    with world.rt.store.write() as session:
        session.execute(update(table).values(**values))
        found = session.scalars(select(owner).limit(1)).one()
        account = session.get_one(
            Account, session.get_one(Attempt, found).account_id if table is AttemptLine else found
        )
    with pytest.raises(Refusal, match=said):
        erasure.erase(world.rt, account.id, owner_of(world, account), account.name)
    with world.rt.store.read() as session:
        assert session.get_one(Account, account.id).name == account.name


def test_only_an_owner_erases_and_only_once(world: World) -> None:
    settle(world)
    account = world.accounts["Dene Interiors"]
    otto = owner_of(world, account) + 1
    with pytest.raises(Refusal, match="Only an owner"):
        erasure.erase(world.rt, account.id, otto, account.name)
    erasure.erase(world.rt, account.id, owner_of(world, account), account.name)
    with pytest.raises(Refusal, match="erased already"):
        erasure.erase(world.rt, account.id, owner_of(world, account), account.uid)


def test_a_notice_that_named_them_speaks_of_an_erased_customer(world: World) -> None:
    rt, account = world.rt, world.accounts["Dene Interiors"]
    settle(world)
    with rt.store.write() as session:
        company = session.get_one(Company, account.company_id)
        notices.want(
            rt,
            session,
            company.practice_id,
            company.id,
            "k",
            "Dene Interiors asks",
            "Deneside is not dene interiors.",
            "/",
        )
    erasure.erase(rt, account.id, owner_of(world, account), account.name)
    with rt.store.read() as session:
        notice = session.scalars(select(Notice).where(Notice.key == "k")).one()
    assert notice.subject == "an erased customer asks"
    assert notice.text.startswith("Deneside is not an erased customer.")


def test_a_customer_gets_everything_that_is_kept_of_them(world: World, ann: FlaskClient) -> None:
    """Art. 15: whatever would be blanked by an erasure can be read in it, where a person could read it."""
    ours = {name: one for name, one in world.accounts.items() if owner_of(world, one) == owner_of(world, _first(world))}
    for name, account in ours.items():
        data = ann.get(f"/accounts/{account.uid}/kept.zip", **HTTPS).data
        files = archive.unpacked(data)
        everything = "\n".join(body.decode(errors="replace") for body in files.values())
        assert {"README.txt", "profile.csv", "more-time.csv", "feedback.csv", "notes.csv", "index.json"} <= set(files)
        with world.rt.store.read() as session:
            for column in (ToldRow.text, ToldRow.answer, Dispute.text, Extension.text, Extension.answer, Feedback.text):
                for text in session.scalars(select(column).where(column.class_.account_id == account.id)):
                    assert text in everything, (name, column.key)
            for sent in session.scalars(select(SentFile).where(SentFile.account_id == account.id)):
                assert world.rt.vault.unseal(sent.body_sealed) in files.values()
        assert account.name in everything
    with world.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind)).all()
    assert kinds.count("dossier-taken") == len(ours)


def _first(world: World) -> Account:
    return world.accounts["Alder & Ash Kitchens"]
