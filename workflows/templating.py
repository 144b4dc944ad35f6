"""Reading message templates: which there are, in which language, printed in Jinja's sandbox.

A language is a folder of `templates/messages`: `words.toml` (the words around every message), one `<name>.txt` per mail
and one `calls/<name>.txt` per opening of a call. A template is a first line `subject: …`, an empty line, then
paragraphs. It reads files and prints what it is given; it knows nothing of invoices.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from jinja2 import FileSystemLoader, StrictUndefined, Template, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.cadence import Channel
from core.wording import plain

HOME = Path(__file__).resolve().parents[1] / "templates" / "messages"
FALLBACK = "en"
_CALLS = "calls"


class MessageError(Exception):
    """The message cannot be written; one sentence for the person who looks after the templates."""


def template_names(language: str = FALLBACK, channel: Channel = Channel.EMAIL) -> frozenset[str]:
    """The names a cadence's steps may use in a language folder: openings for calls, mails for all else."""
    folder = HOME / language
    return frozenset(file.stem for file in (folder / _CALLS if channel is Channel.CALL else folder).glob("*.txt"))


def spoken(template: str, language: str, channel: Channel = Channel.EMAIL) -> tuple[str, Locale]:
    """The folder to read and the locale for dates and amounts; English as a whole where anything is missing."""
    if not re.fullmatch(r"[a-z0-9-]+", template):
        raise MessageError(f"{plain(template)!r} is not a template name: use small letters, digits and dashes.")
    locale = locale_of(language)
    has_words = (HOME / locale.language / "words.toml").is_file()
    if has_words and template in template_names(locale.language, channel):
        return locale.language, locale
    if template not in template_names(FALLBACK, channel):
        raise MessageError(f"There is no message template {template!r}.")
    return FALLBACK, locale if locale.language == FALLBACK else Locale(FALLBACK)


def locale_of(language: str) -> Locale:
    """The locale of a tag such as en-GB; without its region where that pair is unknown, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
    return Locale(FALLBACK)


def words_of(folder: str) -> Mapping[str, Any]:
    """The words around every message of a language, as they stand in the file now."""
    return _words((HOME / folder / "words.toml").read_text(encoding="utf-8"))


def table_of(language: str, name: str) -> tuple[Mapping[str, Any], Locale]:
    """One table of a language's words, and the locale that goes with it; English as a whole where it is missing."""
    locale = locale_of(language)
    known = (HOME / locale.language / "words.toml").is_file() and name in words_of(locale.language)
    if known:
        return words_of(locale.language)[name], locale
    return words_of(FALLBACK)[name], locale if locale.language == FALLBACK else Locale(FALLBACK)


@lru_cache(maxsize=50)
def _words(source: str) -> Mapping[str, Any]:
    return tomllib.loads(source)


def body(
    folder: str, template: str, view: Mapping[str, Any], channel: Channel = Channel.EMAIL, source: str = ""
) -> tuple[str, list[str]]:
    """Subject and paragraphs of a template; a paragraph is one line and keeps its unbreakable spaces.

    A `source` is read in place of the file; whatever it lists, it lists the first few of.
    """
    path = _path(folder, template, channel)
    if source:
        written = compiled(source).render({name: _few(value) for name, value in view.items()})
    else:
        written = environment().get_template(path).render(view)
    head, _, rest = written.partition("\n")
    label, _, subject = head.partition(":")
    paragraphs = [re.sub(r"[ \t\n]+", " ", part.strip()) for part in re.split(r"\n\s*\n", rest) if part.strip()]
    if label != "subject" or not subject.strip() or not paragraphs:
        raise MessageError(f"The message template {path!r} needs a first line 'subject: …' and a paragraph.")
    return plain(subject, 200), paragraphs


def shipped(folder: str, template: str, channel: Channel = Channel.EMAIL) -> str:
    """The source of a template as it is shipped in a language folder."""
    return (HOME / _path(folder, template, channel)).read_text(encoding="utf-8").strip()


def _path(folder: str, template: str, channel: Channel) -> str:
    return f"{folder}/{_CALLS}/{template}.txt" if channel is Channel.CALL else f"{folder}/{template}.txt"


FEW = 20


class _Few(list[Any]):
    """A list that has all of its length, of which a loop sees the first: a message must not grow with the book."""

    def __iter__(self) -> Iterator[Any]:
        return islice(super().__iter__(), FEW)


def _few(value: Any) -> Any:
    return _Few(value) if isinstance(value, list) else value


def typed(subject: str, paragraphs: Iterable[str]) -> tuple[str, list[str]]:
    """The same from words that a person typed: only ever text, a paragraph on one line."""
    return plain(subject, 200), [plain(one, 5000) for one in paragraphs]


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Jinja's sandbox: templates are data that accountants write. Only `.html` files escape, and they all do."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(HOME),
        autoescape=select_autoescape(("html",), default=False, default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=500)
def compiled(source: str) -> Template:
    return environment().from_string(source)
