"""Parts of charts as inline SVG: scales, axes, small bars and whiskers. Colours are classes, set by the style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from channelmix.report.html.markup import Markup, join, tag

WIDE, THIN = 160.0, 10.0
"""Size of a small chart in a table's row."""


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers within [low, high], about `most` of them, which is 3 or more.

    >>> ticks(0.0, 47.0), ticks(-12.0, 30.0)
    ([0.0, 10.0, 20.0, 30.0, 40.0], [-10.0, 0.0, 10.0, 20.0, 30.0])
    """
    if not high > low:
        return [low]
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= least * (1.0 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


@dataclass(frozen=True)
class Frame:
    """A chart's size, margins and ranges of values."""

    width: float
    height: float
    left: float
    bottom: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    top: float = 10.0
    right: float = 12.0

    def x(self, value: float) -> float:
        """Place of a value across."""
        return self.left + _share(value, self.x_range) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Place of a value from the top."""
        return (
            self.height - self.bottom - _share(value, self.y_range) * (self.height - self.top - self.bottom)
        )

    def axes(
        self,
        say_x: Callable[[float], str],
        say_y: Callable[[float], str],
        title_x: str,
        title_y: str,
        x_ticks: Iterable[float] | None = None,
    ) -> Markup:
        """Grid lines with their values, and what the axes show."""
        floor = self.height - self.bottom
        end = self.width - self.right
        parts = []
        for value in ticks(*self.y_range, 4):
            at = self.y(value)
            parts.append(tag("line", class_="grid", x1=self.left, x2=end, y1=_n(at), y2=_n(at)))
            parts.append(tag("text", say_y(value), class_="tick end", x=_n(self.left - 4.0), y=_n(at + 4.0)))
        for value in ticks(*self.x_range, 4) if x_ticks is None else x_ticks:
            at = self.x(value)
            parts.append(tag("text", say_x(value), class_="tick middle", x=_n(at), y=_n(floor + 18.0)))
        parts.append(tag("line", class_="axis", x1=self.left, x2=end, y1=_n(floor), y2=_n(floor)))
        parts.append(tag("text", title_x, class_="tick end", x=end, y=_n(self.height - 4.0)))
        parts.append(tag("text", title_y, class_="tick", x=2, y=11))
        return join(*parts)


def coordinates(frame: Frame, xs: Sequence[float], ys: Sequence[float]) -> str:
    """Points of a line."""
    return " ".join(f"{_n(frame.x(x))},{_n(frame.y(y))}" for x, y in zip(xs, ys, strict=True))


def line(frame: Frame, xs: Sequence[float], ys: Sequence[float], kind: str) -> Markup:
    """Line through points."""
    return tag("polyline", class_=kind, points=coordinates(frame, xs, ys))


def area(frame: Frame, xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str) -> Markup:
    """Band between two lines."""
    back = coordinates(frame, list(reversed(xs)), list(reversed(low)))
    return tag("polygon", class_=kind, points=f"{coordinates(frame, xs, high)} {back}")


def drawing(width: float, height: float, label: str, *parts: Markup, kind: str = "chart") -> Markup:
    """Chart that a screen reader knows by its label."""
    box = f"0 0 {width:g} {height:g}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label, class_=kind)


def paired_bars(now: float, plan: float, most: float) -> Markup:
    """Bars of money today and in the plan; the figures stand beside them."""
    scale = WIDE / most if most > 0.0 else 0.0
    bars = (
        tag("rect", class_="now", x=0, y=1, width=_n(now * scale), height=THIN),
        tag("rect", class_="plan", x=0, y=THIN + 2.0, width=_n(plan * scale), height=THIN),
    )
    return _small(2.0 * THIN + 4.0, *bars)


def single_bar(value: float, most: float) -> Markup:
    """Bar of one amount; the figure stands beside it."""
    width = value * WIDE / most if most > 0.0 else 0.0
    return _small(THIN + 2.0, tag("rect", class_="plan", x=0, y=1, width=_n(width), height=THIN))


def share_bar(parts: Iterable[tuple[float, str]]) -> Markup:
    """One bar of the whole width, divided into shares of given classes."""
    done, rects = 0.0, []
    for share, kind in parts:
        rects.append(tag("rect", class_=kind, x=_n(1000.0 * done), y=0, width=_n(1000.0 * share), height=26))
        done += share
    return tag(
        "svg", *rects, viewBox="0 0 1000 26", preserveAspectRatio="none", aria_hidden="true", class_="share"
    )


def whisker(low: float, mean: float, high: float, span: tuple[float, float], kind: str = "plan") -> Markup:
    """Interval as a line with a dot at its mean, above a mark at 0; the figures stand beside it."""

    def at(value: float) -> float:
        return 4.0 + _share(min(max(value, span[0]), span[1]), span) * (WIDE - 8.0)

    middle = THIN / 2.0 + 2.0
    return _small(
        THIN + 4.0,
        tag("line", class_="axis", x1=_n(at(0.0)), x2=_n(at(0.0)), y1=0, y2=THIN + 4.0),
        tag("line", class_=f"whisker {kind}", x1=_n(at(low)), x2=_n(at(high)), y1=middle, y2=middle),
        tag("circle", class_=f"dot {kind}", cx=_n(at(mean)), cy=middle, r=4),
    )


def range_bar(low: float, high: float, span: tuple[float, float]) -> Markup:
    """Solid bar of a range on a pale one of the whole span, with a mark at 0; the figures stand beside it."""

    def at(value: float) -> float:
        return _share(value, span) * WIDE

    ends = tag("rect", class_="track", x=0, y=2, width=_n(WIDE), height=THIN)
    bar = tag("rect", class_="plan", x=_n(at(low)), y=2, width=_n(at(high) - at(low)), height=THIN)
    middle = tag("line", class_="none", x1=_n(at(0.0)), x2=_n(at(0.0)), y1=0, y2=THIN + 4.0)
    return _small(THIN + 4.0, ends, bar, middle)


def _small(height: float, *parts: Markup) -> Markup:
    return tag("svg", *parts, viewBox=f"0 0 {WIDE:g} {height:g}", aria_hidden="true", class_="small")


def _share(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return (value - low) / (high - low) if high > low else 0.0


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
