"""Another mailbox for a company that speaks: proved beside the old one, in its place a day later; no silent day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import GuardedChange, Sender, User
from sandbox.mailbox import Mail, Mailbox
from tests.stories.days import EVENING, town_of
from tests.stories.own_mailbox import OWNER, code_in, details, mail_server, own, prove, reminders, set_up
from tests.town import Town
from workflows import companies, guarded, notices, proving, senders, succession
from workflows.errors import Refusal

MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
BILLS = "bills@wren.example"


@pytest.fixture
def town() -> Iterator[Town]:
    """Wren Studio is live; an invoice is spoken about on Tuesday, one on Wednesday."""
    with town_of("xero", ("A-1", "fern", date(2026, 3, 8)), ("B-1", "moss", date(2026, 3, 9))) as made:
        yield made


@pytest.fixture
def server(town: Town) -> Iterator[Mailbox]:
    with mail_server(town) as opened:
        opened.passwords[BILLS] = "heron"
        yield opened


@pytest.fixture
def ann(town: Town) -> int:
    return person(town, "ann", owner=True)


def person(town: Town, name: str, owner: bool) -> int:
    row = User(
        role="owner" if owner else "accountant",
        uid=town.new_id(),
        practice_id=town.practice_id,
        name=name.title(),
        password_hash="-",
    )
    row.email, row.created_at = f"{name}@sandpiper.example", town.now
    with town.rt.store.write() as session:
        session.add(row)
    return row.id


def ask(town: Town, server: Mailbox, user_id: int, **more: object) -> Sender:
    return succession.ask(town.rt, town.company("xero").id, details(server, **more), user_id)


def live_on(town: Town, day: date, hour: int = EVENING) -> None:
    """Days pass, hour by hour: changes take effect, and the owners are told."""
    while (town.now.date(), town.now.hour) < (day, hour):
        following = town.now + timedelta(hours=1)
        town.at(following.date(), following.hour)
    town.settle()


def told(town: Town) -> list[Mail]:
    return [mail for mail in town.mails() if mail.from_name == "Dunlin"]


def senders_seen(town: Town, server: Mailbox) -> list[tuple[str, str]]:
    """(from which address, about which invoice) each reminder left."""
    mails = [*reminders(server), *(mail for mail in town.mails() if mail.header("X-Dunlin-Step"))]
    return [(mail.sender, mail.header("X-Dunlin-Invoices")) for mail in mails]


def states(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(GuardedChange.state).order_by(GuardedChange.id)))


def prove_now(town: Town, server: Mailbox) -> bool:
    company = town.company("xero").id
    address = proving.send_code(town.rt, company)
    return proving.prove(town.rt, company, code_in(server.messages(address)[-1]))


def test_a_new_mailbox_is_proved_beside_the_old_one_and_takes_over_a_day_later(
    town: Town, server: Mailbox, ann: int
) -> None:
    set_up(town, server)
    prove(town, server)
    live_on(town, MONDAY, 20)
    row = ask(town, server, ann, address=BILLS)
    assert (row.successor, row.state) == (True, "unproved")
    live_on(town, MONDAY, 21)
    (mail,) = told(town)
    assert mail.recipients == ("ann@sandpiper.example",)
    assert mail.subject == "Wren Studio: the sender of its messages will change tomorrow"
    assert f"Now: from Wren Studio <{OWNER}> through 127.0.0.1" in mail.text
    assert f"Then: from Wren Studio <{BILLS}>" in mail.text
    assert prove_now(town, server) is False, "proved, but its day is not over"
    live_on(town, TUESDAY, 18)
    assert senders_seen(town, server) == [(OWNER, "A-1")], "the old one speaks as if nothing had been asked"
    live_on(town, WEDNESDAY)
    assert senders_seen(town, server)[1:] == [(BILLS, "B-1")]
    assert (own(town).address, own(town).successor, states(town)) == (BILLS, False, ["done"])
    with town.rt.store.read() as session:
        assert len(session.scalars(select(Sender)).all()) == 1, "the old one is gone"


def test_what_is_not_proved_in_time_silences_nobody_and_takes_over_once_it_is(
    town: Town, server: Mailbox, ann: int
) -> None:
    set_up(town, server)
    prove(town, server)
    ask(town, server, ann, address=BILLS)
    live_on(town, TUESDAY)
    assert senders_seen(town, server) == [(OWNER, "A-1")]
    assert [mail.subject for mail in told(town)][1:] == ["Wren Studio: the sender of its messages not changed yet"]
    assert f"The mailbox {BILLS} has to be proved first" in told(town)[-1].text
    prove_now(town, server)
    live_on(town, TUESDAY, 23)
    assert (own(town).address, states(town)) == (BILLS, ["done"])


def test_a_mailbox_nobody_ever_proves_is_given_up_after_a_week(town: Town, server: Mailbox, ann: int) -> None:
    set_up(town, server)
    prove(town, server)
    ask(town, server, ann, address=BILLS)
    notices.send_due(town.rt)
    for _ in range(9):
        town.clock.move(town.now + timedelta(days=1))
        guarded.take_effect(town.rt)
    assert (own(town).address, states(town)) == (OWNER, ["failed"])
    company = town.company("xero").id
    with town.rt.store.read() as session:
        assert succession.successor(session, company) is None


def test_a_live_company_without_a_mailbox_goes_on_speaking_as_it_did(town: Town, server: Mailbox, ann: int) -> None:
    live_on(town, MONDAY, 20)
    ask(town, server, ann)
    prove_now(town, server)
    company = town.company("xero")
    with town.rt.store.read() as session:
        assert companies.not_ready(town.rt, session, company) == []
    live_on(town, TUESDAY, 18)
    assert senders_seen(town, server) == [("wren-studio@post.dunlin.example", "A-1")]
    live_on(town, WEDNESDAY)
    assert (OWNER, "B-1") in senders_seen(town, server)


def test_a_mailbox_that_lets_nobody_in_on_the_day_leaves_the_old_one(town: Town, server: Mailbox, ann: int) -> None:
    set_up(town, server)
    prove(town, server)
    ask(town, server, ann, address=BILLS)
    prove_now(town, server)
    notices.send_due(town.rt)
    server.passwords[BILLS] = "changed meanwhile"
    town.clock.move(town.now + timedelta(days=1))
    guarded.take_effect(town.rt)
    assert (own(town).address, states(town)) == (OWNER, ["failed"])


def test_taking_the_mailbox_away_waits_too_and_can_be_stopped(town: Town, server: Mailbox, ann: int) -> None:
    set_up(town, server)
    prove(town, server)
    company = town.company("xero").id
    assert succession.remove(town.rt, company, ann) is False
    notices.send_due(town.rt)
    assert "Then: from this installation's own address" in told(town)[0].text
    with town.rt.store.read() as session:
        change = session.scalars(select(GuardedChange)).one()
    guarded.stop(town.rt, change.id, person(town, "bea", owner=True))
    town.clock.move(town.now + timedelta(days=2))
    guarded.take_effect(town.rt)
    assert (own(town).address, own(town).state, states(town)) == (OWNER, "proved", ["cancelled"])
    succession.remove(town.rt, company, ann)
    notices.send_due(town.rt)
    town.clock.move(town.now + timedelta(days=1))
    guarded.take_effect(town.rt)
    with town.rt.store.read() as session:
        assert senders.of(session, company) is None


def test_stopping_it_throws_away_what_was_set_up(town: Town, server: Mailbox, ann: int) -> None:
    set_up(town, server)
    prove(town, server)
    ask(town, server, ann, address=BILLS)
    with town.rt.store.read() as session:
        change = session.scalars(select(GuardedChange)).one()
    guarded.stop(town.rt, change.id, ann)
    with town.rt.store.read() as session:
        assert [one.address for one in session.scalars(select(Sender))] == [OWNER]


def test_a_new_password_alone_counts_at_once_and_a_silence_by_it_is_told(town: Town, server: Mailbox, ann: int) -> None:
    person(town, "cem", owner=False)
    set_up(town, server)
    prove(town, server)
    server.passwords[OWNER] = "egret"
    row = ask(town, server, ann, password="egret")
    assert (row.successor, states(town)) == (False, [])
    notices.send_due(town.rt)
    (mail,) = told(town)
    assert mail.subject == "Wren Studio is silent until its mailbox is proved again"
    assert mail.recipients == ("ann@sandpiper.example", "cem@sandpiper.example"), "everybody can prove it"
    assert prove_now(town, server) is True


def test_a_slip_in_the_password_of_what_is_to_take_over_does_not_begin_another_day(
    town: Town, server: Mailbox, ann: int
) -> None:
    set_up(town, server)
    prove(town, server)
    ask(town, server, ann, address=BILLS, password="slip")
    town.clock.move(town.now + timedelta(hours=5))
    with pytest.raises(Refusal, match="did not leave"):
        proving.send_code(town.rt, town.company("xero").id)
    ask(town, server, ann, address=BILLS, password="heron")
    assert prove_now(town, server) is False
    assert states(town) == ["waiting"]
    ask(town, server, ann, address=BILLS, name="Otto", password="heron")
    assert states(town) == ["cancelled", "waiting"], "anything that readers see begins one"


def test_before_anybody_was_written_to_it_is_at_once(town: Town, server: Mailbox, ann: int) -> None:
    companies.set_live(town.rt, town.company("xero").id, on=False)
    row = ask(town, server, ann)
    assert (row.successor, states(town)) == (False, [])
    prove(town, server)
    assert own(town).in_use_since is not None
    assert ask(town, server, ann, reply_to="b@wren.example").successor, "what is in use is guarded, live or not"


def test_whoever_is_no_owner_changes_nothing(town: Town, server: Mailbox, ann: int) -> None:
    cem = person(town, "cem", owner=False)
    set_up(town, server)
    prove(town, server)
    company = town.company("xero").id
    for deed in (
        lambda: ask(town, server, cem, address=BILLS),
        lambda: ask(town, server, cem, password="new"),
        lambda: succession.remove(town.rt, company, cem),
        lambda: succession.begin_sign_in(town.rt, company, cem),
    ):
        with pytest.raises(Refusal, match=r"Only an owner may change this\. Please ask Ann\."):
            deed()
    assert own(town).state == "proved"


def answering(town: Town, email: str, user_id: int) -> bool:
    row = town.company("xero")
    return companies.change_settings(town.rt, row.id, row.zone or "", row.deposit_account, email, None, user_id)


def test_another_address_for_replies_waits_its_day_and_needs_an_owner(town: Town, ann: int) -> None:
    cem, before = person(town, "cem", owner=False), town.company("xero").email
    with pytest.raises(Refusal, match=r"Only an owner may change this\. Please ask Ann\."):
        answering(town, "thief@example.com", cem)
    assert answering(town, before, cem) is False, "the same address is no change"
    assert answering(town, "new@wren.example", ann) is True
    live_on(town, MONDAY, 20)
    assert town.company("xero").email == before
    assert "Replies to Wren Studio go\nNow: to hello@wren.example\nThen: to new@wren.example" in told(town)[0].text
    live_on(town, WEDNESDAY, 12)
    assert town.company("xero").email == "new@wren.example"
