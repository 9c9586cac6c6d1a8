"""What an estimate is worth by the truth, and results of the peers that are kept with the project."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.estimators import fit_ours, installed
from peers.histories import Estimate, History
from result_cache import ResultCache

__all__ = ["STORED", "Comparison", "error", "judged", "paired"]

Array = NDArray[np.float64]
Result = dict[str, Any]
Split = Callable[[History, Estimate], Array]

STORED = Path(__file__).parent / "results"
"""Results of the peers, one line of JSON each; README.md there says how they were measured."""


def judged(history: History, estimate: Estimate, split: Split, best: Callable[[], float]) -> Result:
    """Errors, cover, regret, time.

    Parameters
    ----------
    split : callable
        Factors on every channel's spend that the estimate's mean curves ask for.
    best : callable
        Most that any split truly brings; called only where the truth says.
    """
    works = history.roi > 0.0
    with np.errstate(divide="ignore"):
        off, low, high = (
            [
                float(np.log(v / t)) if t > 0.0 and v > 0.0 else None
                for v, t in zip(values, history.roi, strict=True)
            ]
            for values in (estimate.mean, estimate.low, estimate.high)
        )
    result: Result = {
        "off": off,
        "low": low,
        "high": high,
        "error": float(np.abs(np.log(estimate.mean[works] / history.roi[works])).mean()),
        "cover": float(((estimate.low <= history.roi) & (history.roi <= estimate.high)).mean()),
        "regret": None,
        "keep": None,
        "seconds": estimate.processor,
        "clock": estimate.clock,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000.0,
        "note": estimate.note,
    }
    if history.media is not None:
        ones = np.ones(len(history.roi))
        now, whole = history.media(ones), history.media(ones) - history.media(0.0 * ones)
        value = history.media(split(history, estimate))
        most = max(best(), now, value)
        result |= {"regret": (most - value) / whole, "keep": (most - now) / whole}
    return result


def error(result: Result) -> float:
    """Mean absolute error of log ROI over channels with an effect."""
    return float(result["error"])


def paired(theirs: dict[str, Result], ours: dict[str, Result]) -> Iterator[str]:
    """A line for error, cover and regret of a peer beside ours on the histories that both have, by their names."""
    for column in ("error", "cover", "regret"):
        pairs = np.array(
            [
                (theirs[key][column], ours[key][column])
                for key in theirs
                if key in ours and ours[key][column] is not None
            ]
        )
        if len(pairs) > 1:
            gained = pairs[:, 0] - pairs[:, 1]
            spread = gained.std(ddof=1) / np.sqrt(len(gained))
            yield (
                f"  {column} over {len(pairs)}: {pairs[:, 0].mean():.4f}, ours {pairs[:, 1].mean():.4f}, the lower of "
                f"the two in each {pairs.min(axis=1).mean():.4f}; paired difference {gained.mean():+.4f} (standard "
                f"error {spread:.4f})"
            )


class Comparison:
    """Ours beside the peers on one history after another.

    A peer that is installed and has no stored result is measured, ours just before it, and the result stored.

    Parameters
    ----------
    name : str
        Of the file of results.
    kinds : sequence of str
        Of `estimators.KINDS`.
    split, best : callable
        As in `judged`; `best` is given the history.
    stored : Path
        Folder of the peers' results.
    cache : Path or None
        Folder of ours.
    """

    def __init__(
        self,
        name: str,
        kinds: Sequence[str],
        split: Split,
        best: Callable[[History], float],
        stored: Path = STORED,
        cache: Path | None = None,
    ) -> None:
        self._kinds, self._split, self._best = list(kinds), split, best
        self._peers = installed(kinds)
        self._stored, self._cache = ResultCache(stored, name), ResultCache(cache, name)
        self._last: tuple[str, Estimate] | None = None  # history and our estimate of the last fit

    def ours(self, history: History, seed: int = 0, time_limit: float | None = None) -> Result:
        """What we find of a history."""
        return dict(
            self._cache.result(
                f"{history.name} {seed} {time_limit}",
                lambda: self._judged(history, self._fitted(history, seed, time_limit)),
            )
        )

    def peers(self, history: History) -> Iterator[tuple[str, Result]]:
        """Label and result of every peer that is installed or has a stored result."""
        missing = [
            kind
            for kind, peer in self._peers.items()
            if f"{history.name} | {peer.label()}" not in self._stored.known()
        ]
        if missing and (self._last is None or self._last[0] != history.name):
            self._fitted(history)
        for kind in missing:
            key = f"{history.name} | {self._peers[kind].label()}"
            self._stored.result(key, partial(self._beside, history, kind))
        for key, result in self._stored.known().items():
            name, label = key.split(" | ")
            if name == history.name and result["kind"] in self._kinds:
                yield label, result

    def _fitted(self, history: History, seed: int = 0, time_limit: float | None = None) -> Estimate:
        estimate = fit_ours(history, seed, time_limit)
        self._last = (history.name, estimate)
        return estimate

    def _beside(self, history: History, kind: str) -> Result:
        assert self._last is not None
        _, mine = self._last
        return {
            **self._judged(history, self._peers[kind].fit(history)),
            "kind": kind,
            "ours": {"seconds": mine.processor, "clock": mine.clock},
        }

    def _judged(self, history: History, estimate: Estimate) -> Result:
        return judged(history, estimate, self._split, lambda: self._best(history))
