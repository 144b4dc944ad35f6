"""Putting a message's facts together from rows: the company's voice, the invoices, the customer's link.

Renders through `messages`; sends nothing and decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from email.utils import formataddr
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.money import Money
from core.plan import Action
from integrations.channels.base import Envelope
from models import Account, Company, Effect, Invoice
from workflows import links
from workflows.gather import Gathered
from workflows.messages import MessageFacts, MessageLine, render
from workflows.runtime import Runtime


def company_of(session: Session, effect: Effect) -> Company:
    return session.get_one(Company, effect.company_id)


def invoices_of(session: Session, action: Action) -> Sequence[Invoice]:
    """The invoices of an action, in its order."""
    ids = [line.invoice for line in action.lines]
    found = {one.id: one for one in session.scalars(select(Invoice).where(Invoice.id.in_(ids)))}
    return [found[one] for one in ids]


def cadence_message(rt: Runtime, session: Session, effect: Effect, action: Action, gathered: Gathered) -> Envelope:
    """The envelope of a cadence message, from the rows as they are now."""
    step = gathered.cadence.step(action.lead)
    template = step.template if step else action.lead
    return _render(
        rt,
        session,
        effect,
        template=template,
        step=action.lead,
        day=action.day,
        recipients=action.recipients,
        invoices=invoices_of(session, action),
        credits=gathered.facts.credits,
        steps={line.invoice: line.step for line in action.lines},
    )


def thanks(
    rt: Runtime,
    session: Session,
    effect: Effect,
    day: date,
    recipients: tuple[str, ...],
    invoices: Iterable[Invoice],
    paid: tuple[Money, ...],
) -> Envelope:
    """The envelope that answers a confirmed payment."""
    return _render(
        rt,
        session,
        effect,
        template="thanks",
        step="thanks",
        day=day,
        recipients=recipients,
        invoices=list(invoices),
        paid=paid,
    )


def _render(
    rt: Runtime,
    session: Session,
    effect: Effect,
    *,
    template: str,
    step: str,
    day: date,
    recipients: tuple[str, ...],
    invoices: Sequence[Invoice],
    credits: tuple[Money, ...] = (),
    paid: tuple[Money, ...] = (),
    steps: Mapping[int, str] = MappingProxyType({}),
) -> Envelope:
    company = company_of(session, effect)
    row = session.get_one(Account, effect.account_id)
    return render(
        MessageFacts(
            template=template,
            language=_language(row, company),
            company=company.name,
            sender=sender_of(rt, company),
            reply_to=formataddr((company.name, company.email)) if company.email else _address(rt, company),
            contact=row.contact,
            customer=row.name,
            recipients=recipients,
            lines=tuple(
                MessageLine(one.number, one.issued, one.due, one.balance, one.total, steps.get(one.id, ""))
                for one in invoices
            ),
            credits=credits,
            portal_url=links.url(rt, row, recipients),
            today=day,
            message_id=message_id(rt, effect),
            moment=rt.clock.now(),
            step=step,
            paid=paid,
        )
    )


def _language(row: Account, company: Company) -> str:
    """The account's language, else the company's, with the company's country for the way dates are written."""
    chosen = row.language or company.language
    return chosen if "-" in chosen else f"{chosen}-{company.country}"


def sender_of(rt: Runtime, company: Company) -> str:
    """The company's name on the installation's one address, or on an address of its own in the domain."""
    return formataddr((company.name, _address(rt, company)))


def _address(rt: Runtime, company: Company) -> str:
    if "@" in rt.mail_from:
        return rt.mail_from
    ascii_name = unicodedata.normalize("NFKD", company.name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40].strip("-")
    return f"{slug or 'accounts'}@{rt.mail_from}"


def message_id(rt: Runtime, effect: Effect) -> str:
    """The same for every try of the same effect, so that a mail server can tell a repeat."""
    return f"<{effect.uid}@{rt.mail_from.rpartition('@')[2]}>"
