"""`flask backtest` over exports as ledgers and people write them, and over what a connected company has lived."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask as App
from sqlalchemy import select

from app import create_app
from core.backtest import NOTE
from core.cadence import Cadence
from models import Company, Touch
from tests.stories.bookkeeper import credit, receive, void
from tests.stories.days import BOTH, town_of
from tests.town import Town
from tests.web.edges import new_store, runtime
from tests.web.world import World
from workflows import backtests
from workflows.errors import Refusal

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

SHARED = Path(__file__).resolve().parents[2] / "../shared"
IBM = SHARED / "data/ibm_accounts_receivable.csv"
EXPORTS = SHARED / "samples/ledger-exports"
IBM_MAP = (
    "customer=customerID",
    "number=invoiceNumber",
    "issued=InvoiceDate",
    "due=DueDate",
    "amount=InvoiceAmount",
    "settled=SettledDate",
    "disputed=Disputed",
)
Flask = Callable[..., Result]


@pytest.fixture(scope="module")
def app() -> App:
    return create_app()


@pytest.fixture
def flask(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The command line of an installation in an empty folder: `flask("backtest", ...)`."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    runner = app.test_cli_runner()
    with app.app_context():
        yield lambda *words: runner.invoke(args=[str(word) for word in words])


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("dunlin: ")
    return line.removeprefix("dunlin: ")


XERO = (
    "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,Currency,Type,Status,FullyPaidOnDate\n"
    "Alder Ltd,INV-1,01/02/2026,03/03/2026,120.00,0.00,GBP,Sales invoice,Paid,12/03/2026\n"
    "Alder Ltd,INV-2,02/02/2026,04/03/2026,80.00,80.00,GBP,Sales invoice,Awaiting Payment,\n"
    "Birch GmbH,INV-3,20/02/2026,22/03/2026,55.00,0.00,EUR,Sales invoice,Paid,25/02/2026\n"
    "Birch GmbH,CN-1,20/02/2026,22/03/2026,-5.00,0.00,EUR,Sales credit note,Paid,25/02/2026\n"
    "Cedar,INV-4,30/02/2026,22/03/2026,55.00,55.00,EUR,Sales invoice,Awaiting Payment,\n"
)
QUICKBOOKS = (
    "Sparrow Ltd,,,,,,,\nInvoice List,,,,,,,\n"
    "Date,Transaction Type,Num,Name,Due Date,Amount,Open Balance,Paid Date\n"
    '02/01/2026,Invoice,1001,Alder,03/03/2026,"1,120.00",0.00,03/16/2026\n'
    "02/13/2026,Invoice,1002,Alder,03/15/2026,80.00,80.00,\n"
)


def test_a_xero_export_is_recognised_and_every_row_that_cannot_be_read_is_named(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "xero.csv").write_text(XERO)
    told = answer(flask("backtest", tmp_path / "xero.csv", "--cadence", "default", "--json"))
    assert (told["note"], told["invoices"], told["customers"]) == (NOTE, 3, 2)
    assert (told["from"], told["to"]) == ("2026-02-01", "2026-03-12")
    assert told["unreadable_rows"] == [
        {"line": 5, "why": "It is a Sales credit note, not an invoice."},
        {"line": 6, "why": "The date issued '30/02/2026' could not be read as %d/%m/%Y."},
    ]
    (one,) = told["cadences"]
    steps = {step["step"]: step["messages"] for step in one["steps"] if step["messages"]}
    assert steps == {"heads-up": 2, "late-4": 1}
    assert (one["messages"], one["never_spoken_about"], one["causes"]) == (3, 1, {"paid": 1})
    assert [(each["currency"], each["amount"]["minor"]) for each in one["currencies"]] == [
        ("EUR", 5500),
        ("GBP", 20000),
    ]


def test_a_quickbooks_export_with_its_title_lines_is_recognised(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(QUICKBOOKS)
    told = answer(flask("backtest", tmp_path / "list.csv", "--cadence", "default", "--currency", "USD", "--json"))
    assert (told["invoices"], told["unreadable_rows"]) == (2, [])


def test_a_longer_booking_delay_sends_more_after_the_money_had_left(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "xero.csv").write_text(XERO)
    file = ("backtest", tmp_path / "xero.csv", "--cadence", "default", "--to", "2026-03-31", "--json")
    late = answer(flask(*file, "--booking-delay", "9"))["cadences"][0]
    soon = answer(flask(*file, "--booking-delay", "0"))["cadences"][0]
    assert soon["after_payment"] == 0
    assert late["after_payment"] >= 1


def test_two_cadences_stand_side_by_side_in_words_and_on_a_page(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "xero.csv").write_text(XERO)
    (tmp_path / "own.toml").write_text(
        "name = 'own'\ntitle = 'Our <own>'\n[[step]]\nname = 'late-2'\noffset = 2\ntone = 'kind'\n"
    )
    page = tmp_path / "page.html"
    result = flask(
        "backtest", tmp_path / "xero.csv", "--cadence", tmp_path / "own.toml", "--against", "default", "--html", page
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(NOTE)
    head = next(line for line in result.stdout.splitlines() if "Our <own>" in line)
    assert "Early and gentle" in head
    assert "Left out, line 5: It is a Sales credit note, not an invoice." in result.stdout
    shown = page.read_text()
    assert NOTE in shown
    assert "Our &lt;own&gt;" in shown
    assert shown.count("<svg") >= 2
    assert "<script" not in shown
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", "")


def test_columns_are_named_one_by_one_or_all_after_one_map(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("who;ref;from;until;sum\nAnn;1;2026-01-13;2026-02-13;10,50\n")
    names = ("customer=who", "number=ref", "issued=from", "due=until", "amount=sum")
    together = flask(
        "backtest", tmp_path / "odd.csv", "--cadence", "default", "--currency", "EUR", "--json", "--map", *names
    )
    apart = [word for name in names for word in ("--map", name)]
    assert answer(together) == answer(
        flask("backtest", *apart, tmp_path / "odd.csv", "--cadence", "default", "--currency", "EUR", "--json")
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cadence", "default"], "Name a file of past invoices, or a connected company with --company."),
        (["none.csv", "--cadence", "default"], "There is no file none.csv."),
        (["FILE"], "Say which cadence to try with --cadence"),
        (["FILE", "--cadence", "harsh"], "There is no cadence 'harsh'; name a file such as own.toml, or one of: "),
        (["FILE", "--cadence", "own.toml"], "There is no file own.toml."),
        (["FILE", "more", "--cadence", "default"], "'more' is one word too many"),
        (["FILE", "customer=", "--cadence", "default"], "Say which column customer is: --map customer=COLUMN."),
        (["FILE", "--cadence", "default", "--zone", "Mars/Base"], "'Mars/Base' is not a time zone"),
        (["FILE", "--cadence", "default", "--country", "QQ"], "No public holidays are known for 'QQ'"),
        (["FILE", "--cadence", "default", "--from", "2027-01-01"], "The history goes from 2026-02-01 to 2026-03-12"),
    ],
)
def test_what_cannot_be_run_says_in_one_line_what_to_do(
    flask: Flask, tmp_path: Path, words: list[str], sentence: str
) -> None:
    (tmp_path / "xero.csv").write_text(XERO)
    given = [str(tmp_path / "xero.csv") if word == "FILE" else word for word in words]
    assert refused(flask("backtest", *given)).startswith(sentence)


def test_a_cadence_that_breaks_a_rule_is_refused_by_name(flask: Flask, tmp_path: Path) -> None:
    (tmp_path / "xero.csv").write_text(XERO)
    (tmp_path / "harsh.toml").write_text("name = 'harsh'\ntitle = 'H'\nweek_limit = 9\n")
    told = refused(flask("backtest", tmp_path / "xero.csv", "--cadence", tmp_path / "harsh.toml"))
    assert told.startswith("harsh.toml cannot be used: ")


def test_holidays_of_the_country_are_kept(flask: Flask, tmp_path: Path) -> None:
    """Early May Bank Holiday is a Monday: what is due on it is said on the working day before."""
    (tmp_path / "may.csv").write_text(
        "customer,number,issued,due,amount,currency\nAnn,1,2026-04-13,2026-05-04,10,GBP\nBob,2,2026-06-13,2026-07-13,9,GBP\n"
    )
    asked = ("backtest", tmp_path / "may.csv", "--cadence", "default", "--json")
    days = [answer(flask(*asked, *more))["cadences"][0]["busiest_days"] for more in ((), ("--country", "gb"))]
    assert "2026-05-04" in days[0]
    assert "2026-05-04" not in days[1]


@pytest.mark.shared
@pytest.mark.skipif(not IBM.exists(), reason="the sample book lies beside the checkout")
def test_the_public_sample_book_is_replayed_whole(flask: Flask) -> None:
    told = answer(flask("backtest", IBM, "--cadence", "default", "--currency", "USD", "--json", "--map", *IBM_MAP))
    (one,) = told["cadences"]
    assert (told["invoices"], told["customers"], told["unreadable_rows"]) == (2466, 100, [])
    assert one["causes"]["dispute"] == 561
    assert one["never_spoken_about"] + one["currencies"][0]["spoken_about"] == 2466
    assert one["messages"] == sum(step["messages"] for step in one["steps"]) > 1000
    assert 0 < one["after_payment"] < one["paid_within_two_days"] < one["messages"]
    assert max(map(int, one["weeks"])) == 2


@pytest.mark.shared
@pytest.mark.skipif(not EXPORTS.exists(), reason="the sample exports lie beside the checkout")
def test_an_export_through_a_connector_is_read_as_far_as_it_goes(flask: Flask) -> None:
    export = EXPORTS / "dbt_quickbooks__invoice_data.csv"
    told = answer(flask("backtest", export, "--cadence", "default", "--json"))
    assert told["invoices"] + len(told["unreadable_rows"]) == len(export.read_text().splitlines()) - 1


# A connected company's own history


@BOTH
def test_the_history_a_company_has_lived_through_gives_the_messages_that_were_really_sent(kind: str) -> None:
    due = (("A-1", "fern", date(2026, 3, 4)), ("B-1", "moss", date(2026, 3, 4)), ("C-1", "reed", date(2026, 3, 9)))
    with town_of(kind, *due) as town:
        town.at(date(2026, 3, 6), 20)
        receive(town, "B-1")
        receive(town, "A-1", "40.00")
        town.at(date(2026, 3, 10), 22)
        history, company, tried = lived(town, kind)
        with town.rt.store.read() as session:
            really = session.execute(select(Touch.day, Touch.step).order_by(Touch.day, Touch.step)).all()
    assert history.unreadable == ()
    paid = {one.number: [(str(day), str(part)) for day, part in one.paid] for one in history.invoices}
    assert [(day, part.split()[0]) for day, part in paid["A-1"]] == [("2026-03-06", "40.00")]
    (told,) = backtests.compare(history, [tried], company, first=date(2026, 3, 2), booking_delay=1).tallies
    days = Counter(day for day, _ in really)
    assert dict(told.busiest_days) == days
    assert {step.step: step.messages for step in told.steps if step.messages} == Counter(step for _, step in really)
    assert told.messages >= 4


def lived(town: Town, kind: str) -> tuple[backtests.History, Company, Cadence]:
    """What the mirror tells of the company's past, and what is in force there."""
    company = town.company(kind)
    with town.rt.store.read() as session:
        history = backtests.of_company(session, company.id, town.now.date())
        return history, company, backtests.in_force(session, company)


@BOTH
def test_credits_close_an_invoice_voids_are_left_out_and_what_does_not_add_up_is_named(kind: str) -> None:
    with town_of(kind, *((f"A-{place}", "fern", date(2026, 3, 9)) for place in (1, 2, 3))) as town:
        town.at(date(2026, 3, 3))
        credit(town, "A-1", applied=True)
        void(town, "A-2")
        town.at(date(2026, 3, 5))
        history, *_ = lived(town, kind)
    known = {one.number: one.settled for one in history.invoices}
    assert known["A-3"] is None
    assert "A-2" not in known
    named = dict(history.unreadable)
    assert known.get("A-1") == date(2026, 3, 3) or named == {
        "A-1": "The ledger does not say on which days it was paid."
    }


def test_a_company_without_a_past_says_so() -> None:
    with pytest.raises(Refusal, match="no past invoice"):
        backtests.compare(backtests.History(()), [])


def test_a_company_is_asked_for_by_name_on_the_command_line(tmp_path: Path, flask: Flask) -> None:
    World(runtime(new_store(f"sqlite:///{tmp_path}/dunlin.db"))).rt.store.close()
    told = answer(flask("backtest", "--company", "Bramley Joinery", "--against", "trusted-partner", "--json"))
    assert (told["source"], len(told["cadences"])) == ("Bramley Joinery", 2)
    assert told["invoices"] > 5
    assert refused(flask("backtest", "--company", "Nobody")).startswith("There is no company 'Nobody'")
