"""By what right interest is asked in a country, an installation's own rates over ours, and what the doctor says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import settings
from core.interest import interest
from core.money import Money
from core.rates import RateError
from models import Company, MoneyRules
from tests.workflows.office import Office
from workflows import doctor, law, rates
from workflows.errors import Refusal
from workflows.runtime import Runtime, Upkeep

NOW = datetime(2027, 1, 15, 10, tzinfo=UTC)  # none of the shipped tables goes so far
ROW = """
[[rate]]
day = {day}
hundredths = {hundredths}
source = "Deutsche Bundesbank"
link = "https://bank.test/"
checked = 2027-01-04
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rates"
    made.mkdir()
    return made


def with_own(office: Office, folder: Path) -> Runtime:
    office.clock.move(NOW)
    return replace(office.rt, upkeep=Upkeep(own_rates=folder))


def charging(office: Office, country: str, late: str = "statutory") -> None:
    """The office's company sits there and asks by statute."""
    with office.rt.store.write() as session:
        session.get_one(Company, office.company.id).country = country
        row = session.get(MoneyRules, office.company.id)
        if row is None:
            row = MoneyRules(company_id=office.company.id, changed_at=office.clock.now())
            session.add(row)
        row.late = late


@pytest.mark.parametrize(
    ("country", "name", "hundredths", "sums"),
    [
        ("GB", "Late Payment of Commercial Debts (Interest) Act 1998", 800, ((0, 40), (1000, 70), (10000, 100))),
        ("UK", "Late Payment of Commercial Debts (Interest) Act 1998", 800, ((0, 40), (1000, 70), (10000, 100))),
        ("DE", "§ 288 BGB", 900, ((0, 40),)),
        ("AT", "§§ 456 and 458 UGB", 920, ((0, 40),)),
        ("FR", "Code de commerce, L. 441-10 and D. 441-5", 1000, ((0, 40),)),
        ("ES", "Ley 3/2004", 800, ((0, 40),)),
    ],
)
def test_a_countrys_own_rule_comes_with_its_own_rates(
    office: Office, country: str, name: str, hundredths: int, sums: tuple[tuple[int, int], ...]
) -> None:
    found = rates.terms_of(office.rt, country)
    assert (found.name, found.hundredths, found.sums) == (name, hundredths, sums)
    assert found.rates is not None
    assert (found.currency, found.year_days) == (found.rates.currency, 365)


@pytest.mark.parametrize(
    ("country", "named"),
    [("IE", "Ireland"), ("US", "United States"), ("EU", "European Union"), ("BE", "BE")],
)
def test_a_country_whose_law_was_not_read_is_refused_by_name(office: Office, country: str, named: str) -> None:
    with pytest.raises(Refusal, match=rf"{named} lets a business charge .* use the rate that your contracts name\.$"):
        rates.terms_of(office.rt, country)


def test_a_company_without_a_country_is_told_to_choose_one(office: Office) -> None:
    with pytest.raises(Refusal, match="choose its country under Law and limits"):
        rates.terms_of(office.rt, "")


def test_own_rates_are_kept_beside_the_database(tmp_path: Path) -> None:
    known = settings.load({"DUNLIN_VAR": str(tmp_path)})
    assert Upkeep(**known.upkeep()).own_rates == tmp_path / "rates"


def test_every_rule_with_rates_has_a_shipped_table_and_every_table_is_used() -> None:
    used = {rule.rates for one in law.presets().values() for rule in one.rules if rule.rates}
    assert used == set(rates.shipped())


def test_an_own_half_year_is_laid_over_ours_and_seen_without_a_new_start(office: Office, folder: Path) -> None:
    rt = with_own(office, folder)
    due, first = date(2026, 12, 31), date(2027, 1, 1)

    def rate() -> int:
        (line,) = interest([(due, Money(100, "EUR"))], due, first, rates.terms_of(rt, "DE"), business=True).lines
        return line.hundredths

    with pytest.raises(RateError, match=r"half-year from 2027-01-01 is missing; add .* to rates/DE\.toml"):
        rate()
    (folder / "DE.toml").write_text(ROW.format(day="2027-01-01", hundredths=152), encoding="utf-8")
    assert rate() == 1052
    (folder / "DE.toml").write_text(ROW.format(day="2027-01-01", hundredths=177), encoding="utf-8")
    assert rate() == 1077


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROW.format(day="2027-01-02", hundredths=152), "'day' is not a 1 January or 1 July"),
        (ROW.format(day="2027-01-01", hundredths="'x'"), "'hundredths' is not a whole number"),
        (ROW.format(day="2027-01-01", hundredths=152).replace("[[rate]]", "[[rates]]"), "'rates' is not known here"),
        ("[[rate]]\nday = 2027-01-01", "lack 'hundredths'"),
        ("[[rate", "are no TOML"),
    ],
)
def test_an_own_file_that_cannot_be_used_is_refused_and_told_by_the_doctor(
    office: Office, folder: Path, text: str, words: str
) -> None:
    rt = with_own(office, folder)
    file = folder / "DE.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match=words) as refused:
        rates.terms_of(rt, "DE")
    assert str(refused.value).endswith(f"Mend it in {file}, or remove that file.")
    assert list(rates.complaints(rt)) == [str(refused.value)]
    assert rates.terms_of(rt, "GB")


def test_a_file_that_is_no_text_or_that_no_table_knows_is_told(office: Office, folder: Path) -> None:
    rt = with_own(office, folder)
    (folder / "GB.toml").write_bytes(b"\xff\xfe")
    (folder / "gb.toml").write_text("", encoding="utf-8")
    unknown, unreadable = rates.complaints(rt)
    assert unknown == f"{folder / 'gb.toml'} belongs to no table of rates; name it AT, DE, EU or GB, or remove it."
    assert unreadable == f"{folder / 'GB.toml'} cannot be read; mend it or remove it."
    with pytest.raises(Refusal, match="cannot be read"):
        rates.terms_of(rt, "GB")


def test_the_doctor_names_the_bank_whose_rate_of_today_is_missing_where_a_company_charges_by_statute(
    office: Office, folder: Path
) -> None:
    rt = with_own(office, folder)
    assert list(rates.complaints(rt)) == []
    charging(office, "DE")
    (told,) = rates.complaints(rt)
    assert told.startswith("The rate of the Bundesbank for the half-year from 2027-01-01 is missing;")
    assert told in doctor.complaints(rt)
    charging(office, "DE", late="contract")
    (folder / "DE.toml").write_text(ROW.format(day="2026-07-01", hundredths=152), encoding="utf-8")
    assert list(rates.complaints(rt)) == []
    charging(office, "DE")
    (folder / "DE.toml").write_text(ROW.format(day="2027-01-01", hundredths=152), encoding="utf-8")
    assert list(rates.complaints(rt)) == []


def test_the_doctor_names_a_country_whose_law_is_not_known_where_a_company_charges_by_it(office: Office) -> None:
    charging(office, "IE")
    (told,) = rates.complaints(office.rt)
    assert told.startswith("What the law of Ireland lets a business charge for lateness is not known here;")


@pytest.mark.parametrize("country", ["GB", "DE", "AT", "FR", "ES"])
def test_the_doctor_is_content_with_the_shipped_tables_until_2026_ends(office: Office, country: str) -> None:
    charging(office, country)
    office.clock.move(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert list(rates.complaints(office.rt)) == []
    office.clock.move(NOW)
    (told,) = rates.complaints(office.rt)
    assert "for the half-year from 2027-01-01 is missing" in told


@pytest.mark.parametrize("country", ["AT", "DE", "ES", "FR", "GB"])
def test_before_the_law_of_a_country_is_used_it_is_said_what_of_it_nobody_works_out(
    office: Office, country: str
) -> None:
    table = {"GB": "GBP"}.get(country, "EUR")
    rule, rate = rates.gaps(office.rt, country, table, date(2026, 11, 23))
    assert "Dunlin" in rule
    assert "from 2026-07-01" in rate
    assert "Compare it with the bank's own page" in rate


def test_a_rate_that_is_missing_a_law_that_is_not_known_and_another_currency_are_said_before(
    office: Office, folder: Path
) -> None:
    rt = with_own(office, folder)
    assert "from 2027-01-01 is missing" in rates.gaps(rt, "DE", "EUR", NOW.date())[-1]
    (folder / "DE.toml").write_text(ROW.format(day="2027-01-01", hundredths=127), encoding="utf-8")
    assert (
        "1.27 percent, was noted on 2027-01-04 from: Deutsche Bundesbank." in rates.gaps(rt, "DE", "EUR", NOW.date())[1]
    )
    assert rates.gaps(rt, "IE", "EUR", NOW.date()) == [
        "What the law of Ireland lets a business charge for lateness is not known here; "
        "use the rate that your contracts name."
    ]
    assert rates.gaps(rt, "DE", "GBP", NOW.date())[2].startswith("The law's fixed sum is in EUR; on invoices in GBP")
