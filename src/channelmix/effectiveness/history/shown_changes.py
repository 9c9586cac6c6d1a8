"""Whether the rows' spend shows the change of a lift test: by how far it lies off its neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence

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

LIKELIER = math.log(3.0)
"""Log of how many times as likely the usual spend must be as the change for rows not to be asked about."""

STEADY = 0.1
"""Least standard deviation of spend's ups and downs that is reckoned with, over the change."""

MATTERS = 0.2
"""Part of the usual spend from which on a change's return depends on whether the rows hold it."""

BESIDE = 4
"""Fewest rows on either side that a stretch is compared with."""


def shown_changes(window: Window, placed: Sequence[Placed]) -> list[Finding | None]:
    """Compare the spend in each test's rows with its neighbours'; None for a test that nothing need be asked of.

    A test that is taken as ``without_change`` while spend lies off by about its change is asked about, and so is one
    that is stated as ``with_change`` while nothing shows. One that states neither is asked about unless spend's ups and
    downs make it much likelier that its rows do not hold the change.
    """
    order = np.argsort(window.periods)
    found: list[Finding | None] = []
    for test, first, last in placed:
        if test.held_out is not None:
            found.append(None)  # the others' spend need not differ
            continue
        signs = np.sign(test.changes)
        columns = [window.names.index(str(name)) for name in test.channels]
        spend = (window.spend[order][:, columns] * signs).sum(axis=1)
        change = float(np.abs(test.changes).sum())
        inside = np.flatnonzero((window.periods[order] >= first) & (window.periods[order] <= last))
        off, spread = _deviation(spend, int(inside[0]), len(inside))
        usual = len(inside) * float(np.abs(spend).mean())
        code = _asked(test.rows, off, change, spread, matters=change >= MATTERS * usual)
        sign = float(np.sign(test.changes[0]))
        values = {"start": test.start, "end": test.end, "off": sign * off, "change": sign * change}
        found.append(
            None
            if code is None
            else Finding.of(code, Verdict.REVIEW, off / change, channel=test.named, **values)
        )
    return found


def _asked(rows: str | None, off: float, change: float, spread: float, *, matters: bool) -> str | None:
    """Which question a test's rows raise, by how far their spend lies off; None where they raise none."""
    if rows == "with_change":
        hidden = off < (1.0 - ALIKE) * change and change > UNUSUAL * spread
        return "lift_test_hidden" if hidden else None
    if abs(off - change) <= ALIKE * change and off > UNUSUAL * spread:
        return "lift_test_already"
    # Of normal ups and downs around the usual spend, or around what the change leaves of it.
    log_odds = 0.5 * ((off - change) ** 2 - off**2) / max(spread, STEADY * change) ** 2
    return "lift_test_unclear" if rows is None and matters and log_odds < LIKELIER else None


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
