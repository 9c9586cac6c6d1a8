"""How much a lift test helps, by how it is recorded: simulated companies of two channels that move together.

``python benchmarks/bench_lift_tests.py`` fits 12 companies of 104 weeks for each kind of test; eight of the weeks are
tested, with a standard error of 12 % of the lift. Groups of customers are simulated one by one. It prints the mean
error of the log of the estimated ROI of each channel (the first one is tested; in a dark region both are), and how many
90 % intervals hold the true one.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

import channelmix as cm

CURVES = ((0.5, 100.0, 300.0), (0.2, 60.0, 120.0))
"""Retention, rate and ceiling of each channel."""

WEEKS, TESTED, ERROR, HELD = 104, slice(60, 68), 0.12, 0.2

KINDS = (
    "none",
    "against the rows",
    "in the rows",
    "nothing left",
    "dark",
    "held out, gain",
    "held out, loss",
)


def effect(spend: Any) -> Any:
    """Outcome of each channel, (n_channels, n_weeks), where all customers are treated alike."""
    found = []
    for column, (retention, rate, ceiling) in zip(spend.T, CURVES, strict=True):
        weights = retention ** np.arange(13)
        adstock = np.convolve(column, weights / weights.sum())[: len(column)]
        found.append(ceiling * (1.0 - np.exp(-adstock / rate)))
    return np.array(found)


def company(seed: int, kind: str) -> tuple[Any, Any, list[cm.LiftTest], Any]:
    """Rows, outcome, tests and true ROI."""
    rng = np.random.default_rng(seed)
    usual = rng.gamma(3.0, 33.0, (WEEKS, 2))
    usual[:, 1] = 0.5 * usual[:, 1] + 0.5 * usual[:, 0]
    treated = usual.copy()
    treated[TESTED, : 2 if kind == "dark" else 1] *= 0.2 if kind == "in the rows" else 0.0
    share = HELD if kind.startswith("held") else float(kind not in {"none", "against the rows"})
    rows = share * treated + (1.0 - share) * usual
    brought = share * effect(treated) + (1.0 - share) * effect(usual)
    lost = float((effect(treated) - effect(usual))[:, TESTED].sum())
    change = (treated - usual)[TESTED].sum(axis=0)[: 2 if kind == "dark" else 1]
    more: dict[str, Any] = {"held_out": HELD} if kind.startswith("held") else {}
    if share == 1.0:
        more = {"rows": "with_change"}
    if kind == "held out, gain":
        change, lost = -change * (1.0 - HELD), -lost * (1.0 - HELD)
    elif kind == "held out, loss":
        change, lost = change * HELD, lost * HELD
    outcome = 800.0 + np.arange(WEEKS) + 40.0 * np.sin(2.0 * np.pi * np.arange(WEEKS) / 52.18)
    outcome = outcome + brought.sum(axis=0) + 60.0 * rng.standard_normal(WEEKS)
    weeks = pd.date_range("2023-01-02", periods=WEEKS, freq="7D")
    table = pd.DataFrame(rows, columns=["sms", "im"]).assign(week=weeks)
    tests = []
    if kind != "none":
        error = ERROR * abs(lost)
        measured = lost + error * float(rng.standard_normal())
        names = ["sms", "im"][: len(change)]
        tests = [cm.LiftTest(names, weeks[60], weeks[67], change.tolist(), measured, error, **more)]
    return table, outcome, tests, effect(rows).sum(axis=1) / rows.sum(axis=0)


def main(companies: int = 12) -> None:
    """Fit the companies and print a line for each kind of test."""
    for kind in KINDS:
        off, held = [], []
        for seed in range(companies):
            table, outcome, tests, true = company(seed, kind)
            model = cm.MarketingMixRegressor(date="week", draws=300).fit(table, outcome, experiments=tests)
            roi = model.roi(table)
            off.append(np.abs(np.log(roi["mean"].to_numpy()) - np.log(true)))
            held.append((roi["low"].to_numpy() < true) & (true < roi["high"].to_numpy()))
        error, cover = np.mean(off, axis=0), np.mean(held, axis=0)
        print(
            f"{kind:18s} error {error[0]:.2f} {error[1]:.2f}   cover {cover[0]:.0%} {cover[1]:.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
