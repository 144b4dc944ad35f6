"""Who is handed over to an agency in the small world: one is prepared, one released and has paid some of it since."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from models import Invoice, Payment, User
from workflows import handovers

if TYPE_CHECKING:
    from tests.web.world import World


def fill(world: World) -> None:
    """Matai Lodge's waits for a person, Rimu Rafting's is with Heron Recoveries."""
    rt, rimu, invoice = world.rt, world.accounts["Rimu Rafting"], world.invoices["INV-022"]
    with rt.store.read() as session:
        ann = session.scalars(select(User.id).where(User.email == "ann@example.com")).one()
    world.prepared = handovers.prepare(rt, world.accounts["Matai Lodge"].id, ann)
    world.released = handovers.prepare(rt, rimu.id, ann)
    handovers.release(rt, world.released.id, "Heron Recoveries", "We called five times.", ann)
    world._add(
        Payment(
            company_id=rimu.company_id,
            customer=rimu.external_id,
            external_id="p7",
            paid_on=date(2026, 11, 18),
            currency="NZD",
            amount_minor=40_000,
            reference="BACS 12",
            applied=[[invoice.external_id, 40_000]],
        )
    )
    with rt.store.write() as session:
        session.get_one(Invoice, invoice.id).balance_minor = 48_000
