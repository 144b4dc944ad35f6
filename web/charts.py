"""Charts drawn on the server as SVG, in the page's own colours; the table of the same figures stands beside each.

Shapes only: it reads nothing, sums nothing and uses no script. At most two series are told apart, by colour and dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _LABELS, _VALUES = 720, 200, 70
_BAR, _ROW_GAP = 14, 14
_HEIGHT, _LEFT, _BOTTOM, _TOP = 220, 44, 26, 12
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Chart:
    """`series`: (name, one value a label). None of the values is below 0."""

    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def most(self) -> int:
        return max((value for _, values in self.series for value in values), default=0)


def bars(chart: Chart) -> Markup:
    """A row for each label, a lying bar for each series; "" when there is nothing to show."""
    if not chart.most:
        return Markup("")
    row = _BAR * len(chart.series) + _ROW_GAP
    scale = (_WIDTH - _LABELS - _VALUES) / chart.most
    shapes: list[Markup] = []
    for place, label in enumerate(chart.labels):
        top = place * row + _ROW_GAP // 2
        middle = top + (row - _ROW_GAP) / 2 + 5
        shapes.append(_text(_LABELS - 10, middle, _short(label), "end"))
        for which, (name, values) in enumerate(chart.series):
            value, y = values[place], top + which * _BAR
            shapes.append(
                Markup('<rect class="series-{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="2">{}</rect>').format(
                    which, _LABELS, y, max(value * scale, 1 if value else 0), _BAR - 2, _hint(name, label, value)
                )
            )
            shapes.append(_text(_LABELS + value * scale + 6, y + _BAR - 3, f"{value:,}", "start", "chart-value"))
    return _figure(chart, row * len(chart.labels), shapes)


def lines(chart: Chart) -> Markup:
    """A line for each series along the labels, which stand in order of time; "" when there is nothing to show."""
    if not chart.most:
        return Markup("")
    top = _ceiling(chart.most)
    wide, high = _WIDTH - _LEFT - 12, _HEIGHT - _BOTTOM - _TOP
    step = wide / max(len(chart.labels) - 1, 1)
    shapes: list[Markup] = []
    for part in (0, 1, 2):
        y = _TOP + high - high * part / 2
        shapes.append(Markup('<path class="chart-grid" d="M{} {:.1f}H{}"/>').format(_LEFT, y, _LEFT + wide))
        shapes.append(_text(_LEFT - 8, y + 4, f"{top * part / 2:,.0f}", "end", "chart-value"))
    every = max(1, -(-len(chart.labels) // _TICKS))
    for place in range(0, len(chart.labels), every):
        shapes.append(_text(_LEFT + place * step, _HEIGHT - 6, chart.labels[place], "start" if not place else "middle"))
    for which, (name, values) in enumerate(chart.series):
        points = " ".join(
            f"{_LEFT + place * step:.1f},{_TOP + high - high * value / top:.1f}" for place, value in enumerate(values)
        )
        shapes.append(
            Markup('<polyline class="line-{}" points="{}"><title>{}</title></polyline>').format(which, points, name)
        )
    return _figure(chart, _HEIGHT, shapes)


def _figure(chart: Chart, height: int, shapes: Sequence[Markup]) -> Markup:
    keys = Markup("").join(
        Markup('<li class="key-{}">{}</li>').format(which, name) for which, (name, _) in enumerate(chart.series)
    )
    legend = Markup('<ul class="chart-keys">{}</ul>').format(keys) if len(chart.series) > 1 else Markup("")
    return Markup(
        '<figure class="chart">{}<div class="chart-scroll" tabindex="0" role="region" aria-label="{}">'
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg></div></figure>'
    ).format(legend, f"Chart: {chart.title}", chart.title, _WIDTH, height, Markup("").join(shapes))


def _text(x: float, y: float, words: str, anchor: str, look: str = "chart-label") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(look, x, y, anchor, words)


def _hint(name: str, label: str, value: int) -> Markup:
    return Markup("<title>{}</title>").format(f"{label}, {name}: {value:,}")


def _short(label: str) -> str:
    return label if len(label) <= 28 else label[:27] + "…"


def _ceiling(value: int) -> int:
    """The next round number: 2, 4, 10, 20, 40, 100 …, so that half of it is whole."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if value <= step * size:
                return step * size
        size *= 10
