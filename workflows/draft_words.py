"""What each step of a cadence would say to one customer, in a chosen language, with what could be kinder in it.

The words are those of the day on which the step would be said about the customer's oldest open invoice, as if the day
it counts from had come. Nothing is stored or sent, and no link to the customer's page is made known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Anchor, Cadence, Step
from core.facts import Instalment, InvoiceFacts
from core.kindness import Finding
from core.plan import Action, Line
from core.timetable import Ladder, Timetable
from models import Account, Company, Invoice
from workflows import compose, gather, kindly, terms, worded
from workflows.calendars import today_of
from workflows.gather import Gathered
from workflows.message_facts import MessageFacts
from workflows.messages import Opening, opening
from workflows.owed import is_owed
from workflows.runtime import Runtime
from workflows.templating import FALLBACK, HOME, MessageError, spoken

_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of a step on their day and in which language, with what could be kinder; or the sentence why there are
    none.
    """

    step: Step
    day: date | None = None
    words: Opening | None = None
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    language: str = ""


def languages() -> list[str]:
    """Those in which there are messages."""
    return sorted(folder.parent.name for folder in HOME.glob("*/words.toml"))


def readers(session: Session, company_id: int) -> Sequence[Account]:
    """Customers with something open, by name: whose eyes a cadence can be read with."""
    owing = select(Invoice.account_id).where(Invoice.company_id == company_id, is_owed())
    wanted = select(Account).where(Account.id.in_(owing)).order_by(Account.name, Account.id)
    return session.scalars(wanted.limit(_OFFERED)).all()


def read_by(rt: Runtime, account: Account, cadence: Cadence, language: str = "") -> list[Spoken]:
    """What every step would say to this customer, in order; `language` "" is the customer's own."""
    with rt.store.read() as session:
        gathered = replace(gather.account(rt, session, account.id, rt.clock.now()), cadence=cadence)
        company = session.get_one(Company, account.company_id)
        today = today_of(company, rt.clock.now())
        agreed = terms.in_force(session, company.id, account.id, today) is not None
        about = next((one for one in gathered.facts.invoices if one.balance.minor > 0), None)
        if about is None:
            return [Spoken(step, problem="Nothing is open there, so nothing would be said.") for step in cadence.steps]
        found = [_spoken(rt, session, gathered, about, step, today, language) for step in cadence.steps]
    return [_weighed(one, company.country, agreed) for one in found]


def _spoken(
    rt: Runtime, session: Session, gathered: Gathered, about: InvoiceFacts, step: Step, today: date, language: str
) -> Spoken:
    """A step's words; in English where nobody wrote them in the language asked for."""
    base = _base(step, about, today)
    day = _day(gathered, about, step, base, today)
    line = Line(about.id, step.name, anchor=step.anchor.value, rung=step.rung)
    action = Action(gathered.row.id, (), day, step.name, (line,), step.channel, step.tone, step.template)
    facts = compose.cadence_facts(rt, session, action, gathered)
    facts = _supposed(replace(facts, language=language or facts.language), step, about, base)
    channel = worded.kind_of(step.channel)
    try:
        facts = worded.worded(session, session.get_one(Company, gathered.row.company_id), facts, channel)
        words, (folder, _) = opening(facts, channel), spoken(facts.template, facts.language, channel)
    except MessageError as error:
        return Spoken(step, day, problem=str(error))
    return Spoken(step, day, words, language=folder)


def _base(step: Step, about: InvoiceFacts, today: date) -> date:
    """The day the step counts from: the invoice's own, or, of what has not happened, one that makes today its day."""
    if step.anchor is Anchor.DUE:
        return about.due or about.issued
    if step.anchor is Anchor.ISSUED:
        return about.delivered or about.issued
    return today - timedelta(days=step.offset)


def _day(gathered: Gathered, about: InvoiceFacts, step: Step, base: date, today: date) -> date:
    if step.anchor is Anchor.MONTH:
        return Timetable(gathered.cadence, gathered.calendar).of_month(step, today)
    ladder = gathered.cadence.ladders[Anchor.DUE if step.anchor is Anchor.ISSUED else step.anchor]
    laid = Ladder(ladder, gathered.calendar).on(base, about.delivered or about.issued, 0)
    return laid.days[ladder.index(step)]


def _supposed(facts: MessageFacts, step: Step, about: InvoiceFacts, base: date) -> MessageFacts:
    """As if what the step speaks of had happened."""
    facts = replace(facts, attached=step.attach)
    if step.anchor is Anchor.PROMISE:
        return replace(facts, promised=base)
    if step.anchor is Anchor.RESOLVED:
        return replace(facts, resolved=base)
    if step.anchor is Anchor.INSTALMENT:
        lines = tuple(replace(line, arranged=True) for line in facts.lines)
        return replace(facts, lines=lines, instalment=Instalment(base, about.balance))
    return facts


def _weighed(one: Spoken, country: str, agreed: bool) -> Spoken:
    """With the findings of the kindness check, which reads English only."""
    if one.words is None or one.language != FALLBACK:
        return one
    text = "\n\n".join((one.words.title, *one.words.paragraphs))
    return replace(one, findings=kindly.check_text(text, country, terms=agreed))
