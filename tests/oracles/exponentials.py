"""Best split of a budget over exponential curves, by halving the price of money: no part of channelmix is used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_value"]

Array = NDArray[np.float64]


def best_value(scale: Array, rate: Array, budget: float) -> Array:
    """Most that ``sum scale * (1 - exp(-s / rate))`` can be for each row of `scale`, shape (n, n_cells)."""
    low, high = np.zeros(len(scale)), (scale / rate).max(axis=1)
    for _ in range(70):
        price = 0.5 * (low + high)
        spend = np.maximum(rate * np.log(np.maximum(scale / rate / price[:, np.newaxis], 1e-300)), 0.0)
        over = spend.sum(axis=1) > budget
        low, high = np.where(over, price, low), np.where(over, high, price)
    return np.asarray((scale * (1.0 - np.exp(-spend / rate))).sum(axis=1))
