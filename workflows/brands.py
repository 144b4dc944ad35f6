"""How a company looks on its customers' page: its logo, its colour and the number to call.

What a file is, is found by looking at it; its name and what the browser says of it do not count. Nothing is drawn here.
"""

from __future__ import annotations

import re

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.file_kinds import JPEG, PNG, WEBP, kind_of
from core.wording import plain
from models import Brand
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime

LARGEST, LARGEST_WORDS, LONGEST_PHONE = 200_000, "200 kB", 40
PICTURES = (PNG, JPEG, WEBP)  # none of them can hold a script
_OF_COMPANY = select(Brand).where(Brand.company_id == bindparam("company"))
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,}")


def of(session: Session, company_id: int) -> Brand | None:
    """How the company looks; None while nobody has said anything."""
    return session.scalars(_OF_COMPANY, {"company": company_id}).first()


def change(rt: Runtime, company_id: int, colour: str, phone: str, logo: bytes, drop_logo: bool, user_id: int) -> None:
    """Say how the company looks. An empty `logo` keeps the one there is, unless it is dropped.

    Refusal for a file that is no picture or too large, and for what is no colour or no number.
    """
    colour, phone = colour.strip().lower(), plain(phone, LONGEST_PHONE + 1)
    if colour and _COLOUR.fullmatch(colour) is None:
        raise Refusal("Please give the colour as # and six figures or letters from a to f, such as #1d6b63.")
    if phone and (len(phone) > LONGEST_PHONE or _PHONE.fullmatch(phone) is None):
        raise Refusal("Please give a telephone number in figures, such as +44 20 7946 0000.")
    kind = _kind(logo) if logo else ""
    with rt.store.write() as session:
        brand = of(session, company_id)
        if brand is None:
            brand = Brand(uid=rt.new_id(), company_id=company_id)
            session.add(brand)
        brand.colour, brand.phone = colour, phone
        if logo or drop_logo:
            brand.logo, brand.logo_kind = logo or None, kind
        audit.record(rt, session, "brand", company_id, user=user_id, colour=colour, phone=phone, logo=brand.logo_kind)


def _kind(logo: bytes) -> str:
    if len(logo) > LARGEST:
        raise Refusal("The picture is larger than {largest}; please give a smaller one.", largest=LARGEST_WORDS)
    kind = kind_of(logo)
    if kind not in PICTURES:
        raise Refusal("That file is no PNG, JPEG or WebP picture; please save the logo as one of these.")
    return kind
