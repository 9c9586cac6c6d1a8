"""The estimators that are compared: ours, and the peers' that are installed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

import channelmix as cm
from peers.histories import Estimate, History, MeanCurves, tabulated
from peers.mmm_meridian import fit_meridian
from peers.mmm_pymc import FACTORS, fit_pymc, processor_seconds
from peers.packages import version

__all__ = ["KINDS", "Peer", "fit_ours", "installed", "together"]

Array = NDArray[np.float64]
Fit = Callable[[History], Estimate]


@dataclass(frozen=True)
class Peer:
    """An estimator of others.

    Parameters
    ----------
    package : str
        As its registry calls it.
    title : str
    settings : str
        Empty for its documentation's; "public benchmark" for those of github.com/pymc-labs/mmm-param-recovery.
    fit : callable
    """

    package: str
    title: str
    settings: str
    fit: Fit

    def label(self) -> str | None:
        """Title, version and settings, or None where it is not installed."""
        found = version(self.package)
        return found and f"{self.title} {found}" + (f", {self.settings}" if self.settings else "")


KINDS = {
    "pymc": Peer("pymc-marketing", "PyMC-Marketing", "", fit_pymc),
    "meridian": Peer("google-meridian", "Meridian", "", fit_meridian),
    "pymc-public": Peer(
        "pymc-marketing", "PyMC-Marketing", "public settings", partial(fit_pymc, as_published=True)
    ),
    "meridian-public": Peer(
        "google-meridian", "Meridian", "public settings", partial(fit_meridian, as_published=True)
    ),
}
"""Peers by the name that options take."""


def installed(kinds: Sequence[str]) -> dict[str, Peer]:
    """Those of `kinds` that can run here, by name."""
    peers = {kind: KINDS[kind] for kind in kinds}
    for title in dict.fromkeys(peer.title for peer in peers.values() if peer.label() is None):
        print(f"{title} is not installed: its stored results are shown where there are any", file=sys.stderr)
    return {kind: peer for kind, peer in peers.items() if peer.label() is not None}


def fit_ours(history: History, seed: int = 0, time_limit: float | None = None) -> Estimate:
    """`MarketingMixRegressor` as it is."""
    processor, clock = processor_seconds(), time.perf_counter()
    model = cm.MarketingMixRegressor(
        channels=list(history.channels),
        controls=list(history.controls),
        date=history.date,
        market=history.market,
        random_state=seed,
        time_limit=time_limit,
    ).fit(history.rows, history.outcome)
    clock, processor = time.perf_counter() - clock, processor_seconds() - processor
    roi = model.roi(history.rows)
    mean, low, high = (roi[name].to_numpy(dtype=float) for name in ("mean", "low", "high"))
    failed = [finding.check for finding in model.diagnostics_ if finding.verdict == "FAIL"]
    note = f"{model.effective_draws_:.0f} effective draws of {model.draws}"
    if failed:
        note += f", FAIL: {', '.join(failed)}"
    curves = model.curves(history.rows)
    return Estimate(
        mean,
        low,
        high,
        curves if history.market is None else together(history, curves),
        processor,
        clock,
        note,
    )


def together(history: History, curves: cm.ResponseCurves) -> cm.ResponseCurves:
    """One mean curve a channel: all regions at the same factor on their spend."""
    spent = history.rows.groupby(history.market)[list(history.channels)].sum()
    parts = [name.split("/") for name in curves.names]
    now = np.array([spent.loc[market, channel] for market, channel in parts], dtype=float)
    column = [history.channels.index(channel) for _, channel in parts]
    found = np.zeros((len(FACTORS), len(history.channels)))
    for row, factor in zip(found, FACTORS, strict=True):
        np.add.at(row, column, curves.mean_value(factor * now))
    return tabulated(history, MeanCurves(FACTORS, found))
