"""How customers pay a company, set up: its accounts at processors, its bank details, and what it lets customers do.

Whatever could lead money astray waits for a day (`guarding`). Nothing is paid and no payment is asked about here; how a
customer can pay is read by `ways`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from babel.numbers import is_currency
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.wording import plain
from integrations.errors import Misconfigured, OutsideError, Rejected
from integrations.processors.base import Processor, ProcessorKeys
from models import Attempt, BankDetails, Company, GuardedChange, ProcessorAccount
from workflows import audit, bank_numbers, guarding, people, ways
from workflows.errors import Refusal
from workflows.guarding import Deed, Kind, Wanted
from workflows.runtime import Runtime

LONGEST_HOLDER, LONGEST_KEY = 200, 500


def accounts(session: Session, company_id: int) -> dict[str, ProcessorAccount]:
    """The company's accounts in use, by the kind of processor."""
    mine = ProcessorAccount.company_id == company_id, ProcessorAccount.state == "in-use"
    return {one.kind: one for one in session.scalars(select(ProcessorAccount).where(*mine))}


def bank_details(session: Session, company_id: int) -> list[BankDetails]:
    """What counts, one for each currency; `ways.transfer` gives that of one."""
    mine = BankDetails.company_id == company_id, BankDetails.state == "in-use"
    return list(session.scalars(select(BankDetails).where(*mine).order_by(BankDetails.currency, BankDetails.id)))


def next_uid(rt: Runtime, session: Session, company: Company, kind: str) -> str:
    """The uid of the account that will be set up next: its webhooks' address must be known before its keys are."""
    mine = ProcessorAccount.company_id == company.id, ProcessorAccount.kind == kind
    before = len(session.scalars(select(ProcessorAccount.id).where(*mine)).all())
    return rt.vault.tag("processor-account", f"{company.uid}/{kind}/{before}")[:22]


def webhook_url(rt: Runtime, kind: str, uid: str) -> str:
    """Where the processor is to send its webhooks."""
    return f"{rt.public_url}/webhooks/{kind}/{uid}"


def ask_account(rt: Runtime, company_id: int, kind: str, keys: ProcessorKeys, user_id: int) -> GuardedChange | None:
    """Set the company's account at a processor up, or another one; None when it is in force at once.

    The keys are proved by asking the processor for the account's name. Refusal when it does not let them in.
    """
    keys = ProcessorKeys(keys.secret.strip(), keys.webhook.strip())
    if kind not in rt.processors:
        raise Refusal("This installation does not know that processor. Please choose one on the page.")
    if not all(0 < len(one) <= LONGEST_KEY for one in (keys.secret, keys.webhook)):
        raise Refusal("Please give both keys, as the processor shows them.")
    with rt.store.read() as session:
        people.owner(session, session.get_one(Company, company_id).practice_id, user_id)
    label = rt.processors[kind].label
    try:
        name = _opened(rt, kind, keys).account()
    except OutsideError as error:
        raise Refusal("{label} did not accept the keys. {error}", label=label, error=error) from error
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        former = accounts(session, company_id).get(kind)
        summary = f"Now: {_named(former)}\nThen: {name}" + (" (new keys)" if former and former.name == name else "")
        content = {"uid": next_uid(rt, session, company, kind), "secret": keys.secret, "webhook": keys.webhook}
        wanted = Wanted(Kind.PROCESSOR, kind, f"Account at {label}\n{summary}", content)
        if guarding.must_wait(session, company, _ever(session, company_id, kind)):
            return guarding.ask(rt, session, company, wanted, by)
        _begin_account(rt, session, company_id, kind, content, name, same=False)
        audit.record(rt, session, "processor-set", company_id, user=by.id, says=wanted.summary)
    return None


def _named(account: ProcessorAccount | None) -> str:
    return account.name if account else "none"


def _opened(rt: Runtime, kind: str, keys: ProcessorKeys) -> Processor:
    found = rt.processors.get(kind)
    if found is None:
        raise Misconfigured(f"The processor {kind!r} is not known here any more.")
    return found.open(keys)


def _ever(session: Session, company_id: int, kind: str) -> bool:
    mine = ProcessorAccount.company_id == company_id, ProcessorAccount.kind == kind
    return session.scalars(select(ProcessorAccount.id).where(*mine).limit(1)).first() is not None


def account_deed(rt: Runtime, change: GuardedChange, content: Mapping[str, Any]) -> Deed:
    """Prove the keys once more; what puts them in force. OutsideError when they let us in no longer."""
    kind = str(content["about"])
    processor = _opened(rt, kind, ProcessorKeys(content["secret"], content["webhook"]))
    name = processor.account()
    with rt.store.read() as session:
        former = accounts(session, change.company_id).get(kind)
        checkout = (
            former
            and session.scalars(
                select(Attempt.checkout_id)
                .where(Attempt.processor_account_id == former.id, Attempt.checkout_id != "")
                .order_by(Attempt.id.desc())
                .limit(1)
            ).first()
        )
    same = bool(checkout) and _knows(processor, str(checkout))

    def begin(session: Session) -> None:
        _begin_account(rt, session, change.company_id, kind, content, name, same)

    return begin


def _knows(processor: Processor, checkout: str) -> bool:
    """Whether these keys open the account in which that payment was begun: then they are new keys of the same one."""
    try:
        processor.look_up(checkout)
    except Rejected:
        return False
    return True


def _begin_account(
    rt: Runtime, session: Session, company_id: int, kind: str, content: Mapping[str, Any], name: str, same: bool
) -> None:
    """In use from now on. The former is still asked about its payments: with the new key, if it is the same account,
    since the old one was most likely given up.
    """
    former = accounts(session, company_id).get(kind)
    if former is not None:
        _end_account(rt, former)
        if same:
            webhook = json.loads(rt.vault.unseal(former.keys_sealed))["webhook"]
            former.keys_sealed = ways.sealed(rt, ProcessorKeys(content["secret"], webhook))
            former.trouble = ""
        session.flush()
    session.add(
        ProcessorAccount(
            uid=content["uid"],
            company_id=company_id,
            kind=kind,
            name=name[:200],
            keys_sealed=ways.sealed(rt, ProcessorKeys(content["secret"], content["webhook"])),
            in_use_since=rt.clock.now(),
        )
    )


def _end_account(rt: Runtime, account: ProcessorAccount) -> None:
    account.state, account.ended_at = "past", rt.clock.now()


def remove_account(rt: Runtime, company_id: int, kind: str, user_id: int) -> None:
    """Nobody can pay through it from now on; payments under way are still asked about. All owners are told."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        account = accounts(session, company_id).get(kind)
        if account is None:
            raise Refusal("There is no such account any more.")
        _end_account(rt, account)
        label = rt.processors[kind].label if kind in rt.processors else kind
        summary = f"Account at {label}\nUntil now: {_named(account)}\nFrom now on: none"
        guarding.done_at_once(rt, session, company, Wanted(Kind.PROCESSOR, kind, summary, {}), by)


def ask_bank_details(
    rt: Runtime, company_id: int, currency: str, holder: str, shape: str, given: Mapping[str, str], user_id: int
) -> GuardedChange | None:
    """Say where transfers in a currency go; None when it is in force at once. `shape` and `given` as `bank_numbers`.

    Refusal for what cannot be a bank account.
    """
    currency, holder = currency.strip().upper(), plain(holder, LONGEST_HOLDER)
    if not is_currency(currency):
        raise Refusal("Please give the currency by its three letters, such as EUR.")
    if not holder:
        raise Refusal("Please say in whose name the account is.")
    fields = bank_numbers.read(shape, given)
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        former = ways.transfer(session, company_id, currency)
        if former is not None and (former.holder, former.fields) == (holder, fields):
            raise Refusal("These bank details count already. Nothing was changed.")
        now = words(former.holder, former.fields) if former else "none"
        summary = f"Bank details for {currency}\nNow: {now}\nThen: {words(holder, fields)}"
        content = {"holder": holder, "fields": fields}
        wanted = Wanted(Kind.BANK_DETAILS, currency, summary, content)
        ever = select(BankDetails.id).where(BankDetails.company_id == company_id, BankDetails.currency == currency)
        if guarding.must_wait(session, company, session.scalars(ever.limit(1)).first() is not None):
            return guarding.ask(rt, session, company, wanted, by)
        _begin_bank_details(rt, session, company_id, currency, content)
        audit.record(rt, session, "bank-details-set", company_id, user=by.id, says=summary)
    return None


def words(holder: str, fields: list[Any]) -> str:
    """Bank details in one line, the numbers in full: whoever reads it must be able to compare them."""
    return ", ".join([holder, *(f"{label} {value}" for label, value in fields)])


def bank_details_deed(rt: Runtime, change: GuardedChange, content: Mapping[str, Any]) -> Deed:
    """What puts bank details in force."""

    def begin(session: Session) -> None:
        _begin_bank_details(rt, session, change.company_id, content["about"], content)

    return begin


def _begin_bank_details(
    rt: Runtime, session: Session, company_id: int, currency: str, content: Mapping[str, Any]
) -> None:
    _end_bank_details(rt, session, company_id, currency)
    session.add(
        BankDetails(
            uid=rt.new_id(),
            company_id=company_id,
            currency=currency,
            holder=content["holder"],
            fields=content["fields"],
            in_use_since=rt.clock.now(),
        )
    )


def _end_bank_details(rt: Runtime, session: Session, company_id: int, currency: str) -> list[BankDetails]:
    ended = [one for one in bank_details(session, company_id) if one.currency == currency]
    for one in ended:
        one.state, one.ended_at = "past", rt.clock.now()
    return ended


def remove_bank_details(rt: Runtime, company_id: int, currency: str, user_id: int) -> None:
    """Nobody is shown them from now on. All owners are told."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        by = people.owner(session, company.practice_id, user_id)
        ended = _end_bank_details(rt, session, company_id, currency)
        if not ended:
            raise Refusal("There are no such bank details any more.")
        former = words(ended[-1].holder, ended[-1].fields)
        summary = f"Bank details for {currency}\nUntil now: {former}\nFrom now on: none"
        guarding.done_at_once(rt, session, company, Wanted(Kind.BANK_DETAILS, currency, summary, {}), by)


def choose(rt: Runtime, company_id: int, part_payments: bool, ask_treatment: bool, user_id: int) -> None:
    """Whether customers may pay a part of what is open, and whether they are asked how they were treated."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.part_payments, company.ask_treatment = part_payments, ask_treatment
        chosen = {"part_payments": part_payments, "ask_treatment": ask_treatment}
        audit.record(rt, session, "paying-choices", company_id, subject=company.uid, user=user_id, **chosen)
