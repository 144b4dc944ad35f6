"""Terms in the small world: of Bramley Joinery in every state, and those that a school agreed on, as a PDF file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from models import User
from workflows import terms

if TYPE_CHECKING:
    from tests.web.world import World

A_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TEXT = """Thank you for working with us. These are the terms on which we do, in plain words.

1. An invoice is due 30 days after its date.
2. If you need longer, tell us before that day and we will find one that suits us both.
3. If something is wrong, tell us within 14 days. We do not ask for that part while we look into it.

Goods stay ours until they are paid for."""


def fill(world: World) -> None:
    """`world.terms` count for Bramley's customers, `world.own_terms` for Brightwell Primary School."""
    rt, company, school = world.rt, world.bramley.id, world.accounts["Brightwell Primary School"].id
    with rt.store.read() as session:
        ann = session.scalars(select(User.id).where(User.email == "ann@example.com")).one()
    terms.give(rt, company, None, date(2024, 1, 1), "Terms of payment", "Pay in 14 days.", b"", ann)
    world.terms = terms.give(rt, company, None, date(2026, 1, 1), "Terms of payment", TEXT, b"", ann)
    terms.give(rt, company, None, date(2027, 1, 1), "Terms of payment 2027", "Pay in 45 days.", b"", ann)
    mistaken = terms.give(rt, company, None, date(2026, 6, 1), "Terms (draft)", "Not yet agreed.", b"", ann)
    terms.withdraw(rt, mistaken.id, ann)
    world.own_terms = terms.give(rt, company, school, date(2026, 3, 1), "Framework agreement", "", A_PDF, ann)
