"""Scenarios: what the plan is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from channelmix.rules.base import Cells, Row, StrictRecord, number

__all__ = ["FixedBudget"]


@dataclass(frozen=True)
class FixedBudget(StrictRecord):
    """Spend at most this amount per period, for the highest expected outcome.

    Parameters
    ----------
    amount : float
        Upper limit of total spend, in currency per period.
    """

    amount: float
    """Upper limit of total spend, in currency per period."""
    kind: Literal["fixed_budget"] = field(default="fixed_budget", kw_only=True, repr=False)
    """Which scenario this is."""

    def __post_init__(self) -> None:
        number(self.amount, "the amount of fixed_budget")

    @property
    def label(self) -> str:
        """The scenario's name."""
        return self.kind

    def rows(self, cells: Cells) -> list[Row]:
        """State that total spend stays within the amount."""
        return [Row(self.label, self.label, np.ones(len(cells)), -math.inf, float(self.amount))]
