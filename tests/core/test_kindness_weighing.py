"""Weighing and learning: what counts as a signal, what a scale makes of it, and that learning is the same each time."""

from __future__ import annotations

from core.kindness import Category
from core.kindness.learning import learn
from core.kindness.weighing import Scale, parse_scales, signals, write_scales

UNKIND = ["we will sue you", "pay or we sue", "you will be sued by us", "we sue people like you", "then we will sue"]
OTHERS = ["please pay by friday", "thank you for the payment", "is all well with you", "we will wait", "take your time"]


def heard(*texts: str) -> list[list[frozenset[str]]]:
    return [[signals(sentence) for sentence in text.split(". ")] for text in texts]


def test_words_pairs_and_pieces_are_signals_and_endings_do_not_matter() -> None:
    assert {"we", "we charg", "we _ #", "-charg"} <= signals("We charged 40")
    assert signals("charges") & signals("charged") >= {"charg"}
    assert signals("12") == signals("7")


def test_a_muted_word_is_another_signal_than_a_spoken_one() -> None:
    said, muted = signals("no court"), signals("no court", [(3, 8)])
    assert "court" in said
    assert "court" not in muted
    assert "no court" in muted


def test_a_sentence_weighs_the_same_however_often_a_word_is_said_and_silence_weighs_the_start() -> None:
    scale = Scale(-1.0, 0.0, {"sue": 2.0})
    assert scale.weigh(signals("sue")) == scale.weigh(signals("sue") | {"sue"})
    assert scale.weigh(frozenset()) == -1.0


def test_kind_words_around_it_make_a_sentence_lighter() -> None:
    scale = Scale(0.0, 0.0, {"sue": 2.0, "thank": -2.0})
    alone, thanked = heard("we sue", "we sue. thanks")
    assert scale.weigh_each(thanked)[0] < scale.weigh_each(alone)[0]


def test_the_heaviest_words_are_pointed_at() -> None:
    scale = Scale(0.0, 0.0, {"legal": 3.0, "action": 3.0, "kind": -1.0, "please": -1.0})
    sentence = "Please be kind, legal action is near"
    start, end = scale.heaviest(sentence, ())
    assert sentence[start:end] == "legal action"


def test_what_is_learned_tells_new_texts_apart() -> None:
    scale, said = learn(heard(*UNKIND), heard(*OTHERS), 1.0)
    assert "missed" in said
    bad, good = heard("or else we sue", "please take your time")
    assert max(scale.weigh_each(bad)) > max(scale.weigh_each(good))


def test_one_unkind_sentence_among_kind_ones_is_found_out() -> None:
    mixed = [f"thank you for the payment. {text}. take your time" for text in UNKIND]
    scale, _ = learn(heard(*mixed), heard(*OTHERS), 1.0)
    kind, unkind, _ = scale.weigh_each(heard("thank you. we sue. take your time")[0])
    assert unkind > kind


def test_learning_twice_gives_the_same_file_and_the_file_gives_the_scale_back() -> None:
    first, second = (write_scales({Category.THREAT: learn(heard(*UNKIND), heard(*OTHERS), 1.0)[0]}) for _ in range(2))
    assert first == second
    assert write_scales(parse_scales(first)) == first
