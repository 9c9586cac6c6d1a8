"""Numerical tolerances, each with its reason.

Limits of effort (rounds, seconds, grids) and starting points stand beside the algorithms that they belong to. Standard
units count a spend as a share of about the largest one, an outcome of about all there can be.
"""

import numpy as np

EPSILON = float(np.finfo(float).eps)
"""Relative rounding of one operation."""

SUM_TOLERANCE = 1e-9
"""By how much stated shares or weights may miss a sum of 1: far above rounding, far below any effect."""

# Feasibility, from the strictest: each is well above the one before, so that what one step accepts, the next does too.

EXACT_ROW = 4e-15
"""Violation of a row that is the rounding of its sum, as a share of what the row can reach."""

INSIDE_ROW = 2e-15
"""How far inside its limits a corrected row is aimed, as a share of its reach, so that rounding leaves it there."""

OUTWARD_ROUNDING = 1e-12
"""By how much the range of adstocked spend is widened against rounding, as a share of its upper end."""

CONFLICT_TOLERANCE = 1e-9
"""Rules conflict when they must be broken by more than this: as a share of the largest spend for bounds on one cell, as
a share of what a row can reach for rows. Far above rounding, far below what a solver or a check lets pass."""

ROW_TOLERANCE = 1e-7
"""Violation up to which a candidate is worth correcting, as a share of a row's reach: the linear programs' own."""

FEASIBILITY_TOLERANCE = 1e-6
"""Violation of a rule that the checker allows, as a share of what its row can reach, or of the total of a mix: ten
times the linear programs' own."""

ROW_ROUNDING = 1e-9
"""Violation of a row of spend that the checker takes for rounding, as a share of what the row can reach: a limit that
is small beside its row's terms cannot be kept more closely, nor can rows that all but conflict."""

CROSSED_ENDS = 1e-6
"""Share of a variable's upper end by which its lower end has crossed it for good."""

INTEGER_TOLERANCE = 1e-6
"""Distance from a whole number that counts as one in a relaxation: the solver's own."""

INTEGER_CONFLICT_TOLERANCE = 1e-5
"""Violation beyond which rules with whole numbers conflict: a solver takes what is nearly whole for whole."""

# Spend that is nothing.

CRUMB = 1e-12
"""Share of what a cell may spend up to which its spend is nothing."""

CRUMB_OF_LARGEST = 1e-15
"""Share of what any cell may spend up to which spend on every cell is nothing."""

NO_TOTAL_SPEND = 1e-9
"""Proven limit of total spend, in standard units, up to which nothing can be spent."""

UNPROVEN_TOTAL_SPEND = 1e-6
"""Total spend, in standard units, that a linear program's tolerance may leave where nothing can be spent."""

NARROW_SEGMENT = 1e-6
"""Spend up to which a segment is too narrow for a linear program's tolerance, in units of what is to be decided."""

SPEND_ROUNDING = 1e-6
"""Relative difference of a spend that is rounding, as of one that stands on a point of a tabulated curve."""

SPEND_DUST = 1e-7
"""Share of all spend that is rounding of a quadratic program."""

SPEND_TO_COUNT = 1e-6
"""Share of all spend, or of all outcome, from which on a cell counts as on."""

SPEND_TO_SPLIT = 1e-6
"""Share of a cell's range up to which its spend is too little to split at while it may still be off."""

THINNEST_BOX = 1e-9
"""Share of a variable's range up to which a box is too thin to be split."""

# Outcome and objective.

VALUE_TOLERANCE = 1e-9
"""Relative difference allowed between a claimed number and the recomputed one: rounding, on any machine."""

TARGET_TOLERANCE = 1e-9
"""Share of a target outcome by which a draw may miss it by rounding."""

NEGLIGIBLE_OUTCOME = 1e-9
"""Share of what all cells could bring below which outcome does not count in the gap."""

IDLE_OUTCOME = 1e-9
"""Share of a plan's outcome that all its idle money together may bring."""

NEARLY_SATURATED = 1e-6
"""Share of what saturating curves can bring that may be missing where a target is out of their reach."""

SATURATED_SPEND = 1e100
"""Spend at which every saturating curve is at its limit; no product with it overflows."""

# Estimates and comparisons.

SAME_AMOUNT = 1e-9
"""Relative difference of amounts and lengths that is rounding: of sums of a few thousand numbers, or of decimals."""

CONSTANT_COLUMN = 1e-12
"""Standard deviation of a column over its size up to which it is constant: what is left is rounding of its mean."""

SAME_OUTCOME = 1e-12
"""Relative difference of outcomes of the same money on the same cells that is rounding, and no gain."""

# What people read.

SPEND_SHOWN = 1e-7
"""Share of all spend up to which money is nothing in reports and reasons: the solver's own rounding."""

SPEND_KEPT = 1e-4
"""Share of all spend up to which a plan that may only improve on a mix is that mix: less is not worth a move, and what
the search leaves of it is its own rounding."""

SPEND_MOVED = 1e-6
"""Share of all spend, or of a cell's spend today, up to which a change of it is rounding."""
