"""Who is left alone in the small world, and why: holds, reasons told, an arrangement, addresses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.because import Cause
from core.cadence import Reason
from core.instalments import Every
from models import User
from workflows import arrangements, holds, reasons

if TYPE_CHECKING:
    from tests.web.world import World


def fill(world: World) -> None:
    """Kestrel Homes has one of each; `world.hold`, `world.told` and `world.arrangement` are the rows."""
    rt, account, invoice = world.rt, world.accounts["Kestrel Homes"], world.invoices["1102"]
    with rt.store.read() as session:
        ann = session.scalars(select(User.id).where(User.email == "ann@example.com")).one()
    world.hold = holds.hold(rt, account.id, Cause.REPLIED, owner_id=ann, note="They ask for a new bank account.")
    until = rt.clock.now().date() + timedelta(days=9)
    holds.hold(rt, account.id, Cause.EXTENSION, until=until, owner_id=ann, invoice_uid=invoice.uid)
    world.told = reasons.tell(rt, account.id, [invoice.uid], Reason.WRONG_PERSON, "Ask our Kim, please.")
    world.arrangement = arrangements.arrange_equally(
        rt, account.id, [invoice.uid], 3, date(2026, 12, 1), Every.MONTH, ann, "Agreed on the phone."
    )
    holds.note_address(rt, account.company_id, account.emails[0], Cause.OPTED_OUT)
