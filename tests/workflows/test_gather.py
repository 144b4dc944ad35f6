"""What `plan()` is told of readers: everybody's addresses, who of them is closed to us, and what each has heard."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.facts import AccountFacts, TouchState
from integrations.ledgers.base import LedgerCustomer, LedgerPerson
from models import (
    AddressWord,
    CadenceOverride,
    Effect,
    EffectKind,
    Invoice,
    Touch,
    TouchInvoice,
    TouchRecipient,
)
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from workflows import gather

PEOPLE = (LedgerPerson("Pat", "Pat@Fern.example", True), LedgerPerson("Bo", "bo@fern.example", False))
FERN = LedgerCustomer("c-1", "Fern", emails=("Fern@customers.example", "books@fern.example"), people=PEOPLE)
TODAY = MONDAY.date()


def facts_of(office: Office, customer: str = "c-1") -> AccountFacts:
    return gathered(office, customer).facts


def gathered(office: Office, customer: str = "c-1") -> gather.Gathered:
    id = office.account(customer).id
    with office.rt.store.read() as session:
        return gather.account(office.rt, session, id, office.clock.now())


def heard(office: Office, account: int, *recipients: str, anchor: str = "due/2026-03-01") -> None:
    """A message of yesterday to these, about the account's first invoice."""
    with office.rt.store.write() as session:
        about = session.scalars(select(Invoice).where(Invoice.account_id == account)).first()
        assert about is not None
        key = f"message/{account}/{recipients}"
        effect = Effect(
            uid=office.rt.new_id(),
            key=key,
            kind=EffectKind.MESSAGE.value,
            company_id=about.company_id,
            account_id=account,
            state="sent",
            not_before=MONDAY,
            created_at=MONDAY,
            updated_at=MONDAY,
        )
        session.add(effect)
        session.flush()
        touch = Touch(
            uid=office.rt.new_id(),
            effect_id=effect.id,
            company_id=about.company_id,
            account_id=account,
            state="sent",
            step="statement",
            day=TODAY - timedelta(days=1),
            recipients=list(recipients),
            message_id=key,
            subject="",
            text="",
            html="",
            sending_at=MONDAY - timedelta(days=1),
        )
        session.add(touch)
        session.flush()
        line = {"anchor": anchor, "step": "statement", "rung": 0, "balance_minor": 10_000, "currency": "GBP"}
        session.add(TouchInvoice(touch_id=touch.id, invoice_id=about.id, **line))
        for address in recipients:
            hashed = office.rt.vault.hash_address(address)
            session.add(
                TouchRecipient(touch_id=touch.id, company_id=about.company_id, address_hash=hashed, day=touch.day)
            )


def test_everybody_s_addresses_are_small_letters_in_order_and_only_people_the_ledger_mails_are_people(
    office: Office,
) -> None:
    office.read(MONDAY, customers=(FERN,), invoices=(an_invoice("i-1"), an_invoice("i-2", emails=("Z@x.example",))))
    facts = facts_of(office)
    assert facts.emails == ("books@fern.example", "fern@customers.example")
    assert facts.people == ("pat@fern.example",)
    assert {one.number: one.recipients for one in facts.invoices} == {
        "N-i-1": ("books@fern.example", "fern@customers.example"),
        "N-i-2": ("z@x.example",),
    }


def test_who_opted_out_or_bounced_is_known_of_people_and_of_addresses_in_the_cadence_too(office: Office) -> None:
    office.read(MONDAY, customers=(FERN,), invoices=(an_invoice("i-1"),))
    with office.rt.store.write() as session:
        session.add(
            CadenceOverride(
                uid=office.rt.new_id(),
                practice_id=office.company.practice_id,
                company_id=office.company.id,
                level="company",
                fields={"normal": {"to": ["everyone", "boss@x.example"]}},
                changed_at=MONDAY,
            )
        )
        for address, cause in (("pat@fern.example", "bounced"), ("boss@x.example", "opted-out")):
            session.add(
                AddressWord(
                    uid=office.rt.new_id(),
                    company_id=office.company.id,
                    address_hash=office.rt.vault.hash_address(address),
                    cause=cause,
                    at=MONDAY,
                )
            )
    found = gathered(office)
    assert found.cadence.to_any == ("boss@x.example", "everyone")
    assert (found.facts.bounced, found.facts.opted_out) == ({"pat@fern.example"}, {"boss@x.example"})


def test_what_one_of_its_people_heard_about_another_customer_counts(office: Office) -> None:
    moss = LedgerCustomer("c-2", "Moss", emails=("moss@x.example",))
    office.read(MONDAY, customers=(FERN, moss), invoices=(an_invoice("i-1"), an_invoice("i-2", customer="c-2")))
    heard(office, office.account("c-2").id, "pat@fern.example")
    (touch,) = facts_of(office).touches
    assert (touch.recipients, touch.own) == (("pat@fern.example",), False)


def test_of_a_message_it_is_known_whether_it_was_the_statement_of_the_month_though_all_it_named_is_paid(
    office: Office,
) -> None:
    office.read(MONDAY, customers=(FERN,), invoices=(an_invoice("i-1"),))
    heard(office, office.account_id, "a@x.example", anchor="month/2026-03")
    heard(office, office.account_id, "b@x.example")
    office.read(MONDAY + timedelta(minutes=1), invoices=(an_invoice("i-1", balance="0.00"),))
    touches = {one.recipients: one.statement for one in facts_of(office).touches}
    assert touches == {("a@x.example",): "month/2026-03", ("b@x.example",): ""}


def test_a_statement_on_its_way_is_known_as_one(office: Office) -> None:
    office.read(MONDAY, customers=(FERN,), invoices=(an_invoice("i-1"),))
    lines = [[office.invoice("i-1").id, "statement", [], "month/2026-03", 0]]
    office.want("message/1", day=TODAY.isoformat(), recipients=["a@x.example"], lines=lines)
    (touch,) = facts_of(office).touches
    assert (touch.statement, touch.state) == ("month/2026-03", TouchState.DUE)
