"""Whether the rows' spend shows the change of a lift test: by how far it lies off its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.constants import MAD_TO_DEVIATION
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.trials import Placed

ALIKE = 0.5
"""Largest distance between a deviation of spend and the change of a test that may be the same, over the change."""

UNUSUAL = 3.0
"""Robust standard deviations of other stretches beyond which a deviation is more than spend's own ups and downs."""

BESIDE = 4
"""Fewest rows on either side that a stretch is compared with."""


def shown_changes(window: Window, placed: Sequence[Placed]) -> Iterator[Finding]:
    """Compare the spend in each test's rows with its neighbours'.

    A test that is stated as ``without_change`` while spend lies off by about its change is asked about, and so is one
    that is stated as ``with_change`` while nothing shows.
    """
    order = np.argsort(window.periods)
    for test, first, last in placed:
        if test.held_out is not None:
            continue  # the others' spend need not differ
        signs = np.sign(test.changes)
        columns = [window.names.index(str(name)) for name in test.channels]
        spend = (window.spend[order][:, columns] * signs).sum(axis=1)
        change = float(np.abs(test.changes).sum())
        inside = np.flatnonzero((window.periods[order] >= first) & (window.periods[order] <= last))
        off, spread = _deviation(spend, int(inside[0]), len(inside))
        shown = abs(off - change) <= ALIKE * change and off > UNUSUAL * spread
        hidden = off < (1.0 - ALIKE) * change and change > UNUSUAL * spread
        stated = test.rows == "with_change"
        if hidden if stated else shown:
            sign = float(np.sign(test.changes[0]))
            code = "lift_test_hidden" if stated else "lift_test_already"
            yield Finding.of(
                code,
                Verdict.REVIEW,
                off / change,
                channel=test.named,
                start=test.start,
                end=test.end,
                off=sign * off,
                change=sign * change,
            )


def _deviation(spend: Array, first: int, length: int) -> tuple[float, float]:
    """How far a stretch's total lies off its neighbours', and the usual size of this elsewhere (0 where unknown)."""
    beside = max(length, BESIDE)
    starts = np.arange(len(spend) - length + 1)
    off = np.array([_off(spend, int(i), length, beside) for i in starts])
    elsewhere = off[np.abs(starts - first) >= length]
    elsewhere = elsewhere[np.isfinite(elsewhere)]
    middle = np.median(elsewhere) if len(elsewhere) else 0.0
    spread = MAD_TO_DEVIATION * float(np.median(np.abs(elsewhere - middle))) if len(elsewhere) else 0.0
    return float(np.nan_to_num(off[first])), spread


def _off(spend: Array, first: int, length: int, beside: int) -> float:
    around = np.concatenate([spend[max(first - beside, 0) : first], spend[first + length :][:beside]])
    return float(spend[first : first + length].sum() - length * around.mean()) if len(around) else np.nan
