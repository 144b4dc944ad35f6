"""A practice grows: somebody is invited, joins, does what their role allows, changes place, and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.because import Cause
from core.roles import Role
from models import Account, AuditEvent, Company, HoldRow, User
from models.store import Store
from tests.workflows.owners import Firm
from workflows import holds, library, people, reaching, sign_ins, team
from workflows.errors import Refusal
from workflows.team import Place

GOOD = "seven geese fly south"
CLERK = Place(Role.CLERK)


@pytest.fixture
def firm(store: Store) -> Iterator[Firm]:
    made = Firm(store)
    yield made
    made.close()


def invited(firm: Firm, place: Place = CLERK, email: str = "dora@firm.example") -> str:
    """The secret in the link."""
    return team.invite(firm.rt, firm.ann, email, place).link.rpartition("/")[2]


def joined(firm: Firm, place: Place = CLERK) -> User:
    user_id = team.join(firm.rt, invited(firm, place), "Dora", GOOD)
    return user(firm, user_id)


def user(firm: Firm, user_id: int) -> User:
    with firm.rt.store.read() as session:
        return session.get_one(User, user_id)


def seen(firm: Firm, one: User) -> list[str]:
    with firm.rt.store.read() as session:
        mine = select(Company.name).where(reaching.of(one).company()).order_by(Company.name)
        return list(session.scalars(mine))


def second_company(firm: Firm) -> Company:
    with firm.rt.store.write() as session:
        version = library.shipped_version(firm.rt, session, firm.company.practice_id, "default")
        made = Company(
            uid=firm.rt.new_id(),
            practice_id=firm.company.practice_id,
            name="Wren Supplies",
            ledger_kind="xero",
            currency="GBP",
            country="GB",
            cadence_version_id=version.id,
            created_at=firm.clock.now(),
        )
        session.add(made)
    return made


def test_who_is_invited_is_mailed_chooses_a_password_and_signs_in(firm: Firm) -> None:
    made = team.invite(firm.rt, firm.ann, " Dora@Firm.example ", CLERK)
    (mail,) = firm.mailbox.messages()
    assert made.mailed
    assert mail.recipients == ("dora@firm.example",)
    assert made.link in mail.text
    assert "Ann" in mail.subject
    secret = made.link.rpartition("/")[2]
    found = user(firm, team.join(firm.rt, secret, "Dora", GOOD))
    assert (found.role, found.limited, found.email) == ("clerk", False, "dora@firm.example")
    assert people.sign_in(firm.rt, "dora@firm.example", GOOD) is not None
    with firm.rt.store.read() as session:
        kinds = session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)).all()
    assert [one for one in kinds if one.startswith("person-")] == ["person-invited", "person-joined"]


def test_without_a_mail_server_the_owner_has_the_link_to_give_on(firm: Firm) -> None:
    firm.rt = replace(firm.rt, channel=None)
    made = team.invite(firm.rt, firm.ann, "dora@firm.example", CLERK)
    assert not made.mailed
    assert "/join/" in made.link


def test_a_link_opens_once_for_a_week_and_not_once_it_is_taken_back_or_made_anew(firm: Firm) -> None:
    used = invited(firm)
    team.join(firm.rt, used, "Dora", GOOD)
    first = invited(firm, email="eve@firm.example")
    again = invited(firm, email="eve@firm.example")
    with firm.rt.store.read() as session:
        (waiting,) = team.waiting(firm.rt, session, firm.company.practice_id)
    team.withdraw(firm.rt, firm.ann, waiting.id)
    late = invited(firm, email="fay@firm.example")
    firm.clock.move(firm.clock.now() + timedelta(days=7))
    for secret in (used, first, again, late, "guessed", ""):
        with pytest.raises(Refusal, match="opens nothing any more"):
            team.join(firm.rt, secret, "Somebody", GOOD)
    with pytest.raises(Refusal, match="used or taken back already"):
        team.withdraw(firm.rt, firm.ann, waiting.id)
    with firm.rt.store.read() as session:
        assert team.waiting(firm.rt, session, firm.company.practice_id) == []


def test_a_weak_password_or_no_name_uses_no_invitation_up(firm: Firm) -> None:
    secret = invited(firm)
    with pytest.raises(Refusal, match="easily guessed"):
        team.join(firm.rt, secret, "Dora", "password123")
    with pytest.raises(Refusal, match="give your name"):
        team.join(firm.rt, secret, "  ", GOOD)
    assert team.join(firm.rt, secret, "Dora", GOOD)


@pytest.mark.parametrize("email", ["cem@firm.example", "nobody", "a@b.example, c@d.example", ""])
def test_nobody_is_invited_by_an_address_that_is_taken_or_none(firm: Firm, email: str) -> None:
    with pytest.raises(Refusal):
        team.invite(firm.rt, firm.ann, email, CLERK)
    assert firm.mailbox.messages() == []


def test_only_an_owner_invites_changes_and_lets_go(firm: Firm) -> None:
    for act in (
        lambda: team.invite(firm.rt, firm.cem, "dora@firm.example", CLERK),
        lambda: team.change(firm.rt, firm.cem, firm.bea, CLERK),
        lambda: team.remove(firm.rt, firm.cem, firm.bea),
    ):
        with pytest.raises(Refusal, match=r"Only an owner may change this\. Please ask Ann or Bea\."):
            act()
    assert user(firm, firm.bea).owner


def test_who_is_limited_sees_their_companies_and_who_is_not_sees_later_ones_too(firm: Firm) -> None:
    dora = joined(firm, Place(Role.ACCOUNTANT, frozenset({firm.company.id})))
    wren = second_company(firm)
    assert seen(firm, dora) == ["Larch & Co"]
    assert seen(firm, user(firm, firm.cem)) == ["Larch & Co", "Wren Supplies"]
    team.change(firm.rt, firm.ann, dora.id, Place(Role.CLERK, frozenset({wren.id})))
    assert seen(firm, user(firm, dora.id)) == ["Wren Supplies"]
    team.change(firm.rt, firm.ann, dora.id, CLERK)
    assert seen(firm, user(firm, dora.id)) == ["Larch & Co", "Wren Supplies"]


def test_a_place_that_makes_no_sense_is_refused(firm: Firm) -> None:
    for place, words in (
        (Place(Role.CLERK, frozenset()), "at least one company"),
        (Place(Role.CLERK, frozenset({firm.company.id, 999})), "at least one company"),
        (Place(Role.OWNER, frozenset({firm.company.id})), "An owner comes to all companies"),
    ):
        with pytest.raises(Refusal, match=words):
            team.invite(firm.rt, firm.ann, "dora@firm.example", place)
        with pytest.raises(Refusal, match=words):
            team.change(firm.rt, firm.ann, firm.cem, place)


def test_owners_hear_when_somebody_becomes_one_or_is_one_no_more(firm: Firm) -> None:
    team.change(firm.rt, firm.ann, firm.cem, Place(Role.OWNER))
    subjects = [one.subject for one in firm.later(minutes=1)]
    assert subjects == ["Cem is an owner now"]
    team.change(firm.rt, firm.ann, firm.cem, Place(Role.ACCOUNTANT))
    assert [one.subject for one in firm.later(minutes=1)] == ["Cem is no owner any more"]
    team.change(firm.rt, firm.ann, firm.cem, Place(Role.VIEWER))
    assert firm.later(minutes=1) == []


def test_a_practice_always_keeps_an_owner(firm: Firm) -> None:
    team.remove(firm.rt, firm.ann, firm.bea)
    for act in (
        lambda: team.remove(firm.rt, firm.ann, firm.ann),
        lambda: team.change(firm.rt, firm.ann, firm.ann, CLERK),
    ):
        with pytest.raises(Refusal, match="Ann is the only owner"):
            act()


def test_who_leaves_is_out_at_once_and_what_they_looked_after_waits_for_somebody(firm: Firm) -> None:
    secret = sign_ins.begin(firm.rt, firm.cem, "a browser")
    holds.hold(firm.rt, firm.account_id, Cause.PAUSED, owner_id=firm.cem)
    with firm.rt.store.write() as session:
        session.get_one(Account, firm.account_id).assignee_id = firm.cem
    team.remove(firm.rt, firm.ann, firm.cem)
    assert sign_ins.of(firm.rt, secret) is None
    with firm.rt.store.read() as session:
        hold = session.scalars(select(HoldRow)).one()
        assert (hold.state, hold.owner_id) == ("open", None), "the customer is still left alone, and on the desk"
        assert session.get_one(Account, firm.account_id).assignee_id is None
        assert [one.name for one in people.others(session, session.get_one(User, firm.ann))] == ["Bea"]
    with pytest.raises(Refusal, match="Cem does not belong here any more"):
        team.change(firm.rt, firm.ann, firm.cem, CLERK)
    assert user(firm, firm.cem).name == "Cem", "the log still says who did what"


def test_an_address_that_left_may_be_invited_again(firm: Firm) -> None:
    team.remove(firm.rt, firm.ann, firm.cem)
    again = team.join(firm.rt, invited(firm, email="cem@firm.example"), "Cem", GOOD)
    assert again != firm.cem
    assert people.sign_in(firm.rt, "cem@firm.example", GOOD) is not None
