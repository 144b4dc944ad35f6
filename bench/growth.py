"""`python -m bench growth`: what planning a whole book costs as it grows, and an idle tick beside it: the exponent of
cost over size, by least squares on logarithms. 1 is: twice the book, twice the cost.

Processor time; SQLite on disk. The floor is one look at each row with an open balance, in a single question.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from math import log

from sqlalchemy import select, update

from bench import load_book
from bench.office import Office, office_on_disk
from models import Account, Invoice
from workflows import clock, planner

SIZES = (10_000, 100_000, 1_000_000)
ACTS = ("plan", "tick", "floor")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of invoices")


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of the straight line through the logarithms."""
    across, up = [log(one) for one in sizes], [log(one) for one in costs]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    steep = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    return steep / sum((x - middle) ** 2 for x in across)


def costs(invoices: int) -> dict[str, float]:
    """Seconds of processor of each act over a book of so many invoices, four of ten of them an account's only ones."""
    accounts = invoices * 4 // 10
    size = load_book.Size(accounts=accounts, invoices=invoices, heavy=50, waiting=100, small=0)
    with office_on_disk() as here:
        load_book.fill(here, size)
        acts = {"plan": _plan, "tick": _tick, "floor": _floor}
        return {name: _seconds(act, here) for name, act in acts.items()}


def _seconds(act: Callable[[Office], None], here: Office) -> float:
    began = time.process_time()
    act(here)
    return time.process_time() - began


def _plan(here: Office) -> None:
    """Everybody is asked anew, as after an upgrade."""
    with here.rt.store.write() as session:
        session.execute(update(Account).values(wake_at=here.rt.clock.now()))
    while planner.plan_due(here.rt, 5_000):
        pass


def _tick(here: Office) -> None:
    """What the clock asks when nothing is due, a hundred times."""
    for _ in range(100):
        clock.next_moment(here.rt)
        planner.plan_due(here.rt)


def _floor(here: Office) -> None:
    with here.rt.store.read() as session:
        for _ in session.execute(select(Invoice.account_id, Invoice.due).where(Invoice.balance_minor > 0)):
            pass


def main(sizes: Sequence[int] = SIZES) -> None:
    found = []
    for invoices in sizes:
        found.append(costs(invoices))
        told = ", ".join(f"{name} {found[-1][name]:.2f} s" for name in ACTS)
        print(f"{invoices:,} invoices: {told}; plan is {found[-1]['plan'] / found[-1]['floor']:,.0f} times the floor")
    slopes = ", ".join(f"{name} {exponent(sizes, [one[name] for one in found]):.2f}" for name in ACTS)
    print(f"growth from {sizes[0]:,} to {sizes[-1]:,} invoices: cost goes with their number to the power of: {slopes}")


if __name__ == "__main__":
    main()
