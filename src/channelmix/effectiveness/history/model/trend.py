"""Columns of the linear part: level, trend, season, controls, and the steps of a level that wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices

HARMONICS = 3
"""Waves of a year: down to a third of it."""

KNOTS_A_YEAR = 4.0
MOST_KNOTS = 24


@dataclass(frozen=True, eq=False)
class Trend:
    """How the linear part is laid out over periods 0 to `last`.

    Parameters
    ----------
    last : int
        Last period that is fitted.
    year : float
        Periods in a year.
    middle, spread : ndarray of shape (n_controls,)
        By which controls are brought to one size.
    """

    last: int
    year: float
    middle: Array
    spread: Array

    @property
    def spacing(self) -> float:
        """Periods from knot to knot."""
        return max(self.year / KNOTS_A_YEAR, self.last / MOST_KNOTS, 1.0)

    @property
    def harmonics(self) -> int:
        """Number of waves: none where not even most of a year was seen, and none shorter than four periods."""
        return min(HARMONICS, int(self.year / 4.0)) if self.last >= 0.75 * self.year else 0

    def fixed(self, periods: Indices, controls: Array) -> Array:
        """Level, trend, season and controls, in this order; (n_rows, 2 + 2 harmonics + n_controls)."""
        angle = 2.0 * np.pi * np.outer(periods, np.arange(1, self.harmonics + 1)) / self.year
        line = 2.0 * periods / max(self.last, 1) - 1.0
        parts = [
            np.ones(len(periods)),
            line,
            np.sin(angle),
            np.cos(angle),
            (controls - self.middle) / self.spread,
        ]
        return np.column_stack(parts)

    def walk(self, periods: Indices) -> Array:
        """What a step at each knot within the window adds; (n_rows, n_knots)."""
        knots = np.arange(0.0, max(self.last, 1), self.spacing)
        return np.clip((periods[:, np.newaxis] - knots) / self.spacing, 0.0, 1.0)

    def later_walk(self, periods: Indices) -> Array:
        """What steps after the window add, about which nothing is known; (n_rows, n_later)."""
        within = len(np.arange(0.0, max(self.last, 1), self.spacing))
        knots = np.arange(within, max(within, np.ceil(periods.max() / self.spacing))) * self.spacing
        return np.clip((periods[:, np.newaxis] - knots) / self.spacing, 0.0, 1.0)

    def groups(self) -> tuple[slice, slice]:
        """Columns of `fixed` that are the season, and those that are controls."""
        season = 2 + 2 * self.harmonics
        return slice(2, season), slice(season, season + len(self.middle))
