"""A change through which money could be led astray waits for a day, in sight of every owner, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrations.errors import Transient
from models import GuardedChange, Notice, Touch
from models.store import Store
from tests.databases import store  # noqa: F401  (a fixture)
from tests.workflows.owners import IBAN, OTHER_IBAN, Firm
from workflows import guarded, guarding, people
from workflows.errors import Refusal
from workflows.runtime import Runtime


@pytest.fixture
def firm() -> Iterator[Firm]:
    made = Firm()
    yield made
    made.close()


def stopped(firm: Firm, place: int = -1, user_id: int = 0) -> None:
    with firm.rt.store.read() as session:
        change = session.scalars(select(GuardedChange).order_by(GuardedChange.id)).all()[place]
    guarded.stop(firm.rt, change.id, user_id or firm.bea)


def test_a_thief_with_an_open_session_is_seen_by_all_owners_and_stopped(store: Store) -> None:  # noqa: F811
    firm = Firm(store)
    assert firm.ask_bank() is not None
    (mail,) = firm.later(seconds=30)
    assert mail.recipients == ("ann@firm.example", "bea@firm.example"), "all owners at once, and nobody else"
    assert mail.subject == "Larch & Co: bank details will change tomorrow"
    assert "Ann asked for this change" in mail.text
    assert "Now: none\nThen: Larch & Co, IBAN DE89 3704 0044 0532 0130 00" in mail.text
    assert "It takes effect on 3 March 2026, 06:00 (Europe/London), and not before." in mail.text
    assert f"/companies/{firm.company.uid}/paying" in mail.text
    assert firm.later(hours=20) == []
    stopped(firm)
    (mail,) = firm.later(seconds=1)
    assert mail.subject == "Larch & Co: bank details not changed: it was stopped"
    assert "Bea stopped it. Everything stays as it was." in mail.text
    assert firm.later(days=3) == []
    assert (firm.bank(), firm.changes()) == ([], [("cancelled", "")])
    assert firm.audited() == ["change-asked", "change-cancelled"]


def test_what_nobody_stops_takes_effect_after_a_day_and_not_a_minute_before(store: Store) -> None:  # noqa: F811
    firm = Firm(store)
    firm.ask_bank()
    firm.later(seconds=30)
    firm.later(hours=23, minutes=58)
    assert firm.bank() == []
    (mail,) = firm.later(minutes=2)
    assert firm.bank() == [IBAN]
    assert mail.subject == "Larch & Co: bank details changed"
    assert firm.changes() == [("done", "")]
    with pytest.raises(Refusal, match="waits no longer"):
        stopped(firm)
    assert firm.bank() == [IBAN]
    assert firm.audited() == ["change-asked", "change-done"]


def test_what_replaces_something_leaves_the_old_in_force_until_then(firm: Firm) -> None:
    firm.change(firm.company, live_at=None)
    assert firm.ask_bank() is None, "nobody has heard of the company yet, and nothing was there"
    assert firm.bank() == [IBAN]
    assert firm.ask_bank(OTHER_IBAN) is not None, "but something is to be replaced now"
    firm.later(hours=1)
    assert firm.bank() == [IBAN]
    firm.later(hours=24)
    assert firm.bank() == [OTHER_IBAN]


def test_switching_the_company_off_is_no_way_round(firm: Firm) -> None:
    firm.want("message/1")
    effect, now = firm.effects()["message/1"], firm.clock.now()
    whose = {"company_id": firm.company.id, "account_id": firm.account_id, "effect_id": effect.id}
    said = {"step": "late-4", "message_id": "<1>", "subject": "", "text": "", "html": "", "sending_at": now}
    with firm.rt.store.write() as session:
        session.add(Touch(uid=firm.rt.new_id(), state="sent", day=now.date(), **whose, **said))
    firm.change(firm.company, live_at=None)
    assert firm.ask_bank() is not None, "somebody was written to, and has a page to pay on"
    assert firm.bank() == []


@pytest.mark.parametrize("user", ["cem", "stranger"])
def test_whoever_is_no_owner_is_told_whom_to_ask(firm: Firm, user: str) -> None:
    stranger = people.create_owner(firm.rt, "Elsewhere", "Otto", "otto@else.example", "a walk on the shore")
    asks = {"cem": firm.cem, "stranger": stranger}[user]
    for ask in (firm.ask_bank, firm.ask_account):
        with pytest.raises(Refusal, match=r"Only an owner may change this\. Please ask Ann or Bea\."):
            ask(user_id=asks)
    firm.ask_bank()
    with pytest.raises(Refusal, match="Only an owner"):
        stopped(firm, user_id=asks)
    assert firm.changes() == [("waiting", "")]


def test_a_later_one_about_the_same_thing_takes_its_place_and_begins_its_own_day(firm: Firm) -> None:
    firm.ask_bank(OTHER_IBAN)
    firm.ask_bank(currency="GBP")
    firm.later(seconds=30)
    firm.later(hours=20)
    firm.ask_bank(IBAN)
    (mail,) = firm.later(seconds=30)
    assert "It takes the place of what was asked for on 2 March 2026, 06:00" in mail.text
    assert firm.changes() == [("cancelled", "A later one took its place."), ("waiting", ""), ("waiting", "")]
    firm.later(hours=23)
    assert firm.bank() == [IBAN], "the one in pounds is in force, the later one in euros is not yet"
    firm.later(hours=1)
    assert firm.bank() == [IBAN, IBAN]


def test_nothing_takes_effect_while_the_owners_cannot_be_told(firm: Firm) -> None:
    mute, firm.rt = firm.rt, replace(firm.rt, channel=None)
    firm.ask_bank()
    firm.later(hours=30)
    assert (firm.bank(), firm.changes()) == ([], [("waiting", guarded.UNTOLD)])
    firm.later(days=30)
    assert firm.changes() == [("waiting", guarded.UNTOLD)]
    firm.rt = mute
    (mail,) = firm.later(hours=1)
    assert "Ann asked for this change" in mail.text
    for _ in range(23):
        firm.later(hours=1)
    assert firm.bank() == [], "a day from when they heard of it"
    firm.later(hours=1)
    assert firm.bank() == [IBAN]


def test_what_could_reach_no_owner_at_all_is_not_done(firm: Firm) -> None:
    for address in ("ann@firm.example", "bea@firm.example"):
        firm.mailbox.plan_fault("refuse", times=99, address=address)
    firm.ask_bank()
    firm.later(seconds=30)
    firm.later(days=1)
    assert (firm.bank(), firm.changes()) == ([], [("failed", "No owner could be told by mail, so it was not done.")])


def test_keys_that_are_good_for_nothing_any_more_leave_the_old_in_force(store: Store) -> None:  # noqa: F811
    firm = Firm(store)
    firm.ask_account("sk_1")
    firm.later(seconds=30)
    firm.later(days=1)
    assert firm.account_in_use() == "Larch & Co"
    firm.ask_account("sk_2")
    firm.later(seconds=30)
    del firm.door.names["sk_2"]
    (mail,) = firm.later(days=1)
    assert firm.account_in_use() == "Larch & Co"
    assert firm.changes()[1] == ("failed", "Pretend Pay does not accept this key.")
    assert "It was not done, and everything stays as it was. Pretend Pay does not accept this key." in mail.text
    assert firm.audited() == ["change-asked", "change-done", "change-asked", "change-failed"]


def test_a_processor_that_is_away_is_asked_again_for_a_week(firm: Firm) -> None:
    firm.ask_account()
    firm.later(seconds=30)
    firm.door.down = Transient("Pretend Pay does not answer.")
    (mail,) = firm.later(days=1)
    assert mail.subject == "Larch & Co: online payments not changed yet"
    for _ in range(100):
        assert firm.later(hours=1) == [], "told once"
    assert firm.changes() == [("waiting", "It could not be checked just now. Pretend Pay does not answer.")]
    firm.door.down = None
    firm.later(hours=1)
    assert (firm.account_in_use(), firm.changes()[0][0]) == ("Larch & Co", "done")
    firm.ask_account("sk_2")
    firm.later(seconds=30)
    firm.door.down = Transient("Pretend Pay does not answer.")
    for _ in range(9):
        firm.later(days=1)
    assert (firm.account_in_use(), firm.changes()[1][0]) == ("Larch & Co", "failed")


def test_the_clock_knows_when_to_look_next(firm: Firm) -> None:
    with firm.rt.store.read() as session:
        assert session.scalar(guarded.NEXT) is None
    firm.ask_bank()
    with firm.rt.store.read() as session:
        assert session.scalar(guarded.NEXT) == firm.clock.now() + timedelta(days=1)
    firm.later(days=1)
    with firm.rt.store.read() as session:
        assert session.scalar(guarded.NEXT) == firm.clock.now() + timedelta(hours=1), "never in the past"


def test_no_key_stands_in_what_people_read_and_what_ended_is_forgotten(firm: Firm) -> None:
    firm.ask_account("sk_1")
    firm.later(days=2)
    with firm.rt.store.read() as session:
        change, notice = session.scalars(select(GuardedChange)).one(), session.scalars(select(Notice)).first()
    assert notice is not None
    assert not {"sk_1", "whsec"} & {*change.summary.split(), *notice.text.split()}
    stopped(firm)
    with firm.rt.store.read() as session:
        assert guarding.content_of(firm.rt, session.scalars(select(GuardedChange)).one()) == {}


def test_of_an_owner_who_stops_it_and_a_clock_that_does_it_one_wins(store: Store) -> None:  # noqa: F811
    firm = Firm(store)
    firm.ask_account()
    firm.later(seconds=30)
    firm.clock.move(firm.clock.now() + timedelta(days=1))
    opened = firm.rt.processors["pay"].open

    def stop_meanwhile(keys: object) -> object:
        stopped(firm)
        return opened(keys)  # type: ignore[arg-type]

    kind = replace(firm.rt.processors["pay"], open=stop_meanwhile)  # type: ignore[arg-type]
    rt: Runtime = replace(firm.rt, processors={"pay": kind})
    assert guarded.take_effect(rt) == 0
    assert (firm.account_in_use(), firm.changes()[0][0]) == ("", "cancelled")
