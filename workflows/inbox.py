"""Webhooks: verify, store once, answer. What they say is handled later by the clock; they cost no read of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from integrations.ledgers.base import ENTITIES
from integrations.processors.base import Happening
from models import Connection, Delivery, ProcessorAccount
from workflows import dirty, payments, ways
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

log = structlog.get_logger()
TRIES = 20


def accept(rt: Runtime, kind: str, raw: bytes, headers: Mapping[str, str], place: str = "") -> bool:
    """Verify and keep a delivery; False when the same bytes are already here. BadSignature when forged.

    A processor says in the address which account it is about (`place`, its uid); Refusal where there is none such.
    Anything else raised means it could not be stored: answer 503 and the vendor comes again.
    """
    events = _read(rt, kind, raw, headers, place)
    try:
        with rt.store.write() as session:
            session.add(
                Delivery(
                    kind=kind,
                    key=hashlib.sha256(f"{kind}{place}\0".encode() + raw).hexdigest(),
                    raw_sealed=rt.vault.seal(raw),
                    events_sealed=rt.vault.seal(json.dumps(events).encode()),
                    received_at=rt.clock.now(),
                )
            )
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
    with rt.store.read() as session:
        waiting = session.scalars(
            select(Delivery).where(Delivery.handled_at.is_(None), Delivery.attempts < TRIES).order_by(Delivery.id)
        ).all()
    for delivery in waiting:
        try:
            _handle(rt, delivery)
        except Exception:  # Not even its note could be kept. The others are not to wait for it.
            log.exception("a delivery could not be written down", delivery=delivery.id)
    return len(waiting)


def _handle(rt: Runtime, delivery: Delivery) -> None:
    note, done = "", True
    try:
        events = json.loads(rt.vault.unseal(delivery.events_sealed))
        if delivery.kind in rt.ledgers:
            _mark(rt, delivery.kind, events)
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


def _mark(rt: Runtime, kind: str, events: Sequence[Mapping[str, str]]) -> None:
    """Rows changed at these tenants; the next round reads them, or whoever looks before. Other kinds do not matter."""
    tags = {tenant: rt.vault.tag(kind, tenant) for tenant in {event["tenant"] for event in events}}
    with rt.store.write() as session:
        ties = select(Connection.external_tag, Connection.company_id).where(
            Connection.external_tag.in_(tags.values()), Connection.state == "active"
        )
        companies = dict(session.execute(ties).all())
        for event in events:
            company_id = companies.get(tags[event["tenant"]])
            if company_id is not None and event["entity"] in ENTITIES:
                dirty.expect_change(rt, session, company_id, event["entity"], event["id"])
