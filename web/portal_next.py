"""What happens next, in kind words: who answers by when, and what we leave alone until then. Words only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from core.because import Cause
from core.cadence import Reason
from web.portal_view import Line, View
from web.speech import current, gettext

# What a person of the company decided, of which the page says only that it is quiet.
_AT_REST = frozenset({Cause.PAUSED, Cause.REPLIED, Cause.BREATHING_SPACE, Cause.CARE, Cause.AGENCY, Cause.OPTED_OUT})
# What another part of the page speaks about.
_TOLD_ELSEWHERE = frozenset({Cause.ARRANGEMENT, Cause.EXTENSION})


def sentences(view: View) -> list[str]:
    """One for each thing that is under way; else what comes if nobody says anything. None where nothing is open."""
    lines = [line for group in view.groups for line in group.lines]
    if not lines:
        return []
    found = list(dict.fromkeys(one for line in lines for one in _of_line(view, line)))
    causes = {Cause(one[0]) for one in view.account.because}
    agreed = view.agreed
    if not (found or agreed.plans or agreed.times or causes & _TOLD_ELSEWHERE):
        found.append(_otherwise(lines, causes))
    return found


def _of_line(view: View, line: Line) -> Iterator[str]:
    number = line.invoice.number or gettext("without a number")
    if line.paid:
        yield gettext("Your payment is on its way to our books. You need not do anything else.")
        return
    if line.dispute_by:
        yield _of_dispute(view, number, line.dispute_by)
    elif line.promised:
        day = current().day(line.promised)
        yield gettext("You named %(day)s. Before then we do not write about it.", day=day)
    elif line.told is not None:
        yield from _of_told(view, line)


def _of_told(view: View, line: Line) -> Iterator[str]:
    told = line.told
    if told is None:
        return
    if told.answer_by is not None:
        yield _of_answer(view, told.answer_by)
    elif told.reason == Reason.PAID_ALREADY:
        yield gettext("We are looking for your payment in our books. If we cannot find it, we will ask you kindly.")
    elif told.reason == Reason.COPY:
        yield gettext("Your copy goes out by e-mail, and we give you some days to look at it.")
    elif told.reason == Reason.FORGOT:
        yield gettext("You have some days in peace to see to it.")
    elif told.reason == Reason.SHORT_OF_CASH:
        yield gettext("We know that money is tight, and look for a way together with you.")


def _of_dispute(view: View, number: str, day: date) -> str:
    facts = {"company": view.company.name, "number": number, "day": current().day(day)}
    if day < view.today:
        return gettext(
            "We promised you an answer about invoice %(number)s by %(day)s and are late. We are sorry; it comes first.",
            **facts,
        )
    return gettext(
        "A person at %(company)s answers you about invoice %(number)s by %(day)s. Until then it rests.", **facts
    )


def _of_answer(view: View, day: date) -> str:
    facts = {"company": view.company.name, "day": current().day(day)}
    if day < view.today:
        return gettext(
            "We promised you an answer by %(day)s and are late. We are sorry; what you told us comes first.", **facts
        )
    return gettext("A person at %(company)s answers what you told us by %(day)s.", **facts)


def _otherwise(lines: list[Line], causes: set[Cause]) -> str:
    if causes & _AT_REST:
        return gettext("We leave you in peace for now. Whenever it suits you, you can pay here or write to us.")
    coming = [line.invoice.due for line in lines if line.invoice.due and line.days < 0]
    if len(coming) == len(lines):
        return gettext("Nothing has to be done before %(day)s.", day=current().day(min(coming)))
    return gettext("If we hear nothing, we write to you again in some days. One word from you here changes that.")
