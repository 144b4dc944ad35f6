"""Proving a mailbox: a code is mailed through it to its own address, and a person who can read it there types it here.

So it is known that we are let in, that it may send under that address, and that whoever set it up reads it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from sqlalchemy.orm import Session

from integrations.channels.base import Envelope
from integrations.errors import OutsideError
from models import Company, Sender
from workflows import audit, departures, domains, senders, succession
from workflows.errors import Refusal
from workflows.runtime import Runtime

LASTS = timedelta(hours=24)
BETWEEN = timedelta(seconds=30)
TRIES = 5


def send_code(rt: Runtime, company_id: int) -> str:
    """Mail a new code through the mailbox to its own address; the address. Refusal says why it did not leave."""
    now = rt.clock.now()
    with rt.store.read() as session:
        sender = _own(session, company_id)
        company = session.get_one(Company, company_id)
    if sender.code_sealed and sender.code_sent_at and now - sender.code_sent_at < BETWEEN:
        raise Refusal("A test mail has just left; please look into the mailbox first.")
    uid = rt.new_id()
    code = f"{int.from_bytes(hashlib.sha256(uid.encode()).digest()) % 1_000_000:06}"
    try:
        with rt.mailbox(senders.mailbox_of(rt, sender)).open() as talk:
            talk.offer(_test_mail(rt, sender, company, code, uid))
            talk.deliver()
    except OutsideError as error:
        raise Refusal(f"The test mail did not leave. {error}") from None
    with rt.store.write() as session:
        row = session.get_one(Sender, sender.id)
        row.code_sealed, row.code_sent_at, row.code_tries = rt.vault.seal(code.encode()), now, 0
        departures.count(session, sender.mailbox, now)
        audit.record(rt, session, "sender-tested", company_id, subject=row.uid, address=row.address)
    return sender.address


def prove(rt: Runtime, company_id: int, code: str) -> bool:
    """The mailbox is proved when the code fits: from now on the company speaks from it, and what waited leaves. One
    that is to take another's place does so when its day is over; False for such a one.

    Its domain is looked up at once, so that what is missing there is known before anything is sent.
    """
    with rt.store.write() as session:
        sender = _own(session, company_id)
        problem = _problem(rt, sender, code)
        if problem:
            sender.code_tries += 1
        else:
            sender.state, sender.code_sealed = "proved", None
            if sender.successor:
                succession.proved(session, sender)
            else:
                sender.in_use_since = sender.in_use_since or rt.clock.now()
            audit.record(rt, session, "sender-proved", company_id, subject=sender.uid, address=sender.address)
            senders.release(rt, session, company_id)
    if problem:
        raise Refusal(problem)
    domains.check(rt, company_id, senders.provider_of(rt, sender))
    return not sender.successor


def _own(session: Session, company_id: int) -> Sender:
    found = senders.newest(session, company_id)
    if found is None:
        raise Refusal("Say first which mailbox the company sends from.")
    return found


def _problem(rt: Runtime, sender: Sender, code: str) -> str:
    if sender.code_sealed is None or sender.code_sent_at is None or rt.clock.now() - sender.code_sent_at > LASTS:
        return "There is no code to type any more; please send another test mail."
    if sender.code_tries >= TRIES:
        return "That was wrong too often; please send another test mail."
    given = "".join(code.split())
    if not hmac.compare_digest(given.encode(), rt.vault.unseal(sender.code_sealed)):
        return "That is not the code in the latest test mail."
    return ""


def _test_mail(rt: Runtime, sender: Sender, company: Company, code: str, uid: str) -> Envelope:
    page = f"{rt.public_url}/companies/{company.uid}/sender"
    text = (
        "This is the test mail you asked for. It left through the mailbox from which "
        f"{company.name} is to write to its customers.\n\n"
        f"Your code: {code}\n\n"
        f"Type it on this page, within a day:\n\n{page}?code={code}\n\n"
        "If you did not ask for it, somebody uses your mailbox: change its password.\n"
    )
    return Envelope(
        sender=senders.named(sender, company),
        recipients=(sender.address,),
        reply_to=senders.answers_to(sender, company),
        subject=f"{code} proves the mailbox of {company.name}",
        text=text,
        html="",
        message_id=f"<{uid}@{sender.address.rpartition('@')[2]}>",
        headers={"Auto-Submitted": "auto-generated"},
    )
