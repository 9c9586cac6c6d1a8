"""Elementary functions that neither overflow nor lose digits at their ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["logistic", "softplus"]


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``1 / (1 + exp(-x))``; the exponent is clipped where the result is 0 or 1 to the last bit.

    >>> float(logistic(np.float64(0.0)))
    0.5
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0))))


def softplus(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``log(1 + exp(x))``.

    >>> float(softplus(np.float64(1000.0)))
    1000.0
    """
    return np.asarray(np.logaddexp(0.0, x))
