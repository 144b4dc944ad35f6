"""What the API works out: why a customer heard nothing, what is to come, what waits, how a month ended.

Each function answers one operation; nothing is changed, and no ledger is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import models
from core.because import Because
from web import month_end as pages
from web import queries as console
from web import waiting_queries
from web.api import queries, shapes, worked_out
from web.api.reads import Asking, silences
from web.api.wishes import Ahead, Month, Nothing, OneDay
from workflows import month_end, preview, why
from workflows.calendars import today_of

_AT_ONCE = 500  # customers of a preview


def why_silent(asking: Asking, uid: str, query: OneDay) -> shapes.Why:
    account = asking.customer(uid)
    found = why.why(asking.rt, account.id, query.day or today_of(account.company, asking.rt.clock.now()))
    with asking.rt.store.read() as session:
        known = queries.uids(session, models.Invoice, found.numbers)
    return shapes.Why(
        account.uid,
        found.day,
        found.source.value,
        [
            shapes.Stood(
                one.since,
                silences(one.because, known, account.company),
                [shapes.Wanted(some.step, _named(some.invoices, known)) for some in one.wanted],
            )
            for one in found.answers
        ],
        [
            shapes.Said(one.uid, one.at, one.step, one.channel, one.state, _named(one.invoices, known))
            for one in found.heard
        ],
        [shapes.Unsaid(one.at, one.step, one.state, _named(one.invoices, known), one.note) for one in found.unsaid],
    )


def _named(ids: Iterable[int], known: Mapping[int, str]) -> list[str]:
    return [known[one] for one in ids if one in known]


def ahead(asking: Asking, uid: str, query: Ahead) -> worked_out.Preview:
    company = asking.company(uid)
    part = slice((query.page - 1) * _AT_ONCE, query.page * _AT_ONCE)
    found = preview.preview(asking.rt, company.id, query.days, part)
    ids = [one.account_id for one in found.messages]
    about = [why.invoice for one in found.silences for why in one.because]
    with asking.rt.store.read() as session:
        numbers = queries.invoices_by_number(session, company, ids)
        known = queries.uids(session, models.Invoice, about)
    messages = [_to_come(one, numbers) for one in found.messages]
    silent = [_silent(one, known, company) for one in found.silences]
    return worked_out.Preview(found.accounts, messages, silent, query.page + 1 if part.stop < found.accounts else None)


def _to_come(one: preview.PreviewMessage, numbers: Mapping[tuple[int, str], str]) -> worked_out.ToCome:
    about = [numbers[one.account_id, number] for number in one.invoice_numbers if (one.account_id, number) in numbers]
    return worked_out.ToCome(
        one.moment,
        one.account_uid,
        one.step,
        one.channel.value,
        list(one.recipients),
        about,
        one.asks,
        one.leaving,
    )


def _silent(one: preview.Silence, known: Mapping[int, str], company: models.Company) -> worked_out.Silent:
    because: tuple[Because, ...] = one.because
    return worked_out.Silent(one.account_uid, silences(because, known, company))


def desk(asking: Asking, _query: Nothing) -> worked_out.Desk:
    with asking.rt.store.read() as session:
        every = console.companies(session, asking.reach)
        counted = waiting_queries.counts(session, asking.reach, asking.rt.clock.now())
    items = [_waits(one, counted) for one in sorted(every, key=lambda one: one.id)]
    return worked_out.Desk(sum(one.total for one in items), items)


def _waits(company: models.Company, counted: Mapping[str, Counter[int]]) -> worked_out.Waits:
    kinds = {kind: count[company.id] for kind, count in sorted(counted.items()) if count[company.id]}
    return worked_out.Waits(company.uid, company.name, sum(kinds.values()), kinds)


def month(asking: Asking, uid: str, query: Month) -> worked_out.MonthEnd:
    company = asking.company(uid)
    told = month_end.of(asking.rt, company, month_end.month(query.month, company, asking.rt.clock.now()))
    differs = [worked_out.Differs(one.at, one.what, one.place.value, one.reference) for one in told.found]
    figures = [worked_out.Figure(table, what, one, str(sum)) for table, one, what, sum in pages.figures_of(told)]
    return worked_out.MonthEnd(told.first, told.last, told.agrees, differs, list(told.unsure), figures)
