"""Which step one invoice has reached: the proposing half of `plan()`.

Rule 6 lives here: missed is not owed, one rung at a time, the first word is gentle, and a part payment never makes
the next word harsher.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from core.because import Because, Cause
from core.cadence import ALWAYS, Anchor, Branch, Cadence, Condition, Payer, Step
from core.calendars import LAST
from core.delivery import delivered
from core.facts import AccountFacts, InvoiceFacts, InvoiceStatus, Said, Told
from core.money import Money
from core.readers import reachable, readers
from core.timetable import Episode, Ladder, Laid, Timetable

_ISSUED, _DUE, _INSTALMENT = Anchor.ISSUED, Anchor.DUE, Anchor.INSTALMENT
_OPEN, _STEADY = InvoiceStatus.OPEN, Payer.STEADY
_STATEMENT = timedelta(days=6)  # later in the month a statement would only puzzle
_IS_ISSUED = _ISSUED.value  # an invoice is issued once, whatever becomes of its due date
_ON_TIME = timedelta()
_WEEK = timedelta(days=7)
_AGAIN = "/part"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step to say about an invoice now, and the earlier steps that were passed over unsaid.

    `anchor` is the instance of its anchor; `branch` what the customer's reason makes of it.
    """

    invoice: InvoiceFacts
    step: Step
    anchor: str
    missed: tuple[str, ...] = ()
    branch: Branch | None = None


class _Stand(NamedTuple):
    """How far the ladder has been climbed in this episode: the place of the last step said (-1: none), how firm it was
    when it was said, and how many words were said again after a part payment. `parts` is the day of the last word about
    an arrangement that is over: what follows keeps the ladder's spacing from that, too.
    """

    place: int = -1
    rung: int = 0
    said: Said | None = None
    repeats: int = 0
    parts: date | None = None

    @property
    def heard(self) -> date:
        """The day of the last word."""
        return max(self.said.day if self.said else date.min, self.parts or date.min)


_NOWHERE = _Stand()


def propose(
    invoice: InvoiceFacts, account: AccountFacts, table: Timetable, today: date
) -> tuple[Proposal, ...] | Because:
    """The steps to say today about an open invoice (its ladder's, its statement's), or why there is none yet."""
    due = invoice.due
    if due is None:
        return Because(Cause.NO_DUE_DATE, invoice.id)
    now = episode(invoice, due, table)
    if now.ladder is not _INSTALMENT:
        old = _too_old(invoice, due, account, table.cadence, today)
        if old is not None:
            return old
    climbed = _climb(invoice, now, account, table, today)
    if table.statement is None or invoice.arranged:
        return (climbed,) if isinstance(climbed, Proposal) else climbed
    listed = _statement(invoice, table.statement, account, table, today)
    found = tuple(one for one in (climbed, listed) if isinstance(one, Proposal))
    return found or _sooner(listed, climbed)


def _sooner(*answers: Proposal | Because) -> Because:
    """Of two silences the one that ends first; one without an end tells more only if both have none."""
    silences = [answer for answer in answers if isinstance(answer, Because)]
    return min(silences, key=lambda silence: (silence.until is None, silence.until))


def episode(invoice: InvoiceFacts, due: date, table: Timetable) -> Episode:
    """The ladder of the last thing that happened: a part of an arrangement, a broken promise, a dispute that ended, or
    the due date. What happened before the due date leaves it as it is. After a dispute without steps of its own the
    due ladder begins anew, gently; after a broken promise without them it goes on where it was.
    """
    if invoice.instalment is not None:
        day = invoice.instalment.day
        return Episode(_INSTALMENT, day, f"{_INSTALMENT}/{day.isoformat()}")
    if invoice.broken is None and invoice.resolved is None:
        return table.on_due(due)
    broken = invoice.broken if table.ladders[Anchor.PROMISE].steps else None
    last = max(broken or date.min, invoice.resolved or date.min)
    if last <= due:
        return table.on_due(due)
    kind = Anchor.PROMISE if last == broken else Anchor.RESOLVED
    has_steps = bool(table.ladders[kind].steps)
    return Episode(kind if has_steps else _DUE, last if has_steps else due, f"{kind}/{last.isoformat()}")


def _too_old(invoice: InvoiceFacts, due: date, account: AccountFacts, cadence: Cadence, today: date) -> Because | None:
    """What is very late, or was long late when the company was connected, is begun by a person."""
    days = (today - due).days
    if days > cadence.oldest_days:
        return Because(Cause.TOO_OLD, invoice.id, detail=(("days", str(days)),))
    if account.connected is not None and (account.connected - due).days > cadence.start_oldest_days:
        return Because(Cause.OLD_AT_START, invoice.id, detail=(("days", str(days)),))
    return None


def _climb(
    invoice: InvoiceFacts, now: Episode, account: AccountFacts, table: Timetable, today: date
) -> Proposal | Because:
    cadence, since = table.cadence, delivered(invoice)
    ladder = table.due if now.ladder is _DUE else table.ladders[now.ladder]
    laid = ladder.on(now.base, since, _patience(account, cadence) if now.ladder is _DUE else 0)
    stand = _stand(invoice, ladder, now) if invoice.said else _NOWHERE
    branch = None if invoice.told is None else _branch(invoice.told, now, cadence)
    floor = _floor(invoice, since, table)
    if stand.parts is not None:
        floor = max(floor, stand.parts + _WEEK)
    if stand.rung and _paid_in_part(invoice, stand):
        day = _again(invoice, account, ladder, laid, stand, branch, floor)
        return _repeated(invoice, now, ladder.steps[stand.place], day, branch, table, today)
    top, branch = _top(ladder, stand, branch)
    ahead = _ahead(invoice, account, ladder, laid, stand, top, floor)
    reached, coming = -1, None
    for place, ready in ahead:
        if ready <= today:
            reached = place if today <= laid.lasts[place] else reached
        elif ready <= laid.lasts[place] and (coming is None or ready <= coming[1]):
            coming = place, ready
    if reached >= 0:
        step = ladder.steps[reached]
        missed = tuple(ladder.steps[place].name for place, _ in ahead if place < reached)
        return Proposal(invoice, step, _IS_ISSUED if step.anchor is _ISSUED else now.name, missed, branch)
    if coming is not None:
        until, detail = table.wait(ladder.steps[coming[0]].name, coming[1])
        return Because(Cause.NOT_YET, invoice.id, until, detail)
    return Because(_no_more(invoice, ladder, stand, top, branch, len(ahead)), invoice.id)


def _no_more(
    invoice: InvoiceFacts, ladder: Ladder, stand: _Stand, top: int, branch: Branch | None, ahead: int
) -> Cause:
    """Why nothing is left to say: what the customer told us, conditions that do not hold, or the end of the ladder."""
    left = ladder.steps[stand.place + 1 :]
    if invoice.told and branch and branch.ceiling is not None and any(step.rung > top for step in left):
        return invoice.told.cause
    return Cause.CONDITION if sum(step.rung <= top for step in left) > ahead else Cause.LADDER_DONE


def _patience(account: AccountFacts, cadence: Cadence) -> int:
    """How long the usual delay of a good payer is waited out."""
    if not cadence.wait_days or account.payer is not _STEADY:
        return 0
    return max(0, min(account.usual_delay, cadence.wait_days))


def _branch(told: Told, now: Episode, cadence: Cadence) -> Branch | None:
    """What the reason given makes of the ladder; an arrangement is the answer to every reason."""
    return None if now.ladder is _INSTALMENT else cadence.branch(told.reason)


def _stand(invoice: InvoiceFacts, ladder: Ladder, now: Episode) -> _Stand:
    """The furthest step said in this episode; steps no longer in the cadence do not count.

    A step counts as firm as it was when it was said, where the cadence has made it firmer since.
    """
    again = now.name + _AGAIN
    anchors = (now.name, "", _IS_ISSUED, again)
    last, furthest, repeats, parts = None, -1, 0, None
    for one in invoice.said:
        place = ladder.places.get(one.step, -1)
        if place < 0 or one.anchor not in anchors:
            if now.ladder is not _INSTALMENT and one.anchor.startswith(_INSTALMENT):
                parts = one.day if parts is None else max(parts, one.day)
            continue
        repeats += one.anchor == again
        if last is None or (place, one.day, one.anchor) > (furthest, last.day, last.anchor):
            last, furthest = one, place
    if last is None:
        return _Stand(parts=parts)
    rung = ladder.rungs[furthest]
    return _Stand(furthest, rung if last.rung is None else min(last.rung, rung), last, repeats, parts)


def _top(ladder: Ladder, stand: _Stand, branch: Branch | None) -> tuple[int, Branch | None]:
    """The firmest rung allowed: one more than the last word's, at first a gentle one, never above a ceiling.

    Where a new version made the steps firmer there may be none left within that. Then a person decides about the next.
    """
    top = stand.rung + 1
    if stand.said is not None and stand.rung < ladder.steps[stand.place].rung:
        left = ladder.steps[stand.place + 1 :]
        if left and all(step.rung > top for step in left):
            top, branch = ladder.steps[stand.place].rung + 1, replace(branch or Branch(), approve=True)
    if branch is not None and branch.ceiling is not None:
        top = min(top, branch.ceiling)
    return top, branch


def _ahead(
    invoice: InvoiceFacts, account: AccountFacts, ladder: Ladder, laid: Laid, stand: _Stand, top: int, floor: date
) -> list[tuple[int, date]]:
    """Each step that may follow and the first day it may be said: its own, for a follow-up not before the floor, and
    after a late follow-up in the ladder's own spacing.
    """
    days, nudges, asks, rungs, issued = laid.days, ladder.nudges, ladder.asks, ladder.rungs, invoice.issued
    late = _ON_TIME
    if stand.said is not None and not nudges[stand.place]:
        late = max(stand.heard - days[stand.place], _ON_TIME)
    found = []
    for place in range(stand.place + 1, len(rungs)):
        if rungs[place] > top or (asks[place] and not applies(ladder.steps[place].when, invoice, account)):
            continue
        ready, least = (days[place], issued) if nudges[place] else (days[place] + late, floor)
        found.append((place, ready if ready > least else least))
    return found


def _floor(invoice: InvoiceFacts, since: date, table: Timetable) -> date:
    """No follow-up so soon after delivery, a broken promise or a dispute that ended."""
    if invoice.broken is not None or invoice.resolved is not None:
        since = max(since, invoice.broken or date.min, invoice.resolved or date.min)
    return (since if since < LAST else LAST) + table.settle


def _paid_in_part(invoice: InvoiceFacts, stand: _Stand) -> bool:
    """Whether less is open than when the last word was said."""
    said = stand.said
    return said is not None and said.balance is not None and invoice.balance.minor < said.balance


def _again(
    invoice: InvoiceFacts,
    account: AccountFacts,
    ladder: Ladder,
    laid: Laid,
    stand: _Stand,
    branch: Branch | None,
    floor: date,
) -> date | None:
    """After a part payment the same word again, once: as long after it as the next would have been, and a week at the
    least. None: who goes on paying in parts is for a person, who can agree on a plan; so nobody climbs by paying.
    """
    step, said, days = ladder.steps[stand.place], stand.said, laid.days
    top = stand.rung if branch is None or branch.ceiling is None else min(stand.rung, branch.ceiling)
    too_firm = step.rung > top  # also where a new version has made this very step firmer since
    if said is None or stand.repeats or too_firm or not applies(step.when, invoice, account):
        return None
    after = days[min(stand.place + 1, len(days) - 1)] - days[stand.place]
    return max(floor, stand.heard + max(after, _WEEK))


def _repeated(
    invoice: InvoiceFacts,
    now: Episode,
    step: Step,
    day: date | None,
    branch: Branch | None,
    table: Timetable,
    today: date,
) -> Proposal | Because:
    if day is None:
        return Because(Cause.PART_PAYMENTS, invoice.id)
    if day <= today:
        return Proposal(invoice, step, now.name + _AGAIN, (), branch)
    until, detail = table.wait(step.name, day)
    return Because(Cause.NOT_YET, invoice.id, until, detail)


def _statement(
    invoice: InvoiceFacts, step: Step, account: AccountFacts, table: Timetable, today: date
) -> Proposal | Because:
    """The statement of this month, if it is its day or a little after; else the next one. It names what was issued by
    its day, and goes to the same readers once.
    """
    if not applies(step.when, invoice, account):
        return Because(Cause.CONDITION, invoice.id)
    anchor = f"{Anchor.MONTH}/{today:%Y-%m}"
    day = table.of_month(step, today)
    if invoice.issued <= day <= today <= day + _STATEMENT and not _listed(invoice, step, anchor, account, table):
        branch = None if invoice.told is None else table.cadence.branch(invoice.told.reason)
        return Proposal(invoice, step, anchor, (), branch)
    if day <= today:
        day = table.of_month(step, today.replace(day=1) + timedelta(days=32))
    until, detail = table.wait(step.name, day)
    return Because(Cause.NOT_YET, invoice.id, until, detail)


def _listed(invoice: InvoiceFacts, step: Step, anchor: str, account: AccountFacts, table: Timetable) -> bool:
    """Whether this month's statement named it already, or went to its readers whatever it named."""
    if any(said.anchor == anchor for said in invoice.said):
        return True
    to = reachable(readers(table.to[step.name], invoice, account), account)
    return any(one.own and one.statement == anchor and one.recipients == to for one in account.touches)


def applies(when: Condition, invoice: InvoiceFacts, account: AccountFacts) -> bool:
    """Whether a step's condition holds; each part that asks something must."""
    if when is ALWAYS or when == ALWAYS:
        return True
    told = None if invoice.told is None else invoice.told.reason
    return (
        (when.amount is None or invoice.balance.decimal >= when.amount)
        and (when.account is None or _open_sum(account, invoice.balance.currency).decimal >= when.account)
        and (not when.segments or account.segment in when.segments)
        and account.segment not in when.not_segments
        and (not when.payers or account.payer in when.payers)
        and (not when.currencies or invoice.balance.currency in when.currencies)
        and (not when.reasons or told in when.reasons)
        and (when.open_least is None or _open_count(account) >= when.open_least)
        and (when.open_most is None or _open_count(account) <= when.open_most)
    )


def _open_sum(account: AccountFacts, currency: str) -> Money:
    owed = (one.balance for one in account.invoices if one.status is _OPEN and one.balance.currency == currency)
    return sum(owed, Money.zero(currency))


def _open_count(account: AccountFacts) -> int:
    return sum(one.status is _OPEN and one.balance.minor > 0 for one in account.invoices)
