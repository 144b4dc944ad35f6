"""Changing the installation's keys without losing anything: sealed again under the newest, tagged again under another.

Both go through the tables in small steps, may be broken off and begun again, and may run beside the serving process:
what that has written meanwhile is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import InstrumentedAttribute

from models import (
    ApiAnswer,
    AuditEvent,
    AuditHead,
    AuditKey,
    Base,
    Brand,
    Connection,
    Deletion,
    Delivery,
    Grant,
    GuardedChange,
    Handover,
    ProcessorAccount,
    Sender,
    SentFile,
    Terms,
    Touch,
    TouchRecipient,
    UnreadableRow,
    User,
)
from workflows import audit, leaving_receipt
from workflows.runtime import Runtime
from workflows.vault import Vault, VaultError

STEP = 200
FEW: Mapping[type[Base], int] = {Handover: 2}  # each row may be a file of many megabytes
ROUNDS = 10  # a row that somebody else has changed each time is said to be left
Column = InstrumentedAttribute[Any]
Change = dict[Column, tuple[Any, Any]]  # what stands there, and what is to stand there

# Everything the vault has sealed.
SEALED: tuple[tuple[type[Base], tuple[Column, ...]], ...] = (
    (Grant, (Grant.holder_sealed, Grant.access_sealed, Grant.refresh_sealed)),
    (Connection, (Connection.tenant_sealed, Connection.connection_sealed)),
    (Delivery, (Delivery.raw_sealed, Delivery.events_sealed)),
    (UnreadableRow, (UnreadableRow.raw_sealed,)),
    (AuditKey, (AuditKey.key_sealed,)),
    (Handover, (Handover.file_sealed,)),
    (Sender, (Sender.password_sealed, Sender.code_sealed)),
    (SentFile, (SentFile.body_sealed,)),
    (ProcessorAccount, (ProcessorAccount.keys_sealed,)),
    (GuardedChange, (GuardedChange.content_sealed,)),
    (User, (User.totp_sealed,)),
    (ApiAnswer, (ApiAnswer.body_sealed,)),
)
# What the proof of an entry of the log is over.
_ENTRY: tuple[Column, ...] = (
    AuditEvent.uid,
    AuditEvent.practice_id,
    AuditEvent.company_id,
    AuditEvent.account_id,
    AuditEvent.at,
    AuditEvent.kind,
    AuditEvent.subject,
    AuditEvent.payload_hash,
)
_END: tuple[Column, ...] = (
    AuditHead.practice_id,
    AuditHead.company_id,
    AuditHead.sequence,
    AuditHead.link,
    AuditHead.plain_until,
)
# Bytes that are not the vault's, and why.
NOT_OURS: Mapping[Column, str] = {
    AuditEvent.payload_sealed: "sealed with the key of its account, which is in AuditKey",
    Brand.logo: "no secret: it stands on the page of every customer",
    Terms.pdf: "no secret: whoever has a portal link may read it",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows changed, by table; and by table those that could not be: no key of ours opens them, or who they are about is
    not known any more.
    """

    rows: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


def rotate(rt: Runtime) -> Moved:
    """Seal everything under the newest key. When nothing is left, the old ones may be taken out of the settings.

    Every serving process must know the newest key already. What is under it is passed over, so that running it again
    costs little.
    """
    moved = Moved()
    for table, columns in SEALED:
        _each(rt, moved, table, columns, partial(_sealed_again, rt.vault, columns))
    audit.record_everywhere(rt, "keys-rotated", left=sum(moved.left.values()))
    return moved


def _sealed_again(vault: Vault, columns: Sequence[Column], row: Sequence[Any]) -> Change:
    """VaultError when some of it opens with no key of ours."""
    return {
        column: (sealed, vault.rotate(sealed))
        for column, sealed in zip(columns, row[1:], strict=True)
        if sealed is not None and not vault.is_newest(sealed)
    }


def retag(rt: Runtime, old: Vault) -> Moved:
    """Make every tag anew that `old` made under the former index key.

    Stop the serving processes first: what is looked for under one key is not found under the other. What is left was
    tagged by neither key, or is a hash of people who were erased. Portal links sent before lose their readers.
    """
    moved = Moved()
    kinds = {id: kind for id, kind in _all(rt, Grant, Grant.kind)}  # noqa: C416 (rows are no pairs)
    tenants = {
        grant: sealed for _, grant, sealed in _all(rt, Connection, Connection.grant_id, Connection.tenant_sealed)
    }
    spoken = {id: people for id, people in _all(rt, Touch, Touch.recipients)}  # noqa: C416

    def tenant(row: Any) -> Change | None:
        _, tag, sealed, grant_id = row
        return _anew(rt, old, Connection.external_tag, tag, [_named(rt, kinds[grant_id], sealed)])

    def holder(row: Any) -> Change | None:
        """Where the holder was not kept yet, the organisation may be it."""
        id, tag, kind, sealed = row
        known = sealed or tenants.get(id)
        makers = [] if known is None else [_named(rt, f"{kind}-holder", known)]
        return _anew(rt, old, Grant.holder_tag, tag, makers)

    def touch(row: Any) -> Change | None:
        _, tag, recipients = row
        makers = [partial(Vault.hash_address, address=",".join(recipients))]
        return _anew(rt, old, Touch.recipients_hash, tag, makers) if tag else {}

    def recipient(row: Any) -> Change | None:
        _, tag, touch_id = row
        makers = [partial(Vault.hash_address, address=one) for one in spoken.get(touch_id, ())]
        return _anew(rt, old, TouchRecipient.address_hash, tag, makers)

    _each(rt, moved, Connection, (Connection.external_tag, Connection.tenant_sealed, Connection.grant_id), tenant)
    _each(rt, moved, Grant, (Grant.holder_tag, Grant.kind, Grant.holder_sealed), holder)
    _each(rt, moved, Touch, (Touch.recipients_hash, Touch.recipients), touch)
    _each(rt, moved, TouchRecipient, (TouchRecipient.address_hash, TouchRecipient.touch_id), recipient)
    _each(rt, moved, AuditEvent, (AuditEvent.proof, *_ENTRY), partial(_entry, rt, old))
    _each(rt, moved, AuditHead, (AuditHead.proof, *_END), partial(_end, rt, old))
    _each(rt, moved, Deletion, (Deletion.proof, Deletion.receipt), partial(_receipt, rt, old))
    audit.record_everywhere(rt, "keys-retagged", left=sum(moved.left.values()))
    return moved


def _receipt(rt: Runtime, old: Vault, row: Any) -> Change | None:
    """What is not gone yet has no proof."""
    _, proof, receipt = row
    if proof is None:
        return {}
    return _anew(rt, old, Deletion.proof, proof, [partial(leaving_receipt.proof_of, receipt=receipt)])


def _entry(rt: Runtime, old: Vault, row: Any) -> Change | None:
    """What was written before there were proofs has none."""
    return _anew(rt, old, AuditEvent.proof, row.proof, [partial(audit.proof_of, row=row)]) if row.proof else {}


def _end(rt: Runtime, old: Vault, row: Any) -> Change | None:
    chain = audit.Chain(row.company_id, row.practice_id)
    return (
        _anew(rt, old, AuditHead.proof, row.proof, [partial(audit.head_proof, chain=chain, head=row)])
        if row.proof
        else {}
    )


def _named(rt: Runtime, kind: str, sealed: bytes) -> Callable[[Vault], str]:
    return partial(Vault.tag, kind=kind, external_id=rt.vault.unseal(sealed).decode())


def _anew(rt: Runtime, old: Vault, column: Column, tag: str, makers: Iterable[Callable[[Vault], str]]) -> Change | None:
    """The tag under today's key, by the first of `makers` that either key has made it with; None when none has."""
    for made in makers:
        new = made(rt.vault)
        if tag == new:
            return {}
        if tag == made(old):
            return {column: (tag, new)}
    return None


def _each(
    rt: Runtime,
    moved: Moved,
    table: type[Base],
    columns: Sequence[Column],
    decide: Callable[[Any], Change | None],
) -> None:
    """Carry out for each row what `decide` says; a few rows in one transaction, and only what still stands there.

    A row that was changed meanwhile is read and decided again, for the other columns of it are not done either.
    """
    name = table.__tablename__
    moved.rows.setdefault(name, 0)
    for rows in _some(rt, table, *columns):
        left = 0
        for _ in range(ROUNDS):
            decided = [(row[0], _decided(decide, row)) for row in rows]
            left += sum(change is None for _, change in decided)
            wanted = [(id, change) for id, change in decided if change]
            missed = _carried_out(rt, table, wanted)
            moved.rows[name] += len(wanted) - len(missed)
            rows = _again(rt, table, columns, missed)
            if not rows:
                break
        if left + len(rows):
            moved.left[name] = moved.left.get(name, 0) + left + len(rows)


def _decided(decide: Callable[[Any], Change | None], row: Any) -> Change | None:
    """None also for what no key of ours opens: one such row must not keep the others from being done."""
    try:
        return decide(row)
    except VaultError:
        return None


def _carried_out(rt: Runtime, table: type[Base], wanted: Sequence[tuple[int, Change]]) -> list[int]:
    """The ids of those rows that say something else by now; they are left as they are."""
    missed: list[int] = []
    if not wanted:
        return missed
    with rt.store.write() as session:
        for id, change in wanted:
            # A token may have been renewed meanwhile, and the newer one must stay.
            same = [column == was for column, (was, _) in change.items()]
            values = {column.key: new for column, (_, new) in change.items()}
            done = session.execute(update(table).where(table.id == id, *same).values(values))
            if cast(CursorResult[Any], done).rowcount == 0:
                missed.append(id)
    return missed


def _again(rt: Runtime, table: type[Base], columns: Sequence[Column], ids: Sequence[int]) -> Sequence[Any]:
    if not ids:
        return ()
    with rt.store.read() as session:
        return session.execute(select(table.id, *columns).where(table.id.in_(ids)).order_by(table.id)).all()


def _all(rt: Runtime, table: type[Base], *columns: Column) -> Iterator[Any]:
    for rows in _some(rt, table, *columns):
        yield from rows


def _some(rt: Runtime, table: type[Base], *columns: Column) -> Iterator[Sequence[Any]]:
    """(id, columns) of every row, a few at a time, so that nobody waits behind us."""
    last = 0
    while True:
        with rt.store.read() as session:
            rows = session.execute(
                select(table.id, *columns).where(table.id > last).order_by(table.id).limit(FEW.get(table, STEP))
            ).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
