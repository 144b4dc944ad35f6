"""A practice's people are told once, in plain words, whatever the mail server does meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Notice
from sandbox.mailbox import Mail
from tests.town import Town, lay_tables
from workflows import notices, people


@pytest.fixture
def town() -> Iterator[Town]:
    """An installation with a practice of one person."""
    made = Town()
    made.start()
    lay_tables(made.rt.store)
    people.create_owner(made.rt, "Sandpiper Accounting", "Robin Vale", "robin@sandpiper.example", "a walk on the shore")
    yield made
    made.close()


def tell(town: Town, key: str = "a-key") -> None:
    with town.rt.store.write() as session:
        notices.want(town.rt, session, 1, None, key, "Something\nhappened", "It needs you. Look here:", "/desk?a=1")


def state(town: Town) -> tuple[str, int]:
    with town.rt.store.read() as session:
        notice = session.scalars(select(Notice)).one()
        return notice.state, notice.attempts


def later(town: Town, **wait: float) -> list[Mail]:
    """Time passes, and what is due by then is sent."""
    town.clock.move(town.now + timedelta(**wait))
    notices.send_due(town.rt)
    return town.mailbox.messages()


def test_everybody_of_the_practice_gets_one_plain_mail_with_a_link_to_where_it_can_be_mended(town: Town) -> None:
    tell(town)
    assert notices.send_due(town.rt) == 1
    (mail,) = town.mailbox.messages()
    assert (mail.recipients, mail.subject) == (("robin@sandpiper.example",), "Something happened")
    assert mail.text.startswith("Hello Robin Vale,\n\nIt needs you. Look here:\n\nhttps://dunlin.test/desk?a=1\n")
    assert (mail.html, mail.header("Auto-Submitted"), mail.from_name) == ("", "auto-generated", "Dunlin")
    assert state(town) == ("sent", 0)


def test_the_same_thing_is_told_once(town: Town) -> None:
    for _ in range(2):
        tell(town)
        notices.send_due(town.rt)
    assert len(town.mailbox.messages()) == 1
    tell(town, "another-key")
    assert notices.send_due(town.rt) == 1


def test_a_busy_server_is_asked_again_after_a_wait_that_grows(town: Town) -> None:
    tell(town)
    town.mailbox.plan_fault("busy", times=2)
    assert later(town, minutes=0) == []
    assert later(town, minutes=4) == []
    assert state(town) == ("due", 1)
    assert later(town, minutes=1) == []
    assert later(town, minutes=9) == []
    assert len(later(town, minutes=1)) == 1
    assert state(town) == ("sent", 2)


def test_what_may_have_arrived_is_never_sent_again(town: Town) -> None:
    tell(town)
    town.mailbox.plan_fault("drop-after-data")
    assert len(later(town, minutes=0)) == 1
    assert len(later(town, days=3)) == 1
    assert state(town) == ("sending", 0)


def test_a_server_that_is_away_for_ever_is_given_up(town: Town) -> None:
    tell(town)
    town.mailbox.plan_fault("refuse-after-data", times=99)
    for _ in range(notices.TRIES):
        later(town, hours=12)
    assert state(town) == ("failed", notices.TRIES)
    town.mailbox.plan_fault("busy", times=0)
    assert later(town, days=9) == []


def test_one_dead_address_does_not_keep_the_others_from_being_told(town: Town) -> None:
    with town.rt.store.write() as session:
        robin = people.user(session, 1)
        assert robin is not None
        kim = {"uid": "kim", "email": "kim@sandpiper.example", "name": "Kim", "role": "clerk"}
        session.add(type(robin)(practice_id=1, password_hash="-", created_at=town.now, **kim))
    town.mailbox.plan_fault("refuse", times=9, address="robin@sandpiper.example")
    tell(town)
    (mail,) = later(town, minutes=0)
    assert mail.recipients == ("kim@sandpiper.example",)


def test_where_nobody_can_be_written_to_it_fails_and_without_a_mail_server_it_waits(town: Town) -> None:
    tell(town)
    town.rt, with_mail = replace(town.rt, channel=None), town.rt
    assert (notices.send_due(town.rt), state(town)) == (0, ("due", 0))
    town.rt = with_mail
    town.mailbox.plan_fault("refuse", address="robin@sandpiper.example")
    assert (later(town, minutes=59), state(town)) == ([], ("due", 0))
    assert (later(town, minutes=1), state(town)) == ([], ("failed", 0))
