"""How messages are written: money and dates in the reader's way, the same bytes each time, headers that others rely on,
names that cannot do harm, and one clear error where a message cannot be written.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import formataddr
from html import unescape
from pathlib import Path

import pytest

from core.cadence import BRANCHES, Channel
from core.language import parse_cadence
from core.money import Money
from integrations.channels.mime import compose
from sandbox import letters
from tests.workflows import writing
from tests.workflows.writing import (
    ALL,
    ANSWERED,
    CALLS,
    FACTS,
    LINK,
    STEPS,
    STOP,
    WAYS,
    Page,
    body,
    line,
    received,
    thanks,
    write,
)
from workflows import templating
from workflows.templating import MessageError, template_names

ROOT = Path(__file__).resolve().parents[2]
LATE = line("INV-1", 4, "1240.50")
LIBRARY = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "templates" / "cadences").glob("*.toml")}


# Money and dates


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en-GB", "26 February"),
        ("en-US", "February 26"),
        ("en-IN", "26 February"),
        ("en-ZZ", "February 26"),
        ("en", "February 26"),
    ],
)
def test_dates_are_written_in_the_readers_region_with_the_month_in_letters(language: str, day: str) -> None:
    said = write("late-4", LATE, language=language)
    assert said.subject.endswith(f"was due on {day}")
    for words in (said.text, Page(said.html).seen):
        assert f"Invoice INV-1 for £1,240.50 was due on {day}" in words


def test_a_year_is_told_only_where_it_is_another() -> None:
    said = write("late-4", line("A-1", 65), today=writing.TODAY).text
    assert "of 27 November 2025" in said
    assert "2026" not in said


@pytest.mark.parametrize(
    ("language", "currency", "amount", "shown"),
    [
        ("en-GB", "USD", "1240.5", "US$1,240.50"),
        ("en-US", "USD", "1240.5", "$1,240.50"),
        ("en-GB", "JPY", "1240", "JP¥1,240"),
        ("en-GB", "KWD", "1240.5", "KWD\u00a01,240.500"),
        ("en-IN", "INR", "1240000", "₹12,40,000.00"),
        ("en-GB", "XTS", "1", "XTS\u00a01.00"),
        ("en-GB", "ISK", "1240", "ISK\u00a01,240"),
    ],
)
def test_money_is_written_with_its_own_sign_and_digits(language: str, currency: str, amount: str, shown: str) -> None:
    said = write("late-4", line("A-1", 4, amount, currency=currency), language=language)
    assert f": {shown}, was due" in said.text
    assert body(said).startswith(f"Invoice A-1 for {shown} was due")


@pytest.mark.parametrize("language", ["nl-NL", "zh-Hant-TW", "ar", "tlh", "", "??", "../en", "it_IT"])
def test_a_language_without_templates_falls_back_whole_to_english(language: str) -> None:
    for template in STEPS:
        assert write(template, LATE, language=language) == write(template, LATE, language="en")


def test_currencies_are_listed_apart_and_never_added() -> None:
    said = write("late-12", line("A-1", 12, "150"), line("A-2", 13, "50"), line("A-3", 14, "70", currency="EUR"))
    assert re.findall(r"Together: .*", said.text) == ["Together: €70.00", "Together: £200.00"]
    assert "270.00" not in said.text + said.html
    assert "Of which" not in said.text + said.html


def test_what_is_late_is_told_apart_in_each_currency_where_only_a_part_is() -> None:
    said = write("late-12", line("A-1", 12, "150"), line("A-2", -13, "50"), line("A-3", -14, "70", currency="EUR"))
    assert re.findall(r"  (?:Together|Of which).*", said.text) == [
        "  Together: £200.00",
        "  Of which past the due day: £150.00",
        "  Together: €70.00",
    ]


def test_one_invoice_has_no_total_and_shows_what_is_open_of_it() -> None:
    said = write("due-today", line("A-1", 0, "60", of="100"))
    assert "Together" not in said.text + said.html
    assert "£60.00 (still open of £100.00), due today" in said.text
    assert "£60.00 still open of £100.00" in Page(said.html).seen


def test_open_credit_is_told_per_currency_and_said_not_to_be_taken_off() -> None:
    credits = (Money(2000, "GBP"), Money(500, "GBP"), Money(0, "USD"), Money(300, "EUR"))
    told = "an open credit of £25.00 and €3.00 with us. It is not yet taken off the amount above."
    said = write("late-4", LATE, credits=credits)
    assert told in said.text
    assert told in Page(said.html).seen
    assert "open credit" not in write("late-4", LATE, credits=(Money(0, "GBP"),)).text


# The same bytes


def test_the_same_facts_make_the_same_bytes() -> None:
    for template in STEPS:
        first, second = (write(template, *writing.OPEN.values()) for _ in range(2))
        assert first == second
        assert compose(first) == compose(second)


def test_the_order_of_the_invoices_changes_nothing_that_is_read() -> None:
    one, other = (write("late-12", *order) for order in ([*writing.OPEN.values()], [*writing.OPEN.values()][::-1]))
    assert (one.subject, one.text) == (other.subject, other.text)


_ELSEWHERE = """
import hashlib
from integrations.channels.mime import compose
from tests.workflows import writing
print(hashlib.sha256(compose(writing.write("late-12", *writing.OPEN.values()))).hexdigest())
"""


def test_another_process_elsewhere_writes_the_same_bytes() -> None:
    here = hashlib.sha256(compose(write("late-12", *writing.OPEN.values()))).hexdigest()
    elsewhere = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Pacific/Auckland", "LC_ALL": "C", "LANG": "de_DE"}
    told = subprocess.run([sys.executable, "-c", _ELSEWHERE], cwd=ROOT, env=elsewhere, capture_output=True, check=True)
    assert told.stdout.decode().strip() == here


# Links


@pytest.mark.parametrize("template", STEPS)
def test_each_link_stands_once_and_alone_on_its_line_in_the_text_part(template: str) -> None:
    said = write(template, LATE)
    assert [said.text.splitlines().count(one) for one in (LINK, STOP)] == [1, 1]
    assert said.text.count("http") == 2


@pytest.mark.parametrize("template", STEPS)
def test_every_link_of_the_html_part_is_the_portals_and_nothing_is_loaded_from_anywhere(template: str) -> None:
    said = write(template, LATE)
    assert Page(said.html).links == WAYS
    assert not re.search(r"url\(|@import|<img|<script|<link", said.html)


def test_the_html_part_knows_small_screens_and_dark_ones() -> None:
    html = write("late-4", LATE).html
    for rule in ("@media (max-width: 480px)", "@media (prefers-color-scheme: dark)", 'name="color-scheme"'):
        assert rule in html


# Headers, as a mail program finds them


def test_headers_tell_mail_rules_what_it_is_and_robots_to_keep_quiet() -> None:
    invoices = (line("A-1", 12), line("A-2", 4), line("A-3", -5))
    stepped = [replace(one, step=step) for one, step in zip(invoices, ("", "late-4", "heads-up"), strict=True)]
    assert write("late-12", *stepped).headers == {
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
        "X-Dunlin-Step": "late-12",
        "X-Dunlin-Invoices": "A-1, A-2, A-3",
        "X-Dunlin-Lines": "A-1=late-12, A-2=late-4, A-3=heads-up",
        "X-Dunlin-Company": "Harbour Joinery Ltd.",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": f"<{STOP}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize("template", ["thanks", "copy", "by-hand", "fresh-link", *ANSWERED])
def test_what_was_asked_for_or_written_by_a_person_brings_no_way_to_stop_it(template: str) -> None:
    said = thanks(LATE) if template == "thanks" else write(template, *() if template in ANSWERED else (LATE,))
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post"}.intersection(said.headers)
    assert "rather hear from a person" not in said.text + said.html


@pytest.mark.parametrize("language", ["en-GB", "de-DE", "es-ES", "fr-FR"])
def test_every_reminder_ends_with_a_way_to_hear_from_a_person_instead(language: str) -> None:
    for template in STEPS:
        said = write(template, LATE, language=language)
        question, link = said.text.strip().splitlines()[-2:]
        assert (question[-1], link) == ("?", STOP)
        assert f'href="{STOP}"' in said.html
        assert question in unescape(said.html)


def test_addresses_and_the_message_id_are_passed_on_as_given() -> None:
    said = write("late-4", LATE)
    assert (said.sender, said.reply_to) == (FACTS.sender, FACTS.reply_to)
    assert (said.recipients, said.message_id) == (FACTS.recipients, FACTS.message_id)


def test_the_date_keeps_its_own_zone() -> None:
    moment = datetime(2026, 3, 2, 22, 5, 7, tzinfo=timezone(timedelta(hours=13)))
    assert write("late-4", LATE, moment=moment).headers["Date"] == "Mon, 02 Mar 2026 22:05:07 +1300"


@pytest.mark.parametrize("number", ["a, b", "50%", "%2C", "a=b", "Nº 5/ä", "חש-12", "x" * 255, "A 1"])
def test_any_invoice_number_comes_out_of_the_headers_as_it_went_in(number: str) -> None:
    mail = received(write("late-4", line(number, 4), line("A-2", 5)))
    assert letters.numbers_of(mail) == [number, "A-2"]
    assert letters.lines_of(mail) == [(number, "late-4"), ("A-2", "late-4")]


@pytest.mark.parametrize("company", ["Bäcker, Söhne & Co", "名古屋工業", "Acme " * 23 + "Ltd.", "ב" * 120])
def test_a_company_of_any_script_can_write_and_is_known_by_its_name(company: str) -> None:
    mail = received(write("late-4", LATE, company=company, sender=formataddr((company, "notes@mail.dunlin.test"))))
    assert letters.company_of(mail) == company
    assert mail.sender == "notes@mail.dunlin.test"
    assert company in mail.text


def test_three_hundred_invoices_still_make_a_message_and_the_headers_hold_whole_numbers() -> None:
    numbers = [f"INV-{at:05}" for at in range(300)]
    mail = received(write("late-4", *(line(number, 4) for number in numbers)))
    listed = letters.lines_of(mail)
    assert listed == [(number, "late-4") for number in numbers[: len(listed)]]
    assert len(listed) >= 40
    assert all(number in mail.text for number in numbers)


# Templates are data


def test_every_step_of_the_shipped_cadences_has_its_template() -> None:
    for text in LIBRARY.values():
        for step in parse_cadence(text, LIBRARY).steps:
            assert step.template in template_names(channel=step.channel), step


def test_what_a_reason_is_answered_with_has_its_template() -> None:
    assert {branch.template for branch in BRANCHES.values() if branch.template} <= template_names()


@pytest.fixture
def dutch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shipped templates beside a Dutch folder that has only one of them."""
    home = tmp_path / "messages"
    shutil.copytree(templating.HOME, home)
    (home / "nl").mkdir()
    shutil.copy(home / "en" / "words.toml", home / "nl" / "words.toml")
    (home / "nl" / "late-4.txt").write_text("subject: Factuur {{ first.number }}\n\nZij {{ first.says }}.\n")
    monkeypatch.setattr(templating, "HOME", home)
    templating.environment.cache_clear()
    templating.compiled.cache_clear()
    yield home
    templating.environment.cache_clear()
    templating.compiled.cache_clear()


def test_a_language_speaks_where_it_has_the_template_and_is_english_as_a_whole_where_not(dutch: Path) -> None:
    spoken = write("late-4", LATE, language="nl-BE")
    assert (spoken.subject, body(spoken)) == ("Factuur INV-1", "Zij was due on 26 februari.")
    assert 'lang="nl-BE"' in spoken.html
    assert "€\u00a01.240,50" in write("late-4", line("A", 4, "1240.50", currency="EUR"), language="nl-BE").text
    assert write("late-12", LATE, language="nl-BE") == write("late-12", LATE, language="en")


def test_a_language_without_the_words_around_is_not_spoken(dutch: Path) -> None:
    (dutch / "nl" / "words.toml").unlink()
    assert write("late-4", LATE, language="nl") == write("late-4", LATE, language="en")


@pytest.mark.parametrize(
    "broken",
    [
        "Hello\n\nNo subject.\n",
        "subject:\n\nEmpty subject.\n",
        "subject: No paragraph\n\n \n",
        "subject: x\n\n{{ nobody_knows_this }}\n",
        "subject: x\n\n{% if %}\n",
        "subject: x\n\n{{ first.__class__.__mro__ }}\n",
        "subject: x\n\n{{ 1 / 0 }}\n",
    ],
)
def test_a_broken_template_is_named_and_nothing_is_written(dutch: Path, broken: str) -> None:
    (dutch / "nl" / "late-4.txt").write_text(broken)
    with pytest.raises(MessageError, match=r"The message template .*late-4.* (needs|cannot be used)"):
        write("late-4", LATE, language="nl")


def test_the_tests_know_every_template() -> None:
    assert template_names() == set(ALL)
    assert template_names(channel=Channel.CALL) == set(CALLS)
