"""A fresh link for who holds an old one: by mail, to the addresses the old link was made for and to no other.

Whoever asks learns nothing: not whether there is such an account, nor whether a mail was sent.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.because import Cause
from integrations.channels.base import Conversation
from models import Account, Effect, EffectKind, Invoice
from workflows import audit, compose, effects, heard, links, saying, sending
from workflows.calendars import today_of
from workflows.owed import is_owed
from workflows.runtime import Runtime

A_DAY = 3


def ask(rt: Runtime, token: str) -> None:
    """Want it sent, at most three times a day for each account; a link that we never made is passed over."""
    try:
        target = links.read_old(rt, token)
    except links.BadLink:
        return
    with rt.store.write() as session:
        row = session.get_one(Account, target.account_id)
        today = f"answer/link/{row.uid}/{rt.clock.now().date().isoformat()}/"
        count = select(func.count()).select_from(Effect).where(Effect.key.startswith(today, autoescape=True))
        number = session.scalars(count).one()
        if number >= A_DAY:
            return
        effects.want(
            rt,
            session,
            key=f"{today}{number + 1}",
            kind=EffectKind.ANSWER,
            company_id=row.company_id,
            account_id=row.id,
            content={"readers": sorted(target.readers)},
        )
        audit.record(rt, session, "fresh-link-asked", row.company_id, row.id, row.uid)


def send(rt: Runtime, talk: Conversation, effect: Effect) -> None:
    """Perform one claimed fresh link to its end; dropped when none of its readers is known any more."""
    now = rt.clock.now()
    with rt.store.read() as session:
        day = today_of(compose.company_of(session, effect), now)
        readers = _readers(rt, session, effect)
        envelope = compose.fresh_link(rt, session, effect, day, readers) if readers else None
    if envelope is None:
        sending.drop(rt, effect, "None of the addresses of the old link is known any more.")
    else:
        saying.say(rt, talk, effect, envelope, "fresh-link", day)


def _readers(rt: Runtime, session: Session, effect: Effect) -> tuple[str, ...]:
    """Those of the old link's readers who still get mail about the account or one of its open invoices."""
    row = session.get_one(Account, effect.account_id)
    if row.erased:
        return ()
    known = set(links.own_readers(session, row))
    if not row.instead:
        asked = session.scalars(select(Invoice.emails).where(Invoice.account_id == row.id, is_owed()))
        known.update(address.lower() for emails in asked for address in emails)
    dead = heard.address_words(rt, session, row.company_id, frozenset(known)).get(Cause.BOUNCED, frozenset())
    wanted = set(effect.content["readers"])
    return tuple(sorted(one for one in known - dead - set(row.refused) if links.mark(rt, one) in wanted))
