"""Rules between periods."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.engine.rules.base import SelectingAll
from channelmix.engine.rules.rows import Cells, Row, number


class _BetweenPeriods(SelectingAll):
    """Base of constraints on a selection's total spend in several periods."""

    within_period = False

    def totals(self, cells: Cells) -> list[tuple[int, Array]]:
        """Return each period in which cells are selected, with weights of 1 on those cells."""
        chosen, found = cells.select(self.selector), []
        for period, inside in cells.by_period().items():
            weights = np.zeros(len(cells))
            weights[inside] = chosen[inside]
            if weights.any():
                found.append((period, weights))
        return found


@dataclass(frozen=True)
class Pacing(_BetweenPeriods, kind="pacing"):
    """Let a selection's spend change from one period to the next by no more than a share.

    Parameters
    ----------
    relative : float
        Largest change up or down, as a share of the period before.
    selector : str
        The cells whose total spend is paced.
    """

    relative: float
    """Largest change from one period to the next, as a share of the period before (0.25 is a quarter)."""
    selector: str = "all"
    """The cells whose total spend is paced."""

    def __post_init__(self) -> None:
        number(self.relative, "the relative change of pacing")

    def rows(self, cells: Cells) -> list[Row]:
        """State two rows for each period but the first; none for a typical period."""
        rows = []
        for (_, before), (period, after) in itertools.pairwise(self.totals(cells)):
            label = f"{self.label} period {period}"
            up, down = (after - factor * before for factor in (1.0 + self.relative, 1.0 - self.relative))
            rows.append(self.row(up, high=0.0, label=f"{label} up", period=period, side="up"))
            rows.append(self.row(down, low=0.0, label=f"{label} down", period=period, side="down"))
        return rows


@dataclass(frozen=True)
class Phasing(_BetweenPeriods, kind="phasing"):
    """Divide a selection's spend among the periods in given proportions.

    Parameters
    ----------
    parts : sequence of float
        What each period gets, in proportion.
    selector : str
        The cells whose total spend is divided.
    """

    parts: tuple[float, ...]
    """One number for each period: what the selection gets in it, in proportion (1, 1, 2: half in the third)."""
    selector: str = "all"
    """The cells whose total spend is divided."""

    def __post_init__(self) -> None:
        if not isinstance(self.parts, list | tuple) or not self.parts:
            raise InputError("phasing needs one number for each period")
        for part in self.parts:
            number(part, "a part of phasing")
        if not any(self.parts):
            raise InputError("phasing needs a part above 0")
        object.__setattr__(self, "parts", tuple(float(part) for part in self.parts))

    def rows(self, cells: Cells) -> list[Row]:
        """State one row for each period, its spend against that of all; none for a typical period."""
        totals = self.totals(cells)
        if not totals:
            return []
        if len(totals) != len(self.parts):
            raise InputError(f"{self.label} has {len(self.parts)} parts, the plan {len(totals)} periods")
        all_periods, whole = np.sum([weights for _, weights in totals], axis=0), math.fsum(self.parts)
        return [
            self.row(
                weights - part / whole * all_periods,
                0.0,
                0.0,
                label=f"{self.label} period {period}",
                period=period,
            )
            for (period, weights), part in zip(totals, self.parts, strict=True)
        ]
