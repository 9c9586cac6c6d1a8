"""Experiments: what a change of spend was measured to bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.errors import InputError


@dataclass(frozen=True)
class LiftTest:
    """An experiment with one channel: by how much a change of its spend moved the outcome.

    The change is measured against the spend in the rows that are fitted, and counts from `start` to `end`; what it
    brings later does not. It is spread over these rows in proportion to their spend, or evenly where they have none.

    Parameters
    ----------
    channel : str or int
        As the regressor names its channels.
    start, end : date or number
        First and last period of the test, both included, of the same kind as the rows' dates.
    spend_change : float
        Spend added over the whole test, in currency; negative where spend was withheld.
    lift : float
        Outcome gained over the whole test; negative where it was lost.
    standard_error : float
        Of the lift.
    market : str, optional
        Where the rows are of several markets, the one that was tested.

    Raises
    ------
    InputError
        If a number is not finite, nothing was changed, or the standard error is not above 0.
    """

    channel: str | int
    start: Any
    end: Any
    spend_change: float
    lift: float
    standard_error: float
    market: str | None = None

    def __post_init__(self) -> None:
        numbers = (self.spend_change, self.lift, self.standard_error)
        if not all(isinstance(x, int | float | np.number) and np.isfinite(x) for x in numbers):
            raise InputError(
                f"lift test of {self.channel}: spend_change, lift and standard_error must be numbers"
            )
        if self.spend_change == 0.0:
            raise InputError(f"lift test of {self.channel}: spend_change is 0, so that nothing was tested")
        if self.standard_error <= 0.0:
            raise InputError(f"lift test of {self.channel}: standard_error must be above 0")
