"""`python -m bench`: all side-by-side figures, or `python -m bench NAME` one of them; `--help` tells which there are.

Every figure is a ratio of one run on one machine, against a peer and a floor. None of it is part of a test.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from bench import growth, load, pages, sync

# Each name is a module of this room with `main`, loaded when asked for.
FIGURES = {
    "read": "one page of 1,000 invoices from bytes to rows, beside the SDKs' models",
    "plan": "one answer of plan()",
    "planning": "gather, plan and store 200,000 accounts, beside a floor; an idle tick, beside APScheduler",
    "proof": "the proof of each shipped cadence",
    "backtest": "a cadence over 40,000 past invoices of three years, from the file to the figures",
    "sync": "a first reading of 100,000 invoices, beside the SDKs, the Singer taps and a floor",
    "load": "bursts of webhooks and payers, slow clients, and large books in the console, beside a floor",
    "pages": "every page of a practice of forty companies, beside bare Flask pages of the same size and template",
    "perform": "messages that leave for a mail server on loopback, beside a bare smtplib loop and a bare socket",
    "dunning": "a book's overdue invoices, from the look at them to the mail, beside Tryton's dunning and a floor",
    "webhooks": "taking in signed deliveries, beside a bare Flask route that verifies and one that does not",
    "growth": "what planning a book costs from 10,000 to 1,000,000 invoices, and its exponent",
    "workers": "companies' rounds by 1, 2 and 4 worker processes, beside what the ledgers' answers alone take",
    "capacity": "a day of 10, 100 and 1,000 companies, measured beside predicted; one line for 100,000",
    "steady": "what a company costs a day once it is read: ledger calls over a simulated week",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Side-by-side figures; all without a NAME.")
    names = parser.add_subparsers(dest="name", title="figures", metavar="NAME")
    own = {name: names.add_parser(name, help=words, description=words) for name, words in FIGURES.items()}
    sync.options(own["sync"])
    load.options(own["load"])
    pages.options(own["pages"])
    growth.options(own["growth"])
    asked = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # a table is seen when it is ready, also through a pipe
    for name in [asked.name] if asked.name else FIGURES:
        given = vars(asked if asked.name else own[name].parse_args([]))
        import_module(f"bench.{name}").main(**{key: value for key, value in given.items() if key != "name"})


if __name__ == "__main__":
    main()
