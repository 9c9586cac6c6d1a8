"""Scenarios: what the plan is asked for. Each names its objective and states its own limits as rows.

Every scenario maximizes ``gain * net outcome - price * money``: net outcome is expected outcome less charges, money is
spend with activation fees. Amounts are in currency per period.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from channelmix.core.errors import InputError
from channelmix.engine.rules.rows import Cells, Row, StrictRecord, amount, number


def _money(label: str, cells: Cells, limit: float | None) -> list[Row]:
    """State that spend and fees together stay within the limit, if there is one."""
    if limit is None:
        return []
    return [Row(label, label, np.ones(len(cells)), -math.inf, float(limit), dict(cells.fees))]


class Scenario(StrictRecord):
    """Base of what a plan is asked for: the highest net outcome within a limit of money, if no more is said."""

    if TYPE_CHECKING:
        kind: str
        max_amount: float | None

    @property
    def label(self) -> str:
        """The scenario's name."""
        return self.kind

    @property
    def limit(self) -> float | None:
        """Most money that may be spent, in currency per period; None for no limit."""
        return self.max_amount

    @property
    def gain(self) -> float:
        """Weight of net outcome in the objective."""
        return 1.0

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return 0.0


@dataclass(frozen=True)
class FixedBudget(Scenario):
    """Spend at most this amount per period, for the highest expected outcome.

    Parameters
    ----------
    amount : float
        Upper limit of total spend, in currency per period; activation fees count as spend.
    """

    amount: float
    """Upper limit of total spend, in currency per period."""
    kind: Literal["fixed_budget"] = field(default="fixed_budget", kw_only=True, repr=False)
    """Which scenario this is."""

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

    def rows(self, cells: Cells) -> list[Row]:
        """State that total spend stays within the amount."""
        return _money(self.limit_label, cells, self.limit)


@dataclass(frozen=True)
class TargetOutcome(Scenario):
    """Reach this expected outcome, less charges, at least cost. The objective is minus the money spent.

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
    kind: Literal["target_outcome"] = field(default="target_outcome", kw_only=True, repr=False)
    """Which scenario this is."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of target_outcome")
        amount(self.max_amount, "max_amount of target_outcome")

    @property
    def limit_label(self) -> str:
        """Label of the row that limits money, if there is one."""
        return f"{self.kind} max_amount"

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
        target = Row(self.label, self.label, np.zeros(len(cells)), float(self.amount), math.inf, outcome=1.0)
        return [target, *_money(self.limit_label, cells, self.limit)]


@dataclass(frozen=True)
class FlexibleBudget(Scenario):
    """Spend as much as pays, for the highest expected outcome.

    With `min_roi`, outcome less charges is at least that many times the money spent. With `min_marginal_roi`, money
    is spent as long as the next unit brings at least so much: outcome less so many times the money is maximized,
    which exempts cells that a rule holds up.

    Parameters
    ----------
    min_roi, min_marginal_roi : float, optional
        Outcome per unit of money, over all spend and of the last unit; at least one of them is stated.
    max_amount : float, optional
        Upper limit of total spend, in currency per period.
    """

    min_roi: float | None = None
    """Lowest outcome per unit of all money spent, in money per money."""
    min_marginal_roi: float | None = None
    """Lowest outcome of the last unit spent, in money per money."""
    max_amount: float | None = None
    """Upper limit of total spend, in currency per period."""
    kind: Literal["flexible_budget"] = field(default="flexible_budget", kw_only=True, repr=False)
    """Which scenario this is."""

    def __post_init__(self) -> None:
        for name in ("min_roi", "min_marginal_roi"):
            amount(getattr(self, name), f"{name} of flexible_budget")
            if getattr(self, name) == 0.0:
                raise InputError(f"{name} of flexible_budget must be above 0: leave it out for no limit")
        amount(self.max_amount, "max_amount of flexible_budget")
        if self.min_roi is None and self.min_marginal_roi is None:
            raise InputError("flexible_budget needs min_roi, min_marginal_roi or both")

    @property
    def limit_label(self) -> str:
        """Label of the row that limits money, if there is one."""
        return f"{self.kind} max_amount"

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
        rows = _money(self.limit_label, cells, self.limit)
        if self.min_roi is None:
            return rows
        fees = {key: -self.min_roi * fee for key, fee in cells.fees.items()}
        return [
            Row(self.label, self.roi_label, np.full(len(cells), -self.min_roi), 0.0, math.inf, fees, 1.0),
            *rows,
        ]


@dataclass(frozen=True)
class MaxProfit(Scenario):
    """Spend as much as earns the highest profit: expected outcome, less charges, less the money spent.

    Parameters
    ----------
    max_amount : float, optional
        Upper limit of total spend, in currency per period.
    """

    max_amount: float | None = None
    """Upper limit of total spend, in currency per period."""
    kind: Literal["max_profit"] = field(default="max_profit", kw_only=True, repr=False)
    """Which scenario this is."""

    def __post_init__(self) -> None:
        amount(self.max_amount, "max_amount of max_profit")

    @property
    def limit_label(self) -> str:
        """Label of the row that limits money, if there is one."""
        return f"{self.kind} max_amount"

    @property
    def price(self) -> float:
        """Weight of money in the objective."""
        return 1.0

    def rows(self, cells: Cells) -> list[Row]:
        """State the limit of spend, if there is one."""
        return _money(self.limit_label, cells, self.limit)
