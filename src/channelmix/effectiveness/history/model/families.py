"""Families of carry-over and of saturation, by their numbers."""

from enum import IntEnum

LAGS = 26
"""Periods that spend acts in: half a year of weeks."""


class Adstock(IntEnum):
    """Families of carry-over."""

    GEOMETRIC = 0
    DELAYED = 1
    WEIBULL = 2


class Saturation(IntEnum):
    """Families of saturation."""

    EXPONENTIAL = 0
    LOGISTIC = 1
    HILL = 2


NUMBERS = 5
"""Standard normal numbers that a channel has: four of its shape, and its bias where the model may err."""

NO_EFFECT = len(Adstock) * len(Saturation)
"""Family of a channel that brings nothing. Below it stand pairs: len(Saturation) * adstock + saturation."""

FAMILIES = NO_EFFECT + 1
