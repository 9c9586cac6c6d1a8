"""Attitudes to risk: how uncertainty over the draws counts in a plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.engine.rules.base import Stated
from channelmix.engine.rules.rows import number, share


def tail_weights(outcome: Array, tail: float) -> Array:
    """Weights of draws whose weighted sum is the mean of the worst share `tail`; shape (n_draws,), summing to 1.

    Each draw weighs at most ``1 / (tail * n_draws)``; of equal draws the earlier ones count as worse.

    References
    ----------
    Rockafellar, R. T. & Uryasev, S. (2000), "Optimization of conditional value-at-risk".
    """
    n = len(outcome)
    most = min(1.0, 1.0 / (tail * n))
    weights = np.zeros(n)
    full = min(n, math.floor(1.0 / most + 1e-12))
    order = np.argsort(outcome, kind="stable")
    weights[order[:full]] = most
    if full < n:
        weights[order[full]] = max(0.0, 1.0 - full * most)
    return weights


def tail_mean(outcome: Array, tail: float) -> float:
    """Mean of the worst share `tail` of draws of shape (n_draws,): the conditional value at risk.

    >>> tail_mean(np.array([4.0, 1.0, 2.0, 3.0]), 0.5)
    1.5
    """
    return float(tail_weights(outcome, tail) @ outcome)


def _tail(value: float) -> None:
    share(value, "the tail")
    if value == 0.0:
        raise InputError("the tail must be above 0: worst_case looks at the worst draw alone")


class Risk(Stated):
    """Base of attitudes to risk: by default, plans are compared by their mean outcome over the draws."""

    with_target: ClassVar[bool] = False
    """Whether it has a meaning for a `TargetOutcome`, whose plans are compared by cost."""

    def worst_draws(self, n_draws: int) -> tuple[float, float] | None:  # noqa: ARG002  most look at a fixed share
        """Return the weight of the worst draws in the objective and which share of the draws they are.

        The objective is ``(1 - weight) * mean + weight * mean of the worst share``; None means the mean alone.
        """
        return None


@dataclass(frozen=True)
class MeanRisk(Risk, kind="mean"):
    """Compare plans by their mean outcome over the draws, whatever its spread."""

    with_target = True


@dataclass(frozen=True)
class MeanCVaR(Risk, kind="mean_cvar"):
    """Compare plans by ``(1 - weight) * mean + weight * CVaR``: CVaR is the mean outcome of the worst draws.

    Parameters
    ----------
    weight : float
        Weight of the worst draws, between 0 and 1.
    tail : float
        Share of the draws that count as the worst, above 0.
    """

    weight: float = 0.5
    """Weight of the worst draws' mean outcome, between 0 and 1; the rest is the mean over all draws."""
    tail: float = 0.1
    """Share of the draws that count as the worst, above 0."""

    def __post_init__(self) -> None:
        share(self.weight, "the weight of mean_cvar")
        _tail(self.tail)

    def worst_draws(self, n_draws: int) -> tuple[float, float] | None:  # noqa: ARG002
        """See `Risk.worst_draws`."""
        return self.weight, self.tail


@dataclass(frozen=True)
class WorstCase(Risk, kind="worst_case"):
    """Compare plans by their outcome in the worst of all draws."""

    def worst_draws(self, n_draws: int) -> tuple[float, float] | None:
        """See `Risk.worst_draws`."""
        return 1.0, 1.0 / n_draws


@dataclass(frozen=True)
class SafeImprovement(Risk, kind="safe_improvement"):
    """Improve the mean over that of a current mix, without losing against it on average over the worst draws.

    In each draw, the improvement is the plan's outcome less the current mix's; the mean of the worst share `tail` of
    improvements must not be negative.

    Parameters
    ----------
    current : mapping of cell name to spend, optional
        The mix to improve on, in currency per period; a profile leaves it out and means its own current spend.
    tail : float
        Share of the draws that count as the worst, above 0.
    """

    with_target = True
    current: Mapping[str, float] | None = None
    """The mix to improve on: spend by cell, in currency per period; without it, today's mix."""
    tail: float = 0.1
    """Share of the draws that count as the worst, above 0."""

    def __post_init__(self) -> None:
        _tail(self.tail)
        for name, spend in (self.current or {}).items():
            number(spend, f"the current spend on {name}")

    def worst_draws(self, n_draws: int) -> tuple[float, float] | None:  # noqa: ARG002
        """See `Risk.worst_draws`: they have no weight, but must not fall behind the current mix."""
        return 0.0, self.tail


@dataclass(frozen=True)
class ReachTarget(Risk, kind="reach_target"):
    """Compare plans by the share of draws in which outcome less charges reaches an amount: the chance of reaching it.

    Parameters
    ----------
    outcome : float
        The amount to reach, in money per period.
    """

    outcome: float
    """Outcome less charges to reach, in the profile's currency per period."""

    def __post_init__(self) -> None:
        number(self.outcome, "the outcome of reach_target")
