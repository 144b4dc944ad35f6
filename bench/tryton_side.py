"""What runs in the dunning peer's own environment: a company, customers and their overdue receivables in Tryton, of
which every one is dunned and mailed. It imports nothing of Dunlin and is imported by nothing of it.

`python tryton_side.py CONFIG ADMIN DATABASE PARTIES EACH`: the database is made by ADMIN (`trytond-admin`). Prints one
line of JSON: seconds of wall clock and processor for each step, and how many dunnings there were.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.company.tests.tools import create_company

LEVELS = (1, 15, 30)  # days overdue from which each level holds
PORTION = 200


def main(settings: str, admin: str, database: str, parties: int, each: int) -> None:
    create = [admin, "-c", settings, "-d", database, "--all", "--email", "books@firm.example", "--password"]
    subprocess.run(create, check=True, stdout=sys.stderr)
    config.set_trytond(f"sqlite:///{database}", config_file=settings)
    _activate("account_dunning_email")
    create_company()
    create_chart()
    year = create_fiscalyear()
    year.click("create_period")
    _fill(year, parties, each)
    generated = _timed(_generate)
    dunnings = Model.get("account.dunning").find([])
    processed = _timed(lambda: Wizard("account.dunning.process", dunnings).execute("process"))
    print(json.dumps({"dunnings": len(dunnings), "generate": generated, "process": processed}))


def _activate(module: str) -> None:
    Module: Any = Model.get("ir.module")
    Module.click(Module.find([("name", "=", module)]), "activate")
    Wizard("ir.module.activate_upgrade").execute("upgrade")


def _procedure() -> Any:
    procedure: Any = Model.get("account.dunning.procedure")(name="Overdue")
    for number, days in enumerate(LEVELS, 1):
        level = procedure.levels.new()
        level.sequence, level.overdue = number, timedelta(days)
        level.send_email, level.email_from = True, "books@firm.example"
    procedure.save()
    return procedure


def _fill(year: Any, parties: int, each: int) -> None:
    """Everything fell due 1 to 45 days ago, by turns."""
    Party, Journal, Move = (Model.get(name) for name in ("party.party", "account.journal", "account.move"))
    procedure, accounts = _procedure(), get_accounts()
    (journal,) = Journal.find([("code", "=", "REV")])
    today = datetime.now(tz=UTC).date()
    period = next(one for one in year.periods if one.start_date <= today <= one.end_date)
    for first in range(0, parties, PORTION):
        customers = []
        for number in range(first, min(first + PORTION, parties)):
            one = Party(name=f"Customer {number}", dunning_procedure=procedure)
            one.contact_mechanisms.new(type="email").value = f"c{number}@customers.example"
            customers.append(one)
        Party.save(customers)
        move = Move(period=period, journal=journal, date=today)
        earned = move.lines.new(account=accounts["revenue"])
        earned.credit = Decimal(100 * each * len(customers))
        for place, customer in enumerate(customers):
            for turn in range(each):
                line = move.lines.new(account=accounts["receivable"])
                line.debit, line.party = Decimal(100), customer
                line.maturity_date = today - timedelta(days=1 + (place * each + turn) % 45)
        move.save()


def _generate() -> None:
    wizard = Wizard("account.dunning.create")
    wizard.form.date = datetime.now(tz=UTC).date()
    wizard.execute("create_")


def _timed(act: Callable[[], object]) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    act()
    return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
