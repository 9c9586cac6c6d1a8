"""Draws of each cell's quantities from published evidence: a scikit-learn estimator that needs no data."""

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
from channelmix.effectiveness.cell_draws import CellDraws, Figure
from channelmix.effectiveness.counterparts import (
    COUNTERPARTS,
    Z90,
    Counterpart,
    described,
    published_regression,
    regressed,
    setting_of,
)
from channelmix.effectiveness.meta_regression import Setting
from channelmix.effectiveness.quantities import OF_PEOPLE, SHARES, wanted
from channelmix.profile import BUILT_IN_CHANNELS, Cell

__all__ = ["PublishedPrior"]

Array = NDArray[np.float64]

Key = tuple[str, str, str]

FIGURES = tuple(field.name for field in fields(Cell) if str(field.type).startswith("float"))
"""What a profile may state of a cell in numbers."""

MOST_DIMENSIONS = qmc.Sobol.MAXDIM
"""Quantities that one sequence can draw together; more take further sequences."""

NEGLIGIBLE = 1e-9
"""Share of the largest variance that is added to all, so that a covariance has a Cholesky factor."""


@dataclass(frozen=True)
class _Use:
    """What one quantity of a cell is drawn from: a range, or the regression of a counterpart for a setting.

    `channel` is empty for what is drawn once for the whole company.
    """

    channel: str
    range: PriorRange
    regression: tuple[Counterpart, Setting] | None = None

    @property
    def block(self) -> tuple[str, Key]:
        """What is drawn together: a channel's range, or a published quantity for all purposes and countries."""
        key = ("regression", self.regression[0].quantity, "") if self.regression else self.range.key
        return self.channel, key

    @property
    def setting(self) -> Setting | None:
        return self.regression[1] if self.regression else None


class PublishedPrior(BaseEstimator):
    """Regressions of published figures and judged ranges as log-normal distributions, drawn by a Sobol sequence.

    A quantity of `COUNTERPARTS` is drawn from the regression of its published counterpart, for the cell's sector and
    country: markets of one country share their draws, those of others are correlated as the regression says, and so
    are the purposes of a channel, since one company asks one source. Every other quantity is drawn from a judged
    range, whatever the market. Different channels and quantities are independent, the factor from attributed to
    incremental included; but how satisfied and how talkative customers are is one draw for all channels.

    Parameters
    ----------
    n_draws : int
        Number of joint draws, at least 1; a power of two keeps the sequence balanced.
    seed : int
        Seed of the scrambling.
    regression : bool
        Whether regressions are used; else every quantity is drawn from its range.

    Attributes
    ----------
    ranges_ : mapping of (channel, purpose, quantity) to PriorRange
        The ranges in use where no regression is.
    """

    def __init__(self, n_draws: int = 512, seed: int = 0, regression: bool = True) -> None:
        self.n_draws = n_draws
        self.seed = seed
        self.regression = regression

    def fit(self, X: Iterable[PriorRange] | None = None, y: None = None) -> Self:  # noqa: ARG002  scikit-learn's
        """Take the ranges to draw from.

        Parameters
        ----------
        X : iterable of PriorRange, optional
            Ranges that replace published ones, and regressions, of the same channel, purpose and quantity.
        y : None
            Not used.
        """
        own = {r.key: r for r in X or ()}
        self.ranges_ = {**load_ranges(), **own}
        self._own = frozenset(own)
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
        uses = [[self._use(cell, self._find(cell, name)) for name in wanted(cell)] for cell in cells]
        table = self._table({use for own in uses for use in own}, _ranked(cells))
        quantities = tuple({use.range.quantity: table[use] for use in own} for own in uses)
        users: dict[tuple[Key, str], tuple[_Use, list[str]]] = {}
        for cell, own in zip(cells, uses, strict=True):
            for use in own:
                country = use.setting.country if use.setting else ""
                users.setdefault((use.range.key, country), (use, []))[1].append(cell.name)
        figures = tuple(
            Figure(_presented(use), tuple(names), country)
            for (_, country), (use, names) in sorted(users.items(), key=lambda item: item[0])
        )
        return CellDraws(tuple(cells), quantities, figures, ("prior",) * len(uses), self.n_draws)

    def _table(self, uses: set[_Use], channels: Sequence[str]) -> dict[_Use, Array]:
        """Draw whatever is used."""
        # A custom channel that borrows figures has its own draws of them. Ranking the channels makes the draws
        # independent of the order in which the profile states them, and of the names it makes up.
        rank = {channel: i for i, channel in enumerate([*channels, ""])}
        blocks: dict[tuple[str, Key], list[_Use]] = {}
        for use in uses:
            blocks.setdefault(use.block, []).append(use)
        order = sorted(blocks, key=lambda block: (rank[block[0]], block[1]))
        settings = {
            block: sorted({use.setting for use in blocks[block] if use.setting}, key=_place)
            for block in order
        }
        normal = ndtri(self._uniform(sum(len(settings[block]) or 1 for block in order)))
        table, done = {}, 0
        for block in order:
            own = normal[:, done : done + (len(settings[block]) or 1)]
            done += own.shape[1]
            logs = _joint(block[1][1], settings[block], own) if settings[block] else {}
            for use in blocks[block]:
                table[use] = _drawn(use, logs, own)
        return table

    def _use(self, cell: Cell, judged: PriorRange) -> _Use:
        counterpart = COUNTERPARTS.get((cell.basis or "", cell.purpose, judged.quantity))
        if not self.regression or counterpart is None or judged.key in self._own:
            return _Use("" if judged.quantity in OF_PEOPLE else cell.channel, judged)
        return _Use(
            cell.channel, judged, (counterpart, setting_of(published_regression(), counterpart, cell))
        )

    def _find(self, cell: Cell, quantity: str) -> PriorRange:
        own = cell.basis or "all"
        for channel, purpose in ((own, cell.purpose), (own, "all"), ("all", cell.purpose), ("all", "all")):
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


def _joint(quantity: str, settings: Sequence[Setting], normal: Array) -> dict[Setting, Array]:
    """Draws of the logarithm of a published quantity, correlated over settings."""
    mean, covariance = regressed(published_regression(), quantity, settings)
    # Effects add up: what purposes and countries make of a price is of lower rank than there are pairs of them.
    covariance[np.diag_indices_from(covariance)] += NEGLIGIBLE * covariance.diagonal().max()
    draws = mean + normal @ np.linalg.cholesky(covariance).T
    return {setting: draws[:, j] for j, setting in enumerate(settings)}


def _drawn(use: _Use, logs: Mapping[Setting, Array], normal: Array) -> Array:
    if use.regression:
        draws: Array = use.regression[0].factor * np.exp(logs[use.regression[1]])
    else:
        draws = use.range.typical * np.exp(math.log(use.range.uncertainty_factor) / Z90 * normal[:, 0])
    return np.minimum(draws, 1.0) if use.range.quantity in SHARES else draws


def _presented(use: _Use) -> PriorRange:
    return described(published_regression(), *use.regression, use.range) if use.regression else use.range


def _place(setting: Setting) -> tuple[str, ...]:
    return setting.purpose, setting.variant, setting.sector, setting.country


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
