"""Papers as PDF: a template of `templates/papers` and its facts, set by Typst. The same facts give the same bytes.

Facts reach a template as data, so nothing in a name or a text can be taken for a command. It fetches nothing and reads
only its own folder; fonts are those that Typst brings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

HOME = Path(__file__).resolve().parents[1] / "templates" / "papers"


class PaperError(Exception):
    """The paper cannot be set; one sentence for the person who looks after the templates."""


def pdf(template: str, facts: Mapping[str, Any]) -> bytes:
    """The paper `<template>.typ` about these facts, which JSON can hold; PaperError when the template is broken.

    Readable by machine and ear (PDF/UA-1) where every character has a glyph, else an ordinary PDF with a box in its
    place.
    """
    source = HOME / f"{template}.typ"
    if not source.is_file():
        raise PaperError(f"There is no paper {template!r}.")
    given = {"facts": json.dumps(facts, ensure_ascii=False, sort_keys=True)}
    try:
        return typst.compile(source, root=HOME, sys_inputs=given, ignore_system_fonts=True, pdf_standards="ua-1")
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise PaperError(f"The paper {template!r} cannot be set: {error}.") from error
    return typst.compile(source, root=HOME, sys_inputs=given, ignore_system_fonts=True)
