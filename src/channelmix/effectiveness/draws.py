"""Joint draws of the quantities behind cells' curves: the hand-off from evidence to curves."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from channelmix.core.arrays import Array
from channelmix.datasets import PriorRange
from channelmix.effectiveness.kinds import Kinds, kinds_of
from channelmix.effectiveness.stated import Score, most_of, stated
from channelmix.profile import Cell, Telling
from channelmix.profile.evidence import Column, Evidence

T = TypeVar("T")


Ends = tuple[float, float, float]
"""5 % quantile, median and 95 % quantile."""


@dataclass(frozen=True)
class TwoWays:
    """What either way says of a figure that both speak of, in its unit.

    Parameters
    ----------
    from_clicks, from_experiments, belief : tuple of float
        5 % quantile, median and 95 % quantile of either way, and of what they come to.
    weight : float
        Part of the belief that experiments and returns carry, from 0 to 1.
    fact_ids : tuple of str
        The experiments and returns, those of its own channel first, and randomised ones first among these.
    sources, randomised, own_channel : int
        How many sources they come from, how many are of randomised experiments, and how many of the figure's own
        channel.
    proxies : tuple of (str, int)
        Other channels than those planned, such as e-mail, that stand in for it, and how many figures are of each.
    """

    from_clicks: Ends
    from_experiments: Ends
    belief: Ends
    weight: float
    fact_ids: tuple[str, ...]
    sources: int
    randomised: int
    own_channel: int
    proxies: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A judged range that a cell's curve rests on, or the prediction of a regression in its place.

    `cells` names the cells that use it; `country` is the country that a prediction is for, if it is for one; `ways`
    is what clicks and orders, and experiments and returns say of it, where both do.
    """

    range: PriorRange
    cells: tuple[str, ...]
    country: str = ""
    ways: TwoWays | None = None


class Drawn:
    """Drawn quantities of one cell, and draws of what the profile states of it; shape (n_draws,) each."""

    def __init__(
        self, quantities: Mapping[str, Array], n_draws: int, cell: Cell, scores: Mapping[str, Score]
    ) -> None:
        self._quantities = quantities
        self._n_draws = n_draws
        self._cell = cell
        self._scores = scores

    def __call__(self, name: str, figure: str = "") -> Array:
        """Return draws of the figure of the profile, or else those of the published quantity."""
        number = stated(self._cell, figure) if figure else None
        return self._quantities[name] if number is None else self.stated(figure)

    def stated(self, figure: str) -> Array:
        """Return draws of a figure that the profile states."""
        number = stated(self._cell, figure)
        if number is None:
            raise KeyError(figure)
        if figure not in self._scores:
            return self.constant(number)
        return self._scores[figure].draws(figure, number, most_of(figure, self._cell.customers))

    def constant(self, number: float) -> Array:
        """The same number in every draw."""
        return np.full(self._n_draws, float(number))

    def has(self, name: str) -> bool:
        """Whether the quantity was drawn."""
        return name in self._quantities


@dataclass(frozen=True, eq=False)
class OwnColumn:
    """Draws of the curve of one column of a history, and the cells that share it.

    Parameters
    ----------
    column : Column
    cells : tuple of int
        Places of the cells.
    parts : tuple of float
        Each cell's share p of today's spend on them; they sum to 1.
    points : ndarray of shape (n_points,)
        Spend on all of them, in currency per period.
    outcome : ndarray of shape (n_draws, n_points)
        Its outcome, in money per period; draws in the order of those of published figures.
    """

    column: Column
    cells: tuple[int, ...]
    parts: tuple[float, ...]
    points: Array
    outcome: Array


@dataclass(frozen=True, eq=False)
class OwnDraws:
    """A company's own evidence on its cells."""

    evidence: Evidence
    columns: tuple[OwnColumn, ...]

    @property
    def cells(self) -> dict[int, OwnColumn]:
        """The column of each cell with history, by the cell's place."""
        return {i: own for own in self.columns for i in own.cells}

    def known_spend(self, cells: Sequence[Cell]) -> dict[int, float]:
        """Spend at which each cell with history was observed: today's, or its share of the column's usual spend."""
        return {
            i: cells[i].current_spend or part * own.column.usual_spend
            for own in self.columns
            for i, part in zip(own.cells, own.parts, strict=True)
        }

    def seen(self) -> dict[int, tuple[float, float]]:
        """Least and most that was spent on each cell with history, a period: its share of the column's."""
        return {
            i: (part * own.column.least, part * own.column.most)
            for own in self.columns
            for i, part in zip(own.cells, own.parts, strict=True)
        }

    def spent_days(self) -> dict[int, float]:
        """Days of the rows with spend on each cell with history; cells whose file does not say are left out."""
        return {
            i: own.column.spent_days
            for own in self.columns
            if own.column.spent_days is not None
            for i in own.cells
        }

    def first(self, n_draws: int) -> OwnDraws:
        """Return the first draws only."""
        columns = (dataclasses.replace(own, outcome=own.outcome[:n_draws]) for own in self.columns)
        return dataclasses.replace(self, columns=tuple(columns))


@dataclass(frozen=True, eq=False)
class Promoted:
    """What draws of the effects of promotion are made of, beside those of other quantities.

    Parameters
    ----------
    channels : tuple of str
        Channels that have an effect.
    normal : ndarray of shape (n_draws, n_channels)
        Independent standard normal numbers.
    judged : mapping of (channel, purpose, quantity) to PriorRange
        Ranges that replace published ones.
    """

    channels: tuple[str, ...]
    normal: Array
    judged: Mapping[tuple[str, str, str], PriorRange]


@dataclass(frozen=True, eq=False)
class CellDraws:
    """Joint draws of the quantities of some cells, and of what their profile states.

    Parameters
    ----------
    cells : tuple of Cell
        The cells, in order.
    quantities : tuple of mapping of str to ndarray of shape (n_draws,)
        Draws of each cell's published quantities, in the units of `PriorRange`.
    figures : tuple of Figure
        The ranges and predictions drawn from.
    evidence : tuple of str
        What each cell rests on: ``prior``, ``history`` or ``experiment``.
    n_draws : int
        Number of draws.
    own : OwnDraws, optional
        Draws from the company's own history, for some of the cells.
    scores : tuple of mapping of str to Score
        Where the draws of what the profile states of each cell lie, by its field; without them they are all as stated.
    promoted : Promoted, optional
        What the effects of promotion among the quantities were drawn of, so that they follow where a figure is moved.
    """

    cells: tuple[Cell, ...]
    quantities: tuple[Mapping[str, Array], ...]
    figures: tuple[Figure, ...]
    evidence: tuple[str, ...]
    n_draws: int
    own: OwnDraws | None = None
    scores: tuple[Mapping[str, Score], ...] = ()
    promoted: Promoted | None = None

    def drawn(self, cell: int) -> Drawn:
        """Return the quantities of one cell, by its place."""
        scores = self.scores[cell] if self.scores else {}
        return Drawn(self.quantities[cell], self.n_draws, self.cells[cell], scores)

    @functools.cached_property
    def kinds(self) -> Kinds:
        """Cells whose curves are another's in proportion to their market's customers; none beside own history."""
        if self.own is not None:
            return Kinds(np.arange(len(self.cells)), np.ones(len(self.cells)))
        return kinds_of(self.cells, *(part for part in (self.quantities, self.scores) if part))

    @property
    def of_kinds(self) -> CellDraws:
        """The draws of the first cell of each kind."""
        leading = self.kinds.leading
        return dataclasses.replace(
            self,
            cells=tuple(self.cells[i] for i in leading),
            quantities=tuple(self.quantities[i] for i in leading),
            evidence=tuple(self.evidence[i] for i in leading),
            scores=tuple(self.scores[i] for i in leading) if self.scores else (),
        )

    @functools.cached_property
    def silent(self) -> CellDraws:
        """The same draws without word of mouth."""
        if all(cell.word_of_mouth is None for cell in self.cells):
            return self
        return self._telling([None] * len(self.cells))

    def telling(self, people: float) -> CellDraws:
        """Return the same draws where an unsatisfied customer tells `people`, however public the channel is."""
        return self._telling(
            [
                cell.word_of_mouth
                and dataclasses.replace(cell.word_of_mouth, told_if_not=people, told_in_private=people)
                for cell in self.cells
            ]
        )

    def _telling(self, told: Sequence[Telling | None]) -> CellDraws:
        cells = (
            dataclasses.replace(cell, word_of_mouth=one) for cell, one in zip(self.cells, told, strict=True)
        )
        changed = dataclasses.replace(self, cells=tuple(cells))
        changed.__dict__["kinds"] = self.kinds  # what customers tell is one figure of the company
        return changed


def once(make: Callable[[CellDraws, float, float], T]) -> Callable[[CellDraws, float, float], T]:
    """Let a function of draws, the length of a period and the exchange rate work once for the same arguments."""

    @functools.wraps(make)
    def made(draws: CellDraws, period_days: float, usd_rate: float) -> T:
        kept = draws.__dict__.setdefault("_made", {})  # a copy of the draws with other fields starts without
        key = make.__name__, period_days, usd_rate
        if key not in kept:
            kept[key] = make(draws, period_days, usd_rate)
        return cast(T, kept[key])

    return made


def spending_cells(today: Sequence[float]) -> tuple[list[int], tuple[float, ...]]:
    """Places of the cells that share a column's curve, and the share of each."""
    total = math.fsum(today)
    if total == 0.0:
        return list(range(len(today))), (1.0 / len(today),) * len(today)
    spending = [k for k, amount in enumerate(today) if amount > 0.0]
    return spending, tuple(today[k] / total for k in spending)
