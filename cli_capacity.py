"""`flask capacity`: what a day of so many companies would cost, and what breaks first. It needs no database and no
settings; it works out `core.capacity` beside the vendors' limits, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli import as_json, command, report
from core import capacity as sums
from core.capacity import Day, Limits, Load, Use
from integrations.ledgers.base import LedgerSettings
from integrations.registry import LEDGERS

XERO_A_DAY = 5_000  # what Xero's common tier allows; Dunlin itself asks no more than 1,000 unless told


def limits(xero_day: int = XERO_A_DAY, processes: int = 1) -> Limits:
    """As the ledgers' own adapters keep them."""
    by_name = {
        kind: {one.name: one.calls for one in build(LedgerSettings(*("",) * 7)).limits}
        for kind, build in LEDGERS.items()
    }
    quickbooks, xero = by_name["quickbooks"], by_name["xero"]
    return Limits(
        xero_day=xero_day,
        xero_minute=xero["minute"],
        xero_app_minute=xero["appminute"],
        quickbooks_minute=quickbooks["minute"],
        quickbooks_month=quickbooks["month"],
        processes=processes,
    )


@command("capacity", "flask capacity --companies 1000 --accounts 100 --invoices 300 --changes 20")
@click.option("--companies", default=100, show_default=True, type=click.IntRange(1))
@click.option("--accounts", default=100, show_default=True, type=click.IntRange(0), help="Customers of each company.")
@click.option("--invoices", default=300, show_default=True, type=click.IntRange(0), help="Open ones of each company.")
@click.option("--changes", default=20, show_default=True, type=click.IntRange(0), help="In each ledger, a working day.")
@click.option("--xero-share", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Others: QuickBooks.")
@click.option("--writes", default=0.0, show_default=True, type=click.FloatRange(0), help="Bookings a day and company.")
@click.option("--xero-day", default=XERO_A_DAY, show_default=True, help="Calls a day that Xero gives an organisation.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1), help="That read and send at a time.")
@as_json
def capacity(
    companies: int,
    accounts: int,
    invoices: int,
    changes: int,
    xero_share: float,
    writes: float,
    xero_day: int,
    processes: int,
    as_json: bool,
) -> None:
    """What so many companies cost a working day: calls, jobs, messages, bytes, processors; and what breaks first."""
    load = Load(companies, accounts, invoices, changes, xero_share)
    day, uses = sums.a_day(load, writes), sums.uses(load, limits(xero_day, processes), writes)
    figures = {
        "calls": dict(day.calls),
        "calls_in_the_busiest_hour": day.hour,
        "jobs": day.jobs,
        "messages": day.messages,
        "processor_seconds": day.seconds,
        "processor_seconds_in_a_round": day.busy_seconds,
        "workers": day.workers,
        "bytes": {"at_first": day.start_bytes, "after_a_year": day.year_bytes},
        "limits": [{"what": one.what, "used": one.used, "limit": one.limit, "share": one.share} for one in uses],
        "fits_up_to": int(companies / uses[0].share) if _grows(uses[0]) else None,
    }
    report(figures, as_json, [*_lines(load, day), *_limit_lines(load, uses)])


def _lines(load: Load, day: Day) -> Iterator[str]:
    yield f"{load.companies:,} companies, {load.quickbooks:,} in QuickBooks and {load.xero:,} in Xero; a working day:"
    shares = ", ".join(f"{purpose} {number:,.0f}" for purpose, number in day.calls.items())
    yield f"  {sum(day.calls.values()):,.0f} ledger calls ({shares}), {day.hour:,.0f} of them in the busiest hour"
    yield f"  {day.jobs:,.0f} readings and rounds of mail, {day.messages:,.0f} messages"
    yield f"  {day.seconds:,.0f} s of processor, {day.busy_seconds:,.0f} of them in the day's first round"
    yield f"  {_gigabytes(day.start_bytes)} at first, {_gigabytes(day.year_bytes)} after a year"
    yield f"  1 clock, {day.workers} processes that read and send"


def _limit_lines(load: Load, uses: list[Use]) -> Iterator[str]:
    yield "Of what is allowed:"
    for use in uses:
        yield f"  {use.share:8.1%}  {use.what} ({use.used:,.0f} of {use.limit:,.0f})"
    first = uses[0]
    if _grows(first):
        yield f"First breaks: {first.what}; it lasts for about {load.companies / first.share:,.0f} such companies."
    else:
        yield f"First breaks: {first.what}; it depends on a company's size, not on how many there are."


def _grows(use: Use) -> bool:
    """Whether more companies use more of it."""
    return use.what.startswith("processor") or use.what.endswith("whole app")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.2f} GB"


COMMANDS = (capacity,)
