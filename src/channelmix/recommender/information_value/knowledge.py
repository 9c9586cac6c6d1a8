"""What it is worth to know curves for certain before money is split.

The value of information about some cells is what the best plan gains on average by being made after they are known:
``E[max_s E[V(s) | cells]] - max_s E[V(s)]``. Outcomes are sums over cells, so given some cells the others count by
their conditional mean. It is estimated by regression on the shape of the known curves: a polynomial of their principal
scores. Where cells are independent this is the plain mean, up to noise; where they share uncertainty, knowing one cell
says something about the others.

References
----------
Strong, M., Oakley, J. E. & Brennan, A. (2014), "Estimating multiparameter partial expected value of perfect information
from a probabilistic sensitivity analysis sample: a nonparametric regression approach", Medical Decision Making 34.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SAME_OUTCOME
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.engine.rules import PriceTiers
from channelmix.engine.solver.by_draw import best_by_draw

SHARES = np.unique(np.concatenate([np.linspace(0.0, 1.0, 21), np.geomspace(1e-3, 0.5, 20)]))
"""Spend at which curves are tabulated, as shares of the most that a cell may get."""

SCORES, NEGLIGIBLE = 3, 1e-3
"""Largest number of principal scores to regress on, and the share of the first one's spread below which a further one
is left out."""

SIGNIFICANT = 4.0
"""How many times the variance expected by chance a feature must explain to count: two standard errors, squared."""

PER_CELL, PER_GROUP = 16, 96
"""Number of draws for which a split is found given one cell, and given a group of cells."""

BETWEEN = 4
"""Steps of interpolation between neighbouring splits given a cell."""


@dataclass(frozen=True)
class Gain:
    """Expected gain from information, and its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What splits are worth in each draw of a problem, and what knowing some cells would add.

    Parameters
    ----------
    problem : AllocationProblem
        Over one period, without risk and without a row that asks for outcome.
    splits : ndarray of shape (n_splits, n_cells)
        Splits that obey the rules, among them the best one for the mean.
    """

    problem: AllocationProblem
    splits: Array
    _features: dict[tuple[int, ...], Array] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def outcomes(self) -> Array:
        """Outcome of each cell in each draw at each split, less losses; shape (n_cells, n_draws, n_splits)."""
        return self.outcomes_of(self.splits)

    def outcomes_of(self, splits: Array) -> Array:
        """The same for other splits."""
        response, n = self.problem.response, self.problem.curves.n_draws
        shape = (n, len(splits))
        lossy = self.problem.lossy
        parts = []
        for i in range(response.n_cells):
            spend = splits[:, i][np.newaxis]
            value = response.cell(i).value(spend)
            parts.append(
                np.broadcast_to(value if lossy is None else value - lossy.cell(i).value(spend), shape)
            )
        return np.asarray(self.problem.scenario.gain * np.stack(parts))

    def certain_part(self, splits: Array) -> Array:
        """The part of each split's objective that is the same in all draws: charges and money; shape (n_splits,)."""
        scenario = self.problem.scenario
        return np.array(
            [
                -scenario.gain * self.problem.charge_of(s) - scenario.price * self.problem.money(s)
                for s in splits
            ]
        )

    @cached_property
    def worth(self) -> Array:
        """Objective of each split in each draw; shape (n_draws, n_splits)."""
        return np.asarray(self.outcomes.sum(axis=0) + self.certain_part(self.splits))

    @cached_property
    def tables(self) -> list[Array]:
        """Each cell's curves at the spends of `SHARES`; shape (n_draws, n_points) each."""
        response, n = self.problem.response, self.problem.curves.n_draws
        most = self.most
        return [
            np.broadcast_to(response.cell(i).value((SHARES * most[i])[np.newaxis]), (n, len(SHARES)))
            for i in range(response.n_cells)
        ]

    @cached_property
    def most(self) -> Array:
        """The most that each cell may get, or 1 where it may get nothing; shape (n_cells,)."""
        most: Array = self.problem.standard.to_user(self.problem.standard.box_high)
        return np.where(most > 0.0, most, 1.0)

    def features(self, cells: Sequence[int]) -> Array:
        """Shape of the curves of some cells in each draw; see `features_of`."""
        key = tuple(cells)
        if key not in self._features:
            self._features[key] = features_of(np.hstack([self.tables[i] for i in cells]))
        return self._features[key]

    def splits_given(self, groups: Sequence[Sequence[int]]) -> list[Array]:
        """Best splits once the cells of a group are known, for some draws spread over their possible shapes.

        Returns
        -------
        list of ndarray of shape (n_splits, n_cells), one per group
        """
        chosen, outcomes = [], []
        for cells in groups:
            g = self.features(cells)
            order = np.argsort(g[:, 0], kind="stable") if g.shape[1] else np.zeros(1, dtype=np.intp)
            count = min(len(order), PER_CELL if len(cells) == 1 else PER_GROUP)
            draws = order[np.linspace(0, len(order) - 1, count).round().astype(np.intp)]
            table = np.stack([t.mean(axis=0) + g[draws] @ (g.T @ t) / len(t) for t in self.tables], axis=2)
            for i in cells:
                table[:, :, i] = self.tables[i][draws]
            chosen.append(len(draws))
            outcomes.append(table)
        problem = tabulated_as(self.problem, SHARES[:, np.newaxis] * self.most, np.concatenate(outcomes))
        found = best_by_draw(problem)
        parts = np.split(found.spend, np.cumsum(chosen)[:-1])
        if self.problem.standard.integer.any():  # interpolating between two splits may break a rule
            return parts
        return [
            _filled(part, cells[0]) if len(cells) == 1 else part
            for part, cells in zip(parts, groups, strict=True)
        ]

    def about(self, cells: Sequence[int], splits: Array) -> About:
        """What there is to learn about some cells, by their indices, with further splits to choose from."""
        everything = np.vstack([self.splits, splits])
        outcomes = np.concatenate([self.outcomes, self.outcomes_of(splits)], axis=2)
        own = outcomes[list(cells)].sum(axis=0)
        rest = outcomes.sum(axis=0) - own
        g = self.features(cells)
        certain = self.certain_part(everything)
        prior = outcomes.sum(axis=0).mean(axis=0) + certain
        # Only differences from the best split matter.
        contrast = rest - rest[:, [int(np.argmax(prior))]]
        return About(own, g, rest.mean(axis=0) + certain, _slopes(g, contrast), prior)


@dataclass(frozen=True, eq=False)
class About:
    """What splits are worth, depending on what is learnt about some cells.

    Parameters
    ----------
    own : ndarray of shape (n_draws, n_splits)
        Outcome of the cells.
    features : ndarray of shape (n_draws, n_features)
        Shape of their curves; see `features_of`.
    rest : ndarray of shape (n_splits,)
        Mean of everything else in the objective.
    slopes : ndarray of shape (n_features, n_splits)
        What a unit of each feature adds to `rest`, beyond what it adds for the best split.
    prior : ndarray of shape (n_splits,)
        Mean objective of each split.
    """

    own: Array
    features: Array
    rest: Array
    slopes: Array
    prior: Array

    def gain(self, weights: Array | None = None) -> Gain:
        """Expected gain from choosing the split after the cells, or a signal about them, are known.

        Parameters
        ----------
        weights : ndarray of shape (n_signals, n_draws), optional
            Probability of each draw given each of some equally likely signals; by default the draw itself is known.
        """
        own, features = self.own, self.features
        if weights is not None:
            own, features = weights @ own, weights @ features
        given = own + self.rest + features @ self.slopes
        # Drawn signals average to the prior only approximately: each split is shifted to its own mean.
        given = given - given.mean(axis=0) + self.prior
        best = int(np.argmax(self.prior))
        gains = given.max(axis=1) - given[:, best]
        value = float(gains.mean())
        if value <= SAME_OUTCOME * abs(float(self.prior[best])):
            return Gain(0.0, 0.0)
        return Gain(value, float(gains.std() / np.sqrt(len(gains))))


def _slopes(features: Array, outcome: Array) -> Array:
    """Regress outcomes on features, each slope shrunk by what chance alone explains; shape (n_features, n_splits).

    Without shrinkage, the best of many splits would profit from noise.
    """
    slopes = features.T @ outcome / len(features)
    chance = float(outcome.var(axis=0).sum()) / len(features)
    size = (slopes**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(size > 0.0, np.maximum(1.0 - SIGNIFICANT * chance / size, 0.0), 0.0)
    return np.asarray(kept[:, np.newaxis] * slopes)


def features_of(table: Array) -> Array:
    """Orthonormal features of draws of curves: a polynomial of degree 2 in their principal scores.

    Parameters
    ----------
    table : ndarray of shape (n_draws, n_points)

    Returns
    -------
    ndarray of shape (n_draws, n_features)
        With mean 0 and mean square 1, uncorrelated; without columns where all draws are the same.
    """
    centred = table - table.mean(axis=0)
    n = len(centred)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    size = float(np.abs(table).max(initial=0.0)) * np.sqrt(table.size)
    # At most one score per 30 draws: with more, features would fit noise.
    kept = [
        k for k in range(min(SCORES, n // 30)) if spread[k] > max(NEGLIGIBLE * spread[0], SAME_OUTCOME * size)
    ]
    # Rounded so that equal draws have equal ranks.
    scores = [ndtri((rankdata(np.round(left[:, k] * np.sqrt(n), 9)) - 0.5) / n) for k in kept]
    columns = [*scores, *(a * b for i, a in enumerate(scores) for b in scores[: i + 1])]
    if not columns:
        return np.empty((n, 0))
    raw = np.column_stack(columns)
    raw = raw - raw.mean(axis=0)
    orthonormal, triangle = np.linalg.qr(raw)
    # Draws with few distinct values make columns redundant. The sign keeps the order of the first score.
    own = np.abs(np.diag(triangle)) > NEGLIGIBLE * np.sqrt((raw**2).sum(axis=0))
    return np.asarray(orthonormal[:, own] * np.sqrt(n) * np.sign(triangle[0, 0]))


def tabulated_as(problem: AllocationProblem, spend: Array, outcome: Array) -> AllocationProblem:
    """Replace a problem's response by curves given as points.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_points, n_cells)
    outcome : ndarray of shape (n_draws, n_points, n_cells)
        Made to start at 0 and never to decrease, as sums of curves with negative weights might. Losses are taken at
        their mean.
    """
    rising = np.maximum.accumulate(np.maximum(outcome - outcome[:, :1], 0.0), axis=1)
    curves = ResponseCurves.tabulated(spend, rising, names=problem.curves.names)
    # Price tiers are part of the tabulated curves already.
    kept = [rule for rule in problem.constraints if not isinstance(rule, PriceTiers)]
    losses = problem.lossy if problem.delay is None else problem.losses
    if losses is not None:
        mean = [losses.cell(i).value(spend[:, i][np.newaxis]).mean(axis=0) for i in range(losses.n_cells)]
        losses = ResponseCurves.tabulated(spend, np.column_stack(mean), names=problem.curves.names)
    return dataclasses.replace(problem, curves=curves, losses=losses, constraints=kept)


def _filled(splits: Array, cell: int) -> Array:
    """Interpolate between splits that are neighbours in one cell's spend."""
    ordered = splits[np.argsort(splits[:, cell], kind="stable")]
    steps = np.linspace(0.0, 1.0, BETWEEN, endpoint=False)[:, np.newaxis, np.newaxis]
    between = (1.0 - steps) * ordered[:-1] + steps * ordered[1:]
    return np.vstack([between.reshape(-1, splits.shape[1]), ordered[-1:]])
