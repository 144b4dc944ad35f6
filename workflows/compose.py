"""Putting a message's facts together from rows: the company's voice, the invoices, the customer's link.

Renders through `messages`; sends nothing and decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from email.utils import formataddr, parseaddr
from html import escape
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Channel, Payer, Sender, Step
from core.money import Money
from core.plan import Action
from integrations.channels.base import Envelope
from models import Account, Company, Effect, EffectKind, Invoice
from workflows import charged, links, offers, opting_out, senders, worded
from workflows.agreed import agreed_days, agreed_due
from workflows.figures import language_of
from workflows.gather import Gathered
from workflows.message_facts import Answered, MessageFacts, MessageLine
from workflows.messages import Opening, opening, render
from workflows.rows import one_of
from workflows.runtime import Runtime
from workflows.templating import template_names

_ABOUT = select(Invoice).where(one_of(Invoice.id, "ids"))  # asked with every message, so it is made once


def company_of(session: Session, effect: Effect) -> Company:
    return session.get_one(Company, effect.company_id)


def invoices_of(session: Session, action: Action) -> Sequence[Invoice]:
    """The invoices of an action, in its order, each once."""
    ids = list(dict.fromkeys(line.invoice for line in action.lines))
    found = {one.id: one for one in session.scalars(_ABOUT, {"ids": ids})}
    return [found[one] for one in ids]


def cadence_message(
    rt: Runtime,
    session: Session,
    effect: Effect,
    action: Action,
    gathered: Gathered,
    own: Opening | None = None,
    attached: tuple[str, ...] = (),
) -> Envelope:
    """The envelope of a cadence message, from the rows as they are now. A call's is what may be said on the phone.

    A person's `own` words take the place of the template's. It names the kinds of papers that are `attached`; whoever
    sends it adds them.
    """
    facts = cadence_facts(rt, session, action, gathered, effect.uid)
    if action.channel is Channel.CALL:
        return spoken(facts)
    by_itself = action.channel is Channel.EMAIL and effect.kind == EffectKind.MESSAGE
    stop = opting_out.url(rt, effect.uid) if by_itself else ""
    return render(replace(facts, attached=attached, stop_url=stop), own, _LAYOUTS[action.channel])


def cadence_facts(rt: Runtime, session: Session, action: Action, gathered: Gathered, uid: str = "") -> MessageFacts:
    """All that a cadence message may say, from the rows as they are now. `uid` is its effect's."""
    known = {one.id: one for one in gathered.facts.invoices}
    about = [known[line.invoice] for line in action.lines if line.step == action.lead]
    step = gathered.cadence.step(action.lead)
    anew = {line.invoice: line.anchor for line in action.lines if not _PLAIN.fullmatch(line.anchor)}
    voice = gathered.cadence.voice(step) if step else Sender()
    facts = _facts(
        rt,
        session,
        gathered.row,
        uid,
        template=_template(action, step),
        step=action.lead,
        day=action.day,
        recipients=action.recipients,
        invoices=invoices_of(session, action),
        steps={line.invoice: line.step for line in action.lines},
        address=voice.address,
        channel=action.channel,
    )
    return replace(
        facts,
        lines=tuple(
            replace(line, arranged=known[id].arranged, anew=anew.get(id) or (f"due/{line.due}" if line.agreed else ""))
            for id, line in zip(dict.fromkeys(one.invoice for one in action.lines), facts.lines, strict=True)
        ),
        credits=gathered.facts.credits,
        tone=action.tone,
        instalment=next((one.instalment for one in about if one.instalment), None),
        promised=_only(one.broken for one in about),
        resolved=_only(one.resolved for one in about),
        signed=voice.name,
        reply_to=voice.reply_to or facts.reply_to,
        cc=_reachable(voice.cc, gathered.row),
        bcc=_reachable(voice.bcc, gathered.row),
    )


def _only(days: Iterable[date | None]) -> date | None:
    """The one day they share; of several none may be named."""
    found = set(days)
    return found.pop() if len(found) == 1 else None


def _reachable(copies: Iterable[str], row: Account) -> tuple[str, ...]:
    """Copies must not keep a message from leaving: one that was turned away once is left out."""
    return tuple(address for address in copies if address not in row.refused)


# Where a step stands on the due date or the delivery it is said once in an invoice's life, unless that day changes.
_PLAIN = re.compile(r"(due/[\d-]+|issued|)")
_LAYOUTS = {Channel.EMAIL: "layout", Channel.LETTER: "letter"}


def _template(action: Action, step: Step | None) -> str:
    """The action's own; where a reason asks for other words that there are none of for a call, those of its step."""
    if action.channel is not Channel.CALL or step is None or action.template in template_names(channel=Channel.CALL):
        return action.template
    return step.template


def spoken(facts: MessageFacts) -> Envelope:
    """What may be said on the phone, kept as a message is."""
    words = opening(facts)
    return Envelope(
        sender=facts.sender,
        recipients=facts.recipients,
        reply_to=facts.reply_to,
        subject=words.title,
        text="\n\n".join(words.paragraphs) + "\n",
        html="".join(f"<p>{escape(one)}</p>" for one in words.paragraphs),
        message_id=facts.message_id,
    )


def thanks(
    rt: Runtime,
    session: Session,
    effect: Effect,
    day: date,
    recipients: tuple[str, ...],
    invoices: Sequence[Invoice],
    paid: tuple[Money, ...],
) -> Envelope:
    """The envelope that answers a confirmed payment. What is left of an invoice but a discount is not left to pay."""
    row = session.get_one(Account, effect.account_id)
    facts = _facts(
        rt,
        session,
        row,
        effect.uid,
        template="thanks",
        step="thanks",
        day=day,
        recipients=recipients,
        invoices=invoices,
    )
    given = offers.covered(session, [one.id for one in invoices])
    lines = tuple(
        replace(line, balance=Money.zero(one.currency)) if one.id in given else line
        for line, one in zip(facts.lines, invoices, strict=True)
    )
    return render(replace(facts, lines=lines, paid=paid, steady=row.payer == Payer.STEADY))


def copy_of(
    rt: Runtime,
    session: Session,
    effect: Effect,
    day: date,
    recipients: tuple[str, ...],
    invoices: Sequence[Invoice],
    arranged: Collection[int],
) -> Envelope:
    """The envelope that a copy of these open invoices goes along with; those `arranged` are not called late."""
    row = session.get_one(Account, effect.account_id)
    facts = _facts(
        rt,
        session,
        row,
        effect.uid,
        template="copy",
        step="copy",
        day=day,
        recipients=recipients,
        invoices=invoices,
    )
    lines = [replace(line, arranged=one.id in arranged) for line, one in zip(facts.lines, invoices, strict=True)]
    return render(replace(facts, lines=tuple(lines), attached=("invoice",)))


def decided(
    rt: Runtime, session: Session, effect: Effect, template: str, day: date, recipients: tuple[str, ...], said: Answered
) -> Envelope:
    """The envelope that tells what a person decided."""
    row = session.get_one(Account, effect.account_id)
    facts = _facts(
        rt, session, row, effect.uid, template=template, step=template, day=day, recipients=recipients, invoices=()
    )
    return render(replace(facts, answered=said))


def fresh_link(rt: Runtime, session: Session, effect: Effect, day: date, recipients: tuple[str, ...]) -> Envelope:
    """The envelope of a link that was asked for; it speaks of no invoice."""
    row, name = session.get_one(Account, effect.account_id), "fresh-link"
    facts = _facts(rt, session, row, effect.uid, template=name, step=name, day=day, recipients=recipients, invoices=())
    return render(facts)


def _facts(
    rt: Runtime,
    session: Session,
    row: Account,
    uid: str,
    *,
    template: str,
    step: str,
    day: date,
    recipients: tuple[str, ...],
    invoices: Sequence[Invoice],
    steps: Mapping[int, str] = MappingProxyType({}),
    address: str = "",
    channel: Channel = Channel.EMAIL,
) -> MessageFacts:
    company = session.get_one(Company, row.company_id)
    sender, reply_to = sender_of(rt, session, company, address)
    facts = MessageFacts(
        template=template,
        language=language_of(row, company),
        company=company.name,
        sender=sender,
        reply_to=reply_to,
        contact=row.contact,
        customer=row.name,
        recipients=recipients,
        lines=lines_of(session, invoices, day, steps),
        credits=(),
        portal_url=links.url(rt, row, recipients),
        today=day,
        message_id=f"<{uid}@{parseaddr(sender)[1].rpartition('@')[2]}>",  # the same for every try
        moment=rt.clock.now(),
        step=step,
    )
    return worded.worded(session, company, facts, channel)


def lines_of(
    session: Session, invoices: Sequence[Invoice], today: date, steps: Mapping[int, str] = MappingProxyType({})
) -> tuple[MessageLine, ...]:
    """The invoices as their reader sees them on this day; `steps` says, by id, what is said about each."""
    ids = [one.id for one in invoices]
    agreed, offered = agreed_days(session, ids), offers.standing(session, ids, today)
    late = charged.falling_away(session, ids, today)
    return tuple(
        MessageLine(
            one.number,
            one.issued,
            agreed_due(one.due, agreed.get(one.id)),
            one.balance,
            one.total,
            steps.get(one.id, ""),
            agreed=one.id in agreed,
            less=offered[one.id].amount if one.id in offered else None,
            until=offered[one.id].until if one.id in offered else None,
            late=late[one.id].amount if one.id in late else None,
            leaves=late[one.id].asked_from if one.id in late else None,
        )
        for one in invoices
    )


def sender_of(rt: Runtime, session: Session, company: Company, address: str = "") -> tuple[str, str]:
    """(from, reply to): the company's own mailbox, or the `address` it also speaks for; without a mailbox its name on
    the installation's one address, or on an address of its own in the domain.
    """
    own = senders.speaking(session, company.id)
    if own is not None:
        return senders.named(own, company, address), senders.answers_to(own, company)
    address = _address(rt, company)
    reply_to = formataddr((company.name, company.email)) if company.email else address
    return formataddr((company.name, address)), reply_to


def _address(rt: Runtime, company: Company) -> str:
    if "@" in rt.mail_from:
        return rt.mail_from
    ascii_name = unicodedata.normalize("NFKD", company.name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40].strip("-")
    return f"{slug or 'accounts'}@{rt.mail_from}"
