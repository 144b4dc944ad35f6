"""`flask prove`: what a person sees of a proof, and the exit code: 0 proved, 1 a story against it, 2 unreadable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from app import create_app
from core.language import parse_cadence
from workflows import proofs
from workflows.errors import Refusal

KIND = "name = 'own'\ntitle = 'Own'\n[[step]]\nname = 'late-4'\noffset = 4\ntone = 'kind'\n"
CLEAR = KIND + "[step.when]\namount_at_least = 100\n[[step]]\nname = 'late-9'\noffset = 9\ntone = 'clear'\n"


def prove(folder: Path, text: str, *more: str) -> Result:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return create_app().test_cli_runner().invoke(args=["prove", str(path), "--year", "2026", *more])


def test_a_kind_cadence_is_proved(tmp_path: Path) -> None:
    answer = prove(tmp_path, KIND, "--country", "gb", "--zone", "Europe/London")
    assert answer.exit_code == 0
    assert answer.stdout.count("proved  Never") == 13
    assert "own keeps its promises to every account." in answer.stdout


def test_one_that_begins_clearly_is_told_as_a_story(tmp_path: Path) -> None:
    answer = prove(tmp_path, CLEAR)
    assert answer.exit_code == 1
    assert "BROKEN  The first word is always gentle" in answer.stdout
    assert "“late-9” (clear, rung 1) is said. It is the first word, and not gentle." in answer.stdout
    assert "own must not go live." in answer.stdout


def test_the_same_as_one_json_object(tmp_path: Path) -> None:
    answer = prove(tmp_path, CLEAR, "--json")
    assert answer.exit_code == 1
    figures = json.loads(answer.stdout)
    assert (figures["cadence"], figures["proved"], figures["warnings"]) == ("own", False, [])
    gentle = next(one for one in figures["promises"] if one["promise"] == "gentle")
    assert not gentle["proved"]
    assert gentle["story"][0].endswith("An invoice is issued, due on Mon 15 Jun 2026.")
    budget = next(one for one in figures["promises"] if one["promise"] == "budget")
    assert budget["proved"]
    assert budget["states"] > 1000
    assert budget["story"] == []


def test_what_cannot_be_read_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    answer = prove(tmp_path, KIND.replace("'kind'", "'harsh'"))
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("dunlin: own.toml cannot be used: The tone of step 'late-4' must be one of")


@pytest.mark.parametrize(
    ("country", "zone", "sentence"),
    [
        ("XX", "UTC", "No public holidays are known for 'XX'; give two letters such as GB."),
        ("", "Larch", "There is no time zone 'Larch'; give one such as Europe/London."),
    ],
)
def test_a_place_that_is_not_known_is_said(country: str, zone: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        proofs.in_country(parse_cadence(KIND), country, "", zone, 2026)
