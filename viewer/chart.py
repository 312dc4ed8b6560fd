"""The chart of a world's scores, drawn as SVG on the server."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 24
SHOWN = 320
"""More samples than this are thinned out: the chart has no more pixels to show them in."""


@dataclass(frozen=True)
class Point:
    """One sample: ticks since the world began, and the two scores at that tick."""

    tick: int
    production: float
    automated: float


def score_chart(samples: Sequence[Point]) -> str:
    """An SVG element with both scores over game time; says so when there is too little to draw."""
    if len(samples) < 2 or samples[-1].tick <= samples[0].tick:
        return (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="No samples yet">'
            f'<text class="empty" x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">'
            "The first samples arrive within half a minute.</text></svg>"
        )
    step = max(1, math.ceil(len(samples) / SHOWN))
    shown = [*samples[::step], samples[-1]]
    first, last = shown[0].tick, shown[-1].tick
    top = max(1.0, *(p.production for p in shown), *(p.automated for p in shown))
    grid = nice_step(top / 4)
    top = math.ceil(top / grid) * grid

    def x(tick: int) -> float:
        return LEFT + (tick - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(score: float) -> float:
        return HEIGHT - BOTTOM - score / top * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Production score {shown[-1].production:.0f}, automated {shown[-1].automated:.0f}">'
    ]
    for i in range(round(top / grid) + 1):
        level, label = f"{y(i * grid):.1f}", short(i * grid)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level}" y2="{level}"/>')
        parts.append(f'<text class="axis" x="{LEFT - 6}" y="{level}" dy="4" text-anchor="end">{label}</text>')
    for tick, anchor in ((first, "start"), (last, "end")):
        place = f'x="{x(tick):.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}"'
        parts.append(f'<text class="axis" {place}>{game_time(tick)}</text>')
    for name in ("production", "automated"):
        line = " ".join(f"{x(p.tick):.1f},{y(max(0.0, getattr(p, name))):.1f}" for p in shown)
        if name == "production":
            corners = f"{x(first):.1f},{y(0):.1f} {line} {x(last):.1f},{y(0):.1f}"
            parts.append(f'<polygon class="area" points="{corners}"/>')
        parts.append(f'<polyline class="line {name}" points="{line}"/>')
    parts.append("</svg>")
    return "".join(parts)


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def short(value: float) -> str:
    """A number in few letters: 950, 1.2k, 3.4M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.1f}".rstrip("0").rstrip(".") + unit
    return f"{value:.1f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))


def points(value: float) -> str:
    """A score in whole points, so that it is seen to rise: 1,234, or 1.2M once it is that large."""
    return f"{value:,.0f}" if abs(value) < 1e6 else f"{value / 1e6:,.3f}M"


def game_time(tick: int) -> str:
    """Ticks as hours, minutes and seconds of the game."""
    seconds = tick // 60
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
