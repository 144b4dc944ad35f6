"""What the API tells: rows turned into its shapes. Each function answers one operation; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

import models
from core.because import Because
from core.money import Money
from models import ApiToken, User
from web import presenters
from web import queries as console
from web.api import queries, shapes
from web.api.problems import Wrong
from web.api.wishes import CustomersPage, Days, Nothing, OfCustomer, Page
from workflows import assigning, owed, taking_out
from workflows.calendars import today_of
from workflows.reaching import Reach
from workflows.runtime import Runtime

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and through what; what is not open to them does not exist."""

    rt: Runtime
    person: User
    reach: Reach
    token: ApiToken

    def company(self, uid: str) -> models.Company:
        with self.rt.store.read() as session:
            return _there(console.company(session, self.reach, uid))

    def customer(self, uid: str) -> models.Account:
        """With its company."""
        with self.rt.store.read() as session:
            return _there(console.account(session, self.reach, uid))


def _there(found: Found | None) -> Found:
    if found is None:
        raise Wrong(404)
    return found


def whose(asking: Asking, _query: Nothing) -> shapes.Whose:
    person, token = asking.person, asking.token
    return shapes.Whose(
        shapes.Person(person.uid, person.name), person.practice.name, person.role, token.may_change, token.ends_at
    )


def companies(asking: Asking, query: Page) -> shapes.Companies:
    now = asking.rt.clock.now()
    with asking.rt.store.read() as session:
        some = queries.companies(session, asking.reach, query)
        ties = console.newest_connections(session, some.rows)
        sums = console.owed_by_company(session, {one.id: today_of(one, now) for one in some.rows})
    return shapes.Companies([_company(one, ties.get(one.id), sums[one.id]) for one in some.rows], some.next)


def company(asking: Asking, uid: str, _query: Nothing) -> shapes.Company:
    row = asking.company(uid)
    with asking.rt.store.read() as session:
        tie = console.newest_connections(session, [row]).get(row.id)
        sums = console.owed_by_company(session, {row.id: today_of(row, asking.rt.clock.now())})
    return _company(row, tie, sums[row.id])


def _company(row: models.Company, tie: models.Connection | None, owed: console.Owed) -> shapes.Company:
    return shapes.Company(
        row.uid,
        row.name,
        row.ledger_kind,
        row.currency,
        row.country,
        row.zone,
        presenters.company_state(row, tie).word,
        row.live_at is not None,
        row.paused,
        tie.read_at if tie else None,
        _sums(owed.open),
        _sums(owed.overdue),
    )


def _sums(found: Mapping[str, Money]) -> list[shapes.Money]:
    return [shapes.Money.of(one) for one in found.values()]


def customers(asking: Asking, uid: str, query: CustomersPage) -> shapes.Customers:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.customers(session, company, query, query.owing)
        return shapes.Customers(_customers(asking, session, company, some.rows), some.next)


def customer(asking: Asking, uid: str, _query: Nothing) -> shapes.Customer:
    row = asking.customer(uid)
    with asking.rt.store.read() as session:
        return _customers(asking, session, row.company, [row])[0]


def _customers(
    asking: Asking, session: Session, company: models.Company, rows: Iterable[models.Account]
) -> list[shapes.Customer]:
    rows = list(rows)
    sums = console.owed_by_account(session, company, rows, today_of(company, asking.rt.clock.now()))
    people = queries.people(session, (one.assignee_id for one in rows))
    told = {one.id: presenters.telling(presenters.read_because(one.because)) for one in rows}
    known = queries.uids(session, models.Invoice, (why.invoice for some in told.values() for why in some))
    return [
        shapes.Customer(
            one.uid,
            company.uid,
            one.name,
            one.contact,
            one.instead or one.emails,
            one.phone,
            one.segment,
            one.care,
            _person(people.get(one.assignee_id or 0)),
            _sums(sums.get(one.id, console.Owed()).open),
            _sums(sums.get(one.id, console.Owed()).overdue),
            silences(told[one.id], known, company),
        )
        for one in rows
    ]


def _person(user: User | None) -> shapes.Person | None:
    return shapes.Person(user.uid, user.name) if user else None


def silences(told: Iterable[Because], known: Mapping[int, str], company: models.Company) -> list[shapes.Silence]:
    return [
        shapes.Silence(
            one.cause.value,
            presenters.because_words(one, company),
            known.get(one.invoice) if one.invoice is not None else None,
            one.until,
            presenters.CAUSES[one.cause].asks,
        )
        for one in told
    ]


def colleagues(asking: Asking, uid: str, _query: Nothing) -> shapes.People:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        return shapes.People([shapes.Person(one.uid, one.name) for one in assigning.colleagues(session, company)])


def invoices(asking: Asking, uid: str, query: OfCustomer) -> shapes.Invoices:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.invoices(session, company, query)
    return shapes.Invoices([_invoice(one, company, one.account) for one in some.rows], some.next)


def invoice(asking: Asking, uid: str, _query: Nothing) -> shapes.Invoice:
    with asking.rt.store.read() as session:
        row: models.Invoice = _there(console.invoice(session, asking.reach, uid))
    return _invoice(row, row.account.company, row.account)


def _invoice(row: models.Invoice, company: models.Company, account: models.Account) -> shapes.Invoice:
    left = row.balance if owed.owes(row) else Money.zero(row.currency)
    sums = shapes.Money.of(row.total), shapes.Money.of(left)
    return shapes.Invoice(row.uid, company.uid, account.uid, row.number, row.issued, row.due, *sums, row.status)


def messages(asking: Asking, uid: str, query: Days) -> shapes.Messages:
    company = asking.company(uid)
    with asking.rt.store.read() as session:
        some = queries.messages(session, company, query)
        found = [shapes.Message(**one) for one in _messages(session, company, some.rows)]
    return shapes.Messages(found, some.next)


def message(asking: Asking, uid: str, _query: Nothing) -> shapes.WholeMessage:
    with asking.rt.store.read() as session:
        row: models.Touch = _there(console.touch(session, asking.reach, uid))
        company = session.get_one(models.Company, row.company_id)
        (known,) = _messages(session, company, [row])
    return shapes.WholeMessage(**known, text=taking_out.without_links(asking.rt, row.text), evidence=row.evidence)


def _messages(session: Session, company: models.Company, rows: Iterable[models.Touch]) -> list[dict[str, Any]]:
    rows = list(rows)
    customers = queries.uids(session, models.Account, (one.account_id for one in rows))
    known = queries.uids(session, models.Invoice, (line.invoice_id for one in rows for line in one.lines))
    return [
        {
            "uid": one.uid,
            "company": company.uid,
            "customer": customers[one.account_id],
            "kind": one.effect.kind,
            "step": one.step,
            "channel": one.channel,
            "state": one.state,
            "day": one.day,
            "sent_at": one.sent_at,
            "recipients": one.recipients,
            "subject": one.subject,
            "about": [
                shapes.Spoken(
                    known[line.invoice_id], line.step, shapes.Money.of(Money(line.balance_minor, line.currency))
                )
                for line in one.lines
            ],
        }
        for one in rows
    ]
