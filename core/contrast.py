"""Whether a colour can be read on another, and the nearest shade of it that can (WCAG 2.2, relative luminance)."""

from __future__ import annotations

ENOUGH = 4.5
_STEPS = 64


def ratio(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white); colours as #rrggbb."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def shade(colour: str, ground: str, least: float = ENOUGH) -> str:
    """The colour itself where it can be read on `ground`, else the nearest one on the way to black or to white."""
    end = (0, 0, 0) if _luminance(ground) > 0.18 else (255, 255, 255)
    for step in range(_STEPS):
        mixed = mix(colour, end, step / _STEPS)
        if ratio(mixed, ground) >= least:
            return mixed
    return _written(end)


def mix(colour: str, end: tuple[int, int, int], part: float) -> str:
    """The colour with this part (0 to 1) of another one in it."""
    red, green, blue = (round(one + (other - one) * part) for one, other in zip(_parts(colour), end, strict=True))
    return _written((red, green, blue))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _written(parts: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / 255 for one in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
