"""Who is hardly anybody to write to is proposed with its reason, and nobody else is."""

from __future__ import annotations

import pytest

from core.exclusions import Exclusion, Known, propose

OURS = ("accounts@bramley.example", "ann@harbour.example", "joe@gmail.com")


def why(name: str, *emails: str, company: str = "Bramley Joinery Ltd") -> Exclusion | None:
    return dict(propose([Known("k", name, emails)], company, OURS)).get("k")


@pytest.mark.parametrize(
    "name",
    ["Cash", "CASH SALES", "Walk-in customer", "Barverkauf", "Vente comptoir", "Ventas al contado", "Till sales"],
)
def test_the_till_is_no_customer(name: str) -> None:
    assert why(name) is Exclusion.CASH


@pytest.mark.parametrize(
    "name", ["Cash & Carry Foods", "Johnny Cash Tribute", "Kassel Bau", "Caja Rural", "Tillman & Co"]
)
def test_a_firm_that_is_only_called_so_is_one(name: str) -> None:
    assert why(name) is None


def test_an_address_at_the_companys_own_domain_is_one_of_its_people() -> None:
    assert why("Robin Vale", "robin@bramley.example") is Exclusion.STAFF
    assert why("Ann", " ANN@Harbour.example ") is Exclusion.STAFF
    assert why("Somebody", "x@sub.bramley.example.org") is None


def test_a_mailbox_that_anybody_can_have_says_nothing_unless_it_is_the_very_one() -> None:
    assert why("Pat", "pat@gmail.com") is None
    assert why("Joe", "joe@gmail.com") is Exclusion.STAFF


@pytest.mark.parametrize(
    "name", ["Bramley Joinery (Export) GmbH", "BRAMLEY JOINERY Holdings", "Bramley Joinery Ireland"]
)
def test_a_firm_of_the_same_name_is_of_the_group(name: str) -> None:
    assert why(name) is Exclusion.GROUP


@pytest.mark.parametrize("name", ["Bramley Apples", "Joinery Bramley", "Old Bramley Joinery", ""])
def test_a_firm_with_one_word_in_common_is_not(name: str) -> None:
    assert why(name) is None


def test_a_name_too_short_to_tell_proposes_nobody() -> None:
    assert why("Abc Deliveries", company="ABC Ltd") is None
    assert why("Kestrel Homes North", company="Kestrel Ltd") is Exclusion.GROUP
    assert why("Anything", company="The Company Ltd") is None


def test_each_is_proposed_once_and_in_order() -> None:
    rows = [Known("b", "Cash", ("x@bramley.example",)), Known("a", "Robin", ("r@bramley.example",)), Known("c", "Dene")]
    assert propose(rows, "Bramley Joinery", OURS) == [("b", Exclusion.CASH), ("a", Exclusion.STAFF)]
