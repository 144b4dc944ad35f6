"""How a company's customers can pay: its own processor accounts, each with its methods, and its bank for transfers.

It reads rows and opens accounts; money is moved by `payments`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from integrations.errors import Misconfigured
from integrations.processors.base import Method, Processor, ProcessorKeys
from models import Account, BankDetails, Invoice, ProcessorAccount
from workflows.runtime import Runtime

_IN_USE = ProcessorAccount.state == "in-use"
# Asked at every look at a customer's page, so they are made once.
_ACCOUNTS = (
    select(ProcessorAccount)
    .where(ProcessorAccount.company_id == bindparam("company"), _IN_USE)
    .order_by(ProcessorAccount.id)
)
_BANKS = (
    select(BankDetails)
    .where(BankDetails.company_id == bindparam("company"), BankDetails.state == "in-use")
    .order_by(BankDetails.id)
)


@dataclass(frozen=True, slots=True)
class Way:
    """One button: pay by this `method` through the company's account at this `kind` of processor."""

    kind: str
    method: Method
    label: str
    account_id: int


def offered(rt: Runtime, session: Session, company_id: int, currency: str) -> tuple[Way, ...]:
    """How something in this currency can be paid online."""
    return through(rt, accounts(session, company_id), currency)


def accounts(session: Session, company_id: int) -> Sequence[ProcessorAccount]:
    """The company's accounts at processors that are in use."""
    return session.scalars(_ACCOUNTS, {"company": company_id}).all()


def through(rt: Runtime, accounts: Sequence[ProcessorAccount], currency: str) -> tuple[Way, ...]:
    """How something in this currency can be paid through these accounts."""
    return tuple(
        Way(one.kind, method, rt.processors[one.kind].label, one.id)
        for one in accounts
        if one.kind in rt.processors
        for method in rt.processors[one.kind].ways
        if rt.processors[one.kind].takes(method, currency)
    )


def transfer(session: Session, company_id: int, currency: str) -> BankDetails | None:
    """Where a transfer in this currency goes."""
    return transfers(session, company_id).get(currency)


def transfers(session: Session, company_id: int) -> Mapping[str, BankDetails]:
    """Where transfers go, by their currency: the newest of each."""
    return {one.currency: one for one in session.scalars(_BANKS, {"company": company_id})}


def reference(account: Account, invoices: Sequence[Invoice]) -> str:
    """What to quote with a transfer: the invoice's number, or of several the customer's own reference (ISO 11649)."""
    numbers = [one.number for one in invoices if one.number]
    return numbers[0] if len(numbers) == len(invoices) == 1 else creditor_reference(account.id)


def creditor_reference(number: int) -> str:
    """RF, two check digits (modulo 97) and the number; banks check it when it is typed in."""
    body = f"{number:06d}"
    check = 98 - int(f"{body}271500") % 97
    return f"RF{check:02d}{body}"


def opened(rt: Runtime, account: ProcessorAccount) -> Processor:
    """The company's account, ready to be asked. Misconfigured when its kind is not known here any more."""
    kind = rt.processors.get(account.kind)
    if kind is None:
        raise Misconfigured(f"The processor {account.kind!r} is not known here any more.")
    return kind.open(ProcessorKeys(**json.loads(rt.vault.unseal(account.keys_sealed))))


def opened_at(rt: Runtime, session: Session, company_id: int, kind: str) -> Processor:
    """The company's account of this kind, for what was begun before companies had their own. Misconfigured: none."""
    mine = ProcessorAccount.company_id == company_id, ProcessorAccount.kind == kind
    found = session.scalars(select(ProcessorAccount).where(*mine, _IN_USE)).first()
    if found is None:
        raise Misconfigured(f"The company has no account at {kind} here any more.")
    return opened(rt, found)


def sealed(rt: Runtime, keys: ProcessorKeys) -> bytes:
    """Keys as they are kept."""
    return rt.vault.seal(json.dumps({"secret": keys.secret, "webhook": keys.webhook}).encode())
