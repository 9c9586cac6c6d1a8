"""How many independent draws weighted draws, or draws with common ancestors, are worth.

References
----------
Vehtari, A. et al. (2024), "Pareto smoothed importance sampling", JMLR 25.
"""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array, Indices


def kept_part(logs: Array) -> float:
    """Effective part of a population with these log weights."""
    weights = np.exp(logs - logs.max())
    return float(weights.sum() ** 2 / (weights @ weights) / len(weights))


def pareto_k(logs: Array) -> float:
    """Shape of the generalised Pareto distribution that fits the largest of these log weights (Zhang & Stephens 2009).

    Below 0.7 their averages can be trusted; minus infinity where the weights are all alike.
    """
    n = len(logs)
    tail = int(min(0.2 * n, 3.0 * np.sqrt(n)))
    weights = np.sort(np.exp(logs - logs.max()))
    x = weights[-tail:] - weights[-tail - 1]
    if tail < 5 or x[-1] <= 1e-12 or x[int(tail / 4 + 0.5) - 1] <= 0.0:
        return -np.inf
    grid = 30 + int(np.sqrt(tail))
    b = 1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    b = b / (3.0 * x[int(tail / 4 + 0.5) - 1]) + 1.0 / x[-1]
    k = np.log1p(-b[:, np.newaxis] * x).mean(axis=1)
    profile = tail * (np.log(-(b / k)) - k - 1.0)
    weight = np.exp(profile - profile.max())
    best = float((b * weight).sum() / weight.sum())
    found = float(np.log1p(-best * x).mean())
    return found * tail / (tail + 10.0) + 5.0 / (tail + 10.0)


def effective_size(start: Array, end: Array, ancestor: Indices) -> float:
    """Number of independent draws that draws with common ancestors are equivalent to.

    At the start, draws of one ancestor have an intraclass correlation r. Moves that leave a correlation q between start
    and end leave r q^2 of it, so n draws in groups of m are equivalent to n / (1 + (m - 1) r q^2). The worst column
    counts. Where all have one ancestor, r cannot be seen: it is taken for 1, and q for 0 as long as it is no greater
    than chance makes the greatest of so many columns.

    Parameters
    ----------
    start, end : ndarray of shape (n_draws, n_columns)
    ancestor : ndarray of int, shape (n_draws,)
    """
    n = len(start)
    _, group, size = np.unique(ancestor, return_inverse=True, return_counts=True)
    if len(size) == n:
        return float(n)
    off, now = start - start.mean(axis=0), end - end.mean(axis=0)
    size_of_both = (off**2).sum(axis=0) * (now**2).sum(axis=0)
    # What is the same in all draws has never moved.
    moving = size_of_both > 0.0
    kept = np.where(moving, (off * now).sum(axis=0) ** 2 / np.where(moving, size_of_both, 1.0), 1.0)
    if len(size) < 2:
        chance = 2.0 * np.log(2.0 * start.shape[1]) / n
        return float((n / (1.0 + (n - 1.0) * np.maximum(kept - chance, 0.0))).min())
    sums = np.zeros((len(size), start.shape[1]))
    np.add.at(sums, group, start)
    means = sums / size[:, np.newaxis]
    between = (size[:, np.newaxis] * (means - start.mean(axis=0)) ** 2).sum(axis=0) / (len(size) - 1)
    within = ((start - means[group]) ** 2).sum(axis=0) / (n - len(size))
    usual = (n - (size @ size) / n) / (len(size) - 1)
    alike = np.clip((between - within) / (between + (usual - 1.0) * within), 0.0, 1.0)
    return float((n / (1.0 + ((size @ size) / n - 1.0) * alike * kept)).min())
