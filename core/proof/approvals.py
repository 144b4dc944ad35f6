"""Where a person must agree: each step that can be said, and each way in which the person's word is not there.

No word, a word on another text, a word that can still be taken back, a word against it: nothing may go out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from core.cadence import Reason
from core.facts import AccountFacts, Approval, InvoiceFacts, Told
from core.money import Money
from core.plan import fingerprint
from core.proof.case import Case
from core.proof.judge import story
from core.proof.ladders import Found, Spoken
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import BOB, heard_by
from core.proof.states import Stage

_DAY = timedelta(days=1)
_TAKE_BACK = timedelta(seconds=60)


def look(case: Case, stage: Stage, found: Found, record: Record) -> None:
    """Each step once, as the cadence asks it and where everything is a draft, in every state of a person's word."""
    for spoken in {one.word.step.name: one for one in reversed(found.spoken.values())}.values():
        now = stage.noon(spoken.today)
        for facts, why in _asked(case, spoken, now):
            for silent, what in _unapproved(case, stage, facts, now):
                said = case.rules.plan(silent, case.free, stage.calendar, now).actions
                record.check(
                    Promise.APPROVED,
                    not said,
                    lambda: [*story(stage, spoken.word, why), Scene(now, what)],  # noqa: B023
                )


def _asked(case: Case, spoken: Spoken, now: datetime) -> Iterator[tuple[AccountFacts, str]]:
    """The ways in which this step needs a person's word."""
    facts = replace(spoken.account, invoices=(spoken.word.invoice,), read_at=now)
    if case.cadence.approve_all or spoken.word.step.approve:
        yield facts, "A person must approve it."
    yield replace(facts, drafts=True), "A person must approve everything for now."
    for reason in Reason:
        branch = case.promised_branch(reason)
        if branch.approve and branch.hold_days == 0 and not spoken.word.invoice.arranged:
            yield _with(facts, told=Told(reason, spoken.today - _DAY)), f"The customer said {reason.value}."


def _unapproved(case: Case, stage: Stage, facts: AccountFacts, now: datetime) -> Iterator[tuple[AccountFacts, str]]:
    yield facts, "It goes out, and nobody has approved it."
    drafts = case.rules.plan(facts, case.free, stage.calendar, now).drafts
    for key in (fingerprint(facts, draft) for draft in drafts):
        for word, what in _words(now):
            yield replace(facts, approvals={key: word}), what
        yes = replace(facts, approvals={key: Approval(now - _DAY)})
        # A smaller balance would be a part payment, after which another word may be due that needs no approval.
        more = Money(facts.invoices[0].balance.minor + 1, facts.invoices[0].balance.currency)
        yield _with(yes, balance=more), "It goes out, and another balance was approved."
        moved = replace(_with(yes, recipients=(BOB,)), emails=(BOB,), people=(BOB,))
        if heard_by(case, moved, stage.calendar, now) != heard_by(case, facts, stage.calendar, now):
            yield moved, f"It goes out to {BOB}, and another reader was approved."
        yield replace(facts, approvals={"another": Approval(now - _DAY)}), "It goes out; another text was approved."


def _words(now: datetime) -> Iterator[tuple[Approval, str]]:
    for ago in (timedelta(0), timedelta(seconds=1), _TAKE_BACK - timedelta(microseconds=1)):
        yield Approval(now - ago), f"It goes out {ago.total_seconds():.0f} seconds after it was approved."
    for until in (None, now.date() + _DAY, now.date(), now.date() - _DAY):
        yield Approval(now - 9 * _DAY, approved=False, until=until), "It goes out, and a person decided against it."


def _with(facts: AccountFacts, **of_invoice: object) -> AccountFacts:
    one: InvoiceFacts = facts.invoices[0]
    return replace(facts, invoices=(replace(one, **of_invoice),))  # type: ignore[arg-type]
