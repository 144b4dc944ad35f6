"""What customers tell us: who may say what, what takes the place of what, and when it is over."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.cadence import Reason
from models import Effect, EffectKind, HoldRow, ToldRow
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from workflows import gather, reasons
from workflows.errors import Refusal

OURS = sorted(set(Reason) - {Reason.DISPUTE, Reason.WILL_PAY})


@pytest.fixture
def open_office(office: Office) -> Office:
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2"), an_invoice("3")))
    return office


def tell(office: Office, reason: Reason, *names: str, user: int | None = None) -> ToldRow:
    uids = [office.invoice(name).uid for name in names]
    return reasons.tell(office.rt, office.account_id, uids, reason, " In our words ", user)


def told(office: Office) -> dict[str, Reason | None]:
    """What the planner is told of each invoice."""
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    return {one.number: one.told and one.told.reason for one in facts.invoices}


@pytest.mark.parametrize("reason", OURS)
def test_a_reason_is_kept_with_its_day_until_somebody_has_dealt_with_it(open_office: Office, reason: Reason) -> None:
    office, robin = open_office, a_person(open_office)
    office.change(office.account("c-1"), wake_at=None)
    made = tell(office, reason, "1", "2", user=robin)
    assert (made.text, made.by_user_id, office.account("c-1").wake_at) == ("In our words", robin, office.clock.now())
    assert told(office) == {"N-1": reason, "N-2": reason, "N-3": None}
    with pytest.raises(Refusal, match="in a few words"):
        reasons.close(office.rt, made.uid, robin, "  ")
    reasons.close(office.rt, made.uid, robin, "Called them.")
    assert set(told(office).values()) == {None}
    with pytest.raises(Refusal, match="already dealt with"):
        reasons.close(office.rt, made.uid, robin, "Called them.")


def test_a_later_word_takes_the_place_of_an_earlier_one_only_where_it_is_about_the_same(open_office: Office) -> None:
    tell(open_office, Reason.FORGOT, "1", "2")
    tell(open_office, Reason.SHORT_OF_CASH, "2", "3")
    assert told(open_office) == {
        "N-1": Reason.FORGOT,
        "N-2": Reason.SHORT_OF_CASH,
        "N-3": Reason.SHORT_OF_CASH,
    }
    tell(open_office, Reason.IN_ORDER, "1")
    with open_office.rt.store.read() as session:
        rows = session.scalars(select(ToldRow).options(selectinload(ToldRow.invoices)).order_by(ToldRow.id))
        assert [(one.reason, one.state) for one in rows] == [
            ("forgot", "closed"),
            ("short-of-cash", "open"),
            ("in-order", "open"),
        ]


def test_only_a_person_says_that_somebody_refuses(open_office: Office) -> None:
    with pytest.raises(Refusal, match="Only a person"):
        tell(open_office, Reason.REFUSES, "1")
    assert set(told(open_office).values()) == {None}


@pytest.mark.parametrize("reason", [Reason.DISPUTE, Reason.WILL_PAY])
def test_disputes_and_promises_are_kept_elsewhere(open_office: Office, reason: Reason) -> None:
    with pytest.raises(Refusal, match="pages of their own"):
        tell(open_office, reason, "1")


def test_a_reason_is_about_open_invoices_of_that_customer(open_office: Office) -> None:
    for uids in ([], ["nobody's"], [open_office.invoice("1").uid, "nobody's"]):
        with pytest.raises(Refusal, match="at least one open invoice"):
            reasons.tell(open_office.rt, open_office.account_id, uids, Reason.FORGOT)


def test_only_who_asks_for_a_copy_is_sent_one(open_office: Office) -> None:
    robin = a_person(open_office)
    for reason in OURS:
        tell(open_office, reason, "1", user=robin)
    with open_office.rt.store.read() as session:
        (effect,) = session.scalars(select(Effect)).all()
        asked = session.scalars(select(ToldRow).where(ToldRow.reason == "copy")).one()
    assert (effect.kind, effect.key) == (EffectKind.ANSWER, f"answer/{asked.uid}")


def test_saying_twice_that_it_is_paid_is_for_a_person_and_about_another_invoice_it_is_not(open_office: Office) -> None:
    tell(open_office, Reason.PAID_ALREADY, "1")
    tell(open_office, Reason.PAID_ALREADY, "2")

    def waiting() -> list[str]:
        with open_office.rt.store.read() as session:
            return list(session.scalars(select(HoldRow.cause)))

    assert waiting() == []
    tell(open_office, Reason.PAID_ALREADY, "1")
    assert waiting() == ["paid-already"]
