"""Rules and cadences that break a promise, one small mistake each, for the proof to catch. Each says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from core import ladder, vetoes
from core.because import Because
from core.cadence import BRANCHES, Branch, Cadence, Cap, Tone
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts, InvoiceStatus
from core.ladder import Proposal
from core.language import parse_cadence
from core.plan import Plan, plan
from core.proof import Promise, Rules
from core.timetable import Timetable, timetable
from tests.core.builders import DEFAULT
from tests.core.builders import ladder as ladder_of

DAY = timedelta(days=1)
SMALL = ladder_of(-3, 4, 12)
MONTHLY = parse_cadence(
    "name = 'monthly'\ntitle = 'Monthly'\n"
    "[[step]]\nname = 'statement'\nanchor = 'month'\noffset = 3\ntone = 'friendly'\n"
    "[[step]]\nname = 'soon'\nanchor = 'instalment'\noffset = -3\ntone = 'friendly'\n"
)
PARTS = parse_cadence(
    "name = 'parts'\ntitle = 'Parts'\n"
    "[[step]]\nname = 'late-4'\noffset = 4\ntone = 'kind'\n"
    "[[step]]\nname = 'soon'\nanchor = 'instalment'\noffset = -3\ntone = 'friendly'\n"
)
# The language lets this through: where the first step does not apply, the first word is not gentle.
CLEAR_AT_ONCE = parse_cadence(
    "name = 'clear'\ntitle = 'Clear'\n"
    "[[step]]\nname = 'late-4'\noffset = 4\ntone = 'kind'\n[step.when]\namount_at_least = 100\n"
    "[[step]]\nname = 'late-9'\noffset = 9\ntone = 'clear'\n"
)


@dataclass(frozen=True)
class Broken:
    """One mistake: `rules` that make it or a `cadence` that is one, the promise it breaks, and limits from outside."""

    what: str
    promise: Promise
    rules: Rules = field(default_factory=Rules)
    cadence: Cadence = SMALL
    caps: tuple[Cap, ...] = ()

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


# --- vetoes ---------------------------------------------------------------------------------------------------------


def too_often(change: Callable[..., dict[str, Any]]) -> Rules:
    """The veto on messages, told something else than what is so."""

    def asked(readers: Any, touches: Any, cadence: Any, caps: Any, calendar: Any, now: datetime) -> Because | None:
        told = {"touches": touches, "caps": caps} | change(touches, cadence, calendar.today(now))
        return vetoes.too_often(readers, told["touches"], cadence, told["caps"], calendar, now)

    return Rules(too_often=asked)


def by_calendar_week(readers: Any, touches: Any, cadence: Any, caps: Any, calendar: Any, now: datetime) -> Any:
    week = calendar.today(now).isocalendar()[:2]
    recent = [one for one in touches if one.day.isocalendar()[:2] == week]
    soon = vetoes.too_often(readers, touches, cadence, (), calendar, now)
    return soon or vetoes.too_often(readers, recent, cadence, caps, calendar, now)


def outside_hours(change: Callable[[Calendar], Calendar]) -> Rules:
    return Rules(outside_hours=lambda calendar, now: vetoes.outside_hours(change(calendar), now))


def not_owed(change: Callable[[InvoiceFacts], InvoiceFacts]) -> Rules:
    return Rules(not_owed=lambda invoice: vetoes.not_owed(change(invoice)))


def invoice_held(days: int = 0, **facts: Any) -> Rules:
    return Rules(
        invoice_held=lambda invoice, cadence, calendar, today: vetoes.invoice_held(
            replace(invoice, **facts), cadence, calendar, today + days * DAY
        )
    )


def account_closed(change: Callable[[AccountFacts, datetime], AccountFacts]) -> Rules:
    return Rules(
        account_closed=lambda account, cadence, calendar, now: vetoes.account_closed(
            change(account, now), cadence, calendar, now
        )
    )


# --- ladders --------------------------------------------------------------------------------------------------------

Answer = tuple[Proposal, ...] | Because


def propose(change: Callable[[InvoiceFacts], InvoiceFacts] = lambda one: one, days: int = 0) -> Rules:
    """The ladder, told something else than what is so."""
    return Rules(
        propose=lambda invoice, account, table, today: ladder.propose(
            change(invoice), account, table, today + days * DAY
        )
    )


def leaping(invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date) -> Answer:
    """Climbs as if every follow-up stood on the first rung: the one whose day has come is said."""
    flat = replace(table.cadence, steps=tuple(replace(one, rung=min(one.rung, 1)) for one in table.cadence.steps))
    answer = ladder.propose(invoice, account, timetable(flat, table.calendar), today)
    if isinstance(answer, Because):
        return answer
    return tuple(replace(one, step=table.cadence.step(one.step.name) or one.step) for one in answer)


def moved_by_a_part(one: InvoiceFacts) -> InvoiceFacts:
    """A part payment makes the invoice look older, and what was open before is forgotten."""
    if one.balance == one.total or one.due is None:
        return one
    said = tuple(replace(word, balance=None, anchor="") for word in one.said)
    return replace(one, due=one.due - 20 * DAY, said=said)


def forgetting_statements(invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date) -> Answer:
    return ladder.propose(invoice, replace(account, touches=()), table, today)


def forgetting_balances(one: InvoiceFacts) -> InvoiceFacts:
    return replace(one, said=tuple(replace(word, balance=None) for word in one.said))


# --- plan() that does not ask a veto --------------------------------------------------------------------------------


def blind(change: Callable[[AccountFacts, datetime], AccountFacts]) -> Rules:
    """A `plan()` to which some facts never come, as if it did not ask the veto that looks at them."""
    return Rules(plan=lambda account, cadence, calendar, now: plan(change(account, now), cadence, calendar, now))


def each_invoice(**facts: Any) -> Callable[[AccountFacts, datetime], AccountFacts]:
    return lambda account, _: replace(account, invoices=tuple(replace(one, **facts) for one in account.invoices))


def always_open(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    wide = replace(calendar, weekdays=frozenset(range(7)), opens=time(0), closes=time.max, holidays=frozenset())
    return plan(account, cadence, wide, now)


def one_message_each(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    answers = [plan(replace(account, invoices=(one,)), cadence, calendar, now) for one in account.invoices]
    return replace(answers[0], actions=tuple(action for answer in answers for action in answer.actions))


def harder(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    answer = plan(account, cadence, calendar, now)
    return replace(answer, actions=tuple(replace(action, tone=Tone.FIRM) for action in answer.actions))


def to_each_reader(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    """Whoever is left, all readers of the invoice get it."""
    answer, everyone = plan(account, cadence, calendar, now), account.invoices[0].recipients
    return replace(answer, actions=tuple(replace(action, recipients=everyone) for action in answer.actions))


def drafts_go_out(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    answer = plan(account, cadence, calendar, now)
    return replace(answer, actions=(*answer.actions, *answer.drafts))


def at_once(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Plan:
    return plan(account, cadence, calendar, now + timedelta(seconds=60))


def _any_word_will_do(account: AccountFacts, _: datetime) -> AccountFacts:
    return replace(account, drafts=account.drafts and not account.approvals)


P = Promise
UNHEARD = {reason: Branch() for reason in BRANCHES}
APPROVING = replace(DEFAULT, steps=tuple(replace(one, approve=one.rung == 2) for one in DEFAULT.steps))
BROKEN = [
    Broken("limits count calendar weeks", P.BUDGET, Rules(too_often=by_calendar_week)),
    Broken(
        "the limits of the law are not asked",
        P.BUDGET,
        too_often(lambda _touches, cadence, _today: {"caps": cadence.caps}),
        caps=(Cap(1, 7),),
    ),
    Broken("a cadence of nine a week", P.BUDGET, cadence=replace(SMALL, week_limit=9, month_limit=40)),
    Broken("a gap of nothing", P.GAP, cadence=replace(SMALL, gap_hours=0)),
    Broken("plan knows of no messages", P.GAP, blind(lambda account, _: replace(account, touches=()))),
    Broken(
        "a reader of two accounts is forgotten",
        P.ONE_A_DAY,
        too_often(lambda touches, *_: {"touches": [one for one in touches if one.own]}),
    ),
    Broken(
        "the message of today is forgotten",
        P.ONE_A_DAY,
        too_often(lambda touches, _, today: {"touches": [one for one in touches if one.day < today]}),
    ),
    Broken("a message for each invoice", P.ONE_A_DAY, Rules(plan=one_message_each)),
    Broken("hours on the clock of the company", P.HOURS, outside_hours(lambda one: replace(one, hours_zone=""))),
    Broken("closing a minute late", P.HOURS, outside_hours(lambda one: replace(one, closes=time(17, 1)))),
    Broken("plan is open at night", P.HOURS, Rules(plan=always_open)),
    Broken("holidays are ignored", P.HOLIDAYS, outside_hours(lambda one: replace(one, holidays=frozenset()))),
    Broken("plan is open on Sundays", P.HOLIDAYS, Rules(plan=always_open)),
    Broken("the status alone decides", P.OWED, not_owed(lambda one: replace(one, balance=one.total))),
    Broken(
        "an unknown status counts as open",
        P.OWED,
        not_owed(lambda one: replace(one, status=InvoiceStatus.OPEN) if one.status == "unknown" else one),
    ),
    Broken("open credit is not used", P.OWED, Rules(covered=lambda *_: frozenset())),
    Broken("plan knows of no credit", P.OWED, blind(lambda account, _: replace(account, credits=()))),
    Broken("plan takes everything for open", P.OWED, blind(each_invoice(status=InvoiceStatus.OPEN))),
    Broken("holds end a day early", P.HELD, invoice_held(days=1)),
    Broken("what customers say is not heard", P.HELD, invoice_held(told=None)),
    Broken("messages on their way are not seen", P.HELD, invoice_held(said=())),
    Broken(
        "only the first hold counts",
        P.HELD,
        account_closed(lambda account, _: replace(account, holds=account.holds[:1])),
    ),
    Broken("a reading never grows old", P.HELD, account_closed(lambda account, now: replace(account, read_at=now))),
    Broken("nobody can opt out", P.HELD, Rules(no_address=lambda *_: None)),
    Broken("who opted out is written to beside others", P.HELD, Rules(plan=to_each_reader)),
    Broken("plan knows of no holds", P.HELD, blind(each_invoice(holds=()))),
    Broken("plan knows of no holds of accounts", P.HELD, blind(lambda account, _: replace(account, holds=()))),
    Broken("plan thinks it has just read", P.HELD, blind(lambda account, now: replace(account, read_at=now))),
    Broken("a cadence with no ear", P.HELD, cadence=replace(SMALL, reasons=UNHEARD)),
    Broken("arrangements are not looked at", P.ARRANGEMENT, invoice_held(arranged=False)),
    Broken(
        "statements list arrangements",
        P.ARRANGEMENT,
        propose(lambda one: replace(one, arranged=False, instalment=None)),
        MONTHLY,
    ),
    Broken(
        "who has an arrangement is chased",
        P.ARRANGEMENT,
        propose(lambda one: replace(one, arranged=False, instalment=None)),
        PARTS,
    ),
    Broken("drafts go out", P.APPROVED, Rules(plan=drafts_go_out)),
    Broken("nothing can be taken back", P.APPROVED, Rules(plan=at_once)),
    Broken("any word will do", P.APPROVED, blind(_any_word_will_do)),
    Broken("steps are approved by nobody", P.APPROVED, Rules(plan=drafts_go_out), APPROVING),
    Broken("a part payment moves the due date", P.PART_PAYMENT, propose(moved_by_a_part)),
    Broken("who pays a part climbs", P.PART_PAYMENT, propose(forgetting_balances)),
    Broken("rungs are leapt over", P.ONE_RUNG, Rules(propose=leaping), ladder_of(4, 12, 21)),
    Broken("the first word is clear", P.GENTLE, cadence=CLEAR_AT_ONCE),
    Broken("all words are firm", P.GENTLE, Rules(plan=harder)),
    Broken("hardship is not heard", P.GENTLE, propose(lambda one: replace(one, told=None))),
    Broken("nothing is remembered", P.ONCE, propose(lambda one: replace(one, said=()))),
    Broken("statements are forgotten once they are paid", P.ONCE, Rules(propose=forgetting_statements), MONTHLY),
    Broken("words come a day early", P.TRUE, propose(days=1)),
    Broken("words come a day late", P.TRUE, propose(days=-1)),
]
