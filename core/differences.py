"""What has changed from one cadence to another, in words a person can check before it goes live.

Says only what differs; judges nothing. Each change is a short phrase: "late-12 now comes after 14 days instead of 12".
"""

from __future__ import annotations

from collections.abc import Iterator

from core.cadence import Anchor, Branch, Cadence, Condition, Reason, Step

_LIMITS = {
    "week_limit": "the budget goes from {old} to {new} a week",
    "month_limit": "the budget goes from {old} to {new} in 30 days",
    "gap_hours": "between two messages there are now {new} hours instead of {old}",
    "oldest_days": "a person takes over after {new} days late instead of {old}",
    "start_oldest_days": "what was {new} days late at the start, instead of {old}, is begun by a person",
    "grace_days": "a promise counts as broken {new} days after its day instead of {old}",
    "stale_hours": "a reading of the ledger may be {new} hours old instead of {old}",
    "settle_days": "no follow-up comes until {new} days after delivery or the end of a dispute instead of {old}",
    "wait_days": "{new} days of a steady payer's usual delay are waited out instead of {old}",
}
_FLAGS = {
    "soften": ("a steady payer now hears one tone softer", "a steady payer no longer hears one tone softer"),
    "approve_all": ("a person now approves every message", "messages no longer all wait for a person's approval"),
}
_ANCHORS = {
    Anchor.ISSUED: "delivery",
    Anchor.DUE: "the due day",
    Anchor.PROMISE: "the promised day",
    Anchor.INSTALMENT: "the day of the instalment",
    Anchor.RESOLVED: "the end of the dispute",
}


def differences(old: Cadence, new: Cadence) -> tuple[str, ...]:
    """Every change from `old` to `new`, one phrase each; nothing where nothing has changed."""
    return (*_whole(old, new), *_steps(old, new), *_senders(old, new), *_reasons(old, new))


def _whole(old: Cadence, new: Cadence) -> Iterator[str]:
    if old.name != new.name:
        yield f"the cadence is {new.name} instead of {old.name}"
    if old.title != new.title:
        yield f'it is called "{new.title}" instead of "{old.title}"'
    if old.why != new.why:
        yield f'its reason is now "{new.why}"' if new.why else "its reason is no longer given"
    for name, words in _LIMITS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield words.format(old=before, new=after)
    for name, (on, off) in _FLAGS.items():
        if getattr(old, name) != getattr(new, name):
            yield on if getattr(new, name) else off


def _steps(old: Cadence, new: Cadence) -> Iterator[str]:
    before = {step.name: step for step in old.steps}
    for step in new.steps:
        if step.name in before:
            yield from _step(before[step.name], step)
        else:
            approved = ", after a person's approval" if step.approve else ""
            yield f"a step is new: {step.name}, {_day(step)}, {step.tone}, by {step.channel}{approved}"
    kept = {step.name for step in new.steps}
    yield from (f"a step is gone: {step.name}, {_day(step)}" for step in old.steps if step.name not in kept)


# Each field of a step, what is said of a change, and what stands for an empty one.
_STEP = {
    "tone": ("is now {new} instead of {old}", ""),
    "channel": ("now goes by {new} instead of {old}", ""),
    "template": ("now has the words of {new} instead of {old}", ""),
    "rung": ("now stands on rung {new} instead of {old}", ""),
    "signed_by": ("is now signed by {new} instead of {old}", "the sender"),
    "when": ("is now said {new} instead of {old}", ""),
    "attach": ("now carries {new} instead of {old}", "nothing"),
    "to": ("now goes to {new} instead of {old}", "the usual readers"),
    "cc": ("is now copied to {new} instead of {old}", "nobody"),
    "bcc": ("is now blind-copied to {new} instead of {old}", "nobody"),
}
_STEP_FLAGS = {
    "approve": ("now waits for a person's approval", "no longer waits for a person's approval"),
    "escalated": ("now comes from the escalated sender", "now comes from the normal sender"),
}


def _step(old: Step, new: Step) -> Iterator[str]:
    if (old.anchor, old.offset, old.working) != (new.anchor, new.offset, new.working):
        yield f"{new.name} now comes {_moved(old, new)}"
    for field, (words, none) in _STEP.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield f"{new.name} {words.format(old=_shown(before, none), new=_shown(after, none))}"
    for field, (on, off) in _STEP_FLAGS.items():
        if getattr(old, field) != getattr(new, field):
            yield f"{new.name} {on if getattr(new, field) else off}"


def _shown(value: object, none: str) -> str:
    if isinstance(value, Condition):
        return _when(value)
    if isinstance(value, tuple):
        return " and ".join(value) or none
    return str(value) or none


def _moved(old: Step, new: Step) -> str:
    """Short where only the number of days has changed: "after 14 days instead of 12"."""
    alike = (old.anchor, old.working) == (new.anchor, new.working) and new.anchor is not Anchor.MONTH
    if alike and old.offset * new.offset > 0:
        side = "after" if new.offset > 0 else "early by"
        return f"{side} {_count(new)} instead of {abs(old.offset)}"
    return f"{_day(new)} instead of {_day(old)}"


def _count(step: Step) -> str:
    days = abs(step.offset)
    return f"{days} {'working day' if step.working else 'day'}{'' if days == 1 else 's'}"


def _day(step: Step) -> str:
    if step.anchor is Anchor.MONTH:
        return f"on day {step.offset} of the month"
    where = _ANCHORS[step.anchor]
    if step.offset == 0:
        return f"on {where}"
    return f"{_count(step)} {'after' if step.offset > 0 else 'before'} {where}"


def _when(when: Condition) -> str:
    asked = [
        words.format(" or ".join(sorted(value)) if isinstance(value, frozenset) else value)
        for name, words in _CONDITIONS.items()
        if (value := getattr(when, name)) not in (None, frozenset())
    ]
    return f"only where {' and '.join(asked)}" if asked else "always"


_CONDITIONS = {
    "amount": "at least {} is open on the invoice",
    "account": "at least {} is open on the account",
    "segments": "the customer is in {}",
    "not_segments": "the customer is not in {}",
    "payers": "the customer is a payer who is {}",
    "open_least": "at least {} invoices are open",
    "open_most": "at most {} invoices are open",
    "currencies": "the currency is {}",
    "reasons": "the customer's reason is {}",
}


def _senders(old: Cadence, new: Cadence) -> Iterator[str]:
    for which in ("normal", "escalated"):
        before, after = getattr(old, which), getattr(new, which)
        for field, (words, none) in _SENDER.items():
            was, now = getattr(before, field), getattr(after, field)
            if was != now:
                yield f"{which} messages {words} {_shown(now, none)} instead of {_shown(was, none)}"


_SENDER = {
    "name": ("are now signed by", "the usual name"),
    "address": ("now come from", "the usual address"),
    "reply_to": ("are now answered to", "the usual address"),
    "to": ("now go to", "the usual readers"),
    "cc": ("are now copied to", "nobody"),
    "bcc": ("are now blind-copied to", "nobody"),
}


def _reasons(old: Cadence, new: Cadence) -> Iterator[str]:
    for reason in Reason:
        before, after = old.branch(reason), new.branch(reason)
        if before.hold_days != after.hold_days:
            yield f"after {reason} we are silent for {_quiet(after)} instead of {_quiet(before)}"
        if before.ceiling != after.ceiling:
            yield f"after {reason} {_top(after)} instead of {_top(before)}"
        if before.template != after.template:
            own = "each step's own"
            yield f"after {reason} the words are {after.template or own} instead of {before.template or own}"
        if before.approve != after.approve:
            yield f"after {reason} a person {'now' if after.approve else 'no longer'} approves what is said"


def _quiet(branch: Branch) -> str:
    return f"{branch.hold_days} working days" if branch.hold_days is not None else "as long as nobody has answered"


def _top(branch: Branch) -> str:
    return "every rung may be said" if branch.ceiling is None else f"nothing above rung {branch.ceiling} is said"
