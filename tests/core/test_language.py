"""The whole cadence language: anchors, channels, conditions, senders, reasons, and ladders lent by other cadences."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.cadence import ALWAYS, Anchor, Branch, CadenceError, Channel, Condition, Payer, Reason, Step, Tone
from core.language import parse_cadence, read_cadence
from core.written import written
from tests.core.test_cadence import HEAD, SENDERS, step

SHIPPED = Path(__file__).parents[2] / "templates" / "cadences"
LIBRARY = {file.stem: file.read_text(encoding="utf-8") for file in SHIPPED.glob("*.toml")}
SIX = (
    "early-intervention",
    "trusted-partner",
    "firm-but-fair",
    "statement-monthly",
    "arrangement",
    "after-a-broken-promise",
)
LATE = step()


def test_a_step_can_say_everything_that_is_asked_of_it() -> None:
    text = f"""{HEAD}
[[step]]
name = "call-9"
anchor = "promise"
offset = 9
days = "working"
channel = "call"
tone = "kind"
template = "call-promise"
rung = 1
approve = true
escalated = true
signed_by = " Ann Lee "
attach = ["invoice", "statement", "terms"]
to = ["Boss@Customer.test", "account", "boss@customer.test"]
cc = ["a@office.test", "b@office.test"]
bcc = ["c@office.test"]
[step.when]
amount_at_least = 50.5
account_at_least = 1000
segments = ["retail"]
not_segments = ["friends"]
payers = ["slow", "unsure"]
open_at_least = 2
open_at_most = 9
currencies = ["EUR"]
reasons = ["forgot"]
"""
    (found,) = parse_cadence(text).steps
    assert found == Step(
        name="call-9",
        offset=9,
        rung=1,
        tone=Tone.KIND,
        template="call-promise",
        anchor=Anchor.PROMISE,
        working=True,
        channel=Channel.CALL,
        approve=True,
        escalated=True,
        signed_by="Ann Lee",
        attach=("invoice", "statement", "terms"),
        to=("boss@customer.test", "account"),
        cc=("a@office.test", "b@office.test"),
        bcc=("c@office.test",),
        when=Condition(
            amount=Decimal("50.5"),
            account=Decimal(1000),
            segments=frozenset({"retail"}),
            not_segments=frozenset({"friends"}),
            payers=frozenset({Payer.SLOW, Payer.UNSURE}),
            open_least=2,
            open_most=9,
            currencies=frozenset({"EUR"}),
            reasons=frozenset({Reason.FORGOT}),
        ),
    )


@pytest.mark.parametrize(
    ("anchor", "low", "high"),
    [("due", -60, 180), ("instalment", -60, 180), ("issued", 0, 30), ("promise", 1, 180), ("month", 1, 28)],
)
def test_each_anchor_has_its_own_room_for_days(anchor: str, low: int, high: int) -> None:
    for offset in (low, high):
        (found,) = parse_cadence(HEAD + step("one", offset, anchor=anchor)).steps
        assert (found.anchor, found.offset) == (anchor, offset)
    for wrong in (low - 1, high + 1):
        with pytest.raises(CadenceError, match=rf"^The offset of step 'one' must be .* from {low} to {high}\.$"):
            parse_cadence(HEAD + step("one", wrong, anchor=anchor))


def test_what_is_said_before_the_day_has_passed_stands_on_the_ground() -> None:
    days = [
        ("issued", 3),
        ("due", 0),
        ("due", 1),
        ("promise", 1),
        ("instalment", 0),
        ("dispute-resolved", 1),
        ("month", 3),
    ]
    text = HEAD + "".join(step(f"one-{at}", offset, anchor=anchor) for at, (anchor, offset) in enumerate(days))
    assert [one.rung for one in parse_cadence(text).steps] == [0, 0, 1, 1, 0, 1, 0]


def test_a_step_with_a_condition_shares_its_rung_with_the_next_so_that_nobody_climbs_two() -> None:
    big = step("late-9", 9) + "[step.when]\namount_at_least = 500\n"
    steps = parse_cadence(HEAD + LATE + big + step("late-20", 20) + step("late-30", 30)).steps
    assert [one.rung for one in steps] == [1, 2, 2, 3]
    assert [one.when == ALWAYS for one in steps] == [True, False, True, True]


def test_a_rung_may_be_written_down_where_it_keeps_to_one_at_a_time() -> None:
    twice = parse_cadence(HEAD + LATE + step("late-9", 9, rung=1) + step("late-20", 20)).steps
    assert [one.rung for one in twice] == [1, 1, 2]


def refused(text: str) -> str:
    with pytest.raises(CadenceError) as refusal:
        parse_cadence(text, LIBRARY)
    return str(refusal.value)


WHEN = "[step.when]\n"
NINE = "".join(f"{step(f'late-{day}', day)}{WHEN}open_at_least = 2\n" for day in range(1, 10))
WRONG = [
    (step(rung=2), "Step 'late-4' must stand on rung 1: one at a time."),
    (LATE + step("late-9", 9, rung=3), "Step 'late-9' must stand on rung 1 or 2: one at a time."),
    (step(offset=-4, rung=1), "Step 'late-4' is said before anything is late: it stands on rung 0."),
    (step(channel="pigeon"), "The channel of step 'late-4' must be one of: email, sms, call, letter."),
    (step(anchor="birthday"), None),
    (step(days="lunar"), "The days of step 'late-4' are 'calendar' or 'working'."),
    (
        step(anchor="month", days="working"),
        "The offset of step 'late-4' is a day of the month; it cannot be counted in working days.",
    ),
    (
        step("one", 3, anchor="month") + step("two", 9, anchor="month"),
        "A cadence has one statement a month.",
    ),
    (step(approve=1), "approve of step 'late-4' must be true or false."),
    (step(signed_by=3), "The signed_by of step 'late-4' must be text."),
    (step(attach=["contract"]), "Step 'late-4' can attach: invoice, statement, terms; not 'contract'."),
    (step(cc=["nobody"]), "'nobody' in step 'late-4' is not an e-mail address."),
    (
        step(to=["somebody"]),
        "'somebody' in step 'late-4' is neither an e-mail address nor one of: invoice, account, everyone.",
    ),
    (step(cc=["account"]), "'account' in step 'late-4' is not an e-mail address."),
    (step(cc="a@b.test"), "cc of step 'late-4' must be a list of words."),
    (step(template="../late"), "The template '../late' must be small letters, digits and dashes."),
    (step(when=3), "The condition of step 'late-4' is written as [step.when]."),
    (f"{LATE}{WHEN}weather = 'fine'\n", "Unknown field 'weather' in the condition of step 'late-4'."),
    (f"{LATE}{WHEN}amount_at_least = 0\n", "amount_at_least of step 'late-4' must be an amount above zero."),
    (f"{LATE}{WHEN}open_at_most = 0\n", "open_at_most of step 'late-4' must be a whole number from 1 to 1000."),
    (
        f"{LATE}{WHEN}payers = ['rich']\n",
        "Each of the payers of step 'late-4' must be one of: new, steady, slow, unsure.",
    ),
    (
        f"{LATE}{WHEN}currencies = ['euro']\n",
        "A currency of step 'late-4' must be three capital letters such as EUR.",
    ),
    (NINE, "At most 8 steps may have a condition; this cadence has 9."),
    (f"soften = 1\n{LATE}", "soften of the cadence must be true or false."),
    (f"why = 3\n{LATE}", "The why of the cadence must be text."),
    (f"reason = 3\n{LATE}", "What a reason does is written as [reason.forgot] and so on."),
    (f"{LATE}[reason.moon]\nhold_days = 3\n", None),
    (f"{LATE}[reason]\nforgot = 3\n", "What reason 'forgot' does is written as [reason.forgot]."),
    (
        f"{LATE}[reason.wrong-person]\nhold_days = 3\n",
        "After reason 'wrong-person' a person must act; it cannot be given a number of days.",
    ),
    (
        f"{LATE}[reason.forgot]\nhold_days = 2\n",
        "hold_days of reason 'forgot' must be a whole number from 3 to 60.",
    ),
    (
        f"{LATE}[reason.short-of-cash]\nceiling = 2\n",
        "The ceiling of reason 'short-of-cash' must be a whole number from 0 to 1.",
    ),
    (f"normal = 3\n{LATE}", "Who signs is written as [normal]."),
    (
        f"{LATE}[escalated]\nto = ['everybody']\n",
        "'everybody' in [escalated] is neither an e-mail address nor one of: invoice, account, everyone.",
    ),
    (f"{LATE}[normal]\naddress = 'ann'\n", "'ann' in [normal] is not an e-mail address."),
    (f"uses = ['nowhere']\n{LATE}", "The cadence uses 'nowhere', which is not in the library."),
    (
        f"uses = ['early-intervention']\n{LATE}",
        "The cadence uses 'early-intervention', which itself uses another: only one level is read.",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_is_wrong_in_the_further_fields_is_said_in_one_sentence(text: str, sentence: str | None) -> None:
    said = refused(HEAD + text)
    assert said == sentence if sentence else "must be one of: " in said


def test_reasons_may_only_be_made_quieter_and_a_person_never_loses_the_word() -> None:
    text = f"{HEAD}{LATE}[reason.copy]\nhold_days = 9\nceiling = 1\napprove = true\n[reason.refuses]\napprove = false\n"
    cadence = parse_cadence(text + "template = 'firmly'\n")
    assert cadence.branch(Reason.COPY) == Branch(hold_days=9, ceiling=1, approve=True)
    assert cadence.branch(Reason.REFUSES) == Branch(template="firmly", approve=True)


# Ladders lent by others


LENT = {"lent": f'name = "lent"\ntitle = "Lent"\n{step("kept", 7)}{step("again", 6, anchor="promise")}' + (
    "[reason.forgot]\nhold_days = 9\n[reason.copy]\nhold_days = 9\n"
)}  # fmt: skip


def test_a_cadence_borrows_the_ladders_it_has_none_of_and_the_reasons_it_does_not_name() -> None:
    cadence = parse_cadence(f'{HEAD}uses = ["lent"]\n{LATE}[reason.copy]\nhold_days = 4\n', LENT)
    assert [one.name for one in cadence.steps] == ["late-4", "again"], "the ladder of the due day is its own"
    assert (cadence.branch(Reason.FORGOT).hold_days, cadence.branch(Reason.COPY).hold_days) == (9, 4)
    assert cadence.name == "quiet"


def test_a_cadence_may_be_made_of_borrowed_ladders_alone() -> None:
    assert [one.name for one in parse_cadence(f'{HEAD}uses = ["lent"]\n', LENT).steps] == ["kept", "again"]


# Put back into tables


@pytest.mark.parametrize("name", LIBRARY)
def test_a_cadence_put_back_into_tables_is_the_same_cadence(name: str) -> None:
    cadence = parse_cadence(LIBRARY[name], LIBRARY)
    assert read_cadence(written(cadence)) == cadence


def test_so_is_one_that_uses_all_of_the_language() -> None:
    text = f"""{HEAD}why = "So."
soften = false
approve_all = true
{step("late-2", 2, "friendly", days="working", cc=["a@b.test"], approve=None)}{step("late-4", 4, rung=1)}
{step("late-9", 9, escalated=None)}{WHEN}amount_at_least = 10.25
payers = ["slow"]
open_at_most = 3
{step("late-20", 20, rung=1, channel="call")}{SENDERS}
[reason.forgot]
hold_days = 5
[reason.in-order]
ceiling = 2
"""
    cadence = parse_cadence(text)
    assert [one.rung for one in cadence.steps] == [1, 1, 2, 1]
    assert read_cadence(written(cadence)) == cadence


# What is shipped


def test_each_shipped_cadence_gives_its_reason_in_one_or_two_plain_sentences() -> None:
    for name in (*SIX, "after-a-dispute"):
        cadence = parse_cadence(LIBRARY[name], LIBRARY)
        assert LIBRARY[name].startswith("why ="), name
        assert cadence.name == name
        assert 1 <= cadence.why.count(". ") + 1 <= 2, cadence.why
        assert cadence.why.endswith(".")
        assert len(cadence.why.split()) <= 45, cadence.why


def test_nothing_shipped_begins_firmly_and_every_ladder_ends_with_a_person() -> None:
    for name in SIX:
        for anchor, steps in parse_cadence(LIBRARY[name], LIBRARY).ladders.items():
            if steps and anchor is not Anchor.MONTH:
                assert steps[-1].channel is Channel.CALL, (name, anchor)
                assert steps[0].tone in (Tone.FRIENDLY, Tone.KIND)
                assert all(one.channel is Channel.EMAIL for one in steps[:-1])


def test_the_main_cadences_know_arrangements_broken_promises_and_disputes() -> None:
    for name in SIX[:4]:
        ladders = parse_cadence(LIBRARY[name], LIBRARY).ladders
        assert [one.name for one in ladders[Anchor.INSTALMENT]] == [
            "instalment-soon", "instalment-today", "instalment-missed", "call-instalment"
        ]  # fmt: skip
        assert [one.name for one in ladders[Anchor.PROMISE]] == [
            "promise-passed", "promise-passed-again", "call-promise"
        ]  # fmt: skip
        assert ladders[Anchor.RESOLVED][0].name == "dispute-resolved"


def test_early_intervention_speaks_right_after_delivery_before_the_day_on_it_and_softly_after() -> None:
    due = parse_cadence(LIBRARY["early-intervention"], LIBRARY).ladders[Anchor.DUE]
    assert [(one.name, one.anchor, one.offset, one.rung) for one in due] == [
        ("welcome", "issued", 1, 0),
        ("heads-up", "due", -5, 0),
        ("due-today", "due", 0, 0),
        ("late-4", "due", 4, 1),
        ("late-12", "due", 12, 2),
        ("late-21", "due", 21, 3),
        ("call-30", "due", 30, 4),
    ]
    assert all(one.tone is not Tone.FIRM for one in due)


def test_a_trusted_partner_hears_the_fewest_words_and_their_usual_day_is_waited_for() -> None:
    words = {name: len(parse_cadence(LIBRARY[name], LIBRARY).ladders[Anchor.DUE]) for name in SIX[:3]}
    trusted = parse_cadence(LIBRARY["trusted-partner"], LIBRARY)
    assert words["trusted-partner"] < words["early-intervention"] < words["firm-but-fair"]
    assert (trusted.wait_days, trusted.steps[0].is_nudge) == (14, False)


def test_the_cadence_of_the_first_version_is_read_as_it_always_was() -> None:
    first = parse_cadence(LIBRARY["default"])
    assert "gap_days = 3" in LIBRARY["default"]
    assert (first.gap_hours, first.week_limit, first.month_limit, first.oldest_days) == (72, 2, 6, 180)
    assert all(one.channel is Channel.EMAIL and not one.approve and one.when == ALWAYS for one in first.steps)
