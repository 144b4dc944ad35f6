"""All that a message can be about, as facts: what `workflows.compose` gathers and `workflows.messages` words.

Only shapes; nothing here reads or decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.cadence import Tone
from core.facts import Instalment
from core.money import Money


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One invoice as the reader sees it. A balance of zero means it is paid; `step` is what is said about it.

    What is `arranged` belongs to a running arrangement: it is not called late. `anew` names what gave the step anew;
    with `agreed` its due day is one to which more time was given. Paid by the day `until`, `less` than its balance
    settles it (None: nothing is offered). `late` has come on top for late payment, and is left out until `leaves`.
    """

    number: str
    issued: date
    due: date | None
    balance: Money
    total: Money
    step: str = ""
    arranged: bool = False
    anew: str = ""
    agreed: bool = False
    less: Money | None = None
    until: date | None = None
    late: Money | None = None
    leaves: date | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person decided about invoices of these `numbers`, in their own `words` ("" for none).

    `day` is the one that was agreed on or asked for, `parts` those of an arrangement.
    """

    numbers: tuple[str, ...]
    words: str = ""
    day: date | None = None
    parts: tuple[Instalment, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """All a message may say. `contact` is a person's name or ""; `today` is the company's local date.

    `sender` is an address with its display name; `moment` (aware) becomes the Date header; `paid` are amounts just
    received, and turns the message into a thank-you that asks for nothing. `tone` softens words that are firmer (None:
    the template's own). `instalment` is the part of an arrangement that is next, `promised` the day the customer had
    named, `resolved` the day their dispute ended, `attached` the documents that go along (invoice, statement, terms),
    `signed` the person who signs for the company. With `answered` it tells what a person decided and lists nothing.
    `steady`: they pay reliably. `stop_url` is where the reader can ask for a person instead ("":
    nothing was written by itself). `source` takes the place of the template's file, in the same language.
    """

    template: str
    language: str
    company: str
    sender: str
    reply_to: str
    contact: str
    customer: str
    recipients: tuple[str, ...]
    lines: tuple[MessageLine, ...]
    credits: tuple[Money, ...]
    portal_url: str
    today: date
    message_id: str
    moment: datetime
    step: str
    paid: tuple[Money, ...] = ()
    tone: Tone | None = None
    instalment: Instalment | None = None
    promised: date | None = None
    resolved: date | None = None
    attached: tuple[str, ...] = ()
    signed: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    answered: Answered | None = None
    stop_url: str = ""
    steady: bool = False
    source: str = ""
