"""`python -m bench load`: the real thing under bursts, beside its own static page; and large books in the console.

`flask serve` runs in a process of its own on an SQLite file, its ledger at the page server in another, and everything
is driven from here over loopback, on the same processors. A figure is worth something beside its floor: the same server
giving a small static file. It decides nothing.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from sqlalchemy import select

from bench import load_book, load_drive, load_pages
from bench.children import served
from bench.load_book import Size
from bench.load_drive import FLOOR, Letter, Times
from bench.load_house import House, serving
from bench.office import environment, office
from models import Account
from sandbox.quickbooks.hooks import sign
from tests.databases import migrated
from workflows import links

TWICE = 50  # every so many-th delivery comes again a little later
PARTS = ("webhooks", "payers", "both", "slow", "pages")
PATIENCE = 180.0  # seconds until what was not handled counts as left
_UNHANDLED, _FAILED = "delivery WHERE handled_at IS NULL", "delivery WHERE note <> ''"
BOOK = Size(accounts=5_000, invoices=12_500, heavy=100, waiting=100)


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of everything; as the options say it."""

    part: Sequence[str] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    deliveries: int = 10_000
    seconds: float = 60.0
    payers: int = 200
    arriving: float = 20.0
    reading: float = 10.0
    slow: int = 200
    one_company: bool = False
    book: Size = BOOK


@dataclass(frozen=True, slots=True)
class Scene:
    """The house, the links of its customers, and what its ledger calls each of its companies."""

    asked: Asked
    house: House
    links: list[str]
    tenants: list[str]


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; all without it")
    parser.add_argument("--limits", type=json.loads, help="limits of the web server to try, as JSON")
    parser.add_argument("--deliveries", type=int, help="webhooks in a burst (default 10,000)")
    parser.add_argument("--seconds", type=float, help="how long a burst is (default 60)")
    parser.add_argument("--payers", type=int, help="payers at once (default 200)")
    parser.add_argument("--arriving", type=float, help="seconds within which they come (default 20)")
    parser.add_argument("--reading", type=float, help="seconds that a person reads between two clicks (default 10)")
    parser.add_argument("--slow", type=int, help="slow clients (default 200)")
    parser.add_argument("--one-company", action="store_true", help="all webhooks are about the payers' company")


def main(**given: Any) -> None:
    asked = Asked(**{name: value for name, value in given.items() if value is not None})
    acts = {"webhooks": _webhooks, "payers": _payers, "both": _both, "slow": _slow}
    for name in asked.part or PARTS:
        if name == "pages":
            load_pages.main()
            continue
        with _scene(asked) as scene:
            print(
                f"{name}, web server with " + ", ".join(f"{key} {value}" for key, value in scene.house.limits.items())
            )
            asyncio.run(acts[name](scene))


@contextmanager
def _scene(asked: Asked) -> Iterator[Scene]:
    """A fresh book, and Dunlin served on it."""
    with (
        served("quickbooks", 100) as server,
        tempfile.TemporaryDirectory(prefix="dunlin-bench-") as name,
        migrated("sqlite", Path(name)) as url,
    ):
        tenant = server.begin(100)
        here = office("quickbooks", server.url, tenant, url)
        load_book.fill(here, asked.book, live=False)
        with here.rt.store.read() as session:
            rows = session.scalars(select(Account).where(Account.id > 1).order_by(Account.id).limit(asked.payers)).all()
            found = [links.make(here.rt, row, row.emails) for row in rows]
        here.rt.engine.close()
        here.rt.store.close()
        tenants = [tenant, *map(load_book.tenant, range(1, asked.book.small + 1))]
        database = Path(url.removeprefix("sqlite:///"))
        with serving(Path(name), database, environment("quickbooks", server.url, url), asked.limits) as house:
            yield Scene(asked, house, [f"{house.url}/p/{one}" for one in found], tenants)


def _letters(scene: Scene) -> list[Letter]:
    """Signed beforehand, each about an invoice of its own; some of them come twice."""
    found, asked = [], scene.asked
    for place in range(asked.deliveries):
        tenant = scene.tenants[0 if asked.one_company else place % len(scene.tenants)]
        entity = {"name": "Invoice", "id": f"i-{place}", "operation": "Update", "lastUpdated": f"{place}"}
        notice = {"realmId": tenant, "dataChangeEvent": {"entities": [entity]}}
        body = json.dumps({"eventNotifications": [notice]}).encode()
        headers = {"Content-Type": "application/json", "intuit-signature": sign(body, "bench")}
        at = asked.seconds * place / asked.deliveries
        found.append(Letter(at, body, headers))
        if place % TWICE == 0:
            found.append(Letter(at + 0.05, body, headers))
    return found


async def _webhooks(scene: Scene) -> None:
    house, asked = scene.house, scene.asked
    floor = await load_drive.gotten([house.url + FLOOR] * (asked.deliveries // 6), asked.seconds / 6)
    print(f"floor, a static file at that pace: {floor.told()}")
    letters, before = _letters(scene), house.cpu()
    found = await load_drive.posted(f"{house.url}/webhooks/quickbooks", letters)
    ended = perf_counter()
    print(f"{len(letters):,} webhooks in {asked.seconds:.0f} s: {found.told()}; {_ratio(found, floor)}")
    print(f"  server: {house.cpu() - before:.1f} CPU-seconds; {_kept(scene, ended)}")


def _kept(scene: Scene, ended: float) -> str:
    """What became of the deliveries: each is to be stored once and handled."""
    house = scene.house
    stored = house.count("delivery") - 1  # one was there before
    while house.count(_UNHANDLED) and perf_counter() - ended < PATIENCE:
        sleep(0.5)
    return (
        f"stored {stored:,} of {scene.asked.deliveries:,}, marked {house.count('dirty_row'):,} rows, all handled "
        f"{perf_counter() - ended:.1f} s after the last; left {house.count(_UNHANDLED)}, "
        f"failed {house.count(_FAILED)}"
    )


def _ratio(found: Times, floor: Times) -> str:
    return f"p99 {found.at(0.99) / max(floor.at(0.99), 1e-4):.1f} of the floor's"


async def _payers(scene: Scene) -> None:
    house, number = scene.house, len(scene.links)
    floor = await load_drive.gotten([house.url + FLOOR] * number)
    print(f"floor, {number} GETs of a static file in one instant: {floor.told()}")
    at_once = await load_drive.gotten(scene.links)
    print(f"{number} GETs of the customer's page in one instant: {at_once.told()}; {_ratio(at_once, floor)}")
    for within, reading in ((0.0, 0.0), (scene.asked.arriving, 0.0), (scene.asked.arriving, scene.asked.reading)):
        before = house.cpu()
        found = await load_drive.paid(scene.links, 1, within, reading)
        pace = f"who read {reading:.0f} s" if reading else "who read 1 to 3 s"
        used = house.cpu() - before
        print(f"{number} payers within {within:.0f} s {pace}: {found.told()}; server {used:.1f} CPU-seconds")
    print(f"  {_answers(house)}")


def _answers(house: House) -> str:
    """What was kept of all that they said."""
    promises, reasons = (house.count(f"{table} WHERE uid NOT LIKE 'waits-%'") for table in ("promise", "told"))
    return f"{promises} promises and {reasons} reasons stored"


async def _both(scene: Scene) -> None:
    house, asked, before = scene.house, scene.asked, scene.house.cpu()

    async def people() -> Times:
        await asyncio.sleep(asked.seconds / 4)
        return await load_drive.paid(scene.links, 1, asked.seconds / 4, asked.reading)

    letters = _letters(scene)
    posting = load_drive.posted(f"{house.url}/webhooks/quickbooks", letters)
    posted, found = await asyncio.gather(posting, people())
    ended = perf_counter()
    print(f"together, {len(letters):,} webhooks in {asked.seconds:.0f} s: {posted.told()}")
    pace = f"within {asked.seconds / 4:.0f} s who read {asked.reading:.0f} s"
    print(f"together, {len(scene.links)} payers {pace}: {found.told()}")
    print(f"  server: {house.cpu() - before:.1f} CPU-seconds; {_answers(house)}; {_kept(scene, ended)}")


async def _slow(scene: Scene) -> None:
    number, slow, within = len(scene.links), scene.asked.slow, scene.asked.arriving
    alone = await load_drive.paid(scene.links, 1, within)
    print(f"{number} payers within {within:.0f} s, alone: {alone.told()}")
    beside = await load_drive.beside_slow(scene.house.url, slow, lambda: load_drive.paid(scene.links, 2, within))
    share = beside.at(0.99) / alone.at(0.99)
    print(f"{number} payers beside {slow} slow clients: {beside.told()}; p99 {share:.1f} of what it is alone")
