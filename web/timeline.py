"""One account's story as a list of entries, newest first. Words only; read-only."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Channel, Reason
from core.money import Money
from models import Account, Company, EffectState, Invoice, Touch
from web import cadence_words, formats, ledger_words, lists, presenters, queries, word_queries
from workflows import extensions
from workflows.calendars import today_of
from workflows.owed import owes


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is touch, promise, dispute, payment, change or hold; `mood` good, calm or warn; `link` a touch's uid."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    mood: str = "calm"
    link: str = ""
    whole_day: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the account page shows. `open` and `others` are those on page `number` of `last` of its invoices, and
    the counts how many there are; `answers`: (invoice number or "", sentence) about what is said of them now.
    """

    account: Account
    company: Company
    open: list[Invoice]
    others: list[Invoice]
    count_open: int
    count_others: int
    number: int
    last: int
    entries: list[Entry]
    steps: dict[int, list[str]]
    owed: queries.Owed
    credit: list[Money]
    answers: list[tuple[str, str]]
    numbers: dict[int, str]


def story(session: Session, account: Account, now: datetime, page: int = 1) -> Story:
    company = account.company
    invoices, count_open, count_others = queries.invoice_page(session, account.id, page)
    numbers = queries.numbers(session, account.id)
    entries = [
        *_touches(session, account, numbers),
        *_promises(session, account),
        *_disputes(session, account),
        *_payments(session, account, company),
        *_attempts(session, account),
        *_changes(session, account, numbers),
        *_holds(session, account, numbers),
        *_reasons(session, account),
        *_arrangements(session, account),
        *_more_time(session, account),
    ]
    owed = queries.owed_by_account(session, company, [account], today_of(company, now))
    return Story(
        account,
        company,
        [one for one in invoices if owes(one)],
        [one for one in invoices if not owes(one)],
        count_open,
        count_others,
        page,
        lists.last_page(count_open + count_others),
        sorted(entries, key=lambda entry: entry.at, reverse=True),
        _steps(session, invoices),
        owed.get(account.id, queries.Owed()),
        queries.open_credit(session, account),
        [*_leaving(session, account, numbers), *_silences(account, {one.id for one in invoices}, numbers)],
        numbers,
    )


def _leaving(session: Session, account: Account, numbers: dict[int, str]) -> Iterator[tuple[str, str]]:
    for effect in queries.leaving(session, account.id):
        waits = effect.state == EffectState.DUE.value and effect.note
        how = f"waits. {effect.note}" if waits else "is about to leave."
        for invoice_id, step, *_ in effect.content.get("lines", ()):
            yield numbers.get(invoice_id, ""), f"The message “{presenters.step_title(step)}” {how}"


def _silences(account: Account, shown: Container[int], numbers: dict[int, str]) -> Iterator[tuple[str, str]]:
    """About the account as a whole, and about the invoices that are shown."""
    for one in presenters.read_because(account.because):
        if one.invoice is None or one.invoice in shown:
            yield numbers.get(one.invoice or 0, ""), presenters.because_words(one, account.company)


def _steps(session: Session, invoices: Iterable[Invoice]) -> dict[int, list[str]]:
    said: dict[int, list[str]] = {}
    for invoice_id, step in queries.steps(session, invoices):
        said.setdefault(invoice_id, []).append(presenters.step_title(step))
    return said


def _touches(session: Session, account: Account, numbers: dict[int, str]) -> Iterator[Entry]:
    outcomes = word_queries.outcomes(session, account.id)
    for touch in queries.touches(session, account.id):
        about = ", ".join(numbers.get(line.invoice_id, "?") for line in touch.lines)
        step = presenters.step_title(touch.step) if touch.step else "Thank you"
        text = _how(touch, outcomes) + (f". About {about}" if about else "")
        mood = "warn" if touch.state in (EffectState.IN_DOUBT, EffectState.REJECTED) else "calm"
        yield Entry(touch.sent_at or touch.sending_at, "touch", f"{step}: {touch.subject}", text, mood, touch.uid)


def _how(touch: Touch, outcomes: Mapping[int, str]) -> str:
    """A call and a letter are a person's; only a mail is sent to somebody."""
    if touch.channel in cadence_words.TO_DO:
        return cadence_words.task_words(Channel(touch.channel), outcomes.get(touch.id, ""))
    return f"{presenters.TOUCH_STATES[EffectState(touch.state)]} to {', '.join(touch.recipients)}"


def _promises(session: Session, account: Account) -> Iterator[Entry]:
    for one in queries.promises(session, account.id):
        about = ", ".join(invoice.number for invoice in one.invoices)
        day = formats.day(one.day, account.company)
        yield Entry(one.made_at, "promise", f"Promised to pay by {day}", f"About {about}")
        if one.settled_at is not None:
            word = presenters.PROMISES.get(one.state, one.state).lower()
            mood = {"kept": "good", "broken": "warn"}.get(one.state, "calm")
            yield Entry(one.settled_at, "promise", f"Promise for {day} {word}", f"About {about}", mood)


def _disputes(session: Session, account: Account) -> Iterator[Entry]:
    for one in queries.disputes(session, account.id):
        mood = "warn" if one.state == "open" else "calm"
        yield Entry(one.opened_at, "dispute", f"Something is wrong with {one.invoice.number}", one.text, mood)
        if one.resolved_at is not None:
            how = ENDINGS.get(one.ending, "Settled")
            yield Entry(one.resolved_at, "dispute", f"{how} for {one.invoice.number}", one.resolution, "good")


def _payments(session: Session, account: Account, company: Company) -> Iterator[Entry]:
    for one in queries.payments(session, account):
        amount = formats.money(Money(one.amount_minor, one.currency), company)
        title = f"{amount} received, says the ledger"
        text = f"Reference {one.reference}" if one.reference else ""
        yield Entry(_noon(one.paid_on, company), "payment", title, text, "good", whole_day=True)


def _attempts(session: Session, account: Account) -> Iterator[Entry]:
    for one in queries.attempts(session, account.id):
        if one.paid_at is None:
            continue
        text = "; ".join(f"{line.invoice.number}: {presenters.BOOKINGS[line.state].lower()}" for line in one.lines)
        mood = "warn" if any(line.state == "desk" for line in one.lines) else "good"
        amount = formats.money(one.amount, account.company)
        yield Entry(one.paid_at, "payment", f"{amount} paid on the portal", text, mood)


def _changes(session: Session, account: Account, numbers: dict[int, str]) -> Iterator[Entry]:
    """What people had changed in the ledger from here."""
    for one in queries.postings(session, account.id, limit=200):
        state, _ = ledger_words.POSTING_STATES[one.state]
        about = f"About {numbers[one.invoice_id]}. " if one.invoice_id in numbers else ""
        mood = {"desk": "warn", "written": "good"}.get(one.state, "calm")
        title = ledger_words.posting_words(one, account.company)
        yield Entry(one.written_at or one.asked_at, "change", title, f"{about}{state}. {one.note}".strip(), mood)


def _holds(session: Session, account: Account, numbers: dict[int, str]) -> Iterator[Entry]:
    for one, _ in word_queries.holds(session, account.id):
        label = presenters.CAUSES[Cause(one.cause)].label
        about = f"About {numbers.get(one.invoice_id, '?')}. " if one.invoice_id is not None else ""
        yield Entry(one.made_at, "hold", f"Left alone: {label.lower()}", f"{about}{one.note}".strip())
        if one.ended_at is not None:
            yield Entry(one.ended_at, "hold", f"No longer left alone: {label.lower()}", about.strip())


def _reasons(session: Session, account: Account) -> Iterator[Entry]:
    for one in word_queries.told(session, account.id):
        words = cadence_words.REASONS[Reason(one.reason)]
        words = f"{words[0].lower()}{words[1:]}"
        about = ", ".join(invoice.number for invoice in one.invoices)
        yield Entry(one.made_at, "dispute", f"They told us: {words}", f"About {about}. {one.text}")
        if one.closed_at is not None and one.answer:
            yield Entry(one.closed_at, "dispute", f"Dealt with: {words}", one.answer, "good")


def _arrangements(session: Session, account: Account) -> Iterator[Entry]:
    for one in word_queries.arrangements(session, account.id):
        about = ", ".join(invoice.number for invoice in one.invoices)
        title = f"{'Asked for' if one.answer_by else 'Agreed on'} {formats.count(len(one.parts), 'part')}"
        yield Entry(one.made_at, "promise", title, f"About {about}. {one.note}".strip())
        if one.ended_at is not None:
            mood = {"kept": "good", "broken": "warn"}.get(one.state, "calm")
            yield Entry(one.ended_at, "promise", f"Arrangement {_ENDED[one.state]}", f"About {about}", mood)


def _more_time(session: Session, account: Account) -> Iterator[Entry]:
    for one in extensions.of_account(session, account.id, (*extensions.OPEN, *_TIME)):
        about = f"About {', '.join(invoice.number for invoice in one.invoices)}."
        until = f"until {formats.day(one.day, account.company)}"
        if one.answer_by is not None:
            yield Entry(one.asked_at, "promise", f"Asked for time {until}", f"{about} {one.text}".strip())
        if one.decided_at is not None:
            title, mood = _TIME[one.state]
            yield Entry(one.decided_at, "promise", f"{title} {until}", f"{about} {one.answer}".strip(), mood)


ENDINGS = {
    "corrected": "Corrected",
    "credited": "Credited",
    "rejected": "Answered: it stands as it is",
    "withdrawn": "Withdrawn by them",
}
_ENDED = {"kept": "kept", "broken": "not kept", "ended": "called off", "refused": "declined"}
_TIME = {"granted": ("Time given", "good"), "refused": ("Time declined", "calm"), "over": ("Time given", "calm")}


def _noon(day: date, company: Company) -> datetime:
    """A ledger's payment has a date only; noon puts it in the middle of its day."""
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(company.zone or "UTC")).astimezone(UTC)
