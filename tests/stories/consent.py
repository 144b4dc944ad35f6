"""A person at the vendor's consent page who chooses for themselves: which organisations, as whom, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import requests
from sqlalchemy import select

from models import Company, Connection, Practice
from sandbox.books import BookCompany
from sandbox.books import Company as Books
from sandbox.browser import Browser
from tests.town import Town
from workflows import connecting

HERON = BookCompany("heron", "Heron Ltd", "GBP", "GB", "Europe/London", "post@heron.example")


def heron(town: Town, kind: str) -> str:
    """Another organisation in the same ledger; its vendor id."""
    return town.twin(kind).add_company(Books(HERON))


def consent(town: Town, kind: str, tenants: Sequence[str], company_uid: str = "", admin: str = "") -> list[str]:
    """Give these organisations, and come back; what Dunlin says was connected."""
    begun = connecting.begin(town.rt, kind, company_uid)
    query = answer(town, kind, begun.url, tenants, admin)
    return connecting.finish(town.rt, town.practice_id, kind, query, begun.verifier, begun.company_uid)


def answer(town: Town, kind: str, url: str, tenants: Sequence[str], admin: str = "") -> dict[str, str]:
    """The query with which the vendor sends the browser back."""
    with requests.Session() as http:
        for prefix in ("http://", "https://"):
            http.mount(prefix, town.network.adapter())
        form = next(one for one in Browser(http).open(url).forms if one.method == "post")
        box = {"quickbooks": "realm", "xero": "tenant"}[kind]
        fields = [pair for pair in form.fields() if pair[0] not in (box, "decision", "admin")]
        fields += [(box, tenant) for tenant in tenants] + [("decision", "allow"), ("admin", admin)]
        back = http.post(form.action, data=fields, allow_redirects=False, timeout=5)
    return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()}


def another_practice(town: Town) -> int:
    """From now on a person of another practice sits at the browser; the practice that did before."""
    before = town.practice_id
    with town.rt.store.write() as session:
        made = Practice(uid=town.rt.new_id(), name="Dipper & Co", created_at=town.now)
        session.add(made)
        session.flush()
        town.practice_id = made.id
    return before


def company_named(town: Town, name: str) -> Company:
    with town.rt.store.read() as session:
        return session.scalars(select(Company).where(Company.name == name)).one()


def standing(town: Town, name: str) -> tuple[str, str]:
    """(state, why it ended) of a company's newest connection."""
    with town.rt.store.read() as session:
        found = session.execute(
            select(Connection.state, Connection.ended_why)
            .join(Company, Company.id == Connection.company_id)
            .where(Company.name == name)
            .order_by(Connection.id.desc())
        ).first()
    assert found is not None
    return found[0], found[1]
