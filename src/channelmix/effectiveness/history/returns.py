"""Outcome per unit of spend: in the draws of a fit, and in the prior before one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.effectiveness.history.fitting import prior_roi
from channelmix.effectiveness.history.markets import Part, spent_on, totals_of
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.rows.windows import Window

EXPECTED = [f"{what}{edge}" for what in ("roi", "share") for edge in ("", "_low", "_high")]
"""What `expected_returns` states of each channel."""


def edges(level: float) -> list[float]:
    """Quantiles between which the middle part `level` of a distribution lies.

    Raises
    ------
    InputError
        If there is no such part.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level must lie between 0 and 1, not {level!r}")
    return [0.5 - 0.5 * level, 0.5 + 0.5 * level]


def returns(
    parts: Sequence[Part], names: Sequence[str], level: float, by_market: bool, factors: Array, width: float
) -> dict[str, list[float]]:
    """Mean, low and high of the outcome per unit of spend, by channel, or by market and channel with spend there.

    What spend times the last of `factors` brings more than times the first (than none, where there is only one),
    beside `width` times the spend.
    """
    totals = totals_of(parts, names)
    groups = (
        [(name, [part], c, total) for name, part, c, total in spent_on(parts, names)]
        if by_market
        else [(name, parts, c, totals[c]) for c, name in enumerate(names)]
    )
    found = {}
    for name, members, c, total in groups:
        at = np.sum([part.scaled(c, factors) for part in members], axis=0)
        draws = (at[:, -1] - (at[:, 0] if len(factors) > 1 else 0.0)) / (width * total)
        found[name] = [draws.mean(), *np.quantile(draws, edges(level))]
    return found


def expected_returns(
    windows: Sequence[Window], priors: Priors, level: float, rng: np.random.Generator
) -> Array:
    """`EXPECTED` of each channel, then of all channels together: medians and edges; (n_channels + 1, 6)."""
    roi, share = prior_roi(windows, priors, rng)
    spend = np.sum([window.spend.sum(axis=0) for window in windows], axis=0)
    roi = np.column_stack([roi, roi @ spend / spend.sum()])
    share = np.column_stack([share, share.sum(axis=1)])
    low, high = edges(level)
    of_each = np.concatenate([np.quantile(draws, [0.5, low, high], axis=0) for draws in (roi, share)])
    return np.asarray(of_each.T)
