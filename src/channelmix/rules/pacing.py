"""Rules between periods."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from channelmix.rules.base import Cells, Row, StrictRecord, number

__all__ = ["Pacing"]


@dataclass(frozen=True)
class Pacing(StrictRecord):
    """Let a selection's spend change from one period to the next by no more than a share.

    Parameters
    ----------
    relative : float
        Largest change up or down, as a share of the period before.
    selector : str
        The cells whose sum is paced.
    """

    relative: float
    """Largest change from one period to the next, as a share of the period before (0.25 is a quarter)."""
    selector: str = "all"
    """The cells whose total spend is paced."""
    kind: Literal["pacing"] = field(default="pacing", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.relative, "the relative change of pacing")

    @property
    def label(self) -> str:
        """The rule's name, with its selector unless that is ``all``."""
        return self.kind if self.selector == "all" else f"{self.kind} {self.selector}"

    def rows(self, cells: Cells) -> list[Row]:
        """State two rows for each period but the first; none where one typical period is planned."""
        chosen = cells.select(self.selector)
        periods: dict[str, list[int]] = {}
        for i in np.flatnonzero(chosen):
            period = cells.names[i].rpartition("/period ")
            if period[1]:
                periods.setdefault(period[2], []).append(int(i))
        rows = []
        ordered = sorted(periods, key=int)
        for before, after in itertools.pairwise(ordered):
            for side, factor in (("up", 1.0 + self.relative), ("down", 1.0 - self.relative)):
                weights = np.zeros(len(cells))
                weights[periods[after]] = 1.0
                weights[periods[before]] = -factor
                low, high = (-math.inf, 0.0) if side == "up" else (0.0, math.inf)
                rows.append(Row(self.label, f"{self.label} period {after} {side}", weights, low, high))
        return rows
