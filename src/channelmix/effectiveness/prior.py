"""Draws of each cell's quantities from published ranges: a scikit-learn estimator that needs no data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from channelmix.datasets import PriorRange, load_ranges
from channelmix.profile import Cell

__all__ = ["QUANTITIES", "CellDraws", "Figure", "PublishedPrior"]

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
    }
    | {"service_share", "penetration"}
)
"""Quantities that cannot exceed 1."""

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
        Number of joint draws; a power of two keeps the sequence balanced.
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
        # A custom channel that borrows figures has its own draws of them. Sorting makes the draws independent of the
        # order in which the profile names its channels.
        keys = sorted(
            {(cell.channel, r.key) for cell, ranges in zip(cells, wanted, strict=True) for r in ranges}
        )
        uniform = qmc.Sobol(max(len(keys), 1), scramble=True, rng=self.seed).random(self.n_draws)
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
        if cell.penetration is None and cell.basis != "social":
            names = (*names, "penetration")
        if cell.orders_per_click is not None:
            stated.add("orders_per_click")
        return [self._find(cell, name) for name in names if name not in stated]

    def _find(self, cell: Cell, quantity: str) -> PriorRange:
        for channel, purpose in ((cell.basis or "all", cell.purpose), ("all", cell.purpose), ("all", "all")):
            if (channel, purpose, quantity) in self.ranges_:
                return self.ranges_[channel, purpose, quantity]
        raise KeyError((cell.name, quantity))

    def _log_normal(self, key: tuple[str, str, str], uniform: Array) -> Array:
        r = self.ranges_[key]
        deviation = math.log(r.uncertainty_factor) / Z90
        draws: Array = r.typical * np.exp(deviation * ndtri(uniform))
        return np.minimum(draws, 1.0) if r.quantity in SHARES else draws


GENERIC: Mapping[str, tuple[str, ...]] = {"service": ("on_time_share", "load_variation")}
"""What is still needed of a custom channel that states its figures itself."""
