"""Messages to read in tests: facts with sensible defaults, every mix of invoices a message can be about, and a reader
of the HTML part. It renders through the product and checks nothing itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from itertools import combinations_with_replacement
from typing import Any

from core.cadence import Tone
from core.facts import Instalment
from core.money import Money
from integrations.channels.base import Envelope
from integrations.channels.smtp import Smtp
from sandbox.mailbox import Mail, Mailbox
from workflows.message_facts import Answered, MessageFacts, MessageLine
from workflows.messages import render

TODAY = date(2026, 3, 2)
LINK = "https://dunlin.test/p/k3Jx8Qd0fS1c9vT2bN4.Zq8Rt2Lm4Xc6Vb0Na3Sd5F.20600.a1b2c3d4e5f6"
STOP = "https://dunlin.test/stop/kJxQdfScvTbN.ZqRtLmXcVbNaSdF"
# The links of a message about what is late: to the page, to it with an answer chosen, and to ask for a person.
WAYS = [LINK, *(f"{LINK}?answer={one}" for one in ("copy", "paid-already", "promise", "dispute")), STOP]
NUDGES = ("welcome", "heads-up", "due-today", "statement")
FOLLOW_UPS = ("late-4", "late-12", "late-21", "late-35")
AFTER = ("promise-passed", "promise-passed-again", "dispute-resolved", "short-of-cash", "refuses")
ARRANGED = ("instalment-soon", "instalment-today", "instalment-missed")
STEPS = (*NUDGES, *FOLLOW_UPS, *AFTER, *ARRANGED)
# What a person decided, told by mail.
ANSWERED = (
    *("arrangement-agreed", "arrangement-declined", "extension-granted", "extension-declined", "dispute-answered"),
    "payment-failed",
)
ALL = (*STEPS, *ANSWERED, "thanks", "copy", "by-hand", "fresh-link")
CALLS = ("call-late", "call-instalment", "call-promise", "call-dispute")

FACTS = MessageFacts(
    template="late-4",
    language="en-GB",
    company="Harbour Joinery Ltd.",
    sender='"Harbour Joinery Ltd." <notes@mail.dunlin.test>',
    reply_to='"Harbour Joinery Ltd." <office@harbour.test>',
    contact="Ann",
    customer="Lighthouse Inc.",
    recipients=("ann@lighthouse.test",),
    lines=(),
    credits=(),
    portal_url=LINK,
    today=TODAY,
    message_id="<touch-7@mail.dunlin.test>",
    moment=datetime(2026, 3, 2, 9, tzinfo=UTC),
    step="late-4",
)


ANSWER = Answered(
    numbers=("A-1",),
    words="We looked at it together.",
    day=TODAY + timedelta(days=18),
    parts=tuple(Instalment(TODAY + timedelta(days=days), Money(5000, "GBP")) for days in (0, 31)),
)

# What a message of these templates knows besides its invoices, unless a test says otherwise.
KNOWN: dict[str, dict[str, Any]] = {
    "instalment-soon": {"instalment": Instalment(TODAY + timedelta(days=3), Money(5000, "GBP"))},
    "instalment-today": {"instalment": Instalment(TODAY, Money(5000, "GBP"))},
    "instalment-missed": {"instalment": Instalment(TODAY - timedelta(days=3), Money(5000, "GBP"))},
    "call-instalment": {"instalment": Instalment(TODAY - timedelta(days=8), Money(5000, "GBP"))},
    "promise-passed": {"promised": TODAY - timedelta(days=6)},
    "promise-passed-again": {"promised": TODAY - timedelta(days=13)},
    "dispute-resolved": {"resolved": TODAY - timedelta(days=4)},
    **{name: {"answered": ANSWER} for name in ANSWERED},
}


def line(number: str, late: int | None, amount: str = "100", of: str = "", currency: str = "GBP") -> MessageLine:
    """An invoice `late` days past its due day (negative: to come; None: undated), `amount` open `of` a total."""
    due = None if late is None else TODAY - timedelta(days=late)
    issued = (due or TODAY) - timedelta(days=30)
    return MessageLine(number, issued, due, Money.parse(amount, currency), Money.parse(of or amount, currency))


def facts(template: str, *lines: MessageLine, **said: Any) -> MessageFacts:
    known = KNOWN.get(template, {}) | ({"stop_url": STOP} if template in STEPS else {})
    return replace(FACTS, template=template, step=template, lines=lines, **known | said)


def write(template: str, *lines: MessageLine, **said: Any) -> Envelope:
    return render(facts(template, *lines, **said))


def thanks(*lines: MessageLine, paid: tuple[Money, ...] = (Money(4000, "GBP"),), **said: Any) -> Envelope:
    return write("thanks", *lines, paid=paid, **said)


OPEN = {
    "late": line("A-1", 21),
    "late in part": line("A-2", 5, "60", of="100"),
    "due today": line("A-3", 0),
    "to come": line("A-4", -3),
    "to come in part": line("A-5", -30, "1", of="100"),
    "undated": line("", None),
    "arranged": replace(line("A-6", 40, "80", of="100"), step="instalment", arranged=True),
}
PAID = {"paid": line("A-7", 3, "0", of="100"), "left": line("A-8", 9, "60", of="100"), "untouched": line("A-9", -4)}


def situations(kinds: dict[str, MessageLine], most: int = 3) -> Iterator[tuple[MessageLine, ...]]:
    """Every mix of up to `most` of the kinds, each also twice or three times."""
    for count in range(1, most + 1):
        for mix in combinations_with_replacement(kinds.values(), count):
            yield tuple(replace(one, number=one.number and f"{one.number}{'abc'[at]}") for at, one in enumerate(mix))


def everything() -> Iterator[tuple[MessageFacts, Envelope]]:
    """Every shipped template in every situation, written; the firmer ones also for who hears a softer tone."""
    for template in STEPS:
        for lines in situations(OPEN):
            yield (said := facts(template, *lines)), render(said)
    for template in (*FOLLOW_UPS, "promise-passed-again"):
        for tone in (Tone.FRIENDLY, Tone.KIND, Tone.CLEAR):
            for lines in situations(OPEN, most=2):
                yield (said := facts(template, *lines, tone=tone)), render(said)
    for template in AFTER:
        for lines in situations(OPEN, most=2):
            led = (replace(lines[0], step=template), *(replace(one, step="late-4") for one in lines[1:]))
            yield (said := facts(template, *led, promised=None, resolved=None)), render(said)
    for lines in ((), *situations(PAID)):
        yield (said := facts("thanks", *lines, paid=(Money(4000, "GBP"),))), render(said)


def body(message: Envelope) -> str:
    """The paragraphs between greeting and list: what the template itself says."""
    after = message.text.split(",\n\n", 1)[1]
    return re.split(r"\n\nInvoices?(?: to .*)?\n\n- |\n\nSee ", after)[0]


@dataclass
class Page(HTMLParser):
    """An HTML part, taken apart: how many of each element, all attribute names, the links, the words a reader sees."""

    source: str
    tags: Counter[str] = field(default_factory=Counter)
    attributes: set[str] = field(default_factory=set)
    links: list[str | None] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "background")]

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.words.append(data)

    @property
    def seen(self) -> str:
        return " ".join(" ".join(self.words).split())


def received(said: Envelope) -> Mail:
    """The message as it arrives, through SMTP and into a mailbox."""
    mailbox = Mailbox(lambda: FACTS.moment)
    with Smtp("smtp://mailbox.test", mailbox.connect).open() as talk:
        talk.offer(said)
        talk.deliver()
    (mail,) = mailbox.messages()
    return mail
