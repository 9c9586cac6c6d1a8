"""Draws of each cell's quantities from published ranges: a scikit-learn estimator that needs no data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from channelmix.datasets import PriorRange, load_ranges
from channelmix.profile import BUILT_IN_CHANNELS, Cell

__all__ = ["ON_PHONES", "QUANTITIES", "CellDraws", "Figure", "PublishedPrior"]

Array = NDArray[np.float64]

Z90 = float(ndtri(0.95))
"""Half-width of a 90 % interval in standard deviations."""

SHARES = frozenset(
    {
        "response_rate",
        "conversion_rate",
        "incremental_factor",
        "orders_per_click",
        "resolution",
        "on_time_share",
        "service_share",
        "penetration",
    }
)
"""Quantities that cannot exceed 1."""

ON_PHONES = frozenset({"sms", "im", "app"})
"""Built-in channels that reach people on a mobile phone."""

FIGURES = tuple(field.name for field in fields(Cell) if str(field.type).startswith("float"))
"""What a profile may state of a cell in numbers."""

MOST_DIMENSIONS = qmc.Sobol.MAXDIM
"""Quantities that one sequence can draw together; more take further sequences."""

QUANTITIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("social", "promotion"): (
        "cost_per_contact",
        "saturation_frequency",
        "response_rate",
        "orders_per_click",
        "incremental_factor",
    ),
    ("sms", "promotion"): (
        "cost_per_contact",
        "saturation_frequency",
        "conversion_rate",
        "incremental_factor",
    ),
    ("im", "promotion"): (
        "cost_per_contact",
        "saturation_frequency",
        "conversion_rate",
        "incremental_factor",
    ),
    ("app", "promotion"): (
        "cost_per_retained_user",
        "months_retained",
        "saturation_frequency",
        "response_rate",
        "orders_per_click",
        "incremental_factor",
    ),
    ("social", "service"): (
        "cost_per_contact",
        "service_share",
        "resolution",
        "on_time_share",
        "load_variation",
    ),
    ("sms", "service"): (
        "cost_per_contact",
        "agent_cost_per_contact",
        "service_share",
        "resolution",
        "on_time_share",
        "load_variation",
    ),
    ("im", "service"): ("cost_per_contact", "service_share", "resolution", "on_time_share", "load_variation"),
    ("app", "service"): (
        "cost_per_contact",
        "service_share",
        "resolution",
        "on_time_share",
        "load_variation",
    ),
    ("social", "advocacy"): ("cost_per_contact", "saturation_frequency"),
    ("sms", "advocacy"): ("cost_per_contact", "saturation_frequency"),
    ("im", "advocacy"): ("cost_per_contact", "saturation_frequency"),
    ("app", "advocacy"): ("cost_per_retained_user", "months_retained", "saturation_frequency"),
}
"""What the curve of each built-in channel and purpose is made of."""

STATED = {
    "cost_per_contact": ("cost_per_contact", "cost_per_retained_user", "agent_cost_per_contact"),
    "contacts_per_customer": ("saturation_frequency",),
    "orders_per_contact": ("conversion_rate", "response_rate", "orders_per_click", "incremental_factor"),
    "resolution_share": ("resolution",),
    "on_time_share": ("on_time_share",),
    "service_share": ("service_share",),
}
"""Published quantities that a figure of the profile's own makes superfluous, by the profile's field."""


@dataclass(frozen=True)
class Figure:
    """A published range that a cell's curve rests on.

    `cells` names the cells that use it.
    """

    range: PriorRange
    cells: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CellDraws:
    """Joint draws of the quantities of some cells.

    Parameters
    ----------
    cells : tuple of Cell
        The cells, in order.
    quantities : tuple of mapping of str to ndarray of shape (n_draws,)
        Draws of each cell's published quantities, in the units of `PriorRange`.
    figures : tuple of Figure
        The published ranges drawn from.
    evidence : tuple of str
        What each cell rests on: ``prior``.
    n_draws : int
        Number of draws.
    """

    cells: tuple[Cell, ...]
    quantities: tuple[Mapping[str, Array], ...]
    figures: tuple[Figure, ...]
    evidence: tuple[str, ...]
    n_draws: int


class PublishedPrior(BaseEstimator):
    """Published ranges as log-normal distributions, drawn by a scrambled Sobol sequence.

    One distribution stands behind a channel's quantity, whatever the market: its draws are shared by all markets.
    Different channels and quantities are independent, the factor from attributed to incremental included.

    Parameters
    ----------
    n_draws : int
        Number of joint draws, at least 1; a power of two keeps the sequence balanced.
    seed : int
        Seed of the scrambling.

    Attributes
    ----------
    ranges_ : mapping of (channel, purpose, quantity) to PriorRange
        The ranges in use.
    """

    def __init__(self, n_draws: int = 512, seed: int = 0) -> None:
        self.n_draws = n_draws
        self.seed = seed

    def fit(self, X: Iterable[PriorRange] | None = None, y: None = None) -> Self:  # noqa: ARG002  scikit-learn's
        """Take the ranges to draw from.

        Parameters
        ----------
        X : iterable of PriorRange, optional
            Ranges that replace published ones of the same channel, purpose and quantity.
        y : None
            Not used.
        """
        self.ranges_ = {**load_ranges(), **{r.key: r for r in X or ()}}
        return self

    def draws(self, cells: Sequence[Cell]) -> CellDraws:
        """Draw the quantities of a profile's cells.

        Parameters
        ----------
        cells : sequence of Cell
            From `CompanyProfile.cells`.

        Returns
        -------
        CellDraws
        """
        check_is_fitted(self)
        wanted = [self._wanted(cell) for cell in cells]
        # A custom channel that borrows figures has its own draws of them. Ranking the channels makes the draws
        # independent of the order in which the profile states them, and of the names it makes up.
        rank = {channel: i for i, channel in enumerate(_ranked(cells))}
        keys = sorted(
            {(cell.channel, r.key) for cell, ranges in zip(cells, wanted, strict=True) for r in ranges},
            key=lambda key: (rank[key[0]], key[1]),
        )
        uniform = self._uniform(len(keys))
        table = {key: self._log_normal(key[1], uniform[:, j]) for j, key in enumerate(keys)}
        quantities = tuple(
            {r.quantity: table[cell.channel, r.key] for r in ranges}
            for cell, ranges in zip(cells, wanted, strict=True)
        )
        users: dict[tuple[str, str, str], list[str]] = {}
        for cell, ranges in zip(cells, wanted, strict=True):
            for r in ranges:
                users.setdefault(r.key, []).append(cell.name)
        figures = tuple(Figure(self.ranges_[key], tuple(names)) for key, names in sorted(users.items()))
        return CellDraws(tuple(cells), quantities, figures, ("prior",) * len(wanted), self.n_draws)

    def _wanted(self, cell: Cell) -> list[PriorRange]:
        """Ranges that the cell's curve needs and its profile does not state."""
        stated = {q for field, names in STATED.items() if getattr(cell, field) is not None for q in names}
        names: Sequence[str] = QUANTITIES.get((cell.basis or "", cell.purpose), GENERIC.get(cell.purpose, ()))
        if cell.penetration is None and cell.basis in ON_PHONES and cell.purpose != "service":
            names = (*names, "penetration")
        if cell.orders_per_click is not None:
            stated.add("orders_per_click")
        return [self._find(cell, name) for name in names if name not in stated]

    def _find(self, cell: Cell, quantity: str) -> PriorRange:
        for channel, purpose in ((cell.basis or "all", cell.purpose), ("all", cell.purpose), ("all", "all")):
            if (channel, purpose, quantity) in self.ranges_:
                return self.ranges_[channel, purpose, quantity]
        raise KeyError((cell.name, quantity))

    def _uniform(self, dimensions: int) -> Array:
        """Draw points of the unit cube; shape (n_draws, dimensions)."""
        # The sequence is balanced over powers of two only: a number between is the beginning of the next one.
        exponent = (self.n_draws - 1).bit_length()
        parts = [
            qmc.Sobol(min(MOST_DIMENSIONS, dimensions - start), scramble=True, rng=rng).random_base2(exponent)
            for start, rng in zip(range(0, dimensions, MOST_DIMENSIONS), _generators(self.seed), strict=False)
        ]
        return np.hstack([part[: self.n_draws] for part in parts] or [np.empty((self.n_draws, 0))])

    def _log_normal(self, key: tuple[str, str, str], uniform: Array) -> Array:
        r = self.ranges_[key]
        deviation = math.log(r.uncertainty_factor) / Z90
        draws: Array = r.typical * np.exp(deviation * ndtri(uniform))
        return np.minimum(draws, 1.0) if r.quantity in SHARES else draws


GENERIC: Mapping[str, tuple[str, ...]] = {"service": ("on_time_share", "load_variation")}
"""What is still needed of a custom channel that states its figures itself."""


def _ranked(cells: Iterable[Cell]) -> list[str]:
    """Order channels: built-in ones by name, then the others by what is stated of them, and by name between equals."""
    stated: dict[str, list[tuple[str | float, ...]]] = {}
    for cell in cells:
        figures = (getattr(cell, name) for name in FIGURES)
        statement = cell.purpose, cell.basis or "", *(-1.0 if f is None else f for f in figures)
        stated.setdefault(cell.channel, []).append(statement)
    built_in = sorted(stated.keys() & set(BUILT_IN_CHANNELS))
    others = stated.keys() - set(built_in)
    return [*built_in, *sorted(others, key=lambda channel: (sorted(stated[channel]), channel))]


def _generators(seed: int) -> Iterator[np.random.Generator]:
    """Make one generator after the other; the first is that of the seed alone."""
    yield np.random.default_rng(seed)
    yield from (np.random.default_rng([seed, part]) for part in itertools.count(1))
