"""A text as its reader hears it: tricks of typography undone, and every letter still knows where it came from.

Look-alike letters, invisible characters, spelled-out words, words broken over lines and digits for letters are folded
into plain ASCII words. It changes only what the rules look at, never what is shown or sent, and it judges nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# Letters of other alphabets that look like ours: no property of Unicode says so, https://www.unicode.org/reports/tr39/.
_ALIKE = str.maketrans(
    "аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁԀһҺӏӀԛԚԝԜгѵпαΑΒβεΕιΙκΚηΗνΝοΟρΡτΤυΥχΧγμΜΖσωɑɩℓ",
    "aABBeEkKMMHHoOpPcCTTyYxXiIjJsSdDhHlIqQwWrvnaABBeEiIkKnHvNoOpPtTuYxXyuMZowail",
)
_MARKS = str.maketrans({**dict.fromkeys("‘’‚‛ʼʹ´`′", "'"), **dict.fromkeys("“”„‟«»″", '"'), "⠀": " ", "⁄": "/"})
_FILLERS = "\u115f\u1160\u3164\uffa0"
_NAMED = re.compile(r"(?:LATIN|REGIONAL).* LETTER (?:SMALL CAPITAL |DOTLESS |SCRIPT )?([A-Z])(?= WITH |$)")

_TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_BROKEN = re.compile(r"(?<=[A-Za-z])-[ \t]*\n[ \t]*(?=[a-z])")
_LINES = re.compile(r"[ \t]*\n\s*")
_BULLET = re.compile(r"[-•>] |\d+[.)] ")
_SPELLED = re.compile(r"(?<![A-Za-z'])[A-Za-z](?:[ .,\-_*·•|/]{1,3}[A-Za-z]){2,}(?![A-Za-z'])")
_EMPHASIS = re.compile(r"[*~^\\]+")
_UNDERSCORE = re.compile(r"_+")
_DIGIT = re.compile(r"(?<=[A-Za-z])[01345@$!|](?=[A-Za-z@$])|(?<![A-Za-z\d])[@$](?=[a-z]{3})")
_LONGEST_RUN = 80
_LONGEST_SENTENCE = 1000
_AS_LETTER = {"0": "o", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"}
_SHORT = re.compile(r"(?<=\w)(?='(?:ll|re|ve|d|m)\b)|(?<=\w)(?=n't\b)", re.IGNORECASE)
_NO_MARK = re.compile(r"\b(do|does|did|is|was|wo|would|could|should|ca|have|has|are)nt\b", re.IGNORECASE)
_CANNOT = re.compile(r"(?<=\bcan)(?=not\b)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]{2,}|\t")
_BREAK = re.compile(
    r"(?<=[.!?])(?<!\bNo\.)(?<!\bMr\.)(?<!\bDr\.)(?<!\bMs\.)(?<!\bSt\.)[\"')\]]*[ ]+(?=[\"'(\[]?[A-Z0-9£$€])|\n"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Plain words; `at[i]` is the place in the source of the i-th character."""

    text: str
    at: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the source `text[start:end]` stands; `end` must be greater than `start`."""
        return self.at[start], self.at[end - 1] + 1

    def swap(self, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]) -> Folded:
        """Each match written anew; the new letters lie evenly over the place of the old ones."""
        text: list[str] = []
        at: list[int] = []
        done = 0
        for found in pattern.finditer(self.text):
            start, width, written = found.start(), max(found.end() - found.start() - 1, 0), new(found)
            text += (self.text[done:start], written)
            at += self.at[done:start]
            at += (self.at[start + i * width // max(len(written) - 1, 1)] for i in range(len(written)))
            done = found.end()
        return Folded("".join((*text, self.text[done:])), (*at, *self.at[done:]))

    def sentences(self) -> list[tuple[int, str]]:
        """Each sentence with the place where it begins. A full stop before a small letter ends none.

        What goes on without an end is cut, so that no text can keep the patterns busy for long.
        """
        ends = [0, *(found.end() for found in _BREAK.finditer(self.text)), len(self.text)]
        cuts = [cut for one, two in pairwise(ends) for cut in range(one, two, _LONGEST_SENTENCE)]
        parts = pairwise([*cuts, len(self.text)])
        return [(one, self.text[one:two]) for one, two in parts if self.text[one:two].strip()]


def fold(source: str, known: frozenset[str], *, template: bool = False) -> Folded:
    """`source` folded; `known` are the words worth mending a trick for. A template loses its placeholders."""
    page = Folded(source, tuple(range(len(source))))
    if template:
        page = page.swap(_TAG, _neutral)
    page = _plain(page)
    page = page.swap(_BROKEN, lambda found: _join(page.text, found, known))
    page = page.swap(_LINES, lambda found: _line_end(page.text, found))
    page = page.swap(_SPELLED, lambda found: _read_out(found[0], known))
    page = page.swap(_EMPHASIS, lambda _: "").swap(_UNDERSCORE, lambda _: " ")
    page = page.swap(_DIGIT, lambda found: _letter(page.text, found)).swap(_SPACES, lambda _: " ")
    page = page.swap(_NO_MARK, lambda found: f"{found[1]} n't")
    return page.swap(_SHORT, lambda _: " ").swap(_CANNOT, lambda _: " ")


def _neutral(tag: re.Match[str]) -> str:
    """A placeholder as one harmless word, or the words it writes itself; a tag as the gap it leaves."""
    said = " ".join(one or two for one, two in _LITERAL.findall(tag[0]))
    if tag[0].startswith("{#"):
        return ""
    if tag[0].startswith("{%"):
        return " " if re.match(r"\{%-?\s*el", tag[0]) else ""
    return said or "Zz"


def _plain(page: Folded) -> Folded:
    """Character by character: what looks like a Latin letter becomes it, what cannot be seen goes."""
    pairs = [(letter, at) for char, at in zip(page.text, page.at, strict=True) for letter in _seen(char)]
    return Folded("".join(letter for letter, _ in pairs), tuple(at for _, at in pairs))


@lru_cache(maxsize=4096)
def _seen(char: str) -> str:
    if char.isascii():
        return "" if char != "\n" and char < " " and char != "\t" else char
    shown = unicodedata.normalize("NFKD", char.translate(_MARKS)).translate(_ALIKE)
    return "".join(_look(one) for one in shown if one not in _FILLERS)


def _look(char: str) -> str:
    kind = unicodedata.category(char)
    if char.isascii() or kind in ("Mn", "Me", "Cf", "Cc", "Zs", "Zl", "Zp", "Pd"):
        return "-" if kind == "Pd" else " " if kind == "Zs" else "\n" if kind in ("Zl", "Zp") else char * char.isascii()
    named = _NAMED.match(unicodedata.name(char, "")) or re.match(
        r"NEGATIVE \w+ LATIN CAPITAL LETTER ([A-Z])$", unicodedata.name(char, "")
    )
    if not named:
        return char
    return named[1] if "CAPITAL LETTER" in named.string else named[1].lower()


def _join(text: str, found: re.Match[str], known: frozenset[str]) -> str:
    """Nothing where a word was broken over the line, a space where two words met."""
    before = re.search(r"[A-Za-z]+$", text[: found.start()])
    after = re.match(r"[a-z]+", text[found.end() :])
    return "" if before and after and (before[0] + after[0]).lower() in known else " "


def _line_end(text: str, found: re.Match[str]) -> str:
    """A new paragraph or point of a list stays on its own; a line that only wraps goes on."""
    ends = found[0].count("\n") > 1 and not text[found.end() : found.end() + 1].islower()
    return "\n" if ends or _BULLET.match(text, found.end()) else " "


def _read_out(letters: str, known: frozenset[str]) -> str:
    """A word spelled letter by letter as a word; several, where a wider gap or our vocabulary parts them."""
    words = [re.sub(r"[^A-Za-z]", "", part) for part in re.split(r"[^A-Za-z]{2,}", letters)]
    if all(len(word) == 1 for word in words):
        words = ["".join(words)]
    return " ".join(_parted(word, known) for word in words)


def _parted(letters: str, known: frozenset[str]) -> str:
    """The fewest known words that make up `letters`; `letters` themselves where none do."""
    if len(letters) > _LONGEST_RUN:
        return letters
    best: list[str | None] = [""]
    for end in range(1, len(letters) + 1):
        tails = [
            f"{head} {letters[start:end]}".strip()
            for start, head in enumerate(best)
            if head is not None and letters[start:end].lower() in known
        ]
        best.append(min(tails, key=lambda words: words.count(" "), default=None))
    return best[-1] or letters


def _letter(text: str, found: re.Match[str]) -> str:
    """A digit or sign inside a word as the letter it stands for; 1 is an l after a vowel, else an i."""
    vowel = text[max(found.start() - 1, 0)].lower() in "aeiou"
    return _AS_LETTER.get(found[0]) or ("l" if vowel else "i")
