"""The shipped rules of each country: sourced, dated, in force where they should be, and kept by what is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from core.cadence import Cap
from core.law import Need, Rule, Topic
from models import AuditEvent, Company
from tests.core.builders import ladder
from tests.workflows.office import Office
from tests.workflows.writing import STEPS, STOP, line, write
from workflows import choosing_law, gather, kindly, law, proofs
from workflows.calendars import calendar_in, caps_of
from workflows.errors import Refusal

ALL = [pytest.param(rule, id=f"{one.code} {rule.topic}") for one in law.presets().values() for rule in one.rules]
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def a_company(country: str, caps: str = "", opens: time = time(9), closes: time = time(17)) -> Company:
    return Company(country=country, caps=caps, region="", zone="Europe/London", opens=opens, closes=closes)


def test_there_is_one_for_each_country_named_and_a_general_one_for_the_union() -> None:
    assert set(law.presets()) == {"US", "CA", "GB", "IE", "AU", "NZ", "DE", "FR", "ES", "AT", "EU"}


@pytest.mark.parametrize("rule", ALL)
def test_every_rule_has_its_source_a_link_to_it_and_the_day_it_was_read(rule: Rule) -> None:
    assert rule.source.strip()
    assert rule.link.startswith("https://")
    assert date(2026, 1, 1) <= rule.checked
    assert rule.says.endswith(".")
    assert bool(rule.caps) == (rule.topic is Topic.CONTACTS)
    assert bool(rule.hours) == (rule.topic is Topic.HOURS)
    assert bool(rule.hundredths) == (rule.topic is Topic.INTEREST)


def test_where_nothing_was_read_nothing_is_claimed_and_it_is_said() -> None:
    for preset in law.presets().values():
        assert preset.gaps, preset.name
    zealand = law.of_country("NZ")
    assert (zealand.rules, zealand.caps, set(zealand.silent)) == ((), (), set(Topic))
    assert law.of_country("JP").rules == law.of_country("").rules == ()
    assert law.of_country("JP").name == "JP"


def test_a_member_of_the_union_has_the_unions_rules_under_its_own_name() -> None:
    union = law.presets()["EU"].rules
    for country in ("IE", "DE", "FR", "ES", "AT"):
        assert set(union) <= set(law.of_country(country).rules)
        assert law.of_country(country).name == law.presets()[country].name
    assert law.of_country("PT").rules == union
    assert law.of_country("UK").rules == law.of_country("GB").rules != ()
    assert not set(union) & set(law.of_country("GB").rules)


def test_australia_hears_at_most_three_words_a_week_and_ten_in_any_month() -> None:
    assert law.caps_in("AU") == (Cap(3, 7), Cap(10, 31))
    assert law.caps_in("GB") == law.caps_in("NZ", "") == ()
    assert law.caps_in("AU", "US", "AU") == (Cap(3, 7), Cap(10, 31), Cap(7, 7))


def test_the_stricter_of_the_companys_preset_and_the_customers_country_counts() -> None:
    assert caps_of(a_company("GB")) == ()
    assert caps_of(a_company("GB"), "AU") == caps_of(a_company("AU"), "GB") == law.caps_in("AU")
    assert caps_of(a_company("GB", caps="AU")) == law.caps_in("AU")
    assert set(caps_of(a_company("AU"), "US")) == {Cap(3, 7), Cap(10, 31), Cap(7, 7)}


def test_hours_are_those_of_the_customers_country_on_the_customers_clock() -> None:
    early = a_company("GB", opens=time(6), closes=time(22))
    here = calendar_in(early, "", "", "", NOW)
    assert (here.opens, here.closes, here.hours_zone) == (time(6), time(22), "")
    there = calendar_in(early, "America/New_York", "US", "NY", NOW)
    assert (there.opens, there.closes, there.hours_zone) == (time(8), time(21), "America/New_York")
    assert calendar_in(early, "Australia/Perth", "AU", "WA", NOW).opens == time(7, 30)
    strict = a_company("US", opens=time(6), closes=time(22))
    assert calendar_in(strict, "Europe/Berlin", "DE", "BE", NOW).opens == time(8)


def test_what_the_law_gives_as_interest_is_the_same_to_the_kindness_check() -> None:
    for code in ("GB", "EU"):
        (interest,) = [rule for rule in law.presets()[code].rules if rule.topic is Topic.INTEREST]
        for country in law.presets()[code].covers:
            told = kindly.rules().laws[country]
            assert told.points == (interest.hundredths / 100,)
            assert told.sums == interest.sums


@pytest.mark.parametrize("template", STEPS)
def test_every_message_has_what_any_country_asks_of_it(template: str) -> None:
    asked = {need for preset in law.presets().values() for rule in preset.rules for need in rule.needs}
    said = write(template, line("77", 12))
    found = {
        Need.SENDER: "Harbour Joinery Ltd." in said.text and "Harbour Joinery Ltd." in said.sender,
        Need.STOP: STOP in said.text and STOP in said.html and f"<{STOP}>" == said.headers["List-Unsubscribe"],
        Need.PLAIN: "advertising" not in {one.category for one in kindly.check_text(said.text, "US")},
    }
    assert asked == set(found)
    assert all(found.values())


def test_what_nobody_has_read_for_long_is_a_warning_not_an_error() -> None:
    assert law.stale(date(2028, 5, 21)) == []
    old = law.stale(date(2028, 5, 22))
    assert {preset.code for preset, _ in old} == {"US", "CA", "GB", "EU", "AU"}


def test_a_person_chooses_another_countrys_rules_and_everybody_is_planned_anew(office: Office) -> None:
    with office.rt.store.read() as session:
        before = gather.account(office.rt, session, office.account_id, office.clock.now())
    assert before.facts.caps == ()
    office.change(office.account("c-1"), wake_at=None)
    assert choosing_law.choose(office.rt, office.company.id, "AU", 7).name == "Australia"
    with office.rt.store.read() as session:
        after = gather.account(office.rt, session, office.account_id, office.clock.now())
        assert "law-chosen" in {one.kind for one in session.query(AuditEvent)}
    assert after.facts.caps == law.caps_in("AU")
    assert after.version > before.version
    assert office.account("c-1").wake_at == office.clock.now()
    assert choosing_law.choose(office.rt, office.company.id, "", 7).code == "GB"
    with pytest.raises(Refusal, match="one of the countries"):
        choosing_law.choose(office.rt, office.company.id, "XX", 7)


def test_the_limits_of_a_customers_own_country_reach_the_planner(office: Office) -> None:
    office.change(office.account("c-1"), country="AU")
    with office.rt.store.read() as session:
        assert gather.account(office.rt, session, office.account_id, office.clock.now()).facts.caps == law.caps_in("AU")


@pytest.mark.slow
def test_a_proof_is_for_the_limits_it_was_made_with() -> None:
    cadence = ladder(4)
    free, limited = (proofs.at_company(a_company("GB", caps), cadence, NOW) for caps in ("", "AU"))
    assert free is not limited
    assert proofs.at_company(a_company("GB", "AU"), cadence, NOW) is limited
