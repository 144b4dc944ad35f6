"""The papers a step sends along, gathered before its words are written, so that the words name what really goes.

Who has the invoice from the ledger already gets no second copy, and terms go to an account once. What cannot be had
just now is left out: a message does not fail for want of its papers. Of a letter only the kinds are named, for a
person encloses them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Channel
from integrations.channels.base import Attachment
from models import Account, Company, Effect, Invoice, Terms, Touch
from workflows import cadences, documents, links, statements, terms
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.typesetting import PaperError

log = structlog.get_logger()
MOST = 5  # each is a call to the ledger, and a mail with more is stopped on its way


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What goes along: `kinds` of papers (invoice, statement, terms), their files, and which terms are given so."""

    kinds: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    terms_id: int | None = None

    def keep(self, session: Session, touch: Touch) -> None:
        """Write down beside the touch what must not go a second time; IntegrityError when it has gone already."""
        if self.terms_id is not None:
            terms.given_with(session, self.terms_id, touch)


NOTHING = Enclosed()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the step asks for, as far as there is any for these readers."""

    invoices: Sequence[Invoice] = ()
    statement: bool = False
    terms: Terms | None = None


def papers(rt: Runtime, effect: Effect) -> Enclosed:
    """What goes along with a planned message or letter; of each kind all or none. Asks the ledger for a message."""
    wanted = _wanted(rt, effect)
    ways: dict[str, list[Callable[[], Attachment]]] = {
        "invoice": [partial(documents.attachment, rt, one) for one in wanted.invoices],
        "statement": [partial(statements.attachment, rt, effect.whom)] if wanted.statement else [],
        "terms": [partial(terms.attachment, rt, wanted.terms)] if wanted.terms else [],
    }
    if _channel(effect) is Channel.LETTER:
        files: dict[str, list[Attachment]] = {kind: [] for kind, each in ways.items() if each}
    else:
        files = {kind: had for kind, each in ways.items() if (had := _had(effect, each))}
    return Enclosed(
        tuple(files),
        tuple(file for some in files.values() for file in some),
        wanted.terms.id if wanted.terms and "terms" in files else None,
    )


def _channel(effect: Effect) -> Channel:
    return Channel(effect.content.get("channel", Channel.EMAIL))


def _had(effect: Effect, each: Sequence[Callable[[], Attachment]]) -> list[Attachment]:
    """All of one kind, or none when one of them cannot be had."""
    try:
        return [fetch() for fetch in each]
    except (Refusal, PaperError) as trouble:
        log.warning("a message goes without one of its papers", effect=effect.key, why=str(trouble))
        return []


def _wanted(rt: Runtime, effect: Effect) -> _Wanted:
    if _channel(effect) is Channel.CALL:
        return _Wanted()
    with rt.store.read() as session:
        row, company = session.get_one(Account, effect.account_id), session.get_one(Company, effect.company_id)
        step = cadences.Known(session, company).of(row.id, row.segment).step(effect.content["lead"])
        attach = step.attach if step else ()
        today = today_of(company, rt.clock.now())
        invoices = _invoices(session, effect) if "invoice" in attach else []
        to_give = terms.to_give(session, company.id, row.id, today) if "terms" in attach else None
        # A statement is about the whole account: who only gets mail about one of its invoices has no business with it.
        told = effect.content["recipients"]
        statement = "statement" in attach and not links.own_readers(session, row).isdisjoint(told)
    if invoices and (len(invoices) > MOST or not documents.available(rt, company.id)):
        invoices = []
    return _Wanted(invoices, statement, to_give)


def _invoices(session: Session, effect: Effect) -> list[Invoice]:
    """Those that the leading step is said of, without those that the ledger has mailed."""
    ids = [line[0] for line in effect.content["lines"] if line[1] == effect.content["lead"]]
    found = session.scalars(select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)).all()
    return [one for one in found if not one.mailed]
