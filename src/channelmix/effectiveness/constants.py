"""Constants that several modules of this room share."""

Z90 = 1.6448536269514722
"""Half-width of a normal distribution's middle 90 % in standard deviations: all intervals stated are of 90 %."""

MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation, which outliers hardly move."""
