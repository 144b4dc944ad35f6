"""What customers read is kind, short, addressed to them by name, and true in every situation a message can be about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from core.money import Money
from integrations.channels.base import Envelope
from tests.workflows import writing
from tests.workflows.writing import ALL, FOLLOW_UPS, LINK, STEPS, TODAY, Page, body, line, thanks, write
from workflows.message_facts import MessageFacts, MessageLine
from workflows.templating import MessageError

HOME = Path(__file__).resolve().parents[2] / "templates" / "messages"
LATE = line("INV-1", 4, "1240.50")


@cache
def everything() -> list[tuple[MessageFacts, Envelope]]:
    return list(writing.everything())


# Kind


UNKIND = re.compile(
    r"""\b(threat\w*|legal\w*|law|lawyers?|solicitors?|attorneys?|court\w*|sue|debt\w*|collect\w*|agency|bailiffs?|
    immediate\w*|at\ once|urgent\w*|asap|demand\w*|fail\w*|final|last\ (notice|chance)|warn\w*|overdue|delinquen\w*|
    arrears|default(ed)?|penalt\w*|interest|fees?|charges?|consequence\w*|suspend\w*|escalat\w*|report|credit\ rating|
    must|have\ to|owe\w*|obliged?|ignored|neglect\w*|excuse\w*|promised|disappoint\w*|regret|unfortunately|shame|
    despite|yet\ again|once\ again|remind\w*|offers?|discounts?|upgrade\w*|buy|free)\b""",
    re.IGNORECASE | re.VERBOSE,
)


@pytest.mark.parametrize("said", ["FINAL NOTICE", "legal action", "in debt", "Failure to pay", "your overdue invoice"])
def test_the_list_of_unkind_words_knows_the_usual_ones(said: str) -> None:
    assert UNKIND.search(said)


def test_no_shipped_template_threatens_shames_presses_or_sells() -> None:
    """A discount for paying early is no advertising; what says so names a day and sums. What stands on papers of the
    ledger, and on the one that a sum is worked out on, is no message.
    """
    sources = [*HOME.glob("*.*"), *(HOME / "en").rglob("*.*")]
    assert len(sources) >= len(ALL) + 3
    beside = re.compile(r"^# A discount.*$|^discount = .*$|\brow\.offer\b|^\[ledger\](?s:.*)\Z", re.MULTILINE)
    said = {file.name: beside.sub("", file.read_text()) for file in sources}
    assert {name: hit[0] for name, text in said.items() if (hit := UNKIND.search(text))} == {}


def test_no_written_message_says_an_unkind_word_or_raises_its_voice() -> None:
    for said, message in everything():
        words = f"{message.subject}\n{message.text}"
        assert not UNKIND.search(words), (said.template, UNKIND.search(words))
        assert "!" not in words
        assert not re.search(r"\b[A-Z]{2,}\b", body(message).replace("A-", "")), body(message)


def test_sentences_and_paragraphs_are_short() -> None:
    for _, message in everything():
        for paragraph in body(message).split("\n\n"):
            sentences = re.split(r"(?<=[.?])\s+(?=[A-Z])", paragraph.replace("Ltd. ", "Ltd ").replace("Inc. ", "Inc "))
            assert len(sentences) <= 4, paragraph
            assert max(len(sentence.split()) for sentence in sentences) <= 25, paragraph
        assert len(message.subject) <= 80


def test_names_are_never_followed_by_a_second_full_stop_and_no_gap_is_left_by_a_word_not_said() -> None:
    for _, message in everything():
        for words in (message.subject, message.text, Page(message.html).seen):
            assert not re.search(r"\.\.|[?.],|(?<=\S)  | [.,]", words.replace("Inc.,", "Inc")), words
            assert "None" not in words
            assert "{" not in words


def test_whoever_gets_a_message_reads_who_writes_about_what_and_how_to_answer() -> None:
    for said, message in everything():
        assert said.company in message.subject
        for words in (message.text, Page(message.html).seen):
            assert "Hello Ann," in words
            assert f"This note comes from {said.company} because" in words
            assert said.customer in words
            assert f"Reply to this mail and a person at {said.company} will read it." in words
            for one in said.lines:
                assert one.number in words


def test_a_message_without_a_contact_greets_the_customer_and_without_any_name_it_just_greets() -> None:
    assert write("late-4", LATE, contact="").text.startswith("Hello Lighthouse Inc.,\n")
    nameless = write("late-4", LATE, contact="\u200f", customer=" \n").text
    assert nameless.startswith("Hello,\n")
    assert "\nInvoice\n" in nameless
    assert "because an invoice is open." in nameless


@pytest.mark.parametrize("step", FOLLOW_UPS)
def test_every_follow_up_allows_that_the_payment_is_on_its_way_and_offers_three_other_ways(step: str) -> None:
    message = write(step, LATE)
    assert re.search(r"crossed with this|already on its way", body(message))
    for words in (message.text, Page(message.html).seen):
        for way in ("Already paid? Tell us", "Need more time? Choose a day", "Something wrong? Let us know"):
            assert way in words


def test_the_firmest_message_asks_for_a_call_and_says_what_to_do_when_money_is_tight() -> None:
    firm = write("late-35", LATE)
    assert firm.subject == "May we call you about your invoice INV-1 from Harbour Joinery Ltd.?"
    assert "a person at Harbour Joinery Ltd. will call" in body(firm)
    assert "If money is tight at the moment, please say so." in body(firm)


# True in every situation


Claim = Callable[[MessageFacts, re.Match[str]], bool]


def _late(said: MessageFacts) -> int:
    return sum(one.due is not None and one.due < said.today for one in said.lines if not one.arranged)


def _today(said: MessageFacts) -> int:
    return sum(one.due == said.today for one in said.lines if not one.arranged)


def _coming(said: MessageFacts) -> int:
    return sum(one.due is not None and one.due > said.today for one in said.lines if not one.arranged)


def _lead(said: MessageFacts) -> list[MessageLine]:
    return [one for one in said.lines if one.step in ("", said.step)] or list(said.lines)


def _parts(said: MessageFacts) -> list[MessageLine]:
    return [one for one in said.lines if 0 < one.balance.minor < one.total.minor]


def _left(said: MessageFacts) -> int:
    return sum(one.balance.minor > 0 for one in said.lines)


CLAIMS: dict[str, Claim] = {
    r"The (\d+) invoices below are past": lambda said, hit: len(said.lines) == _late(said) == int(hit[1]),
    r"Of the (\d+) invoices below, (\d+) are past": lambda said, hit: (
        (len(said.lines), _late(said)) == (int(hit[1]), int(hit[2]))
    ),
    r"Of the (\d+) invoices below, one is past": lambda said, hit: (len(said.lines), _late(said)) == (int(hit[1]), 1),
    r"(\d+) of your (\d+) invoices .* past (its|their)": lambda said, hit: (
        (_late(said), len(said.lines), hit[3]) == (int(hit[1]), int(hit[2]), "its" if hit[1] == "1" else "their")
    ),
    r"still open in our books|show it as open": lambda said, _: _late(said) > 0 or len(said.lines) == 1,
    r"we have not seen": lambda said, _: _late(said) == len(said.lines) == 1,
    r"the rest": lambda said, _: len(said.lines) == 1 and said.lines[0].balance < said.lines[0].total,
    r"pay it now": lambda said, _: _late(said) == 1,
    r"pay them now": lambda said, _: _late(said) > 1,
    r"The others are there": lambda said, _: 0 < _late(said) < len(said.lines),
    r"[Ii]nvoice \S+ (?:.*,? )?is due today": lambda said, _: _today(said) == len(said.lines) == 1,
    r"(\d+) invoices .*are due today": lambda said, hit: len(said.lines) == _today(said) == int(hit[1]),
    r"no day comes as a surprise|the day does not come": lambda said, _: _coming(said) == len(said.lines),
    r"[Ii]nvoice .* was due on": lambda said, _: _late(said) == len(said.lines) == 1,
    r"[Ii]nvoice .* is due on": lambda said, _: _coming(said) == len(said.lines) == 1,
    r"for £100.00, of which £(\d+).00 is open": lambda said, hit: (
        len(said.lines) == 1
        and (said.lines[0].balance, said.lines[0].total.minor) == (Money.parse(hit[1], "GBP"), 10000)
    ),
    r"Thank you for the £(\d+).00 already settled": lambda said, hit: (
        [one.total - one.balance for one in said.lines] == [Money.parse(hit[1], "GBP")]
    ),
    r"Thank you for what is already settled": lambda said, _: bool(_parts(said)) and len(said.lines) > 1,
    r"is part of our arrangement": lambda said, _: len(said.lines) == 1 and said.lines[0].arranged,
    r"(?:For|with|pay) invoice (\S+)[,.]": lambda said, hit: [one.number for one in _lead(said)] == [hit[1]],
    r"(?:For|with|pay) the (\d+) invoices below": lambda said, hit: (
        len(_lead(said)) == len(said.lines) == int(hit[1]) > 1
    ),
    r"(?:For|with|pay) (\d+) of the invoices below": lambda said, hit: (
        len(said.lines) > len(_lead(said)) == int(hit[1])
    ),
    r"your other invoices too": lambda said, _: len(said.lines) > len(_lead(said)),
    r"everything, or choose single": lambda said, _: len(said.lines) > 1,
    r"nothing you need to do before the due": lambda said, _: _coming(said) == len(said.lines),
    r"invoices? (below )?(is|are) settled": lambda said, _: _left(said) == 0,
    r"The (\d+) invoices below are settled": lambda said, hit: len(said.lines) == int(hit[1]),
    r"Of this invoice, £(\d+).00 is left": lambda said, hit: (
        [one.balance for one in said.lines] == [Money.parse(hit[1], "GBP")]
    ),
    r"Of the (\d+) invoices below, (one|\d+) ha(s|ve) an amount left": lambda said, hit: (
        (len(said.lines), _left(said)) == (int(hit[1]), int(hit[2].replace("one", "1")))
    ),
    r"Each of the (\d+) invoices below has an amount left": lambda said, hit: (
        len(said.lines) == _left(said) == int(hit[1])
    ),
}


@pytest.mark.parametrize("words", CLAIMS)
def test_what_a_message_says_is_true_for_every_mix_of_late_due_coming_undated_and_part_paid_invoices(
    words: str,
) -> None:
    found = [(said, message, hit) for said, message in everything() for hit in re.finditer(words, _prose(message))]
    assert found, f"No message says {words!r} any more."
    for said, message, hit in found:
        assert CLAIMS[words](said, hit), _prose(message)


def _prose(message: Envelope) -> str:
    return f"{message.subject}\n{body(message)}"


def test_nothing_is_called_late_before_it_is() -> None:
    early = [
        message
        for said, message in everything()
        if said.template in STEPS and not _late(said) and said.template != "instalment-missed"
    ]
    assert len(early) > 100
    for message in early:
        assert not re.search(r"was due|past|not seen|late", message.subject + message.text), message.text


def test_each_invoice_stands_in_the_list_with_its_own_state_in_order_of_the_due_day() -> None:
    shown = write("late-4", line("A-5", None), line("A-4", -3), line("A-3", 0), line("A-2", 4), line("A-1", 65))
    listed = [row for row in shown.text.splitlines() if row.startswith("- Invoice")]
    assert listed == [
        "- Invoice A-1 of 27 November 2025: £100.00, was due on 27 December 2025",
        "- Invoice A-2 of 27 January: £100.00, was due on 26 February",
        "- Invoice A-3 of 31 January: £100.00, due today",
        "- Invoice A-4 of 3 February: £100.00, due on 5 March",
        "- Invoice A-5 of 31 January: £100.00, no due date",
    ]
    seen = Page(shown.html).seen
    assert "A-2 of 27 January was due on 26 February £100.00 A-3 of 31 January due today" in seen


def test_a_nudge_about_a_list_with_a_late_invoice_does_not_call_itself_early() -> None:
    mixed = body(write("heads-up", line("A-1", 3), line("A-2", -5)))
    assert mixed.startswith("This is a short note about 2 of our invoices to you.")
    assert "surprise" not in mixed


def test_a_firm_word_about_one_invoice_asks_nothing_yet_of_the_one_still_to_come() -> None:
    said = write("late-35", line("A-1", 35, "100"), line("A-2", -3, "900"))
    assert "one is past its due day and still open in our books. We ask you to pay it now" in body(said)
    assert "  Together: £1,000.00\n  Of which past the due day: £100.00\n" in said.text
    assert "Together Of which past the due day £1,000.00 £100.00" in Page(said.html).seen


def test_an_invoice_without_a_number_is_named_by_its_date() -> None:
    said = write("late-21", line("", 21))
    assert said.subject == "Invoice of 10 January from Harbour Joinery Ltd. is still open"
    assert body(said).startswith("Invoice of 10 January for £100.00 was due on 9 February and is still open")
    assert "- Invoice of 10 January: £100.00, was due on 9 February\n" in said.text
    assert "Invoice of 10 January was due on 9 February £100.00" in Page(said.html).seen


@pytest.mark.parametrize("step", STEPS)
def test_no_message_asks_for_an_invoice_on_which_nothing_is_open(step: str) -> None:
    with pytest.raises(MessageError, match="Nothing is open on invoice 'A-2'"):
        write(step, line("A-1", 4), line("A-2", 4, "0", of="100"))


# Thanks


def test_thanks_ask_for_nothing_even_when_something_is_left() -> None:
    found = [message for said, message in everything() if said.template == "thanks"]
    for message in (*found, thanks(line("A-1", 90, "60", of="100"), credits=(Money(500, "GBP"),))):
        words = message.text.replace("your payment", "").replace("a payment", "")
        assert not re.search(r"\?|\bpay\b|please|was due|due today|past|credit|With the same link", words), words
        assert "See your account:\n" in words
        assert Page(message.html).links == [LINK]


def test_thanks_name_the_amount_and_say_that_there_is_nothing_more_to_do() -> None:
    said = thanks(line("A-1", 4, "0", of="40"))
    assert said.subject == "Thank you for your payment to Harbour Joinery Ltd."
    assert body(said).split("\n\n") == [
        "Thank you, £40.00 has arrived for your invoice A-1.",
        "The invoice is settled, and there is nothing more to do.",
    ]
    assert "- Invoice A-1 of 27 January: £40.00, paid, thank you\n" in said.text


def test_who_pays_reliably_is_told_so_once_all_is_settled() -> None:
    words = "You pay reliably, and that means a lot to us."
    assert words in body(thanks(line("A-1", 4, "0", of="40"), steady=True))
    assert words not in body(thanks(line("A-1", 4, "10", of="40"), steady=True))
    assert words not in body(thanks(line("A-1", 4, "0", of="40")))


def test_what_lateness_comes_to_is_said_with_the_day_until_which_it_is_left_out_and_never_in_thanks() -> None:
    late = replace(LATE, late=Money(4210, "GBP"), leaves=TODAY + timedelta(days=9))
    said = "For late payment, £42.10 has come on top of invoice INV-1. We leave it out if the invoice is paid by "
    assert said in " ".join(write("late-4", late).text.split())
    assert "on top" not in thanks(late).text
    assert "on top" not in write("late-4", replace(late, leaves=TODAY - timedelta(days=1))).text


def test_thanks_for_two_currencies_name_both_and_add_neither() -> None:
    paid = (Money(4000, "GBP"), Money(1000, "GBP"), Money(700, "EUR"))
    assert body(thanks(paid=paid)).startswith("Thank you, £50.00 and €7.00 have arrived.")
