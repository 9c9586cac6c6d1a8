"""Fit companies with whatever version of channelmix is on the path: a line of JSON in, a line of JSON out.

`bench_history_versions.py` runs this once for each version. Nothing else of the project is imported, so that an older
version meets its own code alone, and nothing that is newer than version 0.1.0 is asked for.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import channelmix as cm

REACH, GAP, SECONDS = 3.0, 2e-3, 20.0
"""Most of a channel's spend that a split may give it; precision and time limit of a split."""


def fitted(company: dict[str, Any]) -> dict[str, Any]:
    """Estimates and splits of a company.

    Parameters
    ----------
    company : dict
        `spend` (n_weeks, n_channels) and `outcome` (n_weeks,) as lists; `tail`, the worst part of draws that must not
        lose by the safe split; `factors` of each channel's spend at which mean curves are wanted.

    Returns
    -------
    dict
        `roi` and `margin`: mean, low and high of each channel; `curves` (n_factors, n_channels), mean outcome over all
        weeks; `splits` by mean curves and by the safe rule, None where none was found in time; processor `seconds` of
        the fit.
    """
    spend = np.array(company["spend"])
    total = spend.sum(axis=0)
    X = pd.DataFrame(spend, columns=[f"c{k}" for k in range(len(total))])
    began = time.process_time()
    model = cm.MarketingMixRegressor().fit(X, np.array(company["outcome"]))
    seconds = time.process_time() - began
    curves = model.curves(X)
    amounts = dict(zip(curves.names, total.tolist(), strict=True))
    bounds = cm.SpendBounds({name: (0.0, REACH * spent) for name, spent in amounts.items()})
    splits: dict[str, list[float] | None] = {}
    for name, risk in (("mean", None), ("safe", cm.SafeImprovement(amounts, company["tail"]))):
        problem = cm.AllocationProblem(curves, cm.FixedBudget(float(total.sum())), [bounds], risk=risk)
        found = cm.solve(problem, gap=GAP, time_limit=SECONDS).spend
        splits[name] = found.tolist() if np.isfinite(found).all() else None
    return {
        "roi": model.roi(X)[["mean", "low", "high"]].to_numpy().tolist(),
        "margin": model.marginal_roi(X)[["mean", "low", "high"]].to_numpy().tolist(),
        "curves": [curves.mean_value(factor * total).tolist() for factor in company["factors"]],
        "splits": splits,
        "seconds": seconds,
    }


def main() -> int:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a version or its solver prints is no answer
    version = {"version": cm.__version__, "folder": str(Path(cm.__file__).resolve().parent)}
    print(json.dumps(version), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(fitted(json.loads(line))), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
