"""A portal link opens the account it was made for, for ninety days, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.inheritance import Level
from integrations.ledgers.base import LedgerCustomer
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from workflows import library, links
from workflows.links import BadLink

FERN, MOSS = ["fern@customers.example"], ["moss@customers.example"]


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    made.read(MONDAY, customers=(LedgerCustomer("c-2", "Moss"),))
    yield made
    made.close()


def test_a_link_opens_its_own_account_and_remembers_for_whom_it_was_made(office: Office) -> None:
    fern, moss = office.account("c-1"), office.account("c-2")
    mine = links.read(office.rt, links.make(office.rt, fern, FERN))
    theirs = links.read(office.rt, links.make(office.rt, moss, MOSS))
    assert (mine.account_id, theirs.account_id) == (fern.id, moss.id)
    assert mine.readers.isdisjoint(theirs.readers)
    assert mine == links.read(office.rt, links.make(office.rt, fern, FERN))


def test_there_is_nothing_personal_in_a_link(office: Office) -> None:
    url = links.url(office.rt, office.account("c-1"), FERN)
    assert url.startswith("https://dunlin.test/p/")
    assert office.account("c-1").uid in url
    assert "fern" not in url.lower()
    assert "customers.example" not in url


def test_a_link_lives_for_ninety_days(office: Office) -> None:
    token = links.make(office.rt, office.account("c-1"), FERN)
    office.clock.move(MONDAY + timedelta(days=90))
    assert links.read(office.rt, token).account_id == office.account_id
    office.clock.move(MONDAY + timedelta(days=92))
    with pytest.raises(BadLink, match="expired"):
        links.read(office.rt, token)


def test_a_changed_link_opens_nothing_not_even_with_another_accounts_name_in_it(office: Office) -> None:
    mine, theirs = office.account("c-1").uid, office.account("c-2").uid
    token = links.make(office.rt, office.account("c-1"), FERN)
    signature, _, said = token.partition(".")
    assert said.startswith(mine)
    swapped, longer = token.replace(mine, theirs), token.replace(".20", ".30")
    assert len({token, swapped, longer}) == 3
    for one in (swapped, longer, said, signature, f"{token}x", token[:-1], token[1:], "", "a.b", "a.b.c.d", "ä.b.1.d"):
        with pytest.raises(BadLink, match="not complete or was changed"):
            links.read(office.rt, one)


def test_a_link_signed_with_an_old_key_still_opens_and_a_strangers_key_does_not(office: Office) -> None:
    token = links.make(office.rt, office.account("c-1"), FERN)
    rotated = replace(office.rt, link_keys=(*office.rt.link_keys, "the new key of this installation"))
    assert links.read(rotated, token).account_id == office.account_id
    with pytest.raises(BadLink):
        links.read(replace(office.rt, link_keys=("a stranger's key",)), token)
    fresh = links.make(rotated, office.account("c-1"), FERN)
    with pytest.raises(BadLink):
        links.read(office.rt, fresh)


def test_a_link_to_an_account_that_is_no_more_leads_nowhere(office: Office) -> None:
    row = office.account("c-1")
    token = links.make(office.rt, row, FERN)
    office.change(row, uid="another")
    with pytest.raises(BadLink, match="no longer leads anywhere"):
        links.read(office.rt, token)


def sees(office: Office, reader: str) -> bool:
    """Whether a link made for this reader shows the whole account."""
    account = office.account("c-1")
    target = links.read(office.rt, links.make(office.rt, account, [reader]))
    with office.rt.store.read() as session:
        return links.sight(office.rt, session, target, account).everything


def test_the_whole_account_is_for_its_own_readers_and_whom_its_cadence_writes_to(office: Office) -> None:
    people = [["Ann", "ann@customers.example", True], ["Bob", "bob@customers.example", False]]
    office.change(office.account("c-1"), people=people)
    readers = (*FERN, "Ann@customers.example", "bob@customers.example", *MOSS)
    assert [sees(office, one) for one in readers] == [True, True, False, False]
    chief = {"normal": {"to": ["everyone", "chief@customers.example"]}}
    assert not sees(office, "chief@customers.example")
    practice, company = office.company.practice_id, office.company.id
    library.change(office.rt, practice, Level.ACCOUNT, chief, company_id=company, account_id=office.account_id)
    assert sees(office, "chief@customers.example")


def test_who_gets_mail_about_one_invoice_sees_that_one(office: Office) -> None:
    office.read(MONDAY, invoices=(an_invoice("i-1", emails=("site@customers.example",)), an_invoice("i-2")))
    account = office.account("c-1")
    target = links.read(office.rt, links.make(office.rt, account, ["site@customers.example"]))
    with office.rt.store.read() as session:
        seen = links.sight(office.rt, session, target, account)
    assert [seen.of(office.invoice(one)) for one in ("i-1", "i-2")] == [True, False]
