"""What the kindness check says about single texts: threats in every dress, harmless look-alikes, places and words."""

from __future__ import annotations

import pytest

from core.kindness import Category, Finding, RulesError, parse_rules
from workflows.kindly import blocking, check_template, check_text

WHOLE = (
    "Hello Ann,\n\nInvoice 77 for £120.00 was due on 3 March. You can pay with the link below.\n"
    "Just reply to this mail if you have questions.\n\nKind regards,\nLarch & Co"
)


def found(text: str, country: str = "GB", **said: bool) -> set[str]:
    return {one.category.value for one in check_text(text, country, **said)}


@pytest.mark.parametrize(
    "text",
    [
        "We will take you to court.",
        "We will not hesitate to instruct our solicitors.",
        "We won't take legal action if you pay by Friday.",
        "I would hate for this to go to court, so please tell us what is wrong.",
        "Unless we hear from you the matter will be passed to a debt collection agency.",
        "Late accounts are reported to the credit reference agencies.",
        "Your account will be suspended on Friday.",
        "We can't ship further orders until the invoice is paid.",
        "We may have to speak to your employer.",
        "A late fee will be added every week.",
        "You leave us no choice.",
        "Pay up, or else.",
        "Please pay today to keep your service running.",
        "We reserve the right to take further steps without further notice.",
        "This is your last chance.",
        "If I don't have the £900 by Friday I will hand the file to our lawyers.",
    ],
)
def test_a_threat_stops_the_text_however_it_is_dressed(text: str) -> None:
    assert Category.THREAT.value in found(text)


@pytest.mark.parametrize(
    "trick",
    [
        "We will take you to c o u r t.",
        "We will take you to c.o.u.r.t.",
        "We will take you to c0urt.",
        "We will take you to cou\u200brt.",
        "We will take you to co\u00adurt.",
        "We will take you to \uff43\uff4f\uff55\uff52\uff54.",
        "We will take you to \u0441\u043eurt.",
        "We will take you to c\u0336o\u0336u\u0336r\u0336t\u0336.",
        "We will take you\nto\ncourt.",
        "We will send the bai-\nliffs.",
        "\u1d21\u1d07 \u1d21\u026a\u029f\u029f s\u1d1c\u1d07 \u028f\u1d0f\u1d1c.",
        "l e g a l  a c t i o n will follow",
        "l e g a l a c t i o n will follow",
        "We\u2019ll s\u00fce y\u00f6u.",
        "We will take **legal** _action_.",
    ],
)
def test_tricks_of_typography_hide_nothing(trick: str) -> None:
    assert Category.THREAT.value in found(trick)


@pytest.mark.parametrize(
    "text",
    [
        "Our office is on Court Street.",
        "No need to worry: we will not charge a late fee.",
        "Your credit of 20 GBP is noted.",
        "This is the final invoice of the project.",
        "Action needed: please tell us your PO number.",
        "What is the legal name of your company?",
        "Your goods are ready for collection.",
        "Two suspension springs, as ordered.",
        "Please ignore this if you have paid.",
        "We never sell debts, and we have never been to court with a customer.",
        "If payment is difficult at the moment, we can spread it over three months.",
        "Invoice 12 covers the training on debt recovery in May.",
        "Please ask for Sue.",
        "INV-0098, GBP 560.00, DUE 30 JUNE",
    ],
)
def test_harmless_words_raise_no_alarm(text: str) -> None:
    assert found(text) <= {"missing", "reading"}


def test_a_finding_says_where_and_why_and_what_to_write_instead() -> None:
    text = "Hello Ann. We will take you to co\u200burt."
    (one,) = check_text(text, "GB")
    assert (one.category, one.blocks) == (Category.THREAT, True)
    assert text[one.start : one.end] == one.quote
    assert "co\u200burt" in one.quote
    assert one.why.endswith(".")
    assert one.kinder


def test_where_no_rule_hits_the_words_that_weigh_most_are_shown() -> None:
    text = "Hello Ann. We know you're on a work visa."
    (one,) = check_text(text, "GB")
    assert (one.category, one.rule) == (Category.THREAT, "words")
    assert one.quote == text[one.start : one.end]
    assert "work visa" in one.quote


def test_blame_and_shouting_advise_and_stop_nothing() -> None:
    findings = check_text("You have ignored our messages. PLEASE PAY NOW!!!", "GB")
    assert {one.category for one in findings} == {Category.BLAME, Category.SHOUTING}
    assert blocking(findings) == ()


def test_words_inside_a_placeholder_are_read_too() -> None:
    hidden = "subject: A note\n\nIf {{ first.number }} is open, {{ 'we will sue you' if late else 'all is well' }}."
    assert [one.category for one in blocking(check_template(hidden, "GB"))] == [Category.THREAT]
    assert check_template("Invoice {{ first.number }} {# court #}{% if late %}is open{% endif %}.", "GB") == ()


def test_a_comment_inside_a_word_hides_nothing() -> None:
    assert blocking(check_template("We will take you to cou{# #}rt, {{ contact }}.", "GB"))


def missing(text: str) -> set[str]:
    return {one.rule for one in check_text(text, "GB", whole=True) if one.category is Category.MISSING}


def test_a_whole_message_lacks_nothing_and_a_fragment_is_not_asked() -> None:
    assert missing(WHOLE) == set()
    assert "missing" not in found("Please pay it.")


@pytest.mark.parametrize(
    ("gone", "instead", "name"),
    [
        ("Kind regards,\nLarch & Co", "", "who"),
        ("Invoice 77", "It", "what"),
        (" for £120.00", "", "how much"),
        ("You can pay with the link below.", "Please pay.", "how to pay"),
        ("Just reply to this mail if you have questions.", "", "whom to ask"),
    ],
)
def test_what_a_whole_message_lacks_is_named(gone: str, instead: str, name: str) -> None:
    assert missing(WHOLE.replace(gone, instead)) == {name}


def test_a_thank_you_needs_no_way_to_pay() -> None:
    assert missing("Thank you, the money has arrived.") == set()


def readings(text: str) -> list[Finding]:
    return [one for one in check_text(text, "GB") if one.category is Category.READING]


def test_long_sentences_and_hard_words_are_advised_on_and_never_stop() -> None:
    long = "We write about the invoice " + "and about the order that came before it " * 5 + "today."
    assert {one.rule for one in readings(long)} == {"sentence", "text"}
    assert [one.quote for one in readings("Tell us about the unavailability of the pump.")] == ["unavailability"]
    assert not any(one.blocks for one in readings(long))


def test_a_text_of_long_words_throughout_asks_for_many_years_of_school() -> None:
    heavy = "Administrative documentation necessitates additional organisational consideration accordingly. " * 6
    assert "text" in {one.rule for one in readings(heavy)}
    assert readings("We saw your note. It is fine. You can pay in May. Ask us if you need help. " * 3) == []


def test_a_very_long_text_is_read_in_a_moment() -> None:
    assert check_text("a " * 20_000, "GB") == ()
    assert blocking(check_text("if you do not pay we will " * 500, "GB"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rule = [", "no TOML"),
        ("[words]", "lack 'shouting'"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_with_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RulesError, match=sentence):
        parse_rules(text)
