"""Own words in place of a shipped template: what may be named, what is refused and how that is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import create_app
from core.cadence import Channel
from tests.workflows.writing import CALLS, facts, line
from workflows import templating, wording_fields
from workflows.errors import Refusal
from workflows.messages import opening
from workflows.templating import template_names
from workflows.wordings import judge

HEAD = "subject: A word about your invoices from {{ company }}\n\n"
KIND = HEAD + "Is everything in order with {{ words.about }}? Thank you for looking into it."


def shipped(language: str, template: str, folder: str = "") -> str:
    return (templating.HOME / language / folder / f"{template}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_shipped_mail_could_be_somebodys_own_wording(language: str) -> None:
    for template in sorted(template_names(language)):
        assert judge(shipped(language, template), template, language, "GB").findings == (), template


def test_so_could_every_opening_of_a_call() -> None:
    for template in CALLS:
        assert judge(shipped("en", template, "calls"), template, "en", "GB", Channel.CALL).findings == (), template


def test_own_words_are_said_in_place_of_the_file_with_the_facts_of_the_day() -> None:
    said = opening(facts("late-12", line("A-1", 12), source=KIND), Channel.EMAIL)
    assert said.title == "A word about your invoices from Harbour Joinery Ltd."
    assert said.paragraphs == ("Is everything in order with invoice A-1? Thank you for looking into it.",)


def test_nobody_has_heard_the_tone_of_a_language_that_the_check_cannot_read() -> None:
    assert not judge(KIND, "late-12", "en").unheard
    assert judge(KIND, "late-12", "de").unheard


@pytest.mark.parametrize(
    "attempt",
    [
        "{{ company.__class__ }}",
        "{{ company|attr('__class__') }}",
        "{{ company['__class__'] }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ first.number.format('{0.__class__}') }}",
        "{{ rows[0].__init__ }}",
        "{{ rows[5].number }}",
        "{{ rows | map(attribute='__class__') | list }}",
        "{{ self }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{{ range(999999999) }}",
        "{% for n in range(999999999) %}x{% endfor %}",
        "{% for letter in company %}{{ letter }}{% endfor %}",
        "{% for a in rows %}{% for b in rows %}x{% endfor %}{% endfor %}",
        "{% for a in rows %}{{ loop.index }}{% endfor %}",
        "{% for rows in rows %}x{% endfor %}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' * 999999999 }}",
        "{{ 'x' | center(999999999) }}",
        "{{ 'x' | replace('x', 'xxxxxxxx') }}",
        "{{ company | safe }}",
        "{% set company = 'Acme' %}",
        "{% macro say() %}{% endmacro %}",
        "{% include 'late-4.txt' %}",
        "{% import 'en/late-4.txt' as other %}",
        "{% extends 'layout.txt' %}",
        "{% block all %}{% endblock %}",
        "{% with %}{% endwith %}",
        "{% filter upper %}x{% endfilter %}",
        "{% if company is string %}x{% endif %}",
        "{{ portal_url }}",
        "{{ company",
        "{% for %}",
        "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
        "{{ " + "9" * 5000 + " }}",
    ],
)
def test_what_is_no_listed_field_is_refused_with_its_line_and_never_run(attempt: str) -> None:
    with pytest.raises(Refusal) as refused:
        judge(f"{KIND}\n\n{attempt}", "late-12", "en")
    assert "Line 5" in str(refused.value) or "brackets" in str(refused.value) or "number" in str(refused.value)


def test_the_sentence_says_which_field_there_is_not() -> None:
    with pytest.raises(Refusal, match="Line 5: there is no field “custmer”; see the list of fields"):
        judge(f"{KIND}\n\nDear {{{{ custmer }}}}", "late-12", "en")


def test_what_fails_in_one_situation_only_is_refused_with_that_situation() -> None:
    with pytest.raises(Refusal, match="It cannot be said of an invoice that is late"):
        judge(HEAD + "The part of {{ instalment.amount }} is next.", "late-12", "en")
    assert judge(HEAD + "The part of {{ instalment.amount }} is next.", "instalment-soon", "en").findings == ()


def test_it_needs_a_subject_and_words_and_stays_short() -> None:
    for source, why in (("Hello", "first line"), (HEAD + "x" * 7000, "6000 characters"), (KIND * 0, "first line")):
        with pytest.raises(Refusal, match=why):
            judge(source, "late-12", "en")
    with pytest.raises(Refusal, match="too long of a hundred invoices"):
        judge(HEAD + "{% for row in rows %}" + "word " * 210 + "{% endfor %}", "late-12", "en")


def test_a_list_says_how_long_it_is_and_a_loop_goes_over_its_first_twenty() -> None:
    many = [line(f"A-{at}", 12) for at in range(1, 301)]
    source = HEAD + "Of {{ rows | length }}:{% for row in rows %} {{ row.number }}{% endfor %}"
    said = opening(facts("late-12", *many, source=source), Channel.EMAIL)
    assert said.paragraphs[0].startswith("Of 300: A-")
    assert len(said.paragraphs[0].split(": ")[1].split()) == 20


@pytest.mark.parametrize(
    "threat",
    ["If you do not pay, we will take you to court.", "If you do not pay, we will take you to {{ 'co' ~ 'urt' }}."],
)
def test_a_threat_is_refused_also_when_it_is_put_together_from_parts(threat: str) -> None:
    with pytest.raises(Refusal, match="court"):
        judge(f"{KIND}\n\n{threat}", "late-12", "en", "GB")


def test_a_threat_in_english_is_no_better_in_a_french_message_but_a_french_link_is_no_lien() -> None:
    with pytest.raises(Refusal, match="court"):
        judge(f"{KIND}\n\nIf you do not pay, we will take you to court.", "late-12", "fr", "FR")
    assert judge(f"{KIND}\n\nLe lien ouvre votre page.", "late-12", "fr", "FR").unheard


def test_the_command_says_what_is_wrong_with_a_file_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text(KIND, encoding="utf-8")
    run = create_app().test_cli_runner().invoke
    ok = run(args=["wording", str(file), "--template", "late-12", "--language", "de", "--json"])
    assert (ok.exit_code, json.loads(ok.output)["unheard"], json.loads(ok.output)["refused"]) == (0, True, "")
    file.write_text(KIND + "{{ custmer }}", encoding="utf-8")
    bad = run(args=["wording", str(file), "--template", "late-12"])
    assert (bad.exit_code, "there is no field “custmer”" in bad.output) == (1, True)


def test_a_template_that_is_not_shipped_cannot_be_worded() -> None:
    with pytest.raises(Refusal, match="There is no template"):
        judge(KIND, "../../words", "en")


def test_the_page_about_messages_shows_each_field_as_it_is() -> None:
    page = (templating.HOME.parents[1] / "docs" / "messages.md").read_text(encoding="utf-8")
    for group, listed in {"": wording_fields.FIELDS, **wording_fields.GROUPS}.items():
        for one in listed:
            name = f"{group}.{one.name}" if group else one.name
            assert f"| `{name}` | {one.kind} | {one.says} | {one.example} |" in page
