"""The kindness check as the product uses it: our own templates pass it, and `flask kindness` says what it found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import create_app
from tests.workflows.writing import ALL, STEPS, line, thanks, write
from workflows.kindly import blocking, check_template, check_text, syllables

MESSAGES = Path(__file__).resolve().parents[2] / "templates" / "messages"
TEMPLATES = sorted([*MESSAGES.glob("*.txt"), *(MESSAGES / "en").rglob("*.txt")])  # it reads English only


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_shipped_template_is_kind(path: Path) -> None:
    assert check_template(path.read_text(encoding="utf-8"), "GB") == ()


@pytest.mark.parametrize("template", ALL)
def test_every_shipped_message_is_kind_and_easy_to_read_as_it_leaves(template: str) -> None:
    late = line("77", 12)
    sent = thanks(late) if template == "thanks" else write(template, late, line("78", 3), line("79", 0))
    assert check_text(f"{sent.subject}\n\n{sent.text}", "GB") == ()


@pytest.mark.parametrize("template", STEPS)
def test_every_shipped_message_says_who_what_how_much_how_to_pay_and_whom_to_ask(template: str) -> None:
    assert check_text(write(template, line("77", 12)).text, "GB", whole=True) == ()


@pytest.mark.parametrize(
    ("word", "count"), [("pay", 1), ("invoice", 2), ("payment", 2), ("immediately", 5), ("arrangement", 3), ("", 1)]
)
def test_syllables_are_counted_by_hyphenation(word: str, count: int) -> None:
    assert syllables(word) == count


def run(*arguments: str) -> tuple[int, str]:
    result = create_app().test_cli_runner().invoke(args=["kindness", *arguments])
    return result.exit_code, result.output


def test_the_command_reports_each_finding_and_ends_with_1_when_a_text_may_not_leave(tmp_path: Path) -> None:
    kind, unkind = tmp_path / "kind.txt", tmp_path / "unkind.txt"
    kind.write_text("Invoice 77 was due on Friday. Is all in order?")
    unkind.write_text("We will take you to court.")
    assert run(str(kind)) == (0, "All of it is kind.\n")
    code, said = run(str(kind), str(unkind), "--country", "GB", "--json")
    answer = json.loads(said)
    assert (code, answer["blocks"]) == (1, True)
    assert [len(one["findings"]) for one in answer["files"]] == [0, 1]
    (finding,) = answer["files"][1]["findings"]
    assert (finding["category"], finding["blocks"], finding["start"] < finding["end"]) == ("threat", True, True)


def test_the_command_knows_a_template_by_its_placeholders(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_text("subject: A note\n\nWe will {{ 'sue you' if late else 'wait' }}.")
    code, said = run(str(path))
    assert code == 1
    assert "threat (stops)" in said


def test_a_file_that_is_no_text_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "scan.txt"
    path.write_bytes(b"\xff\xfe\x00")
    assert run(str(path))[0] == 2


def test_what_blocks_is_told_apart_from_advice() -> None:
    findings = check_text("You have ignored us. We will sue you.", "GB")
    assert len(findings) == 2
    assert [one.category.value for one in blocking(findings)] == ["threat"]


@pytest.mark.parametrize(
    "words",
    [
        "Invoice 77 is open. Have a look at our latest offers!",
        "Use the promo code SPRING and get 20% off your next order.",
        "Entdecken Sie unsere neue Kollektion.",
        "Descubra nuestros nuevos productos.",
        "Découvrez nos offres exclusives.",
    ],
)
def test_a_message_that_sells_something_may_not_leave_in_any_language(words: str) -> None:
    (finding, *_) = [one for one in blocking(check_text(words, "GB")) if one.category == "advertising"]
    assert words[finding.start : finding.end] == finding.quote


@pytest.mark.parametrize(
    "words",
    [
        "If you pay by Friday, we take 2 % off, as our terms say.",
        "We can offer to take it in three parts.",
        "The invoice is for the sale of two chairs and the upgrade to fibre; your order now stands at 20.",
        "Wir können Ihnen anbieten, in drei Teilen zu zahlen.",
    ],
)
def test_a_discount_for_paying_early_and_an_offer_of_parts_are_no_advertising(words: str) -> None:
    assert "advertising" not in {one.category for one in check_text(words, "GB")}


def test_no_shipped_template_of_any_language_sells_anything() -> None:
    files = [*MESSAGES.rglob("*.txt"), *MESSAGES.rglob("*.toml"), *MESSAGES.rglob("*.html")]
    assert len(files) > 100
    for file in files:
        assert not [
            one for one in check_template(file.read_text(encoding="utf-8"), "GB") if one.category == "advertising"
        ], file
