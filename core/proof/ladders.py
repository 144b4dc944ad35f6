"""The search over ladders: every way in which one invoice can be spoken about, driven through `propose` itself.

From each state every later day is tried (that it is closed, held or out of budget until then is the same as waiting),
with every combination of conditions, with and without a part payment, and with every ceiling a reason sets. A state met
again is not followed again. The shortest histories come first, so the first story against a promise is a smallest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from core.because import Because
from core.cadence import BRANCHES, Anchor, Reason
from core.facts import AccountFacts, InvoiceFacts, Said
from core.ladder import Proposal
from core.proof.case import PACES, Case
from core.proof.judge import Word, judge
from core.proof.promises import Record
from core.proof.states import A_PART_AHEAD, DUE_DAYS, FIRST_DAY, LAST_DAY, Node, Stage, Start
from core.timetable import Timetable

_SPARE = 9  # days looked at after the last one on which anything new can be reached
_WELCOME = 15  # more days than a welcome is true

Answer = tuple[Proposal, ...] | Because
Look = Callable[[InvoiceFacts, AccountFacts, Timetable, date, Answer], None]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A way in which a step comes to be said: the first one found."""

    word: Word
    account: AccountFacts
    today: date


@dataclass
class Found:
    """The ways in which each step comes to be said: by ladder, place of the word before, step, and part payment."""

    spoken: dict[tuple[Anchor, int, str, bool], Spoken] = field(default_factory=dict)
    states: int = 0


class Search:
    """One cadence's ladders. `look` is shown every question with its answer.

    `plain` asks only what can be said at all to a customer of that segment, who pays nothing and tells us nothing.
    """

    def __init__(
        self,
        case: Case,
        record: Record,
        look: Look | None = None,
        plain: str | None = None,
        due_day: int = DUE_DAYS[0],
    ) -> None:
        self.stage = Stage(case, due_day)
        self.found = Found()
        self._case, self._record, self._look = case, record, look
        self._seen: set[tuple[object, ...]] = set()
        told = (None, *_ceilings(case)) if plain is None else (None,)
        self._plain = plain
        self._choices = [(one, part) for one in told for part in ((False, True) if plain is None else (False,))]

    def run(self) -> Found:
        """Follow every start, the plainest first."""
        self._follow(self._beginnings())
        words = [one.word for one in self.found.spoken.values()]
        after = [self._then(word) for word in words if word.step.anchor is not Anchor.MONTH]
        self._follow(self._interrupted(after))
        self._follow(self._episodes(max((node.said for node in after), key=len, default=())))
        self._follow(softer for node in after for softer in self._softer(node))
        return self.found

    # --- where to start ----------------------------------------------------------------------------------------------

    def _beginnings(self) -> Iterator[Node]:
        """Terms of every length that matters to the ladder, delivery at once or late, patience or none. From other due
        dates than the first only long terms: what is different there is the day of the statement.
        """
        for patience in sorted({0, self._case.free.wait_days}):
            own = self.stage.own_days(Start(patience=patience))
            issued = {day - shift for day in own for shift in (*range(-1, 2), *range(_WELCOME))}
            starts = [Start(issued=day) for day in (-30, FIRST_DAY)]
            if self.stage.due.day == DUE_DAYS[0]:
                starts += [Start(issued=day) for day in sorted(issued)]
                starts += [Start(delivered=delivered) for delivered in (-25, -10, 0, 5, 40)]
            yield from (Node(replace(start, patience=patience), FIRST_DAY - 1) for start in starts)

    def _softer(self, node: Node) -> Iterator[Node]:
        """Where the last word is the only one, said by an older version in which it was softer."""
        last = node.said[-1]
        for rung in range(1, last.rung or 0):
            yield replace(node, firmest=rung, rolled_out=True, said=(replace(last, rung=rung),))

    def _goes_on(self) -> bool:
        return self.stage.is_anew(Start(Anchor.PROMISE))

    def _interrupted(self, after: Iterable[Node]) -> Iterator[Node]:
        """A broken promise without a ladder of its own: the due ladder goes on where it was, some days later."""
        if self._goes_on():
            for node in (Node(Start(), 0), *after):
                for later in (1, 20):
                    yield replace(node, start=replace(node.start, kind=Anchor.PROMISE, day=node.day + later))

    def _episodes(self, heard: tuple[Said, ...]) -> Iterator[Node]:
        """A broken promise, a dispute that ended, an instalment: after nothing, and after all that can be said."""
        last = (heard[-1].day - self.stage.due).days if heard else 0
        for kind in (Anchor.PROMISE, Anchor.RESOLVED, Anchor.INSTALMENT):
            if kind is Anchor.PROMISE and self._goes_on():
                continue
            for day, before in ((1, ()), (20, ()), (last + 1, heard), (last + 20, heard)):
                begins = max(day - A_PART_AHEAD, last if before else FIRST_DAY) if kind is Anchor.INSTALMENT else day
                yield Node(Start(kind, day, before=before), begins - 1)

    # --- the search --------------------------------------------------------------------------------------------------

    def _follow(self, nodes: Iterable[Node]) -> None:
        queue = deque(nodes)
        while queue:
            node = queue.popleft()
            key = self._key(node)
            if key not in self._seen:
                self._seen.add(key)
                queue += self._next(node)

    def _key(self, node: Node) -> tuple[object, ...]:
        """What can follow depends on nothing else. After a follow-up the beginning is behind us, and after the last of
        the ladder's days one day is like another.
        """
        start, stage = node.start, self.stage
        began: object = start
        if node.place >= 0 and not stage.steps(start)[node.place].is_nudge:
            began = stage.ladder(start), stage.is_anew(start), start.patience, bool(start.before)
        day = min(node.day, stage.last_day(start) + 1) - stage.base(start)
        return began, node.place, day, node.firmest, min(node.repeats, 1), node.rolled_out

    def days(self, node: Node) -> Iterable[int]:
        """The later days on which an answer can change, and the days before those: by the ladder's own days, and by its
        spacing after the last word.
        """
        start, stage = node.start, self.stage
        turns = {*stage.own_days(start), *stage.turns(start), node.day + 2, node.day + 8}
        if node.place >= 0:
            step = stage.steps(start)[node.place]
            turns |= {node.day + other.offset - step.offset for other in stage.steps(start)}
        turns.add(min(max(turns) + _SPARE, LAST_DAY))
        happened = start.day if start.kind in (Anchor.PROMISE, Anchor.RESOLVED) else FIRST_DAY
        first = max(node.day + 1, happened)
        return sorted({day for turn in turns for day in (turn - 1, turn) if first <= day <= LAST_DAY})

    def _next(self, node: Node) -> Iterable[Node]:
        """Every word that can follow, on every day, each once. Part payments and reasons are tried where all conditions
        hold and where none does.
        """
        stage, after = self.stage, dict[tuple[str, int, bool], Node]()
        last = node.said[-1].step if node.said else ""
        invoices = [(told, part, stage.invoice(node, part, told)) for told, part in self._choices]
        for day in self.days(node):
            people = stage.people(node, day) if self._plain is None else [stage.account(self._plain, node)]
            for who in people:
                otherwise: dict[Reason | None, Proposal | None] = {}
                for told, part, one in invoices if who is people[0] or who is people[-1] else invoices[:1]:
                    word = self._ask(node, day, one, who, part, otherwise.get(told))
                    if not part:
                        otherwise[told] = None if word is None else word.proposal
                    if word is not None:
                        way = word.step.name, day, part and word.step.name == last
                        if way not in after:
                            after[way] = self._then(word)
        return after.values()

    def _ask(
        self, node: Node, day: int, one: InvoiceFacts, who: AccountFacts, part: bool, otherwise: Proposal | None
    ) -> Word | None:
        """The word of the ladder on this day, judged; a statement is judged beside it."""
        today = self.stage.on(day)
        answer = self._case.rules.propose(one, who, self.stage.table, today)
        self.found.states += 1
        if self._look is not None:
            self._look(one, who, self.stage.table, today, answer)
        found = None
        for proposal in () if isinstance(answer, Because) else answer:
            word = Word(node, day, one, part, proposal, otherwise)
            judge(self.stage, word, self._record)
            way = node.start.kind, node.place, proposal.step.name, part
            if way not in self.found.spoken:
                self.found.spoken[way] = Spoken(word, who, today)
            if proposal.step.anchor is not Anchor.MONTH:
                found = word
        return found

    def _then(self, word: Word) -> Node:
        node, step = word.node, word.step
        place = self.stage.place(node.start, step)
        said = Said(step.name, self.stage.on(word.day), anchor=word.proposal.anchor, rung=step.rung, balance=0)
        parts = (*node.parts, word.day) if word.part else node.parts
        then = replace(
            node,
            day=word.day,
            place=max(place, node.place),
            firmest=max(node.firmest, step.rung),
            repeats=node.repeats + (place == node.place),
            rolled_out=False,
            parts=parts,
        )
        said = replace(said, balance=self.stage.left_to_pay(then))
        return replace(then, said=(*node.said, said))


def searches(case: Case, record: Record, look: Look | None = None) -> list[Search]:
    """All that there is to search: with a statement from a due date in every week of the month, and with working days
    in it for each pace at which those can go by.
    """
    cadence = case.cadence
    days = DUE_DAYS if cadence.ladders[Anchor.MONTH] else DUE_DAYS[:1]
    paces = PACES if any(step.working for step in cadence.steps) else PACES[:1]
    return [Search(case.paced(pace), record, look, due_day=day) for pace in paces for day in days]


def _ceilings(case: Case) -> list[Reason]:
    """Reasons that keep the ladder low, one for each height."""
    shipped = [one for one in Reason if BRANCHES[one].ceiling is not None]
    ours = {case.cadence.branch(one).ceiling: one for one in Reason if case.cadence.branch(one).ceiling is not None}
    return list(dict.fromkeys((*shipped, *ours.values())))
