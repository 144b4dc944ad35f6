"""What an agency is told of one account: all of it word for word, nothing of anybody else, no way to act for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from core.because import Cause
from core.cadence import Reason
from core.facts import InvoiceStatus
from core.instalments import Every
from core.money import Money
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerPayment
from models import Attempt, AttemptLine, Effect, Task, Touch
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from workflows import answers, archive, arrangements, disputes, dossier, holds, reasons

TODAY = date(2026, 3, 2)
LINK = "https://dunlin.test/p/k3Jx8Qd0fS1c9vT2bN4.Zq8Rt2Lm4Xc6Vb0Na3Sd5F.20600.a1b2c3"
OTHER = "SOMEBODY-ELSE"


def files(office: Office) -> dict[str, bytes]:
    with office.rt.store.read() as session:
        return dossier.files(office.rt, session, dossier.books(session, office.account_id))


def table(office: Office, name: str) -> list[dict[str, str]]:
    head, *rows = archive.rows(files(office)[name])
    return [dict(zip(head, row, strict=True)) for row in rows]


def say(office: Office, step: str, text: str, **more: Any) -> Touch:
    """A message as it left, straight into the tables."""
    rt, now = office.rt, office.clock.now()
    whose = {"company_id": office.company.id, "account_id": more.pop("account", office.account_id)}
    effect = Effect(uid=rt.new_id(), key=rt.new_id(), kind="message", state="sent", content={}, **whose)
    effect.not_before = effect.created_at = effect.updated_at = now
    with rt.store.write() as session:
        session.add(effect)
        session.flush()
        fields = {"state": "sent", "day": TODAY, "subject": "A note", "html": "", "recipients": ["fern@x.example"]}
        sent = {"sent_at": now, "sending_at": now, "message_id": rt.new_id(), **more}
        touch = Touch(uid=rt.new_id(), effect_id=effect.id, step=step, text=text, **whose, **{**fields, **sent})
        session.add(touch)
    return touch


def owing(office: Office, *ids: str) -> list[str]:
    office.read(office.clock.now(), invoices=tuple(an_invoice(id) for id in ids))
    return [office.invoice(id).uid for id in ids]


def test_messages_stand_word_for_word_but_for_the_customers_own_link(office: Office) -> None:
    say(office, "late-4", f"Hello Fern,\n\nSee and pay:\n{LINK}\n\nKind regards, ünïcode\n")
    say(office, "late-12", "Perhaps.", state="in_doubt", sent_at=None, day=TODAY + timedelta(days=8))
    say(office, "", "Thank you.", subject="Thank you\nBcc: x@example.com")
    found = {name: data.decode() for name, data in files(office).items() if name.startswith("messages/")}
    assert found["messages/2026-03-02-late-4.txt"] == (
        "To: fern@x.example\nSubject: A note\nDate: 2026-03-02 06:00\nState: sent\n\n"
        "Hello Fern,\n\nSee and pay:\nhttps://dunlin.test/p/…\n\nKind regards, ünïcode\n"
    )
    assert "in doubt: the mail server's last answer was lost" in found["messages/2026-03-10-late-12.txt"]
    assert "Subject: Thank you Bcc: x@example.com\n" in found["messages/2026-03-02-thanks.txt"]


def test_two_messages_of_a_day_and_step_are_both_kept(office: Office) -> None:
    say(office, "answer", "The first copy.")
    say(office, "answer", "The second copy.")
    names = [name for name in files(office) if name.startswith("messages/")]
    assert names == ["messages/2026-03-02-answer.txt", "messages/2026-03-02-answer-2.txt"]


def test_a_calls_wording_was_sent_to_nobody_and_a_letter_says_whether_it_was_posted(office: Office) -> None:
    robin = a_person(office)
    call = say(office, "talk", "Is this a good moment?", channel="call", subject="Call about 1 invoice")
    letters = [say(office, f"letter-{place}", "Dear Fern,", channel="letter") for place in range(3)]
    outcomes = ((call, "call", "talked"), *zip(letters, ["letter"] * 3, ("posted", "not-posted", ""), strict=True))
    with office.rt.store.write() as session:
        for touch, kind, outcome in outcomes:
            whose = {"company_id": office.company.id, "account_id": office.account_id, "touch_id": touch.id}
            task = Task(uid=office.rt.new_id(), kind=kind, day=TODAY, opened_at=office.clock.now(), **whose)
            task.state, task.outcome = ("done" if outcome else "open"), outcome
            if kind == "call":
                task.note, task.phone, task.done_by_id = "They are moving.", "+44 20 7946 0018", robin
            session.add(task)
    found = files(office)
    assert not any("talk" in name for name in found)
    states = [found[f"messages/2026-03-02-letter-{place}.txt"].decode().split("\n")[3] for place in range(3)]
    assert states == ["State: posted by a person", "State: not posted", "State: printed; not noted as posted"]
    first = table(office, "calls.csv")[0]
    assert (first["what"], first["what came of it"], first["noted"]) == ("call", "talked", "They are moving.")
    assert "'+44 20 7946 0018" in [one["phone"] for one in table(office, "contacts.csv")]


def test_what_was_promised_disputed_agreed_and_told_is_in_its_table(office: Office) -> None:
    robin, rt, account = a_person(office), office.rt, office.account_id
    one, two, three, four = owing(office, "1", "2", "3", "4")
    answers.promise(rt, account, [one], TODAY + timedelta(days=5))
    dispute = answers.dispute(rt, account, two, "=HYPERLINK(1) Two doors were never delivered.")
    disputes.settle(rt, dispute.id, robin, "They came on Friday.", "rejected")
    arrangements.arrange_equally(rt, account, [three], 2, TODAY + timedelta(days=7), Every.WEEK, robin, "Private.")
    reasons.tell(rt, account, [four], Reason.SHORT_OF_CASH, "Our own customers pay late.")
    holds.hold(rt, account, Cause.BREATHING_SPACE, owner_id=robin, invoice_uid=one, note="Her father died.")
    (promise,) = table(office, "promises.csv")
    assert (promise["will pay on"], promise["invoices"], promise["state"]) == ("2026-03-07", "N-1", "open")
    (dispute_row,) = table(office, "disputes.csv")
    assert dispute_row["in their words"] == "'=HYPERLINK(1) Two doors were never delivered."
    assert (dispute_row["how it ended"], dispute_row["answer"]) == ("rejected", "They came on Friday.")
    parts = table(office, "arrangements.csv")
    assert [(one["part"], one["due"], one["amount"]) for one in parts] == [
        ("1", "2026-03-09", "50.00"),
        ("2", "2026-03-16", "50.00"),
    ]
    (told,) = table(office, "reasons.csv")
    assert (told["reason"], told["invoices"], told["told to"]) == ("short-of-cash", "N-4", "the payment page")
    (hold,) = table(office, "holds.csv")
    assert (hold["why"], hold["invoice"], hold["state"]) == ("breathing-space", "N-1", "open")
    everything = b"".join(files(office).values())
    assert b"father" not in everything  # the notes of holds and arrangements are for our own people
    assert b"Private" not in everything


def test_invoices_payments_and_credit_are_listed_and_what_is_on_its_way_is_named(office: Office) -> None:
    now, pounds = office.clock.now(), Money(4000, "GBP")
    rows = (
        an_invoice("1", "60.00"),
        an_invoice("2", "0.00", status=InvoiceStatus.PAID),
        an_invoice("3", status=InvoiceStatus.DRAFT),
    )
    office.read(
        now,
        invoices=rows,
        payments=(LedgerPayment("p1", "c-1", TODAY, pounds, "BACS 1", applied=(("1", pounds), ("9", pounds))),),
        credits=(LedgerCredit("k1", "c-1", "credit note", Money(500, "GBP"), number="C-1", issued=TODAY),),
    )
    line = AttemptLine(uid="line", invoice_id=office.invoice("1").id, amount_minor=1000, currency="GBP", state="taken")
    attempt = Attempt(uid="attempt", company_id=office.company.id, account_id=office.account_id, processor="stripe")
    attempt.state, attempt.currency, attempt.amount_minor = "paid", "GBP", 1000
    attempt.created_at = attempt.paid_at = now
    with office.rt.store.write() as session:
        session.add(attempt)
        session.flush()
        line.attempt_id = attempt.id
        session.add(line)
    invoices = table(office, "invoices.csv")
    assert [(one["number"], one["total"], one["open"], one["status"]) for one in invoices] == [
        ("N-1", "100.00", "60.00", "open"),
        ("N-2", "100.00", "0.00", "paid"),
    ]
    ledger, card = table(office, "payments.csv")
    assert (ledger["amount"], ledger["set against"], ledger["state"]) == ("40.00", "N-1 40.00", "in the ledger")
    assert (card["received on"], card["amount"], card["set against"]) == ("2026-03-02", "10.00", "N-1")
    assert "on its way" in card["state"]
    (credit,) = table(office, "credits.csv")
    assert (credit["number"], credit["still open"]) == ("C-1", "5.00")
    booked = LedgerPayment("p2", "c-1", TODAY, Money(1000, "GBP"), "line", applied=(("1", Money(1000, "GBP")),))
    office.read(now, payments=(booked,))
    assert [one["state"] for one in table(office, "payments.csv")] == ["in the ledger", "in the ledger"]


def test_nothing_of_another_customer_gets_in_and_what_a_child_owes_does(office: Office) -> None:
    now, pounds = office.clock.now(), Money(4000, "GBP")
    office.read(
        now,
        customers=(
            LedgerCustomer("c-2", f"{OTHER} Ltd", emails=(f"{OTHER.lower()}@x.example",)),
            LedgerCustomer("c-3", "Fern North", bills_to="c-1"),
        ),
        invoices=(
            an_invoice("1"),
            an_invoice("7", customer="c-3"),
            replace(an_invoice("9", customer="c-2"), number=OTHER),
        ),
        payments=(
            LedgerPayment("p1", "c-2", TODAY, pounds, OTHER, applied=(("9", pounds),)),
            LedgerPayment("p2", "c-3", TODAY, pounds, "north", applied=(("7", pounds),)),
        ),
        credits=(LedgerCredit("k1", "c-2", "credit note", pounds, number=OTHER),),
    )
    other = office.account("c-2")
    answers.dispute(office.rt, other.id, office.invoice("9").uid, OTHER)
    say(office, "late-4", OTHER, account=other.id)
    found = files(office)
    assert not [name for name, data in found.items() if OTHER.encode().lower() in (name.encode() + data).lower()]
    assert [one["number"] for one in table(office, "invoices.csv")] == ["N-1", "N-7"]
    assert [one["reference"] for one in table(office, "payments.csv")] == ["north"]


def test_the_same_rows_give_the_same_bytes_on_any_day(office: Office) -> None:
    robin = a_person(office)
    (one,) = owing(office, "1")
    holds.hold(office.rt, office.account_id, Cause.PAUSED, until=TODAY + timedelta(days=3), owner_id=robin)
    answers.promise(office.rt, office.account_id, [one], TODAY + timedelta(days=5))
    before = files(office)
    office.clock.move(office.clock.now() + timedelta(days=40))
    assert files(office) == before
