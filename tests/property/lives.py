"""Lives as chance draws them: a list of acts, lived to its rest, and judged. A failing one is told as a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

from tests.property import bookkeeper as b
from tests.property import payers as p
from tests.property.judge import broken, census
from tests.property.life import Act, Deed, life

# What often follows each other, so that most of what is drawn finds something to be about.
SCENES: tuple[tuple[Deed, ...], ...] = (
    (p.pays, p.quiet),
    (p.pays, p.nights),
    (p.pays, p.transfers, p.nights, b.at_the_desk),
    (p.pays, p.quiet, p.refunded),
    (p.pays, p.nights, p.refunded, p.nights, b.at_the_desk),
    (p.pays, p.quiet, p.refunded, p.quiet, p.refund_comes_back, p.nights, b.at_the_desk),
    (p.pays, p.nights, p.disputes, p.nights, p.dispute_ends, p.nights, b.at_the_desk),
    (p.pays, p.nights, b.unreceives, p.nights, b.at_the_desk),
    (p.pays, p.nights, b.withdraws_credit),
    (p.pays, p.nights, p.refunded, b.at_the_desk, p.nights),
    (p.pays, p.ledger_fails, p.nights),
    (p.ledger_fails, p.pays, p.quiet, p.refunded),
    (p.pays, p.webhooks_are_lost),
    (p.pays, b.voids, p.nights, b.at_the_desk),
    (p.pays, b.reissues, p.nights, b.at_the_desk),
    (p.opens_a_page, p.offer_ends, p.pays_on_a_page),
    (p.opens_a_page, p.transfers, p.pays_on_a_page),
    (p.opens_a_page, b.reissues, p.pays_on_a_page),
    (p.offer_ends, p.transfers, p.nights, b.at_the_desk),
    (p.debits, p.nights),
    (p.debits, p.nights, p.nights, p.nights, p.bank_takes_back, p.nights, b.at_the_desk),
    (p.debits, p.nights, p.nights, p.nights, p.refunded, p.bank_takes_back),
    (p.debits, p.transfers, p.nights, b.at_the_desk),
    (p.transfers,),
    (p.transfers, p.nights, b.unreceives),
    (p.transfers, p.transfers, p.nights, b.withdraws_credit),
    (b.reissues,),
    (b.voids,),
    (b.unreceives,),
    (b.withdraws_credit,),
    (b.at_the_desk, b.at_the_desk),
    (b.fees_are_booked,),
    (b.fees_are_booked, p.pays, p.nights, p.nights),
    (b.fees_are_booked, p.pays, p.nights, p.nights, b.withdraws_fee, p.nights),
    (b.lateness_costs, p.weeks, p.weeks, b.about_lateness, p.nights),
    (b.lateness_costs, p.weeks, p.weeks, b.about_lateness, p.pays, p.nights),
    (b.lateness_costs, p.weeks, p.transfers, p.weeks, b.about_lateness),
    (b.statement, b.looks_at_a_line),
    (b.statement, p.transfers, p.nights, b.statement),
    (p.processor_fails,),
    (p.ledger_fails,),
    (p.nights,),
)
DEEDS: dict[str, Deed] = {deed.__name__: deed for scene in SCENES for deed in scene}


def _scene(deeds: Sequence[Deed]) -> st.SearchStrategy[tuple[Act, ...]]:
    return st.tuples(*(st.builds(Act, st.just(one.__name__), st.integers(0, 5), st.integers(0, 11)) for one in deeds))


def drawn(seed: int) -> list[Act]:
    """A life from its seed alone, for those who want very many: each is as likely as any other."""
    chance = Random(f"property/{seed}")
    scenes = chance.choices(SCENES, k=chance.randint(2, 6))
    return [Act(deed.__name__, chance.randrange(6), chance.randrange(12)) for scene in scenes for deed in scene]


_some = st.lists(st.sampled_from(SCENES).flatmap(_scene), min_size=1, max_size=6)
lives = _some.map(lambda scenes: [act for scene in scenes for act in scene])


def lived(kind: str, happens: Sequence[Act], seen: Counter[str] | None = None) -> list[str]:
    """Live it on this ledger; what was broken, with the diary before it, or nothing. `seen` counts what was done, and
    after = what it came to.
    """
    with life(kind) as one:
        one.live([(act.name.replace("_", " "), DEEDS[act.name], act) for act in happens])
        found = broken(one)
        if seen is not None:
            refused = [": refused: " in line for line in one.diary]
            seen.update(f"{act.name}{' (refused)' if no else ''}" for act, no in zip(happens, refused, strict=True))
            seen.update({f"= {name}": many for name, many in census(one).items()})
    return [*one.diary, *found] if found else []


def shortened(kind: str, happens: Sequence[Act]) -> list[str]:
    """What is broken by a life that breaks something, told with hardly an act more than that takes."""
    acts, told = list(happens), lived(kind, happens)
    for place in reversed(range(len(acts))):
        fewer = acts[:place] + acts[place + 1 :]
        if shorter := lived(kind, fewer):
            acts, told = fewer, shorter
    return told
