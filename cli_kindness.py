"""`flask kindness FILE...`: would these words threaten, blame, shout or claim what the law does not give? And
`flask wording FILE`: could they take the place of a shipped template?

It reads files and prints what `workflows.kindly` and `workflows.wordings` find. It needs no database and no
settings, and changes nothing.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from cli import as_json, command, report
from core.cadence import Channel
from core.kindness import Finding
from workflows import kindly, wordings
from workflows.errors import Refusal


@command("kindness", "flask kindness templates/messages/en/late-21.txt --country GB")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--country", default="", help="Where the company sits, such as GB; without it no claim of law can stand.")
@click.option("--whole", is_flag=True, help="Each file is a whole message: say also what it lacks.")
@click.option("--terms", is_flag=True, help="The customers were given terms that provide for fees or interest.")
@as_json
def kindness(files: tuple[Path, ...], country: str, whole: bool, terms: bool, as_json: bool) -> None:
    """Check templates, or texts a person typed, for threats, false claims of law, blame, shouting and hard words."""
    found = {path: _check(path, country, whole, terms) for path in files}
    blocked = any(one.blocks for findings in found.values() for one in findings)
    lines = [_line(path, one) for path, findings in found.items() for one in findings]
    figures = [
        {"file": str(path), "findings": [{**asdict(one), "blocks": one.blocks} for one in findings]}
        for path, findings in found.items()
    ]
    report({"blocks": blocked, "files": figures}, as_json, lines or ["All of it is kind."])
    sys.exit(1 if blocked else 0)


@command("wording", "flask wording mine.txt --template late-12 --language en --country GB")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--template", required=True, help="The shipped template whose place it would take, such as late-12.")
@click.option("--language", default="en", show_default=True, help="Its language: en, de, es or fr.")
@click.option("--country", default="", help="Where the company sits, such as GB; without it no claim of law can stand.")
@click.option("--call", is_flag=True, help="It is the opening of a call.")
@as_json
def wording(file: Path, template: str, language: str, country: str, call: bool, as_json: bool) -> None:
    """Check words of your own for a message: only documented fields, sayable in every situation, and kind."""
    source, channel, refused = _read(file), Channel.CALL if call else Channel.EMAIL, ""
    judged = wordings.Judged((), False)
    try:
        judged = wordings.judge(source, template, language, country, channel)
    except Refusal as refusal:
        refused = str(refusal)
    lines = [refused] if refused else [*(_line(file, one) for one in judged.findings), _MAY_BE_USED]
    if judged.unheard:
        lines.append("Nobody has judged its tone: let somebody who speaks the language read it aloud.")
    report(
        {"refused": refused, "findings": [asdict(one) for one in judged.findings], "unheard": judged.unheard},
        as_json,
        lines,
    )
    sys.exit(1 if refused else 0)


_MAY_BE_USED = "Every field is known, and it can be said in every situation."


def _check(path: Path, country: str, whole: bool, terms: bool) -> tuple[Finding, ...]:
    text = _read(path)
    if kindly.is_template(text):
        return kindly.check_template(text, country, terms=terms)
    return kindly.check_text(text, country, whole=whole, terms=terms)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{path} is no text in UTF-8; save it as such.") from error


def _line(path: Path, one: Finding) -> str:
    where = f"{path}:{one.start}-{one.end}"
    weight = "stops" if one.blocks else "advice"
    return f"{where} {one.category.value} ({weight}) {one.quote!r}: {one.why} {one.kinder}".replace(" ''", "")


COMMANDS = (kindness, wording)
