"""Draws of channels that rest on the same evidence."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from channelmix.core.arrays import Array

LIKE = 0.9
"""Correlation of what is drawn for two channels of a kind: one company, one evidence, and a tenth of the variance that
is each channel's own. A judgement. Were they independent, whoever splits a channel would be the surer of its sum."""

COUNTED_ALIKE = 0.5
"""Correlation of what one company states of several markets, or of several further channels that are like none: it
counts alike, but other things."""


class AlikeChannels:
    """Standard normal numbers of channels of a group, each two of them equally correlated.

    The first channel of a group keeps its own numbers: those beside it do not change what is drawn for it.

    Parameters
    ----------
    correlation : float
    """

    def __init__(self, correlation: float = LIKE) -> None:
        self._correlation = correlation
        self._before: dict[Hashable, tuple[int, Array]] = {}

    def mixed(self, group: Hashable, own: Array) -> Array:
        """Return the numbers of one more member of a group, from independent ones of its own; shape of `own`."""
        n, total = self._before.get(group, (0, np.zeros_like(own)))
        if n:  # by those before it: their sum is all that tells of the next where each two are alike
            part = self._correlation / (1.0 + (n - 1) * self._correlation)
            own = part * total + np.sqrt(1.0 - n * part * self._correlation) * own
        self._before[group] = n + 1, total + own
        return own
