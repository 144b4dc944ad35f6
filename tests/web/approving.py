"""Drafts, a call and a letter in the small world: the New Zealand company has just gone live and asks first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from models import Account, Company, Draft, Task, Touch
from tests.web.world import World
from workflows import library, planner

LETTER = "<!doctype html><html lang='en'><head><title>Letter</title></head><body><p>Dear Moa Motors,</p></body></html>"


@dataclass
class Asked:
    """`drafts` by account name, one to Kea Kayaks; `call` is to Weka Wool, `letter` to Moa Motors."""

    world: World
    drafts: dict[str, Draft]
    call: Task
    letter: Task


def asked(world: World) -> Asked:
    """Let it go live with drafts, and open both tasks."""
    rt = world.rt
    world.accounts, world.invoices = dict(world.accounts), dict(world.invoices)  # copies of a world share theirs
    names = ("Kea Kayaks", "Weka Wool", "Moa Motors", "Ruru Rugs")
    for number, name in zip(("INV-0301", "INV-0302", "INV-0303", "INV-0304"), names, strict=True):
        world._account(world.kauri, name, [f"{number.lower()}@example.com"], [(number, -6, 88000, 88000)])
    with rt.store.write() as session:
        kauri = session.get_one(Company, world.kauri.id)
        kauri.live_at, kauri.draft_days = rt.clock.now(), 7
        kauri.cadence_version_id = library.shipped_version(rt, session, world.practice, library.FIRST).id
        planner.wake_company(rt, session, kauri.id)
    call, letter = _task(world, "Weka Wool", "INV-0302", "call"), _task(world, "Moa Motors", "INV-0303", "letter")
    planner.plan_due(rt)
    return Asked(world, drafts(world), call, letter)


def drafts(world: World) -> dict[str, Draft]:
    with world.rt.store.read() as session:
        rows = session.execute(select(Account.name, Draft).join(Account, Account.id == Draft.account_id)).all()
        return {row[0]: row[1] for row in rows}


def _task(world: World, name: str, number: str, kind: str) -> Task:
    touch = world._touch(world.accounts[name], number, "call-30" if kind == "call" else "late-12", 40, "sent")
    now = world.rt.clock.now()
    with world.rt.store.write() as session:
        row = session.get_one(Touch, touch.id)
        row.channel, row.html = kind, LETTER if kind == "letter" else row.html
        session.get_one(Account, row.account_id).phone = "03 555 0100"
        task = Task(
            uid=world.rt.new_id(),
            company_id=row.company_id,
            account_id=row.account_id,
            touch_id=row.id,
            kind=kind,
            day=now.date(),
            opened_at=now,
        )
        session.add(task)
    return task
