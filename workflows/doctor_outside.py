"""The half of the doctor that asks somebody else: the mail server, processors, the database's clock. It only complains.

Nothing is sent and nothing is changed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from integrations.errors import OutsideError
from models import Company, ProcessorAccount, Sender
from workflows import domains, ways
from workflows.runtime import Runtime

SKEW = timedelta(seconds=30)


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each thing outside that does not answer as it should."""
    yield from _mail_server(rt)
    yield from _domains(rt)
    yield from _processors(rt)
    yield from _clocks(rt)


def _mail_server(rt: Runtime) -> Iterator[str]:
    if rt.channel is None:
        return  # the settings that are missing are told already
    try:
        with rt.channel.open():
            pass
    except OutsideError as error:
        yield f"The mail server cannot be used; look at DUNLIN_SMTP_URL. {error}"


def _domains(rt: Runtime) -> Iterator[str]:
    """What the last look at the DNS found; the sender's page looks again."""
    with rt.store.read() as session:
        rows = session.execute(select(Sender, Company.name).join(Company, Company.id == Sender.company_id)).all()
    for sender, company in rows:
        if sender.trouble:
            yield f"{company}: its mailbox does not let us in; prove it again on its page Sender."
        elif sender.checked_at is None:
            yield f"{company}: it is not known whether its domain has SPF and DKIM; look on its page Sender."
        elif domains.is_hopeless(sender):
            yield f"{company}: its domain has neither SPF nor DKIM, so its messages look forged; see its page Sender."


def _processors(rt: Runtime) -> Iterator[str]:
    with rt.store.read() as session:
        used = select(ProcessorAccount, Company.name).join(Company, Company.id == ProcessorAccount.company_id)
        rows = session.execute(used.where(ProcessorAccount.state == "in-use")).all()
    for account, company in rows:
        try:
            ways.opened(rt, account).account()
        except OutsideError as error:
            yield f"{company}: its account at {account.kind} does not answer; check its keys. {error}"


def _clocks(rt: Runtime) -> Iterator[str]:
    if rt.store.is_sqlite:
        return  # the same machine's
    with rt.store.read() as session:
        theirs = session.scalar(select(func.now()))
    if theirs is not None and abs(theirs - rt.clock.now()) > SKEW:
        yield "This machine's clock and the database's differ by more than half a minute; set both by NTP."
