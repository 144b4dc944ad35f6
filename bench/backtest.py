"""`python -m bench backtest`: a cadence over 40,000 invoices of three years, from the file's bytes to the figures.

The book is made here, the same every time: few large customers and many small ones, three currencies, invoices paid
early, late and never. Beside it the floor: the same file read and nothing decided.
"""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time
from zlib import crc32

from core.backtest import Setting, backtest
from core.calendars import Calendar
from core.columns import read_book
from core.tally import tally
from workflows import backtests

INVOICES, CUSTOMERS, DAYS = 40_000, 1_500, 3 * 365
START = date(2023, 1, 2)
_HEADER = "client,ref,raised,payable,sum,money,cleared"
_MAP = {
    "customer": "client",
    "number": "ref",
    "issued": "raised",
    "due": "payable",
    "amount": "sum",
    "currency": "money",
    "settled": "cleared",
}


def _share(what: str, of: int) -> int:
    """A number below `of` that is always the same for the same words."""
    return crc32(what.encode()) % of


def book() -> str:
    """The export as text: one customer in a thousand has a fifth of the invoices, and every third pays late."""
    return "\n".join([_HEADER, *(_line(place) for place in range(INVOICES))]) + "\n"


def _line(place: int) -> str:
    rank = _share(f"who/{place}", 1000) / 1000
    client = int(CUSTOMERS * rank**3)
    raised = START + timedelta(days=_share(f"when/{place}", DAYS))
    payable = raised + timedelta(days=(14, 30, 30, 60)[_share(f"terms/{client}", 4)])
    late = (-9, -2, 1, 12)[_share(f"habit/{client}", 4)] + _share(f"late/{place}", 9) - 3
    cleared = max(payable + timedelta(days=late), raised)
    unpaid = _share(f"never/{place}", 50) == 0 or cleared > START + timedelta(days=DAYS)
    amount = 50 + _share(f"sum/{place}", 900_000) / 100
    money = ("USD", "USD", "CAD", "EUR")[_share(f"money/{client}", 4)]
    return f"C{client:05},N{place:06},{raised},{payable},{amount:.2f},{money},{'' if unpaid else cleared}"


def main() -> None:
    text = book()
    began = process_time()
    history = backtests.of_book(read_book(text, _MAP, None, None)).invoices
    read = process_time()
    setting = Setting(Calendar("Europe/London"), START, START + timedelta(days=DAYS))
    cadence = backtests.cadence_named("early-intervention")
    found = backtest(history, cadence, setting)
    walked = process_time()
    figures = tally(found)
    done = process_time()
    print(f"{len(history):,} invoices over {DAYS // 365} years: {figures.messages:,} messages in {done - began:.1f} s")
    print(f"reading {read - began:.1f} s (the floor), walking {walked - read:.1f} s, counting {done - walked:.1f} s")
