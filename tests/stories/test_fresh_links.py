"""Links that have ended: whoever holds one can ask for a fresh one; it goes only to whom the old one was made for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from models import EffectKind, EffectState
from sandbox.mailbox import Mail
from tests.stories.days import effects_of, town_of
from tests.stories.staff import Robin
from tests.town import Town
from workflows import fresh_links, links
from workflows.links import BadLink

FERN = "fern@customers.example"


@contextmanager
def a_revoked_link() -> Iterator[tuple[Town, str]]:
    """Fern's link went astray, and Robin has switched it off."""
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 26))) as town:
        robin = Robin(town, "quickbooks", 0)
        account = town.account("A-1")
        token = links.make(town.rt, account, [FERN])
        links.revoke(town.rt, account.id, robin.id)
        yield town, token


def fresh(town: Town, token: str) -> list[Mail]:
    """What arrives because somebody pressed the button."""
    before = len(town.mails())
    fresh_links.ask(town.rt, token)
    town.settle()
    return town.mails()[before:]


def token_in(mail: Mail) -> str:
    found = re.search(r"/p/(\S+)", mail.text)
    assert found
    return found[1]


def test_a_link_that_was_switched_off_opens_nothing_and_a_fresh_one_opens_the_same() -> None:
    with a_revoked_link() as (town, token):
        with pytest.raises(BadLink, match="switched off"):
            links.read(town.rt, token)
        (mail,) = fresh(town, token)
        opened = links.read(town.rt, token_in(mail))
        assert mail.recipients == (FERN,)
        assert mail.header("Subject") == "Your fresh link to Larch & Co"
        assert opened.account_id == town.account("A-1").id
        assert opened.readers == links.read_old(town.rt, token).readers
        assert "A-1" not in mail.text, "it speaks of no invoice and asks for nothing"


def test_an_expired_link_is_renewed_and_nothing_is_said_twice() -> None:
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 26))) as town:
        token = links.make(town.rt, town.account("A-1"), [FERN])
        town.clock.move(town.now + timedelta(days=92))
        with pytest.raises(BadLink, match="expired"):
            links.read(town.rt, token)
        assert len(fresh(town, token)) == 1
        town.settle()
        assert [one.state for one in effects_of(town, EffectKind.ANSWER)] == [EffectState.SENT]


def test_it_goes_to_nobody_who_is_not_known_any_more() -> None:
    with a_revoked_link() as (town, _):
        gone = links.make(town.rt, town.account("A-1"), ["left.in.may@customers.example"])
        assert fresh(town, gone) == []
        (effect,) = effects_of(town, EffectKind.ANSWER)
        assert effect.state == EffectState.DROPPED


def test_a_forged_link_asks_for_nothing() -> None:
    with a_revoked_link() as (town, token):
        signature, _, said = token.partition(".")
        for one in ("", "nothing", f"{token}0", f"{signature}x.{said}", said):
            assert fresh(town, one) == []
        assert effects_of(town, EffectKind.ANSWER) == []


def test_at_most_three_leave_in_a_day_whatever_links_are_used() -> None:
    with a_revoked_link() as (town, token):
        tokens = [token, links.make(town.rt, town.account("A-1"), [FERN])] * 3
        assert [len(fresh(town, one)) for one in tokens] == [1, 1, 1, 0, 0, 0]
        town.at(town.now.date() + timedelta(days=1), 12)
        assert len(fresh(town, token)) == 1


def test_links_from_before_there_were_generations_still_open_until_the_first_is_switched_off() -> None:
    with town_of("quickbooks", ("A-1", "fern", date(2026, 3, 26))) as town:
        account = town.account("A-1")
        said = links.read(town.rt, links.make(town.rt, account, [FERN])).said.rpartition(".")[0]
        old = links.url_again(town.rt, said).rpartition("/")[2]
        assert links.read(town.rt, old).account_id == account.id
        links.revoke(town.rt, account.id, Robin(town, "quickbooks", 0).id)
        with pytest.raises(BadLink, match="switched off"):
            links.read(town.rt, old)
