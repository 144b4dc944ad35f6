"""Changing the keys of an installation: afterwards everything opens and is found without the old ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from models import (
    Account,
    Base,
    Company,
    Connection,
    Delivery,
    Effect,
    Grant,
    GuardedChange,
    Handover,
    ProcessorAccount,
    Sender,
    SentFile,
    Touch,
    TouchRecipient,
    UnreadableRow,
    User,
)
from models.store import Store
from tests.town import Town, lay_tables
from tests.workflows.consents import Tie, change, tie
from workflows import audit, grants, keys
from workflows.runtime import Runtime
from workflows.vault import Vault, VaultError

OLD, NEW, INDEX, OTHER_INDEX = "s" * 40, "n" * 40, "i" * 40, "j" * 40
PEOPLE = ["ann@fern.example", "bo@fern.example"]


def furnished(store: Store | None = None) -> tuple[Town, Tie, Tie]:
    """An installation with something in every sealed column and under every tag."""
    town = Town()
    town.start(store)
    if store is None:
        lay_tables(town.rt.store)
    quickbooks, xero = tie(town, "quickbooks"), tie(town, "xero", "Wren Studio")
    rt, now = town.rt, town.now
    seal = rt.vault.seal
    with rt.store.write() as session:
        session.add(Delivery(kind="xero", key="k", raw_sealed=seal(b"raw"), events_sealed=seal(b"[]"), received_at=now))
        bad = {"entity": "invoice", "external_id": "1", "reason": "odd", "raw_sealed": seal(b"{}"), "seen_at": now}
        session.add(UnreadableRow(uid=rt.new_id(), company_id=xero.company.id, **bad))
        session.add(
            UnreadableRow(
                uid=rt.new_id(), company_id=xero.company.id, **{**bad, "external_id": "2", "raw_sealed": None}
            )
        )
        box = {"kind": "smtp", "address": "a@wren.example", "host": "mail.wren.example", "port": 587, "wrapped": False}
        box |= {"mailbox": "m", "password_sealed": seal(b"heron"), "code_sealed": seal(b"123456"), "created_at": now}
        session.add(Sender(uid=rt.new_id(), company_id=xero.company.id, **box))
        audit.record(rt, session, "live", xero.company.id, why="a test")
        _say(rt, session, xero.company, PEOPLE)
        _hand_over(rt, session, xero.company)
        _pay_and_send(rt, session, xero.company)
    return town, quickbooks, xero


def _say(rt: Runtime, session: Any, company: Company, recipients: list[str]) -> None:
    now, day = rt.clock.now(), date(2026, 3, 2)
    account = Account(uid=rt.new_id(), company_id=company.id, external_id="c-1", name="Fern", emails=recipients)
    session.add(account)
    session.flush()
    mine = {"company_id": company.id, "account_id": account.id}
    effect = Effect(uid=rt.new_id(), key="k", kind="message", state="sent", content={}, **mine)
    effect.not_before = effect.created_at = effect.updated_at = now
    session.add(effect)
    session.flush()
    hashed = rt.vault.hash_address(",".join(recipients))
    said = {"message_id": "<m>", "subject": "s", "text": "t", "html": "h", "sending_at": now, "step": "late-7"}
    touch = Touch(uid=rt.new_id(), effect_id=effect.id, state="sent", day=day, recipients_hash=hashed, **mine, **said)
    touch.recipients = recipients
    session.add(touch)
    session.flush()
    for address in recipients:
        hashed = rt.vault.hash_address(address)
        session.add(TouchRecipient(touch_id=touch.id, company_id=company.id, address_hash=hashed, day=day))


def _hand_over(rt: Runtime, session: Any, company: Company) -> None:
    user = User(
        role="accountant", uid=rt.new_id(), practice_id=company.practice_id, email="robin@x.example", name="Robin"
    )
    user.password_hash, user.created_at = "-", rt.clock.now()
    session.add(user)
    account = session.scalars(select(Account.id).where(Account.company_id == company.id)).one()
    session.flush()
    row = Handover(uid=rt.new_id(), company_id=company.id, account_id=account, prepared_by_id=user.id)
    row.file_sealed, row.prepared_at = rt.vault.seal(b"a ZIP"), rt.clock.now()
    session.add(row)


def _pay_and_send(rt: Runtime, session: Any, company: Company) -> None:
    """A processor's keys, a change that waits, a file a customer sent, and a person's second step."""
    now, seal, mine = rt.clock.now(), rt.vault.seal, {"company_id": company.id}
    account = session.scalars(select(Account.id).where(Account.company_id == company.id)).one()
    person = session.scalars(select(User)).one()
    person.totp_sealed, user = seal(b"the secret of a second step"), person.id
    keys_sealed = seal(b'{"secret": "sk", "webhook": "whsec"}')
    change = {"kind": "processor", "summary": "s", "content_sealed": seal(b"{}"), "asked_by_id": user}
    file = {"name": "a.pdf", "kind": "application/pdf", "size": 1, "body_sealed": seal(b"1"), "made_at": now}
    session.add_all(
        [
            ProcessorAccount(uid=rt.new_id(), kind="stripe", keys_sealed=keys_sealed, in_use_since=now, **mine),
            GuardedChange(uid=rt.new_id(), asked_at=now, effective_at=now, **change, **mine),
            SentFile(uid=rt.new_id(), account_id=account, **file, **mine),
        ]
    )


def with_keys(town: Town, *secret_keys: str, index: str = INDEX) -> Runtime:
    return replace(town.rt, vault=Vault(secret_keys, index))


def test_every_column_of_bytes_is_either_sealed_again_or_named_with_its_reason() -> None:
    every = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    moved = {f"{table.__tablename__}.{column.key}" for table, columns in keys.SEALED for column in columns}
    others = {f"{column.class_.__tablename__}.{column.key}": why for column, why in keys.NOT_OURS.items()}
    assert moved | set(others) == every
    assert not moved & set(others)
    assert all(len(why) > 20 for why in others.values())


def test_after_rotating_everything_opens_without_the_old_key(store: Store) -> None:
    town, _, xero = furnished(store)
    moved = keys.rotate(with_keys(town, NEW, OLD))
    assert moved.rows == {
        "api_answer": 0,
        "grant": 2,
        "connection": 2,
        "delivery": 1,
        "unreadable_row": 1,
        "audit_key": 3,
        "sender": 1,
        "handover": 1,
        "sent_file": 1,
        "processor_account": 1,
        "guarded_change": 1,
        "user": 1,
    }
    assert moved.left == {}
    rt = with_keys(town, NEW)
    with rt.store.read() as session:
        for table, columns in keys.SEALED:
            for row in session.execute(select(*columns).select_from(table)).all():
                assert all(rt.vault.unseal(sealed) for sealed in row if sealed is not None)
    assert grants.access_token(rt, xero.grant_id)
    with rt.store.write() as session:
        audit.record(rt, session, "paused", xero.company.id)
    audit.link_all(rt)
    assert list(audit.verify(rt)) == []


def test_rotating_again_changes_nothing_and_what_was_broken_off_is_finished(store: Store) -> None:
    town, quickbooks, _ = furnished(store)
    rt = with_keys(town, NEW, OLD)
    change(town, quickbooks.grant_id, access_sealed=rt.vault.seal(b"moved before it broke off"))
    assert keys.rotate(rt).rows["grant"] == 2, "its other columns were not moved yet"
    assert set(keys.rotate(rt).rows.values()) == {0}


def test_a_token_renewed_while_keys_are_rotated_is_not_lost() -> None:
    town, quickbooks, _ = furnished()
    rt = with_keys(town, NEW, OLD)
    renewed = rt.vault.seal(b"renewed meanwhile")

    class Slow(Vault):
        def rotate(self, sealed: bytes) -> bytes:
            if rt.vault.unseal(sealed) != b"connection":
                change(town, quickbooks.grant_id, access_sealed=renewed)
            return super().rotate(sealed)

    keys.rotate(replace(rt, vault=Slow([NEW, OLD], INDEX)))
    with rt.store.read() as session:
        assert session.get_one(Grant, quickbooks.grant_id).access_sealed == renewed
    keys.rotate(rt)
    with rt.store.read() as session:
        grant = session.get_one(Grant, quickbooks.grant_id)
    assert Vault([NEW], INDEX).unseal(grant.refresh_sealed)


def test_the_rest_of_a_row_that_changed_meanwhile_is_moved_in_the_same_run(store: Store) -> None:
    town, quickbooks, _ = furnished(store)
    rt = with_keys(town, NEW, OLD)

    class Busy(Vault):
        renewals = 3

        def rotate(self, sealed: bytes) -> bytes:
            if self.renewals:
                self.renewals -= 1
                change(town, quickbooks.grant_id, access_sealed=rt.vault.seal(b"renewed"))
            return super().rotate(sealed)

    moved = keys.rotate(replace(rt, vault=Busy([NEW, OLD], INDEX)))
    assert (moved.rows["grant"], moved.left) == (2, {})
    with rt.store.read() as session:
        grant = session.get_one(Grant, quickbooks.grant_id)
    for sealed in (grant.holder_sealed, grant.access_sealed, grant.refresh_sealed):
        assert sealed is not None
        assert Vault([NEW], INDEX).unseal(sealed)


def test_a_row_that_changes_without_end_is_said_to_be_left(store: Store) -> None:
    town, quickbooks, _ = furnished(store)
    rt = with_keys(town, NEW, OLD)

    class Restless(Vault):
        def rotate(self, sealed: bytes) -> bytes:
            change(town, quickbooks.grant_id, access_sealed=town.rt.vault.seal(b"by one who knows only the old key"))
            return super().rotate(sealed)

    moved = keys.rotate(replace(rt, vault=Restless([NEW, OLD], INDEX)))
    assert (moved.rows["grant"], moved.left) == (1, {"grant": 1})


def test_one_row_that_no_key_opens_does_not_keep_the_others_from_being_tagged(store: Store) -> None:
    town, quickbooks, xero = furnished(store)
    strange = Vault(["x" * 40], INDEX)
    with town.rt.store.write() as session:
        tie = session.scalars(select(Connection).where(Connection.grant_id == quickbooks.grant_id)).one()
        tie.tenant_sealed = strange.seal(b"lost")
    rt = with_keys(town, OLD, index=OTHER_INDEX)
    moved = keys.retag(rt, town.rt.vault)
    assert (moved.rows["connection"], moved.rows["grant"], moved.left) == (1, 2, {"connection": 1})
    with rt.store.read() as session:
        tags = set(session.scalars(select(Connection.external_tag)))
    assert rt.vault.tag("xero", xero.tenant) in tags


def test_what_no_key_opens_is_counted_and_left_as_it_is(store: Store) -> None:
    town, _, _ = furnished(store)
    with town.rt.store.write() as session:
        session.scalars(select(Delivery)).one().raw_sealed = Vault(["x" * 40], INDEX).seal(b"lost")
    moved = keys.rotate(with_keys(town, NEW, OLD))
    assert (moved.left, moved.rows["delivery"], moved.rows["audit_key"]) == ({"delivery": 1}, 0, 3)
    with pytest.raises(VaultError), town.rt.store.read() as session:
        town.rt.vault.unseal(session.scalars(select(Delivery)).one().raw_sealed)


def test_after_tagging_anew_everything_is_found_under_the_other_index_key(store: Store) -> None:
    town, quickbooks, xero = furnished(store)
    assert audit.link_all(town.rt) == 3
    rt = with_keys(town, OLD, index=OTHER_INDEX)
    assert len(list(audit.verify(rt))) == 3, "another key proves nothing"
    moved = keys.retag(rt, town.rt.vault)
    found = {
        "connection": 2,
        "grant": 2,
        "touch": 1,
        "touch_recipient": 2,
        "audit_event": 3,
        "audit_head": 3,
        "deletion": 0,
    }
    assert (moved.rows, moved.left) == (found, {})
    audit.link_all(rt)
    assert list(audit.verify(rt)) == []
    with rt.store.read() as session:
        tags = dict(session.execute(select(Connection.company_id, Connection.external_tag)).all())
        assert tags[quickbooks.company.id] == rt.vault.tag("quickbooks", quickbooks.tenant)
        assert tags[xero.company.id] == rt.vault.tag("xero", xero.tenant)
        holder = session.get_one(Grant, xero.grant_id).holder_tag
        assert holder == grants.holder_tag(rt, "xero", xero.given.subject)
        hashes = set(session.scalars(select(TouchRecipient.address_hash)))
        assert hashes == {rt.vault.hash_address(one) for one in PEOPLE}
        assert session.scalars(select(Touch.recipients_hash)).one() == rt.vault.hash_address(",".join(PEOPLE))
    assert set(keys.retag(rt, town.rt.vault).rows.values()) == {0}, "again changes nothing"


def test_a_grant_whose_holder_was_not_kept_is_tagged_by_its_organisation_where_that_is_the_holder() -> None:
    town, quickbooks, xero = furnished()
    vault = town.rt.vault
    change(town, quickbooks.grant_id, holder_sealed=None, holder_tag=vault.tag("quickbooks-holder", quickbooks.tenant))
    change(town, xero.grant_id, holder_sealed=None)
    rt = with_keys(town, OLD, index=OTHER_INDEX)
    moved = keys.retag(rt, vault)
    assert (moved.rows["grant"], moved.left) == (1, {"grant": 1}), "a Xero user is not in the database"
    with rt.store.read() as session:
        tag = session.get_one(Grant, quickbooks.grant_id).holder_tag
    assert tag == rt.vault.tag("quickbooks-holder", quickbooks.tenant)


def test_the_hash_of_people_who_were_erased_is_left_as_it_is() -> None:
    town, _, _ = furnished()
    with town.rt.store.write() as session:
        session.scalars(select(Touch)).one().recipients = []
    moved = keys.retag(with_keys(town, OLD, index=OTHER_INDEX), town.rt.vault)
    assert moved.left == {"touch": 1, "touch_recipient": 2}
