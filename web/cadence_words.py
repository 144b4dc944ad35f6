"""A cadence in words: its tones, ways, days, reasons and rules. Complete over their enums (a test says so).

Nothing here reads the database or decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.cadence import Anchor, Cadence, Channel, Payer, Reason, Step, Tone
from core.calendars import Calendar
from web import formats
from workflows.outcomes import Outcome
from workflows.overtaken import NOT_NEEDED

TONES: Mapping[Tone, str] = {
    Tone.FRIENDLY: "friendly",
    Tone.KIND: "kind",
    Tone.CLEAR: "clear",
    Tone.FIRM: "firm",
}

CHANNELS: Mapping[Channel, str] = {
    Channel.EMAIL: "e-mail",
    Channel.SMS: "text message",
    Channel.CALL: "a call",
    Channel.LETTER: "a letter",
}

ANCHORS: Mapping[Anchor, str] = {
    Anchor.ISSUED: "the delivery",
    Anchor.DUE: "the due date",
    Anchor.PROMISE: "the promised day",
    Anchor.INSTALMENT: "the day of a part",
    Anchor.RESOLVED: "the end of a dispute",
    Anchor.MONTH: "the month",
}

PAYERS: Mapping[Payer, str] = {
    Payer.NEW: "new: fewer than three invoices paid so far",
    Payer.STEADY: "steady: pays on its usual day",
    Payer.SLOW: "slow: pays, and usually late",
    Payer.UNSURE: "no habit that we could see",
}

REASONS: Mapping[Reason, str] = {
    Reason.IN_ORDER: "All is in order",
    Reason.FORGOT: "They had forgotten",
    Reason.COPY: "They need a copy or a PO number",
    Reason.WRONG_PERSON: "They are not the right person",
    Reason.PAID_ALREADY: "They have paid already",
    Reason.DISPUTE: "Something is wrong",
    Reason.SHORT_OF_CASH: "Money is short",
    Reason.WILL_PAY: "They will pay on a day",
    Reason.REFUSES: "They refuse to pay",
}


# What a person of the company carries out, as long as nobody has said what came of it.
TO_DO: Mapping[Channel, str] = {
    Channel.CALL: "A call for a person to make",
    Channel.LETTER: "A letter for a person to post",
}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.PROMISE: "They named a day",
    Outcome.EXTENSION: "They were given more time",
    Outcome.ARRANGEMENT: "Parts were agreed on",
    Outcome.TALKED: "Nothing was agreed",
    Outcome.NO_ANSWER: "Nobody answered",
    Outcome.NUMBER: "They have a new number",
    Outcome.POSTED: "Posted as a letter",
    Outcome.NOT_POSTED: "It was not posted",
    **{Outcome(one.value): REASONS[one] for one in Reason if one.value in set(Outcome)},
}


def task_words(channel: Channel, outcome: str) -> str:
    """What became of a call or a letter; `outcome` is "" while it is still to be done."""
    if not outcome:
        return TO_DO[channel]
    if outcome == NOT_NEEDED:
        return "It was settled before anybody had to see to it"
    words = OUTCOMES[Outcome(outcome)]
    return f"Called. {words}" if channel is Channel.CALL else words


def as_sentence(phrase: str) -> str:
    """A phrase such as a difference between cadences, as a sentence."""
    stop = "" if phrase.endswith((".", '."')) else "."
    return f"{phrase[0].upper()}{phrase[1:]}{stop}"


def step_when(step: Step) -> str:
    """When a step is said, such as `5 days before the due date`."""
    if step.anchor is Anchor.MONTH:
        return f"on day {step.offset} of the month"
    if step.offset == 0:
        return f"on {ANCHORS[step.anchor]}"
    side = "before" if step.offset < 0 else "after"
    days = formats.count(abs(step.offset), "working day" if step.working else "day")
    return f"{days} {side} {ANCHORS[step.anchor]}"


def cadence_rules(cadence: Cadence, calendar: Calendar) -> list[str]:
    """The budget and the manners of a cadence, one plain sentence each."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    working = ", ".join(days[place] for place in sorted(calendar.weekdays))
    return [
        f"Messages leave between {calendar.opens:%H:%M} and {calendar.closes:%H:%M} on working days ({working}), "
        "never on a public holiday.",
        "Nobody gets more than one message a day. All of a customer's invoices share that one message.",
        f"Between two messages to one customer there are at least {formats.count(cadence.gap_hours, 'hour')}, "
        f"and a customer gets at most {formats.count(cadence.week_limit, 'message')} in 7 days "
        f"and {cadence.month_limit} in 30.",
        "What was missed is not owed: after a pause at most one message goes out, and it is at most one step firmer "
        "than the last one. The first word is always gentle.",
        "Who pays a part hears nothing firmer: the same word once more, and then a person agrees on parts with them.",
        f"After a promised date we wait {formats.count(cadence.grace_days, 'more day')} before saying anything.",
        f"An invoice more than {cadence.oldest_days} days late is left to a person, and so is one that was more than "
        f"{cadence.start_oldest_days} days late when the company was connected.",
        "Right before sending, the ledger is read again. Whoever has paid hears nothing.",
    ]
