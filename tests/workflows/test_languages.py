"""Every language beside English says the same: nothing left out, nothing added, nothing left in English, and kindly.

What each message says is checked against English in every situation; how it says it only a reader can judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from html import unescape
from typing import Any

import pytest

from core.cadence import Channel, Tone
from core.facts import Instalment
from core.money import Money
from integrations.channels.base import Envelope
from tests.workflows import writing
from tests.workflows.writing import (
    AFTER,
    ANSWER,
    ANSWERED,
    FOLLOW_UPS,
    LINK,
    OPEN,
    PAID,
    STEPS,
    TODAY,
    Page,
    facts,
    line,
    situations,
)
from workflows import templating
from workflows.message_facts import MessageFacts
from workflows.messages import render
from workflows.templating import compiled, template_names, words_of

LANGUAGES = sorted(file.name for file in templating.HOME.iterdir() if file.is_dir() and file.name != "en")
REGIONS = {"de": "de-DE", "es": "es-ES", "fr": "fr-FR"}
PAPERS = ("invoice", "statement", "terms")
each_language = pytest.mark.parametrize("language", LANGUAGES)


# Whole


@each_language
def test_a_language_has_every_mail_and_no_other(language: str) -> None:
    assert template_names(language) == template_names("en")


@each_language
def test_calls_are_for_the_companys_own_people_and_come_all_or_not_at_all(language: str) -> None:
    assert template_names(language, Channel.CALL) in (frozenset(), template_names("en", Channel.CALL))


@each_language
def test_a_language_has_every_word_around_and_no_other(language: str) -> None:
    assert _keys(words_of(language)) == _keys(words_of("en"))


def _keys(words: Mapping[str, Any], above: str = "") -> set[str]:
    named = {f"{above}{name}": value for name, value in words.items()}
    return {key for name, value in named.items() for key in (_keys(value, f"{name}.") if _is_table(value) else {name})}


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


# The same


@dataclass(frozen=True)
class Said:
    """A message in English and in another language."""

    facts: MessageFacts
    english: Envelope
    ours: Envelope


@cache
def english() -> list[tuple[MessageFacts, Envelope]]:
    return [(one, render(one)) for one in every()]


@cache
def everything(language: str) -> list[Said]:
    tag = REGIONS[language]
    return [Said(one, written, render(replace(one, language=tag))) for one, written in english()]


def every() -> Iterator[MessageFacts]:
    """Every mail in every situation, in every tone, with and without a day; what is attached; and answers."""
    for template in (*STEPS, "copy", "by-hand"):
        for lines in situations(OPEN, most=2):
            yield facts(template, *lines)
    for template in (*FOLLOW_UPS, "promise-passed-again"):
        for tone in (Tone.FRIENDLY, Tone.KIND, Tone.CLEAR):
            for lines in situations(OPEN, most=1):
                yield facts(template, *lines, tone=tone)
    for template in AFTER:
        for lines in situations(OPEN, most=2):
            led = (replace(lines[0], step=template), *(replace(one, step="late-4") for one in lines[1:]))
            yield facts(template, *led, promised=None, resolved=None)
    for lines in ((), *situations(PAID, most=2)):
        yield facts("thanks", *lines, paid=(Money(4000, "GBP"),))
    yield facts("thanks", paid=(Money(4000, "GBP"), Money(700, "EUR")))
    yield from _with_more()
    yield from answers()


def _with_more() -> Iterator[MessageFacts]:
    """What may stand around a message: papers, credit, a part of an arrangement; and other lists of three."""
    late, coming = OPEN["late"], OPEN["to come"]
    for lines in ((late,), (late, coming), (late, coming, OPEN["due today"]), (late, late, coming)):
        yield facts("late-12", *lines, attached=PAPERS)
        yield facts("late-12", *lines, credits=(Money(2500, "GBP"), Money(300, "EUR")))
    for one in (late, coming, OPEN["late in part"]):
        yield facts("late-4", replace(one, agreed=True))
        yield facts("heads-up", replace(one, agreed=True), coming)
        yield facts("late-4", replace(one, late=Money(4210, "GBP"), leaves=TODAY + timedelta(days=9)), coming)
        yield facts("welcome", replace(one, less=Money(100, "GBP"), until=TODAY + timedelta(days=9)))
    yield facts("thanks", *next(iter(situations(PAID, most=1))), paid=(Money(4000, "GBP"),), steady=True)
    yield facts("late-12", late, OPEN["arranged"], instalment=Instalment(TODAY, Money(5000, "GBP")))


def answers() -> Iterator[MessageFacts]:
    for template in ANSWERED:
        for numbers in (("A-1",), ("A-1", "A-2"), ("",)):
            for words in ("12345", ""):
                yield facts(template, answered=replace(ANSWER, numbers=numbers, words=words))
    yield facts("fresh-link")


@each_language
def test_each_message_names_the_same_numbers_days_and_amounts_as_in_english(language: str) -> None:
    for said in everything(language):
        for ours, theirs in ((heard(said.ours), heard(said.english)), (said.ours.text, said.english.text)):
            assert _figures(ours) == _figures(theirs), f"{ours}\n\n{theirs}"


@each_language
def test_what_english_tells_apart_is_told_apart(language: str) -> None:
    meant: dict[str, str] = {}
    for said in everything(language):
        known = meant.setdefault(heard(said.ours), heard(said.english))
        assert known == heard(said.english), heard(said.ours)


def heard(message: Envelope) -> str:
    """The subject, and the paragraphs between the greeting and the list or the link."""
    parts = message.text.split("\n\n")
    listed = next((at - 1 for at, part in enumerate(parts) if part.startswith("- ")), None)
    end = next(at for at, part in enumerate(parts) if part.endswith(LINK)) if listed is None else listed
    return "\n\n".join((message.subject, *parts[1:end]))


def _figures(words: str) -> set[str]:
    """Every number in digits; a bare 1 is as well said in letters."""
    return set(re.findall(r"\d+", re.sub(r"(?<![\w-])1(?![\w.,])", "", words.replace(LINK, ""))))


# Not in English


ENGLISH = re.compile(
    r"""\b(the|and|your|yours|you|we|our|is|are|were|been|has|have|had|this|that|which|with|without|from|below|above|
    invoices?|due|payment|paid|thank|thanks|please|reply|still|amount|together|today|copy|copies|kind|regards|hello|
    tell|something|wrong|need|more|time|choose|attached|enclosed|terms|statement|arrangement|agreed|until|page|
    January|February|March|December)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Words of these languages that look like English ones.
ALIKE = {"de": "die|still|page", "es": "has", "fr": "page|arrangement|copies"}


@each_language
def test_no_english_word_is_left(language: str) -> None:
    for said in everything(language):
        for words in (said.ours.subject, said.ours.text, Page(said.ours.html).seen):
            assert not _english(words, language), (words, _english(words, language))


@each_language
@pytest.mark.parametrize("attached", [(), ("invoice",), ("statement",), ("terms",), PAPERS], ids=str)
def test_a_letter_is_whole_and_tells_what_is_enclosed(language: str, attached: tuple[str, ...]) -> None:
    for lines in situations(OPEN, most=1):
        said = facts("late-35", *lines, attached=attached)
        ours = render(replace(said, language=REGIONS[language]), layout="letter")
        assert _figures(ours.text) == _figures(render(said, layout="letter").text)
        for words in (ours.text, Page(ours.html).seen):
            assert not _english(words, language), (words, _english(words, language))


def _english(words: str, language: str) -> list[str]:
    own = re.sub(r"Harbour Joinery Ltd\.|Lighthouse Inc\.|https:\S+", "", words)
    return [hit[0] for hit in ENGLISH.finditer(own) if not re.fullmatch(ALIKE[language], hit[0], re.IGNORECASE)]


def test_the_list_of_english_words_knows_them_in_every_english_message() -> None:
    assert all(ENGLISH.search(heard(message)) for _, message in english())


@each_language
def test_the_page_says_in_which_language_it_is(language: str) -> None:
    for said in everything(language)[:20]:
        assert f'<html lang="{REGIONS[language]}" dir="ltr">' in said.ours.html


# Well said


@each_language
def test_a_subject_names_the_company_and_fits_a_small_screen(language: str) -> None:
    for said in everything(language):
        assert said.facts.company in said.ours.subject
        assert len(said.ours.subject) <= 78, (len(said.ours.subject), said.ours.subject)


@each_language
def test_sentences_and_paragraphs_are_short(language: str) -> None:
    for said in everything(language):
        for paragraph in heard(said.ours).split("\n\n"):
            one = re.sub(r"(Ltd|Inc)\.|(?<=\d)\.", "", paragraph)
            sentences = re.split(r"(?<=[.?])\s+", one)
            assert len(sentences) <= 4, paragraph
            assert max(len(sentence.split(" ")) for sentence in sentences) <= 32, paragraph


@each_language
@pytest.mark.parametrize("names", [{}, {"contact": ""}, {"contact": "", "customer": ""}], ids=str)
def test_no_gap_and_no_second_mark_is_left_by_a_word_that_is_not_said(language: str, names: dict[str, str]) -> None:
    for template in (*STEPS, "copy", "by-hand"):
        for line_ in OPEN.values():
            message = writing.write(template, line_, language=REGIONS[language], attached=PAPERS, **names)
            for words in (message.subject, message.text, Page(message.html).seen):
                plain = re.sub(r"(Inc|Ltd)\.,", r"\1", words)
                assert not re.search(r"\.\.|[?.],|,,|(?<=\S)  | [.,]|None|[{}!]", plain), words


UNKIND = {
    "de": r"""mahn\w*|zahlungserinner\w*|erinner\w*|inkasso|anw[aä]lt\w*|gericht\w*|klage\w*|schuld\w*|säumig\w*|
        versäum\w*|überfällig\w*|verzug\w*|verzöger\w*|sofort\w*|unverzüglich|umgehend|dringend\w*|letztmal\w*|
        letzte\w*|frist\w*|forder(n|ung)\w*|zwingen\w*|konsequenz\w*|androh\w*|zins\w*|gebühr\w*|müssen|
        leider|enttäusch\w*|trotz|erneut|bereits\ mehrfach|versprochen|pflicht\w*|ignorier\w*""",
    "es": r"""deud\w*|moros\w*|abogad\w*|juzgad\w*|tribunal\w*|demand(a|ar)|inmediat\w*|urgent\w*|último\ aviso|
        reclam\w*|exig\w*|incumpl\w*|recarg\w*|intereses|cobranza\w*|advert\w*|retras\w*|impag\w*|lamentabl\w*|
        debe\ usted|obliga\w*|promet\w*|decepcion\w*|recordatorio\w*|embarg\w*|
        penaliz\w*|sanci\w*|denunci\w*|culpa\w*|por\ desgracia|a\ pesar\ de|una\ vez\ más|ultimátum|sin\ falta""",
    "fr": r"""dette\w*|débit(eur|rice)\w*|huissier\w*|avocat\w*|tribun\w*|mise\ en\ demeure|impayé\w*|immédiat\w*|
        urgent\w*|exig\w*|pénalité\w*|intérêts|relance\w*|rappel\w*|contentieux|menac\w*|sommation|retard\w*|
        recouvrement|malheureusement|obligation|vous\ devez|promis\w*|déçu\w*|négligé\w*|poursui\w*|créanc\w*|fautes?|
        défaut|frais|major(er|ation)\w*|dernier\ avis|toujours\ pas|sans\ délai|brefs\ délais|honte|somm(er|ons)""",
}


@each_language
def test_no_message_threatens_shames_or_presses(language: str) -> None:
    unkind = re.compile(rf"\b({UNKIND[language]})\b", re.IGNORECASE | re.VERBOSE)
    for said in everything(language):
        words = f"{said.ours.subject}\n{said.ours.text}"
        assert not unkind.search(words), (unkind.search(words), words)


@each_language
@pytest.mark.parametrize("template", FOLLOW_UPS)
def test_a_softer_tone_is_softer_where_it_is_in_english(language: str, template: str) -> None:
    late = line("A-1", 30)
    ours = [heard(writing.write(template, late, tone=tone, language=REGIONS[language])) for tone in Tone]
    theirs = [heard(writing.write(template, late, tone=tone)) for tone in Tone]
    assert [one == ours[0] for one in ours] == [one == theirs[0] for one in theirs]


# As its readers write figures


@pytest.mark.parametrize(
    ("language", "currency", "amount", "day"),
    [
        ("de-DE", "EUR", "1.240,50\u00a0€", "26. Januar"),
        ("de-AT", "EUR", "€\u00a01.240,50", "26. Jänner"),
        ("de-CH", "CHF", "CHF\u00a01’240.50", "26. Januar"),
        ("fr-FR", "EUR", "1\u202f240,50\u00a0€", "26 janvier"),
        ("fr-CH", "CHF", "1\u202f240,50\u00a0CHF", "26 janvier"),
        ("es-ES", "EUR", "1.240,50\u00a0€", "26 de enero"),
        ("es-US", "USD", "$1,240.50", "26 de enero"),
    ],
)
def test_amounts_and_days_are_written_as_in_the_readers_country(
    language: str, currency: str, amount: str, day: str
) -> None:
    said = writing.write("late-21", line("A-1", 35, "1240.50", currency=currency), language=language)
    for words in (said.text, unescape(said.html)):
        assert amount in words
        assert day in words


def test_french_counts_the_first_of_a_month() -> None:
    assert "1er mars" in writing.write("late-4", line("A-1", 1), language="fr-CA").subject


def test_nobody_in_switzerland_or_liechtenstein_reads_a_sharp_s() -> None:
    for said, _ in english():
        assert "ß" not in render(replace(said, language="de-CH")).text
    assert "Freundliche Grüsse\n" in writing.write("late-4", line("A-1", 4), language="de-LI").text
    assert "Freundliche Grüße\n" in writing.write("late-4", line("A-1", 4), language="de-AT").text


# The statement of account


STATED: dict[str, Any] = {
    "since": "S1", "until": "U2", "today": "T3", "currency": "XTS", "number": "N4", "due": "D5", "numbers": "A, B",
    "total": "T6", "amount": "A7", "day": "Y8", "email": "a@b.test", "company": "Firm",
}  # fmt: skip


@each_language
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("several", [1, 2, 9])
def test_the_statement_says_the_same_facts_and_no_english_word(language: str, known: bool, several: int) -> None:
    given = {
        name: value if known or name not in ("number", "due", "day", "email") else "" for name, value in STATED.items()
    }
    given |= {"favour": known, "about": ["A", "B", *"CDEFGHI"][:several]}
    for name, source in words_of("en")["statement"].items():
        ours, theirs = (
            compiled(words[name]).render(given) for words in (words_of(language)["statement"], {name: source})
        )
        assert ours.strip()
        assert not _english(ours, language), ours
        assert [one for one in STATED.values() if one in ours] == [one for one in STATED.values() if one in theirs], (
            ours
        )
