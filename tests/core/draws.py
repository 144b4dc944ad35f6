"""Whole worlds for the property tests of `plan()`, drawn around the moments that matter.

The moment lies on or around a day on which a step is reached, the clocks are changed or a hold ends, to the second of
opening and closing, because that is where decisions change. Nothing is decided or checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from core.because import Cause
from core.cadence import Anchor, Cadence, Cap, Channel, Payer, Reason, Sender, Step
from core.calendars import Calendar
from core.facts import (
    AccountFacts,
    Approval,
    Hold,
    Instalment,
    InvoiceFacts,
    InvoiceStatus,
    Said,
    Told,
    TouchFacts,
    TouchState,
)
from core.money import Money
from tests.core.builders import ANN, BOB, DEFAULT, ladder, parsed, step
from tests.core.worlds import SECOND, World, edges

# Days on which clocks are changed in Berlin and New York, a holiday season and the end of a month.
_ANCHORS = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 12, 24)]
_ZONES = ["Europe/Berlin", "America/New_York", "UTC", "Pacific/Auckland", "Australia/Lord_Howe"]
_THEIRS = ["", "", "", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kolkata"]
_HOURS = [
    (time(9), time(17)),
    (time(9), time(17)),
    (time(0), time(23, 59, 59)),
    (time(2, 30), time(4)),
    (time(1, 15), time(2, 15)),
]
_WEEKDAYS = [{0, 1, 2, 3, 4}, set(range(7)), set(range(7)), {6}, {1, 3, 5}]
# Every anchor, conditions, working days, channels and approvals: once each where it can do most harm.
WHOLE = parsed(
    step("welcome", 1, "friendly", anchor="'issued'"),
    step("heads-up", -3, "friendly", days="'working'"),
    step("late-3", 3, days="'working'"),
    step("late-9-big", 9, when="{amount_at_least = 50, payers = ['new', 'slow']}"),
    step("late-10", 10),
    step("late-20", 20, "clear", approve="true"),
    step("call", 30, "firm", channel="'call'"),
    step("broken", 1, anchor="'promise'"),
    step("broken-again", 8, "clear", anchor="'promise'"),
    step("part-soon", -3, "friendly", anchor="'instalment'"),
    step("part-missed", 3, anchor="'instalment'"),
    step("part-call", 9, anchor="'instalment'", channel="'call'"),
    step("settled", 4, anchor="'dispute-resolved'"),
    step("text", 11, anchor="'dispute-resolved'", channel="'sms'"),
    gap_hours=24,
    week_limit=3,
    month_limit=9,
    wait_days=7,
)
MONTHLY = parsed(
    step("statement", 28, "friendly", anchor="'month'"), step("late-7", 7), step("late-20", 20, "clear"), gap_days=1
)
# Every way to say to whom: each step to others than the one before it.
ADDRESSED = replace(
    parsed(
        step("welcome", 1, "friendly", anchor="'issued'", to="['account']"),
        step("heads-up", -3, "friendly"),
        step("late-3", 3, to="['invoice', 'boss@customer.test']"),
        step("late-8", 8, to="['everyone']"),
        step("late-14", 14, "clear", to="['account', 'invoice']", escalated="true"),
        step("late-25", 25, "clear", escalated="true"),
        step("statement", 10, "friendly", anchor="'month'", to="['account']"),
        gap_hours=24,
        week_limit=3,
        month_limit=9,
    ),
    normal=Sender(to=("invoice", "account")),
    escalated=Sender(to=("everyone",)),
)
AT_LAST = parsed(step("d5", 5), step("d15", 15, when="{segments = ['key'], open_at_least = 2}"), gap_hours=24)
ONLY_MONTHLY = parsed(step("statement", 1, "friendly", anchor="'month'", when="{open_at_least = 2}"), week_limit=1)
CADENCES = [
    DEFAULT,
    WHOLE,
    WHOLE,
    MONTHLY,
    MONTHLY,
    ONLY_MONTHLY,
    AT_LAST,
    ADDRESSED,
    ADDRESSED,
    replace(DEFAULT, approve_all=True, gap_hours=24),
    ladder(4),
    ladder(-3, -1, 1, 2, 3, gap_days=1, week_limit=3, month_limit=10),
    ladder(-10, -1, 0, 7, 8, 30, oldest_days=30, settle_days=10),
    ladder(1, 2, 60, month_limit=1, gap_days=1, wait_days=30),
    ladder(0, 5, 10, gap_days=7, week_limit=1, stale_hours=1),
]
# How far the day of an invoice's next step lies from the day that matters.
_SHIFTS = [0, 0, 0, -1, -1, -2, -5, 1, 4, 20, -40, -150]
_RECIPIENTS = [(ANN,), (ANN,), (BOB,), (ANN, BOB), (ANN, BOB), ("carl@elsewhere.test",), ()]
_EMAILS = [(), (ANN,), (ANN,), (BOB,), (ANN, BOB), (BOB, "office@customer.test")]
_PEOPLE = [(), (), (BOB,), ("dora@customer.test",)]
_HELD = [
    *(Cause.ARCHIVED, Cause.ERASED, Cause.PAUSED, Cause.DISCONNECTED, Cause.UNREADABLE_CREDIT, Cause.AGENCY),
    *(Cause.PROMISE, Cause.DISPUTE, Cause.EXTENSION, Cause.ARRANGEMENT, Cause.IN_FLIGHT, Cause.BEING_CHANGED),
    *(Cause.REPLIED, Cause.BREATHING_SPACE),
]
_AGO = [45, 40, 35, 32, 30, 29, 20, 14, 8, 7, 6, 3, 2, 1, 0]
_KINDS = [Anchor.DUE, Anchor.DUE, Anchor.DUE, Anchor.DUE, Anchor.PROMISE, Anchor.RESOLVED, Anchor.INSTALMENT]
# Few oddities at a time, so that most worlds get past the simple causes and have something to say.
_ODD_ACCOUNT = st.sampled_from(
    [
        *[()] * 8,
        *(("live",), ("read",), ("holds",), ("credits",), ("refused",), ("bounced",), ("opted_out",)),
        *(("drafts",), ("drafts", "caps"), ("payer",), ("payer",), ("connected",), ("channels",), ("caps",)),
    ]
)
_ODD_INVOICE = st.sampled_from(
    [
        *[()] * 7,
        *(("holds",), ("holds",), ("status",), ("balance",), ("currency",), ("issued",), ("due",), ("state",)),
        *(("told",), ("told",), ("told", "rung"), ("part",), ("part",), ("part", "again"), ("rung",), ("delivered",)),
        *(("arranged",), ("before",)),
    ]
)


def _rare(draw: st.DrawFn, odd: bool, usual: Any, *others: Any) -> Any:
    return draw(st.sampled_from(others)) if odd else usual


def _calendar(draw: st.DrawFn, anchor: date) -> Calendar:
    opens, closes = draw(st.sampled_from(_HOURS))
    off = draw(st.sets(st.sampled_from(range(-6, 8)), max_size=3))
    return Calendar(
        zone=draw(st.sampled_from(_ZONES)),
        holidays=frozenset(anchor + timedelta(days=shift) for shift in off),
        opens=opens,
        closes=closes,
        weekdays=frozenset(draw(st.sampled_from(_WEEKDAYS))),
        hours_zone=draw(st.sampled_from(_THEIRS)),
    )


def _holds(draw: st.DrawFn, odd: bool, today: date) -> tuple[Hold, ...]:
    ends = [None, *(today + timedelta(days=shift) for shift in (1, 1, 2, 9, 0, -1))]
    hold = st.builds(Hold, st.sampled_from(_HELD), st.sampled_from(ends))
    return tuple(draw(st.lists(hold, min_size=1, max_size=2))) if odd else ()


def _said(
    draw: st.DrawFn, odd: Sequence[str], place: int, steps: tuple[Step, ...], name: str, today: date
) -> tuple[Said, ...]:
    """Mostly the steps before `place`, the last of them a while ago and the others a week apart before it."""
    said = steps[: draw(st.sampled_from([*[place] * 6, 0, place + 1, len(steps)]))]
    if not said:
        return ()
    last = today - timedelta(days=draw(st.sampled_from(_AGO)))
    owed = 12_000 if "part" in odd else _rare(draw, "rung" in odd, None, 10_000, None)
    words = [
        Said(
            one.name,
            last - timedelta(days=7 * back),
            anchor=Anchor.ISSUED.value if one.anchor is Anchor.ISSUED else draw(st.sampled_from(["", name])),
            rung=_rare(draw, "rung" in odd, one.rung, None, max(one.rung - 1, 0), 0),
            balance=owed,
        )
        for back, one in enumerate(reversed(said))
    ]
    words[0] = replace(words[0], state=_rare(draw, "state" in odd, TouchState.SENT, *TouchState))
    if "again" in odd:
        words[0] = replace(words[0], anchor=f"{name}/part")
    return tuple(words[::-1])


def _invoice(draw: st.DrawFn, id: int, anchor: date, cadence: Cadence, today: date) -> InvoiceFacts:
    """An invoice of which some step, most often the next one, is reached on or around the anchor."""
    odd, kind = draw(_ODD_INVOICE), draw(st.sampled_from(_KINDS))
    if kind is Anchor.INSTALMENT and not cadence.ladders[kind]:
        kind = Anchor.DUE
    steps = cadence.ladders[kind] or cadence.ladders[Anchor.DUE] or cadence.ladders[Anchor.MONTH]
    place = draw(st.sampled_from(range(len(steps))))
    base = anchor + timedelta(days=draw(st.sampled_from(_SHIFTS)) - steps[place].offset)
    due = base - timedelta(days=_rare(draw, kind is not Anchor.DUE, 0, 5, 30, *([-20] if "before" in odd else [])))
    due += timedelta(days=14 if steps[place].anchor is Anchor.ISSUED else 0)
    issued = due + timedelta(days=_rare(draw, "issued" in odd, -14, -4, 0, 3))
    delivered = _rare(draw, "delivered" in odd, None, issued, due + timedelta(days=5), issued - timedelta(days=9))
    currency = _rare(draw, "currency" in odd, "EUR", "USD")
    told = Told(draw(st.sampled_from(Reason)), today - timedelta(days=draw(st.sampled_from([0, 1, 3, 4, 7, 9, 40]))))
    return InvoiceFacts(
        id=id,
        number=f"N-{id}",
        status=_rare(draw, "status" in odd, InvoiceStatus.OPEN, *InvoiceStatus),
        issued=issued,
        due=_rare(draw, "due" in odd, due, None),
        total=Money(12_000, currency),
        balance=Money(_rare(draw, "balance" in odd, 10_000, 0, -5, 2_500), currency),
        recipients=draw(st.sampled_from(_RECIPIENTS)),
        holds=_holds(draw, "holds" in odd, today),
        said=_said(draw, odd, place, steps, f"{kind}/{base.isoformat()}", today),
        delivered=delivered,
        told=told if "told" in odd else None,
        arranged="arranged" in odd or kind is Anchor.INSTALMENT,
        instalment=Instalment(base, Money(2_500, currency)) if kind is Anchor.INSTALMENT else None,
        broken=base if kind is Anchor.PROMISE else None,
        resolved=base if kind is Anchor.RESOLVED else None,
    )


def _touches(
    draw: st.DrawFn, invoices: list[InvoiceFacts], calendar: Calendar, now: datetime
) -> tuple[TouchFacts, ...]:
    """A message for each word that was said, and a few about nothing we know of."""
    today = calendar.today(now)
    heard = [TouchFacts(one.recipients, word.day, word.state) for one in invoices for word in one.said]
    for ago in draw(st.lists(st.sampled_from(_AGO), max_size=3)):
        at = min(now, calendar.at(today - timedelta(days=ago), draw(st.sampled_from([time(0), time(9), time(23)]))))
        readers, own = draw(st.sampled_from(_RECIPIENTS[1:-1])), draw(st.booleans())
        heard.append(TouchFacts(readers, calendar.today(at), at=_rare(draw, draw(st.booleans()), at, None), own=own))
    return tuple(heard)


def _account(draw: st.DrawFn, invoices: list[InvoiceFacts], cadence: Cadence, calendar: Calendar, now: datetime) -> Any:
    odd = draw(_ODD_ACCOUNT)
    today, stale = calendar.today(now), now - timedelta(hours=cadence.stale_hours)
    bob = frozenset({BOB})
    return AccountFacts(
        id=7,
        live="live" not in odd,
        read_at=_rare(draw, "read" in odd, now - SECOND, None, stale, stale - SECOND),
        invoices=tuple(invoices),
        emails=draw(st.sampled_from(_EMAILS)),
        people=draw(st.sampled_from(_PEOPLE)),
        holds=_holds(draw, "holds" in odd, today),
        credits=_rare(draw, "credits" in odd, (), (Money(10_000, "EUR"),), (Money(12_000, "USD"), Money(500, "EUR"))),
        touches=_touches(draw, invoices, calendar, now),
        refused=bob if "refused" in odd else frozenset(),
        bounced=bob if "bounced" in odd else frozenset(),
        opted_out=bob if "opted_out" in odd else frozenset(),
        segment=draw(st.sampled_from(["", "key"])),
        payer=_rare(draw, "payer" in odd, Payer.NEW, *Payer),
        usual_delay=draw(st.sampled_from([-3, 0, 4, 12])),
        connected=_rare(draw, "connected" in odd, None, today, today - timedelta(days=60)),
        caps=_rare(draw, "caps" in odd, (), (Cap(1, 7),), (Cap(3, 7), Cap(10, 30)), (Cap(2, 14),)),
        drafts="drafts" in odd,
        channels=_rare(draw, "channels" in odd, frozenset(Channel), frozenset({Channel.EMAIL})),
    )


# What a person has said about the drafts, and how many seconds ago; most say nothing yet.
_WORDS = [None, None, (0, True), (59, True), (60, True), (1, False)]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    anchor = draw(st.sampled_from(_ANCHORS))
    cadence, calendar = draw(st.sampled_from(CADENCES)), _calendar(draw, anchor)
    day = anchor + timedelta(days=draw(st.sampled_from([0, 0, 1, 2, -1])))
    moments = edges(calendar, [day])
    open_ones = [moment for moment in moments if calendar.is_open(moment)]
    now = draw(st.sampled_from([*open_ones, *open_ones, *moments]))
    count = draw(st.sampled_from([1, 2, 3, 4]))
    invoices = [_invoice(draw, id, anchor, cadence, calendar.today(now)) for id in range(1, count + 1)]
    world = World(_account(draw, invoices, cadence, calendar, now), cadence, calendar, now)
    word = draw(st.sampled_from(_WORDS))
    if word is None:
        return world
    ago, approved = word
    until = draw(st.sampled_from([None, world.today, world.today + timedelta(days=3)]))
    return world.agreed(world.ask().drafts, Approval(now - SECOND * ago, approved, None if approved else until))
