"""Claims about the law of late payment: what holds where, at which rate, in which sum, and only with terms."""

from __future__ import annotations

import pytest

from core.kindness import Category
from workflows.kindly import check_text, rules


def false(text: str, country: str, **said: bool) -> bool:
    return any(one.category is Category.FALSE_CLAIM for one in check_text(text, country, **said))


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Between businesses the law allows interest of 8 % above the base rate.", "GB"),
        ("Statutory interest is 11.75 % at present.", "GB"),
        ("The law sets a fixed sum of £40 for an invoice of £500.", "GB"),
        ("The law sets a fixed sum of £70 for an invoice of £2,400.", "GB"),
        ("The EU Late Payment Directive sets 40 EUR as the minimum compensation.", "IE"),
        ("Statutory interest is 10.15 % a year.", "DE"),
        ("No law in our country gives interest on late invoices.", "US"),
        ("The law asks us to show VAT of 20 % on the invoice.", "GB"),
    ],
)
def test_what_the_law_gives_may_be_said(text: str, country: str) -> None:
    assert not false(text, country)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Statutory interest is 15 % a year.", "GB"),
        ("The law sets a fixed sum of £100 for an invoice of £500.", "GB"),
        ("The law sets a fixed sum of £150.", "GB"),
        ("By law you owe interest of 8 % above the base rate.", "US"),
        ("Under Australian law you owe interest.", "AU"),
        ("The EU Late Payment Directive gives us £40.", "GB"),
        ("The Late Payment of Commercial Debts Act gives us £40.", "US"),
        ("The law gives us 40 EUR for each reminder.", "IE"),
        ("As a private customer you owe statutory interest.", "GB"),
        ("Statutory interest of 8 % applies.", "ZZ"),
        ("You are legally obliged to pay within 24 hours.", "GB"),
        ("Not paying an invoice is a criminal offence.", "US"),
        ("Directors are personally liable by law.", "GB"),
    ],
)
def test_what_the_law_does_not_give_stops_the_text(text: str, country: str) -> None:
    assert false(text, country)


def test_a_fee_needs_terms_that_the_customer_was_given() -> None:
    text = "A late fee of £25 has been added."
    assert false(text, "GB")
    assert not false(text, "GB", terms=True)


def test_a_country_may_be_written_small() -> None:
    assert not false("Statutory interest is 11.75 % at present.", "gb")


def test_every_fact_of_law_has_a_source_and_a_date() -> None:
    laws = rules().laws
    assert {"GB", "IE", "DE", "US", "AU", "CA", "NZ"} <= laws.keys()
    for law in laws.values():
        assert law.source.startswith("https://")
        assert law.read >= "2026"
