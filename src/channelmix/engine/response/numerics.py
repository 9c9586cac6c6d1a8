"""Numbers from outside, and elementary functions that neither overflow nor lose digits at their ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError


def as_numbers(value: Any, what: str) -> NDArray[np.float64]:
    """Return `value` as an array of doubles; the InputError for anything else names `what`."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} must be numbers ({error})") from None


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``1 / (1 + exp(-x))``, exactly 0 at minus infinity and 1 at infinity.

    >>> float(logistic(np.float64(0.0)))
    0.5
    """
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-x)))


def softplus(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``log(1 + exp(x))``.

    >>> float(softplus(np.float64(1000.0)))
    1000.0
    """
    return np.asarray(np.logaddexp(0.0, x))


def limited_mean(
    limit: NDArray[np.float64], location: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``E[min(limit, X)]`` of a logistic X that counts as 0 where it is below, for `spread` > 0.

    >>> float(limited_mean(np.float64(1e9), np.float64(5.0), np.float64(0.1)))
    5.0
    """
    return limited_mean_of(limit, location, spread, np.log1p(np.exp(-np.abs(limit - location) / spread)))


def limited_mean_of(
    limit: NDArray[np.float64],
    location: NDArray[np.float64],
    spread: NDArray[np.float64],
    off: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`limited_mean`, where ``log(1 + exp(-|limit - location| / spread))`` is known to be `off`."""
    # softplus(z) - max(z, 0) is what the spread takes off the sharp corner; it never exceeds log 2.
    # For numbers below 0 this form is faster than `softplus`.
    mean = np.minimum(limit, location) - spread * (off - np.log1p(np.exp(-location / spread)))
    near = np.asarray(limit < spread)
    if near.any():
        # Another form of the same number is accurate near 0; few limits are: all alike would take twice the time.
        mean = np.array(np.broadcast_to(mean, near.shape))
        limit, location, spread = (
            np.broadcast_to(array, near.shape)[near] for array in (limit, location, spread)
        )
        mean[near] = -spread * np.log1p(logistic(location / spread) * np.expm1(-limit / spread))
    return np.asarray(mean)
