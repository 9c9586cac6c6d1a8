"""How large a problem, a proof and a document may be: sizes are added up before anything of that size is made.

Each limit is above what `channelmix` writes itself, and such that what stays within it is read and verified in some
seconds and some hundred megabytes. A search stops before its proof would exceed one.
"""

from __future__ import annotations

from channelmix.core.errors import InputError

MOST_VALUES = 5_000_000
"""Values in a document: twenty times those of a year of days with twelve cells."""

MOST_OBJECTS = 1_000_000
"""Objects in a document, which take the most memory: fifty times those of a year of days with twelve cells."""

MOST_PARAMETERS = 10_000_000
"""Numbers that describe the curves of one block: a table of 400 points for 24 cells and 1,024 draws."""

MOST_NUMBERS = 20_000_000
"""Numbers that describe all curves of a problem: tables of 25 points for 1,500 cells and 512 draws."""

MOST_OUTCOMES = 30_000_000
"""Draws x cells x periods, in which outcomes are computed: 1,024 draws of 80 cells over a year of days."""

MOST_SPENDS = 200_000
"""Cells x periods, after-effects included: 540 cells over a year of days."""

MOST_RULES = 2_000
"""Rules of a problem."""

MOST_RULE_CELLS = 5_000_000
"""Rules x cells x periods: each rule looks for its cells among all."""

MOST_WEIGHTS = 3_000_000
"""Weights of spend in all rows of the rules together that are not zero: 60 rules on all of 50,000 cells."""

MOST_PRICE_RULES = 200
"""Rules that change what spend buys, as price tiers do: each makes all curves anew."""

MOST_PRICES_OF_A_CELL = 20
"""Of these, how many may apply to one cell, each on top of the others."""

MOST_TIERS = 100
"""Tiers of one rule on prices."""

MOST_LEAVES = 10_000
"""Leaves of a proof: a search of a minute finds some hundred, and each takes the checker about half a millisecond."""

MOST_LEAF_VARIABLES = 500_000
"""Leaves x variables of a proof, beyond `LEAST_LEAVES`: 10,000 leaves of 50 cells."""

LEAST_LEAVES = 200
"""Leaves that a proof may always have."""

MOST_GRID_OUTCOMES = 16_000_000
"""Points x draws of all grids on which curves are bounded: 340 points for each of 45 cells and 1,024 draws."""

POINTS_OF_A_CELL = 64
"""Points of each grid that are always allowed where a cell is looked at after the other: twice as many as a search
begins with."""

MOST_TILTS = 10_000_000
"""Leaves x draws of a proof that weighs the draws: 10,000 leaves with 1,000 draws."""


def within(limit: int, count: int, what: str, remedy: str = "") -> None:
    """Require a size within its limit.

    Raises
    ------
    InputError
        If it is above; the message names what, its size and the limit.

    >>> within(1000, 2000, "draws x cells", "plan on fewer draws")
    Traceback (most recent call last):
    channelmix.core.errors.InputError: draws x cells: 2,000, beyond the limit of 1,000: plan on fewer draws
    """
    if count > limit:
        more = f": {remedy}" if remedy else ""
        raise InputError(f"{what}: {count:,}, beyond the limit of {limit:,}{more}")


def most_leaves(variables: int) -> int:
    """Return how many leaves a proof over so many variables may have."""
    return min(MOST_LEAVES, max(LEAST_LEAVES, MOST_LEAF_VARIABLES // max(variables, 1)))


def most_grid_outcomes(outcomes: int, *, kept: bool) -> int:
    """Return how many points x draws all grids may have together.

    Parameters
    ----------
    outcomes : int
        Draws x cells of the problem: its own size is no matter of the proof.
    kept : bool
        Whether those of all cells are kept at once, as where the worst draws count.
    """
    return MOST_GRID_OUTCOMES if kept else max(MOST_GRID_OUTCOMES, POINTS_OF_A_CELL * outcomes)
