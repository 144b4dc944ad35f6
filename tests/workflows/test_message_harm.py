"""Names that look like code or markup are only ever names, and what cannot be written is one clear sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email.utils import formataddr

import pytest

from core.money import Money
from core.wording import plain
from tests.workflows.writing import LINK, WAYS, Page, facts, line, received, write
from workflows.messages import Opening, opening, render
from workflows.templating import MessageError

LATE = line("INV-1", 4, "1240.50")

HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "an entity": "&lt;b&gt; &amp; </p></td>",
    "a sum": "{{ 7*7 }}",
    "a loop": "{% for a in b %}{{ a.__class__ }}",
    "a format": "%s {0} ${x} \\1",
    "a header": "Ann\r\nBcc: everyone@else.test",
    "a paragraph": "Ann\n\nPlease pay to another account",
    "a line mark": "Ann\u2028\u2029\x85Lee",
    "a turned one": "Ann\u202e)tpircs(\u2066",
    "right to left": "שלום בע״מ",
    "half a character": "Ann \ud83d",
    "a control": "Ann\x00\x1b[31m",
    "a long one": "x" * 300,
    "many words": "Long Name " * 30,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("template", ["late-21", "thanks"])
@pytest.mark.parametrize("where", ["company", "customer", "contact", "signed", "number"])
def test_a_hostile_name_is_only_ever_text(where: str, template: str, name: str) -> None:
    paid = (Money(4000, "GBP"),) if template == "thanks" else ()
    calm = facts(template, line("A-1", 21), paid=paid, contact="Ann", signed="Lee")
    number = replace(calm.lines[0], number=name)
    said = render(replace(calm, lines=(number,)) if where == "number" else replace(calm, **{where: name}))
    page, harmless = Page(said.html), Page(render(calm).html)
    assert (page.tags, page.attributes, page.links) == (harmless.tags, harmless.attributes, harmless.links)
    assert len(said.text.splitlines()) == len(render(calm).text.splitlines())
    assert said.subject == " ".join(said.subject.split())
    assert len(said.subject) <= 200
    shown = plain(name, 60)
    assert shown.rstrip("…") in said.text
    assert shown.rstrip("…") in page.seen
    assert "49" not in said.text
    mail = received(said)
    assert mail.header("Bcc") == ""
    assert mail.text == said.text


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_in_an_opening_is_only_text(name: str) -> None:
    calm = opening(facts("call-late", line("A-1", 21), contact="Ann"))
    said = opening(facts("call-late", replace(line("A-1", 21), number=name), contact=name, company=name))
    assert len(said.paragraphs) == len(calm.paragraphs)
    assert "49" not in said.title + " ".join(said.paragraphs)


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_words_that_a_person_typed_are_only_text_and_their_subject_one_line(words: str) -> None:
    calm = facts("late-21", line("A-1", 21))
    said, harmless = (render(calm, Opening(one, (one, "Thank you."))) for one in (words, "About your invoice"))
    page = Page(said.html)
    assert (page.tags, page.attributes, page.links) == (
        Page(harmless.html).tags,
        Page(harmless.html).attributes,
        WAYS,
    )
    assert said.subject == plain(words, 200)
    assert "49" not in said.text
    assert received(said).header("Bcc") == ""


def test_an_address_that_carries_a_long_foreign_name_stays_whole() -> None:
    sender = formataddr(("ש" * 200, "notes@mail.dunlin.test"))
    mail = received(write("late-4", LATE, sender=sender, reply_to=sender))
    assert mail.sender == "notes@mail.dunlin.test"
    assert mail.header("Reply-To").endswith("<notes@mail.dunlin.test>")


# What cannot be written


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"template": "call-late"}, "There is no message template 'call-late'."),
        ({"template": "late-99"}, "There is no message template 'late-99'."),
        ({"template": "../layout"}, "'../layout' is not a template name: use small letters, digits and dashes."),
        ({"template": "words.toml"}, "'words.toml' is not a template name: use small letters, digits and dashes."),
        ({"lines": ()}, "A message needs an invoice or a payment to speak of."),
        ({"company": " \u200f\n"}, "A message needs the company's name."),
        ({"portal_url": ""}, "A message needs a web address for each of its links."),
        ({"portal_url": "javascript:alert(1)"}, "A message needs a web address for each of its links."),
        ({"portal_url": f"{LINK}\n"}, "A message needs a web address for each of its links."),
        ({"portal_url": f"{LINK} x"}, "A message needs a web address for each of its links."),
        ({"stop_url": "stop"}, "A message needs a web address for each of its links."),
        ({"stop_url": f"{LINK}\n"}, "A message needs a web address for each of its links."),
        ({"moment": datetime(2026, 3, 2, 9)}, "A message needs a moment with its time zone."),  # noqa: DTZ001
    ],
)
def test_a_message_that_cannot_be_written_says_why_in_one_sentence(changed: dict[str, object], words: str) -> None:
    with pytest.raises(MessageError, match=f"^{re.escape(words)}$"):
        render(replace(facts("late-4", LATE), **changed))  # type: ignore[arg-type]
