"""Columns of the linear part: level, trend, season, weekdays, controls, and the steps of a level that wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.profile.fields.fields import DAYS_A_YEAR

HARMONICS = 3
"""Waves of a year: down to a third of it."""

WEEK, WEEKLY_HARMONICS = 7, 3
"""Days of a week, and its waves: with the level they can follow any pattern of weekdays."""

FEWEST_WEEKS = 4
"""Weeks from which on weekdays have an effect of their own."""

WHOLE = 0.01
"""Largest deviation of a row from a whole number of days where its weekdays are looked at, in days."""

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

    @property
    def row_days(self) -> int | None:
        """Days of a row where they are whole and fewer than a week's, so that rows differ by weekday; else None."""
        days = DAYS_A_YEAR / self.year
        whole = round(days)
        if not (1 <= whole < WEEK and abs(days - whole) <= WHOLE):
            return None
        return whole if self.last * whole >= FEWEST_WEEKS * WEEK - 1 else None

    @property
    def weekly(self) -> int:
        """Number of waves of a week: none where rows are not shorter than a week, or span only few."""
        return 0 if self.row_days is None else WEEKLY_HARMONICS

    def fixed(self, periods: Indices, controls: Array) -> Array:
        """Level, trend, season, weekdays and controls, in this order; (n_rows, n_fixed).

        There are 2 + 2 `harmonics` + 2 `weekly` + n_controls of them.
        """
        angle = 2.0 * np.pi * np.outer(periods, np.arange(1, self.harmonics + 1)) / self.year
        of_week = np.outer(periods * (self.row_days or 0), np.arange(1, self.weekly + 1)) * (
            2.0 * np.pi / WEEK
        )
        line = 2.0 * periods / max(self.last, 1) - 1.0
        parts = [
            np.ones(len(periods)),
            line,
            np.sin(angle),
            np.cos(angle),
            np.sin(of_week),
            np.cos(of_week),
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

    @property
    def weekdays(self) -> slice:
        """Columns of `fixed` that are weekdays."""
        return slice(2 + 2 * self.harmonics, 2 + 2 * (self.harmonics + self.weekly))

    def groups(self) -> tuple[slice, slice]:
        """Columns of `fixed` that are the season, weekdays included, and those that are controls."""
        season = self.weekdays.stop
        return slice(2, season), slice(season, season + len(self.middle))
