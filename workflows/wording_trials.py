"""An own wording, written in every situation that its message can meet, before it may take the place of a shipped one.

The facts are made up and the same each time. Nothing is read from the database and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from core.cadence import Channel, Tone
from core.facts import Instalment
from core.money import Money
from workflows.errors import Refusal
from workflows.message_facts import Answered, MessageFacts, MessageLine
from workflows.messages import Opening, opening
from workflows.templating import MessageError

LONGEST_MESSAGE, MOST_PARAGRAPHS = 20_000, 30
_TODAY = date(2026, 3, 2)
_ANSWERS = ("arrangement-", "extension-", "dispute-answered", "payment-failed")
_FACTS = MessageFacts(
    template="",
    language="en",
    company="Harbour Joinery Ltd.",
    sender="office@harbour.example",
    reply_to="office@harbour.example",
    contact="Ann",
    customer="Lighthouse Inc.",
    recipients=("ann@lighthouse.example",),
    lines=(),
    credits=(),
    portal_url="https://harbour.example/p/1",
    today=_TODAY,
    message_id="<1@harbour.example>",
    moment=datetime(2026, 3, 2, 9, tzinfo=UTC),
    step="",
)


def write_all(template: str, language: str, source: str, channel: Channel = Channel.EMAIL) -> Iterator[Opening]:
    """What it says in each situation; Refusal, naming the situation, with the first in which it cannot be said."""
    for name, facts in _situations(template):
        try:
            said = opening(replace(facts, language=language, source=source), channel)
        except MessageError as error:
            raise Refusal(f"It cannot be said {name}: {error.__cause__ or error}") from error
        if sum(map(len, said.paragraphs)) > LONGEST_MESSAGE or len(said.paragraphs) > MOST_PARAGRAPHS:
            raise Refusal(f"It becomes too long {name}: please make it shorter.")
        yield said


def example(template: str) -> MessageFacts:
    """Facts of such a message as it is usually said, on a made-up day."""
    _, facts = next(_situations(template))
    if "promise" in template:
        return replace(facts, promised=_TODAY - timedelta(days=6))
    return replace(facts, resolved=_TODAY - timedelta(days=4)) if "dispute" in template else facts


def _situations(template: str) -> Iterator[tuple[str, MessageFacts]]:
    """Each with its name, which ends a sentence that begins with "it cannot be said"."""
    plain = replace(_FACTS, template=template, step=template)
    if template.startswith("instalment") or template == "call-instalment":
        plain = replace(plain, instalment=Instalment(_TODAY + timedelta(days=3), _money("50")))
    if template == "fresh-link":
        yield "without an invoice", plain
    elif template == "thanks":
        yield from _thanked(replace(plain, paid=(_money("40"),)))
    elif template.startswith(_ANSWERS):
        yield from _answered(plain)
    else:
        yield from _listed(plain)


def _listed(plain: MessageFacts) -> Iterator[tuple[str, MessageFacts]]:
    late = _line("A-1", 21)
    kinds = {
        "an invoice that is late": late,
        "an invoice that is paid in part": _line("A-2", 5, "60"),
        "an invoice that is due today": _line("A-3", 0),
        "an invoice that is due later": _line("A-4", -3),
        "an invoice without number and due day": _line("", None),
        "an invoice of an arrangement": replace(_line("A-6", 40), arranged=True),
        "an invoice in yen": _line("A-7", 4, "60", "JPY"),
    }
    for name, line in kinds.items():
        yield f"of {name}", replace(plain, lines=(line,))
        yield f"of {name} and a late one", replace(plain, lines=(line, _line("A-9", 9)))
    yield "of invoices of every kind", replace(plain, lines=tuple(kinds.values()))
    yield "of a hundred invoices", replace(plain, lines=tuple(_line(f"A-{at}", at) for at in range(100)))
    one = replace(plain, lines=(late,))
    for tone in Tone:
        yield f"in the tone “{tone.value}”", replace(one, tone=tone)
    yield "where there is credit", replace(one, credits=(_money("25"),))
    yield "to a customer without a name", replace(one, contact="", customer="")
    yield "to a customer with a long name", replace(one, contact="", customer="Lighthouse " * 12)
    yield "after a promise", replace(one, promised=_TODAY - timedelta(days=6))
    yield "after a dispute", replace(one, resolved=_TODAY - timedelta(days=4))
    part = Instalment(_TODAY - timedelta(days=3), _money("50"))
    yield "with a part of an arrangement", replace(one, instalment=part)
    until = _TODAY + timedelta(days=9)
    yield "with a discount", replace(plain, lines=(replace(late, less=_money("1"), until=until),))
    yield "with an amount for late payment", replace(plain, lines=(replace(late, late=_money("42"), leaves=until),))


def _thanked(plain: MessageFacts) -> Iterator[tuple[str, MessageFacts]]:
    yield "without an invoice", plain
    yield "of a paid invoice", replace(plain, lines=(_line("A-1", 3, "0"),))
    yield "of an invoice paid in part", replace(plain, lines=(_line("A-1", 3, "60"), _line("A-2", -3)))
    yield "in two currencies", replace(plain, paid=(_money("40"), _money("7", "EUR")))
    yield "to a reliable customer", replace(plain, lines=(_line("A-1", 3, "0"),), steady=True)


def _answered(plain: MessageFacts) -> Iterator[tuple[str, MessageFacts]]:
    parts = tuple(Instalment(_TODAY + timedelta(days=days), _money("50")) for days in (0, 31))
    answer = Answered(("A-1",), "We looked at it together.", _TODAY + timedelta(days=18), parts)
    yield "about one invoice", replace(plain, answered=answer)
    yield "about two invoices", replace(plain, answered=replace(answer, numbers=("A-1", "A-2")))
    yield "about an invoice without a number", replace(plain, answered=replace(answer, numbers=("",)))
    yield "without words of a person", replace(plain, answered=replace(answer, words=""))


def _line(number: str, late: int | None, balance: str = "100", currency: str = "GBP") -> MessageLine:
    """An invoice of 100, `late` days past its due day (negative: to come; None: undated)."""
    due = None if late is None else _TODAY - timedelta(days=late)
    issued = (due or _TODAY) - timedelta(days=30)
    return MessageLine(number, issued, due, _money(balance, currency), _money("100", currency))


def _money(amount: str, currency: str = "GBP") -> Money:
    return Money.parse(amount, currency)
