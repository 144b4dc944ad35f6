"""Webhooks: verify, store once, answer. What they say is handled later by the clock; they cost no read of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from integrations.ledgers.base import ENTITIES
from integrations.processors.base import Happening
from models import Connection, Delivery, ProcessorAccount
from workflows import dirty, payments, ways
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

log = structlog.get_logger()
TRIES = 20
AT_ONCE = 200  # deliveries taken together, so that no transaction is long
# Asked at every tick, so it is made once.
_WAITING = (
    select(Delivery)
    .where(Delivery.handled_at.is_(None), Delivery.attempts < TRIES, Delivery.id > bindparam("after"))
    .order_by(Delivery.id)
    .limit(AT_ONCE)
    .options(defer(Delivery.raw_sealed))
)


def accept(rt: Runtime, kind: str, raw: bytes, headers: Mapping[str, str], place: str = "") -> bool:
    """Verify and keep a delivery; False when the same bytes are already here. BadSignature when forged.

    A processor says in the address which account it is about (`place`, its uid); Refusal where there is none such.
    Anything else raised means it could not be stored: answer 503 and the vendor comes again.
    """
    events = _read(rt, kind, raw, headers, place)
    delivery = Delivery(
        kind=kind,
        key=hashlib.sha256(f"{kind}{place}\0".encode() + raw).hexdigest(),
        raw_sealed=rt.vault.seal(raw),
        events_sealed=rt.vault.seal(json.dumps(events).encode()),
        received_at=rt.clock.now(),
    )
    try:
        rt.store.together(lambda session: session.add(delivery))
    except IntegrityError:
        return False
    return True


def _read(rt: Runtime, kind: str, raw: bytes, headers: Mapping[str, str], place: str) -> list[dict[str, Any]]:
    if kind in rt.ledgers:
        return [asdict(event) for event in rt.ledgers[kind].events(raw, headers)]
    if kind in rt.processors:
        with rt.store.read() as session:
            mine = ProcessorAccount.kind == kind, ProcessorAccount.uid == place
            account = session.scalars(select(ProcessorAccount).where(*mine)).first()
        if account is not None:
            said = ways.opened(rt, account).events(raw, headers)
            return [{"account": account.id, "happening": asdict(one)} for one in said]
    raise Refusal("There is no such webhook here.")


def handle(rt: Runtime) -> int:
    """Act on every delivery not handled yet; how many. One that fails is tried again at the next tick."""
    count = last = 0
    while waiting := _waiting(rt, last):
        count, last = count + len(waiting), waiting[-1].id
        ledgers = [one for one in waiting if one.kind in rt.ledgers]
        together = _took_together(rt, ledgers) if len(ledgers) > 1 else False
        for delivery in waiting:
            if together and delivery.kind in rt.ledgers:
                continue
            try:
                _handle(rt, delivery)
            except Exception:  # Not even its note could be kept. The others are not to wait for it.
                log.exception("a delivery could not be written down", delivery=delivery.id)
    return count


def _waiting(rt: Runtime, after: int) -> Sequence[Delivery]:
    with rt.store.read() as session:
        return session.scalars(_WAITING, {"after": after}).all()


def _took_together(rt: Runtime, deliveries: Sequence[Delivery]) -> bool:
    """What ledgers told, in one transaction: a burst costs little more than its first. False when that failed, and each
    is to be handled by itself.
    """
    now = rt.clock.now()
    try:
        told: dict[str, list[Mapping[str, str]]] = {}
        for one in deliveries:
            told.setdefault(one.kind, []).extend(json.loads(rt.vault.unseal(one.events_sealed)))
        with rt.store.write() as session:
            for kind, events in told.items():
                _mark(rt, session, kind, events)
            done = update(Delivery).where(Delivery.id.in_([one.id for one in deliveries]))
            session.execute(done.values(attempts=Delivery.attempts + 1, note="", handled_at=now))
    except Exception:
        log.exception("deliveries could not be handled together", deliveries=len(deliveries))
        return False
    return True


def _handle(rt: Runtime, delivery: Delivery) -> None:
    note, done = "", True
    try:
        events = json.loads(rt.vault.unseal(delivery.events_sealed))
        if delivery.kind in rt.ledgers:
            with rt.store.write() as session:
                _mark(rt, session, delivery.kind, events)
        for event in events if delivery.kind in rt.processors else ():
            payments.hear(rt, event["account"], Happening(**event["happening"]))
    except Exception as error:
        # Whatever it was, the delivery stays and is tried again; a person sees its note after the last try.
        note, done = plain(f"{type(error).__name__}: {error}"), False
        log.exception("a delivery could not be handled", delivery=delivery.id)
    with rt.store.write() as session:
        row = session.get_one(Delivery, delivery.id)
        row.attempts, row.note = row.attempts + 1, note
        row.handled_at = rt.clock.now() if done else None


def _mark(rt: Runtime, session: Session, kind: str, events: Sequence[Mapping[str, str]]) -> None:
    """Rows changed at these tenants; the next round reads them, or whoever looks before. Other kinds do not matter."""
    tags = {tenant: rt.vault.tag(kind, tenant) for tenant in {event["tenant"] for event in events}}
    ties = select(Connection.external_tag, Connection.company_id).where(
        Connection.external_tag.in_(tags.values()), Connection.state == "active"
    )
    companies = dict(session.execute(ties).all())
    changed: dict[int, set[tuple[str, str]]] = {}
    for event in events:
        company_id = companies.get(tags[event["tenant"]])
        if company_id is not None and event["entity"] in ENTITIES:
            changed.setdefault(company_id, set()).add((event["entity"], event["id"]))
    for company_id, rows in sorted(changed.items()):
        dirty.expect_change(rt, session, company_id, rows)
