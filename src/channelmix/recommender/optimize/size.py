"""How large a plan is before it is made: its curves, its draws, and the memory that they take."""

from __future__ import annotations

from dataclasses import dataclass

from channelmix.core.errors import InputError, expect_positive
from channelmix.core.wording import counted
from channelmix.effectiveness import risk_of
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

ARRAYS_A_CELL, ARRAYS_A_CURVE = 6.0, 1.0
"""Numbers of each draw that are held at a time, for a cell and for a cell and period."""

CORNERS = 3 * 160
"""Numbers of each draw and shape of curve that a bound on the worst draws holds."""


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
    """

    markets: int
    cells: int
    periods: int
    draws: int
    tail: bool

    @classmethod
    def of(cls, profile: CompanyProfile, draws: int | None = None) -> Size:
        """Count what a profile's plan consists of, on a number of draws, or on as many as are used by default."""
        markets = len(profile.markets)
        of_market = sum(len(profile.purposes_of(name)) for name in profile.channels)
        cells, periods = markets * of_market, 1 if profile.timing is None else profile.periods
        tail = not isinstance(risk_of(profile), MeanRisk | None)
        return cls(
            markets, cells, periods, draws or (TAIL_DRAWS if tail else usual_draws(cells * periods)), tail
        )

    @property
    def curves(self) -> int:
        """Cells of all periods: each has a curve."""
        return self.cells * self.periods

    @property
    def bytes(self) -> float:
        """Estimate of the memory that the plan takes, the package included."""
        drawn = 8.0 * (2 * self.draws + FRESH_DRAWS)
        held = drawn * (ARRAYS_A_CELL * self.cells + ARRAYS_A_CURVE * self.curves)
        bounds = 8.0 * self.draws * CORNERS * self.cells / self.markets if self.tail else 0.0
        return ALONE + held + bounds + A_CURVE * self.curves

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


def check_size(profile: CompanyProfile, draws: int | None = None, max_memory: float = MAX_MEMORY) -> Size:
    """Return the size of a profile's plan, before anything of it is made.

    Parameters
    ----------
    profile : CompanyProfile
    draws : int, optional
        Draws to plan on.
    max_memory : float
        Memory that the plan may take, in GB (1e9 bytes).

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
    return size


def _fewer(size: Size) -> str:
    """What to plan fewer of: what makes the plan large."""
    large = [("markets", size.markets, 20), ("periods", size.periods, 60), ("draws", size.draws, TAIL_DRAWS)]
    named = [name for name, count, usual in large if count > usual] or ["channels"]
    return f"fewer {' or '.join(named)}"
