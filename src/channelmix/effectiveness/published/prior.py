"""The published prior as a scikit-learn estimator, which needs no data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from channelmix.datasets import PriorRange, load_ranges
from channelmix.effectiveness.draws import CellDraws
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.profile import Cell


class PublishedPrior(BaseEstimator):
    """Regressions of published figures, and judged ranges, as log-normal distributions drawn by a Sobol sequence.

    A quantity of `COUNTERPARTS` is drawn from the regression of its published counterpart, for the cell's sector and
    country: markets of one country share their draws, those of others are correlated as the regression says, and so
    are the purposes of a channel, since one company is one source. Every other quantity is drawn from a judged
    range, whatever the market. Different channels and quantities are independent; but what customers are like, what a
    click becomes and the factor from attributed to incremental are one draw for all channels. What a profile states is
    drawn around what it states (see `effectiveness.stated`).

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
        self._own = tuple(own)
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
        own = [self.ranges_[key] for key in self._own]
        return published_draws(cells, self.n_draws, self.seed, own, self.regression)
