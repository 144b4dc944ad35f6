"""A company speaks from its own mailbox, or not at all: proved, changed, shut out, mended, and taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.inheritance import Level
from models import Sender
from sandbox.mailbox import Mailbox
from tests.stories.days import EVENING, OPENING, diary, message_about, town_of
from tests.stories.own_mailbox import OWNER, code_in, mail_server, own, prove, reminders, set_up, waiting
from tests.town import Town
from workflows import companies, library, people, proving, senders
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

DUE = date(2026, 3, 6)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
HELD = f"It waits until the mailbox {OWNER} is proved, on the page Sender."


@pytest.fixture
def town() -> Iterator[Town]:
    with town_of("xero", ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as made:
        yield made


@pytest.fixture
def server(town: Town) -> Iterator[Mailbox]:
    with mail_server(town) as opened:
        yield opened


def test_a_reminder_leaves_from_the_companys_own_mailbox_once_it_is_proved(town: Town, server: Mailbox) -> None:
    set_up(town, server, name="Wren Accounts", reply_to="ann@wren.example")
    prove(town, server)
    town.at(MONDAY, EVENING)
    first, second = reminders(server)
    assert town.mails() == [], "nothing left from the installation's address"
    assert (first.sender, first.user) == (OWNER, OWNER), "the sender on the envelope is who was signed in"
    assert first.header("From") == f"Wren Accounts <{OWNER}>"
    assert first.header("Reply-To") == "Wren Accounts <ann@wren.example>"
    assert first.message_id.endswith("@wren.example>")
    assert {*first.recipients, *second.recipients} == {"fern@customers.example", "moss@customers.example"}
    assert [touch.state for touch in town.touches()] == ["sent", "sent"]


def test_without_a_name_or_an_address_for_replies_the_companys_own_are_used(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    town.at(MONDAY, EVENING)
    mail = reminders(server)[0]
    assert mail.header("From") == f"Wren Studio <{OWNER}>"
    assert mail.header("Reply-To") == "Wren Studio <hello@wren.example>"


def test_a_cadence_may_name_another_address_that_the_mailbox_speaks_for(town: Town, server: Mailbox) -> None:
    with pytest.raises(Refusal, match=r"'heads-up' is to come from ann@wren.example, and the company has no mailbox"):
        _from(town, "ann@wren.example")
    set_up(town, server)
    prove(town, server)
    with pytest.raises(Refusal, match=f"ann@finch.example, and its mailbox is {OWNER}"):
        _from(town, "ann@finch.example")
    _from(town, "ann@wren.example")
    town.at(MONDAY, EVENING)
    mail = reminders(server)[0]
    assert mail.header("From") == "Wren Studio <ann@wren.example>"
    assert mail.header("Reply-To") == "Wren Studio <hello@wren.example>"
    assert mail.user == OWNER


def test_an_address_the_mailbox_speaks_for_no_more_gives_way_to_its_own(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    _from(town, "ann@wren.example")
    with town.rt.store.write() as session:
        session.scalars(select(Sender)).one().address = "hello@wren-studio.example"
    town.at(MONDAY, EVENING)
    assert reminders(server)[0].header("From") == "Wren Studio <hello@wren-studio.example>"


def _from(town: Town, address: str) -> None:
    """The accountant lets the company's messages come from this address."""
    fields = {"normal": {"address": address}}
    library.change(town.rt, town.practice_id, Level.COMPANY, fields, company_id=town.company("xero").id)


def test_until_the_first_proof_the_company_speaks_as_it_did_before(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    town.at(MONDAY, EVENING)
    assert [mail.sender for mail in town.mails()] == ["wren-studio@post.dunlin.example"] * 2
    assert reminders(server) == []


def test_a_proof_in_the_middle_of_a_round_never_mixes_the_two_ways(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    proving.send_code(town.rt, own(town).company_id)
    code = code_in(server.messages()[0])

    def prove_now(_mail: object) -> None:
        """The first message has just left the old way; the other one is still to be written."""
        town.mailbox.on_message = lambda _mail: None
        proving.prove(town.rt, own(town).company_id, code)

    town.mailbox.on_message = prove_now
    town.at(MONDAY, EVENING)
    assert [mail.sender for mail in town.mails()] == ["wren-studio@post.dunlin.example"]
    assert [mail.sender for mail in reminders(server)] == [OWNER]


def test_the_code_is_read_in_the_mailbox_itself_and_fits_once(town: Town, server: Mailbox) -> None:
    company = set_up(town, server).company_id
    assert proving.send_code(town.rt, company) == OWNER
    (mail,) = server.messages()
    assert (mail.recipients, mail.user) == ((OWNER,), OWNER)
    with pytest.raises(Refusal, match="has just left"):
        proving.send_code(town.rt, company)
    with pytest.raises(Refusal, match="not the code"):
        proving.prove(town.rt, company, "00000x")
    code = code_in(mail)
    proving.prove(town.rt, company, f" {code[:3]} {code[3:]} ")
    assert own(town).state == "proved"
    with pytest.raises(Refusal, match="no code to type"):
        proving.prove(town.rt, company, code)


def test_a_code_cannot_be_guessed_and_does_not_last(town: Town, server: Mailbox) -> None:
    company = set_up(town, server).company_id
    proving.send_code(town.rt, company)
    code = code_in(server.messages()[0])
    for _ in range(proving.TRIES):
        with pytest.raises(Refusal, match="not the code"):
            proving.prove(town.rt, company, "no")
    with pytest.raises(Refusal, match="wrong too often"):
        proving.prove(town.rt, company, code)
    town.clock.move(town.now + timedelta(minutes=1))
    proving.send_code(town.rt, company)
    town.clock.move(town.now + timedelta(hours=25))
    with pytest.raises(Refusal, match="no code to type any more"):
        proving.prove(town.rt, company, code_in(server.messages()[1]))
    assert own(town).state == "unproved"


def test_a_mailbox_that_lets_nobody_in_cannot_be_proved(town: Town, server: Mailbox) -> None:
    company = set_up(town, server, password="wrong").company_id
    with pytest.raises(Refusal, match=r"did not leave\. The mail server does not accept our user name and password"):
        proving.send_code(town.rt, company)


@pytest.mark.parametrize(
    "change", [{"name": "Wren"}, {"address": "bills@wren.example"}, {"reply_to": "b@wren.example"}, {"password": "owl"}]
)
def test_any_change_unproves_it_and_nothing_leaves_by_another_way(
    town: Town, server: Mailbox, change: dict[str, str]
) -> None:
    server.passwords["bills@wren.example"] = "heron"
    set_up(town, server)
    prove(town, server)
    server.passwords[OWNER] = change.get("password", "heron")
    changed = set_up(town, server, **change)
    assert changed.state == "unproved"
    town.at(MONDAY, 12)
    assert (reminders(server), town.mails()) == ([], [])
    assert [one.note for one in waiting(town)] == [HELD.replace(OWNER, changed.address)] * 2
    prove(town, server)
    town.settle()
    assert [mail.sender for mail in reminders(server)] == [changed.address] * 2
    assert waiting(town) == []


def test_saying_the_same_again_changes_nothing(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    set_up(town, server, password="")
    assert own(town).state == "proved"


def test_a_password_is_never_sent_to_another_server_than_it_was_given_for(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    with pytest.raises(Refusal, match="give the password once more"):
        set_up(town, server, password="", host="localhost")
    assert own(town).host == "127.0.0.1"


def test_when_the_password_changes_messages_wait_the_accountant_is_told_and_they_leave_once(
    town: Town, server: Mailbox
) -> None:
    people.create_owner(town.rt, "Elsewhere", "Otto", "otto@else.example", "a walk on the shore")
    with town.rt.store.write() as session:
        from_practice = people.user(session, 1)
        assert from_practice is not None
        from_practice.practice_id = town.practice_id
    set_up(town, server)
    prove(town, server)
    server.passwords[OWNER] = "egret"  # changed at the provider
    town.at(MONDAY, 16)
    assert (reminders(server), town.mails("A-1"), town.mails("B-1")) == ([], [], [])
    (told,) = town.mails()
    assert told.recipients == ("otto@else.example",)
    assert told.subject == "Wren Studio cannot send: its mailbox does not let us in"
    assert "nothing from another address" in told.text
    assert f"/companies/{town.company('xero').uid}/sender" in told.text
    assert {one.note for one in waiting(town)} == {
        f"It waits for the mailbox {OWNER}. The mail server does not accept our user name and password."
    }
    assert message_about(town, "A-1").attempts == 0, "waiting for a mailbox is no failed try"
    set_up(town, server, password="egret")
    prove(town, server)
    town.settle()
    assert sorted(mail.recipients[0] for mail in reminders(server)) == [
        "fern@customers.example",
        "moss@customers.example",
    ]
    town.at(TUESDAY, EVENING)
    assert len(reminders(server)) == 2, "once each"
    assert len(town.mails()) == 1, "and told once"


def test_a_mailbox_that_lets_us_in_again_by_itself_goes_on_without_anybody(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    server.passwords[OWNER] = "egret"
    town.at(MONDAY, OPENING["xero"])
    assert own(town).trouble.startswith("The mail server does not accept")
    calls = town.calls.total()
    town.at(MONDAY, 12)
    assert town.calls.total() - calls <= 2, "the ledger is not read again for what cannot leave"
    server.passwords[OWNER] = "heron"
    town.at(MONDAY, EVENING)
    assert (len(reminders(server)), own(town).trouble) == (2, "")


def test_what_could_not_leave_for_days_is_asked_about_anew(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    server.passwords[OWNER] = "egret"
    town.at(MONDAY, EVENING)
    town.transfer("xero", "A-1", "100.00")
    town.at(TUESDAY, EVENING)
    server.passwords[OWNER] = "heron"
    assert diary(town, "B-1", date(2026, 3, 4), date(2026, 3, 5)) != []
    assert [mail.recipients for mail in reminders(server)] == [("moss@customers.example",)], "Fern has paid meanwhile"


def test_a_mailbox_taken_away_by_a_person_gives_the_word_back_to_the_installation(town: Town, server: Mailbox) -> None:
    set_up(town, server)
    prove(town, server)
    senders.remove(town.rt, town.company("xero").id)
    town.at(MONDAY, EVENING)
    assert (len(town.mails()), reminders(server)) == (2, [])


def test_going_live_waits_for_the_proof(town: Town, server: Mailbox) -> None:
    company = town.company("xero")
    companies.set_live(town.rt, company.id, on=False)
    set_up(town, server)
    with pytest.raises(Refusal, match=r"Prove the mailbox accounts@wren\.example"):
        companies.set_live(town.rt, company.id, on=True)
    prove(town, server)
    companies.set_live(town.rt, company.id, on=True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "ann"}, "whole e-mail addresses"),
        ({"address": "a@b.example\r\nBcc: c@d.example"}, "whole e-mail addresses"),
        ({"reply_to": "nobody"}, "whole e-mail addresses"),
        ({"host": "smtp.office365.com"}, "A demo reaches nobody"),
        ({"kind": "microsoft"}, "no keys for signing in there"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    town: Town, server: Mailbox, wrong: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        set_up(town, server, **wrong)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.0.0.1", "[::1]", "mail", "nas.local", "a.internal", ""])
def test_outside_a_demo_a_password_goes_to_a_named_server_of_the_outside_world_only(
    town: Town, server: Mailbox, host: str
) -> None:
    town.rt = replace(town.rt, mode="production")
    with pytest.raises(Refusal, match="Please give the mail server's name"):
        set_up(town, server, host=host, port=587)
    with pytest.raises(Refusal, match="reached at port 25, 465, 587 or 2525"):
        set_up(town, server, host="mail.wren.example", port=6379)
