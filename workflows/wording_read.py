"""Own words before they are said: as one customer would read them, and as a test mail to whoever writes them.

Nothing is kept of it, no customer gets it, and the link in a test mail opens nobody's page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Channel
from core.facts import Instalment
from integrations.errors import OutsideError
from models import Account, Company, Invoice, User
from workflows import audit, compose, figures, outbox, wording_rules, wording_trials, wordings
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.message_facts import Answered, MessageFacts
from workflows.messages import Opening, opening, render
from workflows.outbox import Held
from workflows.owed import is_owed
from workflows.runtime import Runtime
from workflows.templating import MessageError
from workflows.wording_drafts import Place

_MOST = 50  # invoices: a preview need not have more


def read_by(rt: Runtime, account: Account, place: Place, source: str) -> Opening:
    """What the customer would read, about what is open there; Refusal where it cannot be said."""
    return _said(_facts(rt, account, place, source), place)


def _said(facts: MessageFacts, place: Place) -> Opening:
    wording_rules.keep(facts.source)
    try:
        return opening(facts, place.channel)
    except MessageError as error:
        raise Refusal(f"It cannot be said to this customer: {error.__cause__ or error}") from error


def send_test(rt: Runtime, account: Account, place: Place, source: str, user: User) -> None:
    """Mail it as this customer would get it, but to the person who asks, through the company's own way out.

    Refusal where it cannot be said, or did not leave.
    """
    if place.channel is Channel.CALL:
        raise Refusal("The opening of a call is not mailed; read it aloud instead.")
    facts = _facts(rt, account, place, source)
    _said(facts, place)
    made = render(replace(facts, recipients=(user.email,)))
    try:
        with outbox.of(rt, account.company_id).open(rt) as talk:
            talk.offer(replace(made, subject=f"Test: {made.subject}"))
            talk.deliver()
    except (OutsideError, Held) as error:
        raise Refusal(f"The test mail did not leave. {error}") from error
    with rt.store.write() as session:
        about = f"{place.template} ({place.language})"
        audit.record(rt, session, "wording-tested", account.company_id, user=user.id, template=about)


def _facts(rt: Runtime, account: Account, place: Place, source: str) -> MessageFacts:
    """The shipped example of such a message, with this company's voice, this customer's names and open invoices."""
    now, example = rt.clock.now(), wording_trials.example(place.template)
    with rt.store.read() as session:
        company = session.get_one(Company, account.company_id)
        sender, reply_to = compose.sender_of(rt, session, company)
        today = today_of(company, now)
        lines = compose.lines_of(session, _open(session, account), today) if example.lines else ()
    if not lines and example.lines:
        today = example.today  # nothing is open there: made-up invoices, on their own day
    facts = replace(
        _moved(example, today - example.today),
        language=_language(place, account, company),
        company=company.name,
        sender=sender,
        reply_to=reply_to,
        contact=account.contact,
        customer=account.name,
        portal_url=f"{rt.public_url}/",
        message_id=f"<{rt.new_id()}@{sender.rpartition('@')[2].rstrip('>')}>",
        moment=now,
        source=wordings.tidy(source),
    )
    return replace(facts, lines=tuple(replace(one, step="") for one in lines)) if lines else facts


def _open(session: Session, account: Account) -> list[Invoice]:
    mine = select(Invoice).where(Invoice.account_id == account.id, is_owed())
    return list(session.scalars(mine.order_by(Invoice.due, Invoice.id).limit(_MOST)))


def _language(place: Place, account: Account, company: Company) -> str:
    """The place's language, with the way of the customer's country where they read that language."""
    theirs = figures.language_of(account, company)
    same = theirs.partition("-")[0] == place.language
    return theirs if same else f"{place.language}-{company.country}"


def _moved(facts: MessageFacts, days: timedelta) -> MessageFacts:
    """The example's own days, so many days later."""
    told = facts.answered
    return replace(
        facts,
        today=facts.today + days,
        promised=facts.promised and facts.promised + days,
        resolved=facts.resolved and facts.resolved + days,
        instalment=facts.instalment and _part(facts.instalment, days),
        answered=told and _answer(told, days),
    )


def _answer(told: Answered, days: timedelta) -> Answered:
    return replace(told, day=told.day and told.day + days, parts=tuple(_part(one, days) for one in told.parts))


def _part(one: Instalment, days: timedelta) -> Instalment:
    return replace(one, day=one.day + days)
