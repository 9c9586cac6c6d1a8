"""Scenarios: what is asked of a plan. Each states its objective, and its own limits as rows.

Every scenario maximizes ``gain * net outcome - price * money``: net outcome is expected outcome less charges, money is
spend with activation fees. Amounts are in currency per period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from channelmix.core.errors import InputError
from channelmix.engine.rules.base import Rule
from channelmix.engine.rules.rows import Cells, Row, amount, number


class Scenario(Rule):
    """Base of what is asked of a plan: by default, the highest net outcome for at most `max_amount`."""

    if TYPE_CHECKING:
        max_amount: float | None

    @property
    def limit(self) -> float | None:
        """Most money that may be spent, in currency per period; None for no limit."""
        return self.max_amount

    @property
    def limit_label(self) -> str:
        """Label of the row that limits money, if there is one."""
        return f"{self.kind} max_amount"

    @property
    def gain(self) -> float:
        """Weight of net outcome in the objective."""
        return 1.0

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return 0.0

    def rows(self, cells: Cells) -> list[Row]:
        """State that spend and fees together stay within the limit, if there is one."""
        if self.limit is None:
            return []
        part = None if self.limit_label == self.label else "max_amount"
        weights, fees = np.ones(len(cells)), dict(cells.fees)
        return [self.row(weights, high=float(self.limit), label=self.limit_label, extra=fees, part=part)]


@dataclass(frozen=True)
class FixedBudget(Scenario, kind="fixed_budget"):
    """Spend at most this amount per period, for the highest expected outcome.

    Parameters
    ----------
    amount : float
        Upper limit of total spend, in currency per period; activation fees count as spend.
    """

    amount: float
    """Upper limit of total spend, in currency per period."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of fixed_budget")

    @property
    def limit(self) -> float | None:
        """Most money that may be spent, in currency per period."""
        return self.amount

    @property
    def limit_label(self) -> str:
        """Label of the row that limits money."""
        return self.kind


@dataclass(frozen=True)
class TargetOutcome(Scenario, kind="target_outcome"):
    """Reach this expected outcome, less charges, at the lowest cost. The objective is minus the money spent.

    Parameters
    ----------
    amount : float
        Outcome to reach, in money per period.
    max_amount : float, optional
        Upper limit of total spend, in currency per period.
    """

    amount: float
    """Expected outcome to reach, less charges, in the profile's currency per period."""
    max_amount: float | None = None
    """Upper limit of total spend, in currency per period."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of target_outcome")
        amount(self.max_amount, "max_amount of target_outcome")

    @property
    def gain(self) -> float:
        """Weight of net outcome in the objective."""
        return 0.0

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return 1.0

    def rows(self, cells: Cells) -> list[Row]:
        """State the target, and the limit of spend if there is one."""
        return [self.row(np.zeros(len(cells)), low=float(self.amount), outcome=1.0), *super().rows(cells)]


@dataclass(frozen=True)
class FlexibleBudget(Scenario, kind="flexible_budget"):
    """Spend as much as pays, for the highest expected outcome.

    With `min_roi`, outcome less charges is at least that many times the money spent. With `min_marginal_roi`, money
    is spent as long as the next unit brings at least that much: outcome less that many times the money is maximized,
    except on cells where a rule requires spend.

    Parameters
    ----------
    min_roi, min_marginal_roi : float, optional
        Outcome per unit of money, over all spend and of the last unit; at least one of them is required.
    max_amount : float, optional
        Upper limit of total spend, in currency per period.
    """

    min_roi: float | None = None
    """Lowest outcome per unit of all money spent, in money per money."""
    min_marginal_roi: float | None = None
    """Lowest outcome of the last unit spent, in money per money."""
    max_amount: float | None = None
    """Upper limit of total spend, in currency per period."""

    def __post_init__(self) -> None:
        for name in ("min_roi", "min_marginal_roi"):
            amount(getattr(self, name), f"{name} of flexible_budget")
            if getattr(self, name) == 0.0:
                raise InputError(f"{name} of flexible_budget must be above 0: leave it out for no limit")
        amount(self.max_amount, "max_amount of flexible_budget")
        if self.min_roi is None and self.min_marginal_roi is None:
            raise InputError("flexible_budget needs min_roi, min_marginal_roi or both")

    @property
    def roi_label(self) -> str:
        """Label of the row that states the minimum ROI, if there is one."""
        return f"{self.kind} min_roi"

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return self.min_marginal_roi or 0.0

    def rows(self, cells: Cells) -> list[Row]:
        """State the minimum ROI, and the limit of spend, if there are any."""
        if self.min_roi is None:
            return super().rows(cells)
        money = np.full(len(cells), -self.min_roi)
        fees = {key: -self.min_roi * fee for key, fee in cells.fees.items()}
        roi = self.row(money, low=0.0, label=self.roi_label, extra=fees, outcome=1.0, part="min_roi")
        return [roi, *super().rows(cells)]


@dataclass(frozen=True)
class MaxProfit(Scenario, kind="max_profit"):
    """Spend as much as earns the highest profit: expected outcome, less charges, less the money spent.

    Parameters
    ----------
    max_amount : float, optional
        Upper limit of total spend, in currency per period.
    """

    max_amount: float | None = None
    """Upper limit of total spend, in currency per period."""

    def __post_init__(self) -> None:
        amount(self.max_amount, "max_amount of max_profit")

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return 1.0
