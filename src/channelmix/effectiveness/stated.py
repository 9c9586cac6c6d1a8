"""What a company states of itself, as a distribution: an estimate, not a truth.

The mean of the draws is the stated figure. Their 90 % interval is the one that the profile states, follows from the
number of cases that the figure was measured on, or is assumed by its kind (`stated_ranges.csv`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, expit

from channelmix.core.arrays import Array
from channelmix.datasets import load_stated_ranges
from channelmix.effectiveness.constants import Z90
from channelmix.profile import Cell, CompanyProfile, Estimate
from channelmix.profile.faults import Path

WORTH = {
    "promotion": "margin_per_order",
    "service": "value_per_resolution",
    "advocacy": "value_per_exposure",
}
"""The profile's field behind a cell's value, by purpose."""

COMPANY_WIDE = frozenset({*WORTH.values(), "orders_per_click", "satisfied_share"})
"""Figures that are the same for every channel and market."""

OF_MARKETS = frozenset({"inbound_contacts", "penetration"})
"""Figures that are the same for every channel."""

CONTROLLED = 3.0
"""Parts of the error of an experiment's effect, a difference of two groups of the same size: one of the effect itself,
and one for the other orders of each group, which are taken to be as many as those of the effect."""

LEAST = 1e-3
"""Part of the figure, or of what a share leaves, that stands for a stated end of 0, or of 1."""

NEWTON_STEPS = 60
"""Most steps of Newton's method for the shift of a share's draws. Few are needed where the middle was found before."""

MEAN_TOLERANCE = 1e-12
"""Relative precision of the mean of a share's draws."""

STEPS = 12
"""Bisections for the median; what they leave is made up for by a shift."""

_USED = {
    "promotion": (
        *("cost_per_contact", "reachable", "penetration", "contacts_per_customer", "opt_out_per_contact"),
        *("value_per_consent", "orders_per_contact", "orders_per_click"),
    ),
    "service": (
        *("cost_per_contact", "inbound_contacts", "resolution_share", "on_time_share", "service_share"),
        "publicness",
    ),
    "advocacy": ("cost_per_contact", "reachable", "penetration", "contacts_per_customer", "publicness"),
}
"""Figures of a cell's curve and charge, beside the worth of what it brings and word of mouth."""

ALIKE = 0.5
"""Correlation of what markets of one company state for themselves: they count alike, each its own customers."""


class Scope(NamedTuple):
    """One statement: a figure, and where it holds.

    `market` or `channel` is empty where it holds for all of them; `measured` are statements that name the number of
    cases: their errors are those of chance, which no two share.
    """

    market: str
    channel: str
    figure: str
    measured: bool

    @property
    def common(self) -> Scope | None:
        """What the statements of other markets have in common with a market's own; None where there is nothing."""
        return None if self.measured or not self.market else self._replace(market="")


def stated(cell: Cell, figure: str) -> float | None:
    """Return a figure as the profile states it for a cell; None where it does not."""
    number: float | None
    if figure == WORTH[cell.purpose]:
        number = cell.value
    elif figure in ("value_per_exposure", "satisfied_share"):
        number = None if cell.word_of_mouth is None else getattr(cell.word_of_mouth, figure)
    else:
        number = getattr(cell, figure)
    return number


def statements(cell: Cell) -> dict[str, Scope]:
    """Return the figures that are stated of a cell and that its curve may use, each with where it holds."""
    told = ("value_per_exposure", "satisfied_share") if cell.purpose != "promotion" else ()
    names = dict.fromkeys((WORTH[cell.purpose], *_USED[cell.purpose], *told))
    return {name: _scope(cell, name) for name in names if stated(cell, name) is not None}


def _scope(cell: Cell, figure: str) -> Scope:
    market = cell.market if figure in cell.own else ""
    channel = "" if figure in COMPANY_WIDE | OF_MARKETS else cell.channel
    return Scope(market, channel, figure, getattr(stated(cell, figure), "n", None) is not None)


def most_of(figure: str, customers: float) -> float:
    """Largest value that a figure may have; infinite for amounts."""
    kind = load_stated_ranges()[figure].kind
    return {"rate": 1.0, "share": 1.0, "reach": customers}.get(kind, math.inf)


def interval_of(figure: str, number: float, most: float) -> tuple[float, float]:
    """Return the ends of the 90 % interval of a stated figure.

    Parameters
    ----------
    figure : str
        The profile's field.
    number : float
        The figure; an `Estimate` where the profile says how sure it is.
    most : float
        What it cannot exceed; infinite for an amount.
    """
    assumed = load_stated_ranges()[figure]
    low, high, n = (getattr(number, name, None) for name in ("low", "high", "n"))
    value = float(number)
    if low is not None and high is not None:
        return low, high
    if not 0.0 < value < most:
        return value, value
    if n is None:
        return _within(value, assumed.uncertainty_factor, most)
    if most == math.inf:
        return _within(value, math.exp(Z90 * assumed.variation / math.sqrt(n)), most)
    cases = n / CONTROLLED if isinstance(number, Estimate) and number.incremental else n
    share = value / most
    ends = betaincinv(share * cases + 0.5, (1.0 - share) * cases + 0.5, np.array([0.05, 0.95]))
    return min(float(ends[0]) * most, value), max(float(ends[1]) * most, value)


def _within(value: float, factor: float, most: float) -> tuple[float, float]:
    if most == math.inf:
        return value / factor, value * factor
    odds = value / (most - value)
    low, high = odds / factor, odds * factor
    return most * low / (1.0 + low), most * high / (1.0 + high)


def field_of(path: Path) -> str | None:
    """Return the name of a stated figure by its path in a profile; None for other numbers."""
    for part in path[-1:] + path[-2:-1]:
        name = "reachable" if part == "reachable_share" else part
        if name in load_stated_ranges():
            return str(name)
    return None


def stated_interval(profile: CompanyProfile, path: Path, number: float) -> tuple[float, float] | None:
    """Return the 90 % interval of a number of a profile, by its path; None where it counts as it stands."""
    figure = field_of(path)
    if figure is None:
        return None
    most = 1.0
    if figure != "reachable" or path[-1] == "reachable":
        of_market = path[0] == "markets" and isinstance(path[1], int)
        markets = [profile.markets[int(path[1])]] if of_market else profile.markets
        most = most_of(figure, math.fsum(market.customers for market in markets))
    ends = interval_of(figure, number, most)
    return None if ends[0] == ends[1] else ends


@dataclass(frozen=True, eq=False)
class Score:
    """Where each draw lies in the distribution of one statement: standard normal numbers, of shape (n_draws,)."""

    normal: Array
    _made: dict[tuple[float, float, float], Array] = field(default_factory=dict, repr=False)

    def first(self, n_draws: int) -> Score:
        """Return the first draws only."""
        return Score(self.normal[:n_draws])

    def draws(self, figure: str, number: float, most: float) -> Array:
        """Draw a stated figure; its mean over the draws is the figure, and no draw exceeds `most`."""
        value = float(number)
        ends = interval_of(figure, number, most)
        if not 0.0 < value < most or ends[0] == ends[1]:
            return np.full(len(self.normal), value)
        unit = value if most == math.inf else most
        key = (1.0 if most == math.inf else value / most, ends[0] / unit, ends[1] / unit)
        if key not in self._made:
            self._made[key] = (
                _amounts(self.normal, *key[1:]) if most == math.inf else _shares(self.normal, *key)
            )
        return unit * self._made[key]


def _amounts(normal: Array, low: float, high: float) -> Array:
    """Draw numbers of mean 1."""
    ends = math.log(max(low, LEAST)), math.log(high)
    drawn = np.exp(_spread(normal, *ends, lambda logs: float(np.exp(logs).mean()) > 1.0))
    return np.asarray(drawn / drawn.mean())


def _shares(normal: Array, value: float, low: float, high: float) -> Array:
    """Draw shares of a mean above 0 and below 1."""
    ends = max(low, LEAST * value), min(high, 1.0 - LEAST * (1.0 - value))
    logit_low, logit_high = (math.log(end / (1.0 - end)) for end in ends)
    logits = _spread(normal, logit_low, logit_high, lambda spread: float(expit(spread).mean()) > value)
    drawn = expit(logits)
    for _ in range(NEWTON_STEPS):
        if abs(drawn.mean() - value) <= MEAN_TOLERANCE * value:
            break
        logits = logits + np.clip((value - drawn.mean()) / (drawn * (1.0 - drawn)).mean(), -1.0, 1.0)
        drawn = expit(logits)
    return np.asarray(drawn)


def _spread(normal: Array, low: float, high: float, too_high: Callable[[Array], bool]) -> Array:
    """Spread draws over an interval on a scale without ends, wider on the side on which the middle is farther from it.

    The middle is where the mean is right: then the interval is as stated, and so is the mean. Where no middle does it,
    since the interval reaches too far up or down for its mean, the caller shifts what comes nearest.
    """
    below, above = np.minimum(normal, 0.0) / Z90, np.maximum(normal, 0.0) / Z90

    def around(middle: float) -> Array:
        return np.asarray(middle + (middle - low) * below + (high - middle) * above)

    start, end = low, high
    for _ in range(STEPS):
        middle = 0.5 * (start + end)
        start, end = (start, middle) if too_high(around(middle)) else (middle, end)
    return around(0.5 * (start + end))


def scores_of(normal: Array, scopes: Iterable[Scope]) -> dict[Scope, Score]:
    """Give each statement its score: one column of `normal` (n_draws, n) each, and half of what markets share."""
    columns = dict(zip(scopes, normal.T, strict=True))
    scores = {}
    for scope, own in columns.items():
        shared = scope.common
        mixed = own if shared is None else math.sqrt(ALIKE) * columns[shared] + math.sqrt(1.0 - ALIKE) * own
        scores[scope] = Score(mixed)
    return scores
