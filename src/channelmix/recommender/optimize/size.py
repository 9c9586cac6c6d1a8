"""How large a plan is before it is made: its curves, its draws, and the memory and the time that they take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from channelmix.core.errors import InputError, expect_positive
from channelmix.core.sizes import MOST_OUTCOMES
from channelmix.core.wording import counted
from channelmix.effectiveness import risk_of
from channelmix.effectiveness.kinds import kinds_of
from channelmix.engine.rules import MeanRisk
from channelmix.profile import CompanyProfile

DRAWS, TAIL_DRAWS = 512, 1024
"""Draws to plan on by default, and by default where the worst draws count."""

LEAST_DRAWS, MOST_NUMBERS = 128, 2**20
"""Fewest draws by default, and most numbers that one evaluation of all curves yields with more of them."""

FRESH_DRAWS = 1024
"""Draws that comparisons are computed on: tail measures need at least 1,000."""

MAX_MEMORY = 4.0
"""Memory that a plan may take by default, in GB: what a laptop has to spare."""

GB = 1e9

# Measured; see benchmarks/bench_sizes.py.
ALONE = 110e6
"""Bytes that the package takes before it does anything."""

A_CURVE = 8e3
"""Bytes of a cell and period in rules, rows of the plan and its document."""

ARRAYS_A_KIND, ARRAYS_A_CURVE = 6.0, 2.0
"""Numbers of each draw that are held at a time, for a kind of cell and for a cell and period."""

CORNERS = 3 * 160
"""Numbers of each draw and shape of curve that a bound on the worst draws holds."""


SECONDS, SECONDS_A_KIND, SECONDS_A_CURVE = 0.5, 7e-4, 4e-4
"""Time that a plan takes whatever its search gets: at all, for each kind of cell, and for each cell and period."""

LATE_SECONDS, LATE = 2.0, 0.2
"""Seconds, or part of the limit if that is more, by which a plan may be later than its time limit."""


@dataclass(frozen=True)
class Size:
    """Size of a plan.

    Parameters
    ----------
    markets, cells, periods : int
        Markets, cells of one period, and periods planned: 1 where a typical one is.
    draws : int
        Draws of effectiveness.
    tail : bool
        Whether the worst draws count.
    kinds : int
        Cells whose curves are not others' in proportion to the customers of their markets.
    """

    markets: int
    cells: int
    periods: int
    draws: int
    tail: bool
    kinds: int

    @classmethod
    def of(cls, profile: CompanyProfile, draws: int | None = None) -> Size:
        """Count what a profile's plan consists of, on a number of draws, or on as many as are used by default."""
        markets = len(profile.markets)
        of_market = sum(len(profile.purposes_of(name)) for name in profile.channels)
        cells, periods = markets * of_market, 1 if profile.timing is None else profile.periods
        tail = not isinstance(risk_of(profile), MeanRisk | None)
        kinds = cells if profile.own is not None else len(kinds_of(profile.cells()).leading)
        draws = draws or (TAIL_DRAWS if tail else usual_draws(cells * periods))
        return cls(markets, cells, periods, draws, tail, kinds)

    @property
    def curves(self) -> int:
        """Cells of all periods: each has a curve."""
        return self.cells * self.periods

    @property
    def bytes(self) -> float:
        """Estimate of the memory that the plan takes, the package included."""
        drawn, evaluated = 8.0 * (2 * self.draws + FRESH_DRAWS), 8.0 * self.draws
        held = drawn * ARRAYS_A_KIND * self.kinds + evaluated * ARRAYS_A_CURVE * self.curves
        bounds = 8.0 * self.draws * CORNERS * self.cells / self.markets if self.tail else 0.0
        return ALONE + held + bounds + A_CURVE * self.curves

    @property
    def seconds(self) -> float:
        """Estimate of the time that the plan takes however little its search gets."""
        return SECONDS + SECONDS_A_KIND * self.kinds + SECONDS_A_CURVE * self.curves

    def __str__(self) -> str:
        over = f" in {counted(self.periods, 'period')}" if self.periods > 1 else ""
        return (
            f"{counted(self.cells, 'cell')} of {counted(self.markets, 'market')}{over}, "
            f"each with {counted(self.draws, 'draw')} of its curve"
        )


def usual_draws(curves: int) -> int:
    """How many draws to plan on where the mean counts: fewer where very many curves share the time."""
    draws = DRAWS
    while draws > LEAST_DRAWS and draws * curves > MOST_NUMBERS:
        draws //= 2
    return draws


def check_size(
    profile: CompanyProfile,
    draws: int | None = None,
    max_memory: float = MAX_MEMORY,
    time_limit: float = math.inf,
) -> Size:
    """Return the size of a profile's plan, before anything of it is made.

    Parameters
    ----------
    profile : CompanyProfile
    draws : int, optional
        Draws to plan on.
    max_memory : float
        Memory that the plan may take, in GB (1e9 bytes).
    time_limit : float
        Seconds that it may take, with `LATE` beyond.

    Raises
    ------
    InputError
        If it takes more; the message says how much, what makes it so large, and how to allow it.
    """
    expect_positive(max_memory, "max_memory", allow_infinite=True)
    size = Size.of(profile, draws)
    if size.bytes > max_memory * GB:
        raise InputError(
            f"this plan is too large: {size}, take about {size.bytes / GB:,.1f} GB of memory, more than the "
            f"{max_memory:g} GB allowed; plan {_fewer(size)}, or allow more by max_memory (--max-memory)"
        )
    draws = max(size.draws, FRESH_DRAWS)
    most = MOST_OUTCOMES // draws
    if size.curves > most:
        raise InputError(
            f"this plan is too large: {size}, are {size.curves:,} cells and periods, more than the {most:,} that are "
            f"worked out on {draws:,} draws; plan {_fewer(size)}"
        )
    if size.seconds > time_limit + max(LATE_SECONDS, LATE * time_limit):
        least = math.ceil(
            (size.seconds - LATE_SECONDS) if size.seconds < 12.0 else size.seconds / (1.0 + LATE)
        )
        raise InputError(
            f"this plan takes longer than the {time_limit:g} s allowed: {size}, take about {size.seconds:,.0f} s "
            f"beside the search; plan {_fewer(size)}, or allow more by time_limit (--time-limit {least} or more)"
        )
    return size


def _fewer(size: Size) -> str:
    """What to plan fewer of: what makes the plan large."""
    large = [("markets", size.markets, 20), ("periods", size.periods, 60), ("draws", size.draws, TAIL_DRAWS)]
    named = [name for name, count, usual in large if count > usual] or ["channels"]
    return f"fewer {' or '.join(named)}"
