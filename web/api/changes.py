"""What a program may change in the name of its person: leave alone, let go, note, assign. One workflow each."""

from __future__ import annotations

from datetime import timedelta

from core.because import Cause
from core.calendars import LAST
from web.api import agreed, queries, reads, shapes
from web.api.problems import Wrong
from web.api.reads import Asking
from web.api.wishes import Nothing, ToAssign, ToDispute, ToHold, ToLetGo, ToPromise, ToRemark
from workflows import answers, assigning, holds, remarks
from workflows.rows import plain


def hold(asking: Asking, uid: str, wish: ToHold) -> shapes.Hold:
    account = asking.customer(uid)
    row = holds.hold(
        asking.rt,
        account.id,
        Cause(wish.cause),
        until=min(wish.last_day, LAST) + timedelta(days=1) if wish.last_day else None,
        owner_id=asking.person.id,
        invoice_uid=wish.invoice,
        note=plain(wish.note),
    )
    with asking.rt.store.read() as session:
        return agreed.hold(session, account, row)


def let_go(asking: Asking, uid: str, wish: ToLetGo) -> shapes.Hold:
    account = asking.customer(uid)
    with asking.rt.store.read() as session:
        if queries.hold(session, account, wish.hold) is None:
            raise Wrong(404)
    holds.release(asking.rt, wish.hold, asking.person.id)
    with asking.rt.store.read() as session:
        row = queries.hold(session, account, wish.hold)
        if row is None:
            raise Wrong(404)
        return agreed.hold(session, account, row)


def promise(asking: Asking, uid: str, wish: ToPromise) -> shapes.Promise:
    account = asking.customer(uid)
    row = answers.promise(asking.rt, account.id, wish.invoices, wish.day, asking.person.id)
    return agreed.promise(row, account.uid)


def dispute(asking: Asking, uid: str, wish: ToDispute) -> shapes.Dispute:
    account = asking.customer(uid)
    row = answers.dispute(asking.rt, account.id, wish.invoice, plain(wish.text), by=asking.person.id)
    return agreed.dispute(row, account.uid, wish.invoice)


def remark(asking: Asking, uid: str, wish: ToRemark) -> shapes.Remark:
    account = asking.customer(uid)
    row = remarks.add(asking.rt, account.id, asking.person.id, wish.text)
    return shapes.Remark(row.uid, account.uid, row.text, row.made_at)


def assign(asking: Asking, uid: str, wish: ToAssign) -> shapes.Customer:
    account = asking.customer(uid)
    with asking.rt.store.read() as session:
        known = {one.uid: one.id for one in assigning.colleagues(session, account.company)}
    if wish.person is not None and wish.person not in known:
        raise Wrong(422, "Please choose somebody who comes to this company and may do more than look.")
    assigning.assign(asking.rt, [account.id], known[wish.person] if wish.person else None, asking.person.id)
    return reads.customer(asking, uid, Nothing())
