"""A cadence's steps drawn along the days they count from: a lane for each, all on one scale, gaps as long as they are.

Shapes only. The list of steps beside it says the same in words and leads to the same places, so that nothing is lost
to who does not see it; that is why the picture itself is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from core.cadence import Anchor, Cadence, Step
from web import cadence_words

_WIDTH, _LEFT, _RIGHT = 760, 30, 34
_DOT, _RISE, _TOP, _BELOW = 12, 28, 34, 38
_EVERY = (1, 2, 5, 7, 14, 28, 56)
_MOST_TICKS = 14


@dataclass(frozen=True, slots=True)
class Lane:
    """The steps that count from one kind of day, with the numbers they have in the list."""

    anchor: Anchor
    steps: tuple[tuple[int, Step], ...]


def lanes(cadence: Cadence) -> list[Lane]:
    """One for each kind of day that the cadence counts from, in the order of a customer's life."""
    numbered = list(enumerate(cadence.steps, 1))
    order = dict.fromkeys(step.anchor for step in cadence.steps)
    return [Lane(anchor, tuple(one for one in numbered if one[1].anchor is anchor)) for anchor in order]


def drawn(cadence: Cadence, links: Mapping[str, str]) -> Markup:
    """The picture; `links` leads from each step to its place on the page."""
    scale = _Scale.of(cadence.steps)
    shapes: list[Markup] = []
    top = 0
    for lane in lanes(cadence):
        rows = _rows(lane.steps, scale)
        axis = top + _TOP + _RISE * max(rows) + 2 * _DOT
        shapes += _axis(lane, scale, top, axis)
        for (number, step), row in zip(lane.steps, rows, strict=True):
            shapes.append(_dot(number, step, scale.x(_days(step)), axis, axis - 2 * _DOT - _RISE * row, links))
        top = axis + _BELOW
    return Markup('<svg class="lanes" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>').format(
        _WIDTH, top, Markup("").join(shapes)
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a day stands; the same for every lane."""

    first: float
    last: float

    @classmethod
    def of(cls, steps: Iterable[Step]) -> _Scale:
        days = [0.0, *map(_days, steps)]
        return cls(min(days), max(*days, min(days) + 7))

    def x(self, day: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - self.first) / (self.last - self.first)

    def ticks(self) -> Sequence[int]:
        wide = self.last - self.first
        every = next((one for one in _EVERY if wide / one <= _MOST_TICKS), _EVERY[-1])
        return [every * count for count in range(-int(-self.first // every), int(self.last // every) + 1)]


def _days(step: Step) -> float:
    """Calendar days, about; five working days are a week."""
    return step.offset * 7 / 5 if step.working else float(step.offset)


def _rows(steps: Sequence[tuple[int, Step]], scale: _Scale) -> list[int]:
    """How high above its day each dot stands, so that no two cover each other."""
    ends: list[float] = []
    rows = []
    for _, step in steps:
        x = scale.x(_days(step))
        row = next((row for row, end in enumerate(ends) if x - end >= 2 * _DOT + 2), len(ends))
        ends[row : row + 1] = [x]
        rows.append(row)
    return rows


def _axis(lane: Lane, scale: _Scale, top: float, axis: float) -> list[Markup]:
    title = cadence_words.ANCHORS[lane.anchor]
    month = lane.anchor is Anchor.MONTH
    shapes = [
        _text(0, top + 16, f"Counted from {title}" if not month else "Day of the month", "start", "lane-title"),
        Markup('<path class="chart-grid" d="M{:.1f} {:.1f}H{:.1f}"/>').format(_LEFT - 12, axis, _WIDTH - _RIGHT + 14),
    ]
    for day in scale.ticks():
        if month and not 0 < day <= 28:
            continue
        look = "lane-zero" if day == 0 and not month else "chart-grid"
        x = scale.x(day)
        shapes.append(Markup('<path class="{}" d="M{:.1f} {:.1f}v8"/>').format(look, x, axis - 4))
        shapes.append(_text(x, axis + 20, _tick(day, month), "middle", "chart-value"))
    return shapes


def _tick(day: int, month: bool) -> str:
    if month:
        return str(day)
    return "the day" if day == 0 else f"{'−' if day < 0 else '+'}{abs(day)}"


def _dot(number: int, step: Step, x: float, axis: float, y: float, links: Mapping[str, str]) -> Markup:
    hint = f"{step.name}, {cadence_words.step_when(step)}, {cadence_words.TONES[step.tone]}"
    shape = Markup(
        '<path class="lane-stem" d="M{0:.1f} {1:.1f}V{2:.1f}"/>'
        '<circle cx="{0:.1f}" cy="{1:.1f}" r="{3}"/><text x="{0:.1f}" y="{4:.1f}" text-anchor="middle">{5}</text>'
    ).format(x, y, axis, _DOT, y + 4.5, number)
    return Markup('<a class="dot tone-{}" href="{}" tabindex="-1"><title>{}</title>{}</a>').format(
        step.tone, links[step.name], hint, shape
    )


def _text(x: float, y: float, words: str, anchor: str, look: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(look, x, y, anchor, words)
