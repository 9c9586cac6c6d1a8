"""Constants and tolerances that several modules of this room share, each with its reason."""

from __future__ import annotations

Z90 = 1.6448536269514722
"""Half-width of a normal distribution's middle 90 % in standard deviations: all intervals stated are of 90 %."""

MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation, which outliers hardly move."""

DAYS_PER_YEAR = 365.25

CONSTANT = 1e-12
"""Standard deviation of a column over its size up to which it is constant: what is left is rounding of its mean."""

ROUNDING = 1e-9
"""Relative differences of amounts up to which they are rounding: sums of a few thousand numbers."""
