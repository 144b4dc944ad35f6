"""Every sentence of the customer's page that can be said in another language, found in its templates and its Python.

`python -m tests.web.portal_words fr` writes templates/portal/fr.po anew: it keeps what is translated there, adds what
is new, and drops what is not said any more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "templates" / "portal"
_SHARED = ("macros.html", "base.html", "statement_days.html")
# Workflows that a customer's page calls, and what they call in turn: their refusals may stand on it.
_WORKFLOWS = (
    "links",
    "answers",
    "reasons",
    "contacts",
    "sent_files",
    "treatment",
    "checkouts",
    "arrangements",
    "proposals",
    "opting_out",
)
_FURTHER = ("following", "instalments", "extensions", "statements")
_KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None, "Refusal": None, "BadLink": None, "OldLink": None}


def _sources() -> Iterator[tuple[Path, str]]:
    """Each file with the way to read it."""
    templates = [
        *sorted(HOME.glob("*.html")),
        *sorted(HOME.glob("*.txt")),
        *(ROOT / "templates" / name for name in _SHARED),
    ]
    for one in templates:
        yield one, "jinja2"
    workflows = [ROOT / "workflows" / f"{name}.py" for name in (*_WORKFLOWS, *_FURTHER)]
    for one in [*sorted((ROOT / "web").glob("portal*.py")), ROOT / "web/speech.py", ROOT / "web/forms.py", *workflows]:
        if one.is_file():
            yield one, "python"


def template() -> Catalog:
    """All of them, with the files they stand in."""
    found = Catalog(charset="utf-8", fuzzy=False)
    options = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
    for path, way in _sources():
        reader = "jinja2.ext:babel_extract" if way == "jinja2" else "python"
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract(
                reader, file, keywords=_KEYWORDS, options=options if way == "jinja2" else {}
            ):
                if message and message != ("", ""):
                    found.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    return found


def known(language: str) -> Catalog:
    """What is translated so far."""
    file = HOME / f"{language}.po"
    return read_po(BytesIO(file.read_bytes()), locale=language) if file.is_file() else Catalog(locale=language)


def main(language: str) -> None:
    catalog = known(language)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with (HOME / f"{language}.po").open("wb") as file:
        write_po(file, catalog, width=110, no_location=True, sort_output=True, omit_header=False)


if __name__ == "__main__":
    main(sys.argv[1])
