"""A country's rules as data: what each of them must have, what follows for limits and hours, what has grown old."""

from __future__ import annotations

from datetime import date, time

import pytest

from core.cadence import Cap
from core.law import Hours, Kind, LawError, Need, Preset, Rule, Topic, hours_within, joined, parse_preset, stale

RULE = """
[[rule]]
topic = "contacts"
kind = "guidance"
says = "At most 3 a week."
caps = [[3, 7]]
source = "A guideline"
link = "https://law.test/1"
checked = 2026-01-31
"""


def rule(checked: date = date(2026, 1, 31), *hours: Hours) -> Rule:
    return Rule(Topic.HOURS, Kind.HOUSE, "-", "-", "-", checked, hours=hours)


def preset(*rules: Rule) -> Preset:
    return Preset("XX", "Somewhere", rules)


def test_a_country_is_read_with_its_rules_and_what_was_not_read() -> None:
    found = parse_preset("XX", f"name = 'Somewhere'\ncovers = ['XY']\ngaps = ['Nothing else.']\n{RULE}")
    assert (found.code, found.name, found.covers, found.gaps) == ("XX", "Somewhere", {"XY"}, ("Nothing else.",))
    assert found.caps == (Cap(3, 7),)
    (only,) = found.rules
    assert (only.topic, only.kind, only.source, only.checked) == (
        Topic.CONTACTS,
        Kind.GUIDANCE,
        "A guideline",
        date(2026, 1, 31),
    )
    assert found.silent == (Topic.HOURS, Topic.INTEREST, Topic.WORDS, Topic.OPT_OUT)


@pytest.mark.parametrize("name", ["topic", "kind", "says", "source", "link", "checked"])
def test_a_rule_that_lacks_something_is_refused_by_name(name: str) -> None:
    lines = [line for line in RULE.splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(LawError, match=f"^The rules of XX lack '{name}'; add it.$"):
        parse_preset("XX", "\n".join(["name = 'Somewhere'", *lines]))


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ('source = "A guideline"', 'source = " "', "'source' is empty"),
        ('link = "https://law.test/1"', 'link = ""', "'link' is empty"),
        ("checked = 2026-01-31", 'checked = "2026-01-31"', "'checked' is not a day"),
        ("checked = 2026-01-31", "checked = 2026-01-31T10:00:00", "'checked' is not a day"),
        ('kind = "guidance"', 'kind = "rumour"', "rumour"),
        ('topic = "contacts"', 'topic = "weather"', "weather"),
        ("caps = [[3, 7]]", "caps = [[3]]", "not enough values"),
        ("[[rule]]", "[[rule", "no TOML"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_one_sentence(written: str, instead: str, words: str) -> None:
    with pytest.raises(LawError, match=words):
        parse_preset("XX", f"name = 'Somewhere'\n{RULE.replace(written, instead)}")


def test_presets_that_hold_together_keep_every_rule_once() -> None:
    one, other = rule(), rule(date(2025, 1, 1))
    both = joined([preset(one), Preset("YY", "Union", (one, other), gaps=("Unread.",))])
    assert (both.code, both.name, both.rules, both.gaps) == ("XX", "Somewhere", (one, other), ("Unread.",))


DAY = Hours(frozenset(range(7)), time(8), time(21))
WEEKEND = Hours(frozenset({5, 6}), time(9), time(18))
MORNINGS = Hours(frozenset(range(5)), time(7, 30), time(12))


@pytest.mark.parametrize(
    ("asked", "own", "left"),
    [
        ([], (time(6), time(23)), (time(6), time(23))),
        ([DAY], (time(9), time(17)), (time(9), time(17))),
        ([DAY], (time(7), time(22)), (time(8), time(21))),
        ([DAY, MORNINGS], (time(7), time(22)), (time(8), time(12))),
        ([DAY], (time(21), time(23)), (time(8), time(21))),  # wholly outside: when it is allowed
        ([DAY], (time(5), time(8)), (time(8), time(21))),
        ([WEEKEND], (time(7), time(22)), (time(7), time(22))),  # nothing leaves on those days anyway
    ],
)
def test_sending_hours_are_what_is_left_of_the_companys_own(
    asked: list[Hours], own: tuple[time, time], left: tuple[time, time]
) -> None:
    assert hours_within([preset(rule(date(2026, 1, 1), one)) for one in asked], *own) == left


def test_a_rule_grows_old_after_eighteen_months_to_the_day() -> None:
    one = preset(rule(date(2024, 9, 30)))
    assert stale([one], date(2026, 3, 30)) == []
    assert stale([one], date(2026, 3, 31)) == [(one, one.rules[0])]
    end_of_august = preset(rule(date(2024, 8, 31)))
    assert stale([end_of_august], date(2026, 2, 28)) == []
    assert stale([end_of_august], date(2026, 3, 1)) == [(end_of_august, end_of_august.rules[0])]


def test_what_every_message_needs_is_a_closed_list() -> None:
    found = parse_preset("XX", f"name = 'Somewhere'\n{RULE}needs = ['sender', 'stop', 'plain']")
    assert found.rules[0].needs == set(Need)
