"""The moments a message is for: right after delivery, a part paid, a day that went by, an arrangement, a dispute that
has ended, a call. Each finds its own words, and they fit the person who reads them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core.cadence import Tone
from core.facts import Instalment
from core.money import Money
from tests.workflows.test_message_words import UNKIND, everything
from tests.workflows.writing import (
    AFTER,
    ARRANGED,
    CALLS,
    FOLLOW_UPS,
    NUDGES,
    OPEN,
    STEPS,
    TODAY,
    Page,
    body,
    facts,
    line,
    situations,
    write,
)
from workflows.messages import opening
from workflows.templating import MessageError

LATE = line("INV-1", 30, "1240.50")
COMING = line("INV-1", -20, "1240.50")


# Every message


def test_every_message_says_how_to_pay_how_much_and_whom_to_ask() -> None:
    for said, message in everything():
        assert said.portal_url in message.text
        for one in said.lines:
            shown = one.balance if one.balance.minor else one.total
            assert f"£{shown.decimal:,.2f}" in message.text
        assert "Reply to this mail" in message.text


@pytest.mark.parametrize("template", [*FOLLOW_UPS, *AFTER, "instalment-missed"])
def test_whatever_is_said_after_the_day_allows_that_the_payment_has_crossed_with_it(template: str) -> None:
    said = body(write(template, replace(LATE, arranged=template in ARRANGED)))
    assert re.search(r"crossed with this|already on its way", said)


# Right after delivery


def test_the_welcome_asks_whether_all_is_in_order_and_wants_nothing_else() -> None:
    said = write("welcome", COMING)
    assert said.subject == "Your invoice INV-1 from Harbour Joinery Ltd.: is all in order?"
    assert "Is everything as you expected?" in body(said)
    assert body(said).endswith("If all is well, there is nothing you need to do before the due day.")
    assert not re.search(r"\bpay\b", body(said))


@pytest.mark.parametrize("template", NUDGES)
def test_while_nothing_is_due_the_customer_can_say_that_all_is_in_order(template: str) -> None:
    for words in (write(template, COMING).text, Page(write(template, COMING).html).seen):
        assert "All in order? Tell us" in words
    assert "All in order?" not in write(template, COMING, LATE).text


@pytest.mark.parametrize(
    ("attached", "words"),
    [
        ((), []),
        (("invoice",), ["A copy is attached."]),
        (("invoice", "terms"), ["A copy is attached. Our terms are attached, for your records."]),
        (("statement",), ["A statement of your account is attached."]),
    ],
)
def test_what_goes_along_is_told_and_nothing_else(attached: tuple[str, ...], words: list[str]) -> None:
    said = write("welcome", COMING, attached=attached)
    assert [one for one in said.text.split("\n\n") if "attached" in one] == words
    assert ("attached" in Page(said.html).seen) == bool(words)
    many = write("late-21", LATE, line("INV-2", 40), attached=("invoice",))
    assert "Copies are attached." in many.text


# A part is paid


@pytest.mark.parametrize("template", [one for one in STEPS if one not in ARRANGED])
def test_who_paid_a_part_is_thanked_for_it(template: str) -> None:
    said = body(write(template, line("INV-1", 30, "60", of="100")))
    assert "Thank you for the £40.00 already settled." in said
    assert "Thank you for the" not in body(write(template, line("INV-1", 30, "100")))


def test_after_a_part_only_the_rest_is_asked_for() -> None:
    for template in ("late-21", "late-35", "refuses", "promise-passed-again"):
        said = body(write(template, line("INV-1", 30, "60", of="100")))
        assert "pay the rest now" in said
        assert "pay it" not in said


# Softer for who has always paid


@pytest.mark.parametrize("template", ["late-21", "late-35", "promise-passed-again"])
def test_who_hears_a_softer_tone_is_not_told_to_pay_now(template: str) -> None:
    own, soft = (body(write(template, LATE, tone=tone)) for tone in (None, Tone.KIND))
    assert re.search(r"(ask you to|Please) pay it now", own)
    assert "pay it now" not in soft
    assert "You can pay with the link below" in soft


@pytest.mark.parametrize("template", FOLLOW_UPS)
def test_a_softer_tone_never_makes_a_message_say_more_of_the_firm_words(template: str) -> None:
    asks = [len(re.findall(r"pay it now|still open", body(write(template, LATE, tone=tone)))) for tone in Tone]
    assert asks == sorted(asks)


def test_the_first_words_are_softer_still_for_a_friend() -> None:
    assert "only a small note" in body(write("late-4", LATE, tone=Tone.FRIENDLY))
    assert "no need to answer" in body(write("late-12", LATE, tone=Tone.FRIENDLY))
    for template in ("late-4", "late-12"):
        assert body(write(template, LATE, tone=Tone.KIND)) == body(write(template, LATE))


# A day that went by


def test_a_day_that_went_by_is_named_and_not_held_against_anybody() -> None:
    said = write("promise-passed", LATE)
    assert body(said).startswith("For invoice INV-1, you had chosen 24 February. That day has gone by")
    assert "Plans change." in body(said)
    assert "choose a new day" in body(said)


def test_of_several_invoices_only_those_are_named_for_which_a_day_was_chosen() -> None:
    one = [replace(LATE, step="promise-passed"), replace(line("INV-2", 9), step="late-4")]
    assert body(write("promise-passed", *one)).startswith("For invoice INV-1, you had chosen 24 February.")
    two = [*one, replace(line("INV-3", 20), step="promise-passed")]
    said = write("promise-passed", *two)
    assert body(said).startswith("For 2 of the invoices below, you had chosen 24 February.")
    assert said.subject == "The day you chose for your invoices from Harbour Joinery Ltd."


# An arrangement


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("instalment-soon", "The next part of our arrangement is £50.00, and it is due on 5 March."),
        ("instalment-today", "A short note: the part of £50.00 in our arrangement is due today."),
        ("instalment-missed", "The part of £50.00 in our arrangement was due on 27 February"),
    ],
)
def test_a_part_of_an_arrangement_is_named_with_its_own_sum_and_day(template: str, words: str) -> None:
    said = write(template, OPEN["arranged"])
    assert body(said).startswith(words)
    assert "was due on 21 January" not in said.text, "the invoice's own day no longer counts"
    assert "still open of £100.00), part of our arrangement" in said.text
    assert "£50.00" in Page(said.html).seen


def test_what_is_arranged_is_not_called_late_in_a_message_about_something_else() -> None:
    part = Instalment(TODAY + timedelta(days=3), Money(5000, "GBP"))
    said = write("late-12", replace(LATE, step="late-12"), OPEN["arranged"], instalment=part)
    assert "Of the 2 invoices below, one is past its due day" in body(said)
    assert "  Of which past the due day: £1,240.50\n" in said.text
    assert "Of our arrangement, the part of £50.00 is due on 5 March." in said.text


def test_a_message_about_a_part_needs_to_know_the_part() -> None:
    with pytest.raises(MessageError, match="'instalment-soon'"):
        write("instalment-soon", OPEN["arranged"], instalment=None)


# What the customer told us


def test_who_is_short_of_cash_is_thanked_and_asked_for_nothing_in_full() -> None:
    said = body(write("short-of-cash", LATE))
    assert said.startswith("Thank you for telling us that money is tight")
    assert "You need not pay all of it in one go." in said
    assert "Please pay" not in said


def test_who_does_not_want_to_pay_is_asked_why_and_told_what_we_see() -> None:
    said = body(write("refuses", LATE))
    assert "We would like to understand why" in said
    assert "write in a few words what does not fit" in said


def test_after_a_dispute_the_first_word_is_thanks_and_the_answer_can_be_questioned() -> None:
    said = body(write("dispute-resolved", LATE))
    assert "We closed that question on 26 February. Thank you for your patience." in said
    assert "If you still see it differently, reply to this mail." in said
    assert "Please pay" not in said


def test_a_statement_names_its_day_and_asks_gently_even_for_what_is_late() -> None:
    said = write("statement", LATE, COMING)
    assert said.subject == "Your account with Harbour Joinery Ltd. on 2 March"
    assert "Please pay" not in body(said)
    assert "Together: £2,481.00" in said.text


# Who signs, and who reads along


def test_a_person_may_sign_for_the_company() -> None:
    said = write("late-4", LATE, signed="Ann Lee")
    assert "Kind regards,\nAnn Lee\nHarbour Joinery Ltd.\n" in said.text
    assert "Kind regards, Ann Lee Harbour Joinery Ltd." in Page(said.html).seen
    assert "Kind regards,\nHarbour Joinery Ltd.\n" in write("late-4", LATE).text


def test_copies_go_where_they_should() -> None:
    said = write("late-4", LATE, cc=("books@harbour.test",), bcc=("file@harbour.test",))
    assert (said.cc, said.bcc) == (("books@harbour.test",), ("file@harbour.test",))


# Calls


@pytest.mark.parametrize("template", CALLS)
def test_a_call_begins_with_a_question_and_listening_and_knows_what_it_can_suggest(template: str) -> None:
    for lines in situations(OPEN):
        said = opening(facts(template, *lines))
        words = "\n".join(said.paragraphs)
        assert said.title.startswith("Call Ann about ")
        assert said.paragraphs[0].startswith('"Hello, I am calling from Harbour Joinery Ltd. about ')
        assert "Is this a good moment?" in said.paragraphs[0]
        assert re.search("listen|Begin with a question", words, re.IGNORECASE)
        assert "suggest" in words
        assert not UNKIND.search(words)
        assert "{" not in words


def test_a_call_is_for_the_customer_where_no_person_is_known_and_never_for_nobody() -> None:
    assert opening(facts("call-late", LATE, contact="")).title == "Call Lighthouse Inc. about invoice INV-1"
    nameless = opening(facts("call-late", LATE, contact="", customer=""))
    assert nameless.title == "Call the customer about invoice INV-1"


def test_a_mail_is_no_opening() -> None:
    with pytest.raises(MessageError, match="There is no message template 'late-4'"):
        opening(facts("late-4", LATE))
