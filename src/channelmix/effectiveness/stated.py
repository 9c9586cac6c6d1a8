"""What a company states of itself, as a distribution: an estimate, not a truth.

The 90 % interval is the one that the profile states, follows from the number of cases that the figure was measured on,
or is assumed by its kind (`stated_ranges.csv`). A figure with a range of its own is the median, others are the mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from channelmix.core.arrays import Array
from channelmix.datasets import load_stated_ranges
from channelmix.effectiveness.alike import COUNTED_ALIKE, AlikeChannels
from channelmix.effectiveness.stated_shapes import (
    Shape,
    TwoPiece,
    assumed_amount,
    assumed_rate,
    assumed_share,
    measured_amount,
    measured_share,
    rate_span,
)
from channelmix.profile import Cell, CompanyProfile, Estimate
from channelmix.profile.faults import Path

WORTH = {
    "promotion": "margin_per_order",
    "service": "value_per_resolution",
    "advocacy": "value_per_exposure",
}
"""The profile's field behind a cell's value, by purpose."""

COMPANY_WIDE = frozenset(
    (*WORTH.values(), "orders_per_click", "order_value", "purchases_per_year", "satisfied_share")
)
"""Figures that are the same for every channel and market."""

OF_MARKETS = frozenset({"inbound_contacts", "penetration"})
"""Figures that are the same for every channel."""

CONTROLLED = 3.0
"""Parts of the error of an experiment's effect, a difference of two groups of the same size: one of the effect itself,
and one for the other orders of each group, which are taken to be as many as those of the effect."""

EXACT = TwoPiece(1.0, 1.0, 1.0, bounded=False)
"""What counts as it stands without more said of it: an amount or a rate of 0, or a share of 0 or 1, none or all."""

ROUNDED = 1e-9
"""Relative difference of two ends that is one of rounding."""

_USED = {
    "promotion": (
        *("cost_per_contact", "reachable", "penetration", "contacts_per_customer", "opt_out_per_contact"),
        *("value_per_consent", "orders_per_contact", "orders_per_click", "order_value", "purchases_per_year"),
    ),
    "service": (
        *("cost_per_contact", "inbound_contacts", "resolution_share", "on_time_share", "service_share"),
        "publicness",
    ),
    "advocacy": ("cost_per_contact", "reachable", "penetration", "contacts_per_customer", "publicness"),
}
"""Figures of a cell's curve and charge, beside the worth of what it brings and word of mouth."""


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


class Belief(NamedTuple):
    """Distribution of a stated figure: `shape`, in units of `unit`."""

    unit: float
    shape: Shape

    @property
    def interval(self) -> tuple[float, float]:
        """Its 5 % and 95 % quantiles, in the figure's own unit."""
        low, high = self.shape.interval
        return self.unit * low, self.unit * high


def belief_of(figure: str, number: float, most: float) -> Belief:
    """Return the distribution of a stated figure.

    - With ``low`` and ``high`` the figure is the median and these are the ends of the 90 % interval, unless they are
      closer than `least_factor` of its kind allows of what nobody measured: then they are moved apart.
    - By itself the figure is the mean; with ``n`` the mean of an amount, and of a share what was counted, to which half
      a case of either kind is added.

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
    value, bounded = float(number), most < math.inf
    low, high, n = (getattr(number, name, None) for name in ("low", "high", "n"))
    if low is not None and high is not None:
        unit = most if bounded else value or high or 1.0
        ends = TwoPiece(low / unit, value / unit, min(high / unit, 1.0) if bounded else high / unit, bounded)
        ends = ends.widened(assumed.least_factor)
        if assumed.kind == "rate":
            ends = ends.as_rate(rate_span(assumed.least_factor))
        return Belief(unit, ends)
    if n is not None and bounded:
        cases = n / CONTROLLED if isinstance(number, Estimate) and number.incremental else n
        return Belief(most, measured_share(value / most, cases))
    if assumed.kind == "rate" and value > 0.0:
        return Belief(most, assumed_rate(value / most, assumed.uncertainty_factor))
    if not 0.0 < value < most:
        return Belief(value, EXACT)
    if n is not None:
        return Belief(value, measured_amount(assumed.variation, n))
    if bounded:
        return Belief(most, assumed_share(value / most, assumed.uncertainty_factor))
    return Belief(value, assumed_amount(assumed.uncertainty_factor))


def is_widened(number: Estimate, ends: tuple[float, float]) -> bool:
    """Whether a figure states a range that is narrower than the one that it counts with."""
    if number.low is None or number.high is None:
        return False
    return ends[0] < number.low * (1.0 - ROUNDED) or ends[1] > number.high * (1.0 + ROUNDED)


def interval_of(figure: str, number: float, most: float) -> tuple[float, float]:
    """Return the ends of the 90 % interval of a stated figure; see `belief_of`."""
    low, high = belief_of(figure, number, most).interval
    if getattr(number, "n", None) is not None:  # what was counted, if only none or all of them, is in it
        return min(low, float(number)), max(high, float(number))
    return low, high


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
    _made: dict[Shape, Array] = field(default_factory=dict, repr=False)

    def first(self, n_draws: int) -> Score:
        """Return the first draws only."""
        return Score(self.normal[:n_draws])

    def draws(self, figure: str, number: float, most: float) -> Array:
        """Draw a stated figure; no draw exceeds `most`."""
        belief = belief_of(figure, number, most)
        if belief.shape not in self._made:
            self._made[belief.shape] = belief.shape.draws(self.normal)
        return belief.unit * self._made[belief.shape]


def scores_of(normal: Array, scopes: Iterable[Scope], kinds: Mapping[str, str | None]) -> dict[Scope, Score]:
    """Give each statement its score: one column of `normal` (n_draws, n) each, and what it shares with others.

    `kinds` names the built-in channel that a channel is, or is like: what is stated of channels of a kind is as alike
    as what is published of them, unless it was measured. Channels that are like none share half of what is stated of
    them, and so do markets.
    """
    columns, alike, further = {}, AlikeChannels(), AlikeChannels(COUNTED_ALIKE)
    for scope, own in zip(scopes, normal.T, strict=True):
        if scope.channel and not scope.measured:
            kind = kinds[scope.channel]
            own = (alike if kind else further).mixed((scope.market, kind, scope.figure), own)
        columns[scope] = own
    scores = {}
    for scope, own in columns.items():
        shared = scope.common
        mixed = (
            own
            if shared is None
            else math.sqrt(COUNTED_ALIKE) * columns[shared] + math.sqrt(1.0 - COUNTED_ALIKE) * own
        )
        scores[scope] = Score(mixed)
    return scores
