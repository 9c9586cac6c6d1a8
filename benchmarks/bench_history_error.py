"""How wrong is the marketing-mix estimator where its assumptions are broken? Learns the size of its model error.

    python benchmarks/bench_history_error.py [--worlds 110] [--seed 0] [--shared 0.5]

Simulated companies, each of which breaks an assumption, are fitted without model error. For a grid of sizes the draws
are then given that error: what rows show of a channel's ROI is its true ROI times a factor whose logarithm has this
standard deviation, of whose variance a part is shared by all channels. Sizes are compared by the log density of all
channels' true ROI together; of those within a standard error of the best the smallest is preferred, since a larger one
costs decisions their sharpness. The intervals that are reported are of other companies: bench_history_worlds.py takes
seeds from 1,000 on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import BROKEN, MixWorld, simulated_mix

import channelmix as cm
from channelmix.effectiveness.history.model.mix import SHARED
from channelmix.effectiveness.history.model.shapes import elasticity

Array = NDArray[np.float64]

SIZES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)

LEAST = 2.5
"""A channel without effect counts as one whose ROI is this many units of log below the median channel's."""


def log_densities(world: MixWorld, shared: float) -> list[float]:
    """Log density of the true ROI of all channels by size of the model error.

    Draws x of what the rows show were weighted by the prior without error, P(x); with an error of density N and the
    prior P * N, the density of the truth z is P(z) sum N(x - z) / P(x) over sum (P * N)(x) / P(x).
    """
    X = pd.DataFrame(world.spend, columns=[f"c{k}" for k in range(len(world.half))])
    model = cm.MarketingMixRegressor(model_error=False).fit(X, world.outcome)
    curves, posterior = model.curves(X), model._markets[None].posterior
    unit = len(X) * float(np.sqrt(np.mean(world.outcome**2))) / float(world.total.sum())
    shown = np.log(curves.value(world.total) / world.total / unit)
    with np.errstate(divide="ignore"):
        truth = np.log(world.roi() / unit)
    truth = np.maximum(truth, np.median(shown) - LEAST)
    shape, priors = np.log(elasticity(posterior.shape, posterior.priors)), posterior.priors
    before = priors.log_margin(shown + shape)
    n = shown.shape[1]
    alike = (1.0 - shared) * np.eye(n) + shared
    errors = np.random.default_rng(0).multivariate_normal(np.zeros(n), alike, 200)
    found = []
    for size in SIZES:
        near = multivariate_normal(truth, size**2 * alike).logpdf(shown)
        blurred = logsumexp([priors.log_margin(shown + shape + size * e) for e in errors], axis=0) - np.log(
            200.0
        )
        found.append(
            float(logsumexp(near + priors.log_margin(truth + shape) - before) - logsumexp(blurred - before))
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=110)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", type=float, default=SHARED)
    arguments = parser.parse_args()
    if not 2 <= arguments.worlds <= 1000 - arguments.seed:
        parser.error("worlds of seed 1,000 and above are kept for reports; at least two are needed")
    seeds = range(arguments.seed, arguments.seed + arguments.worlds)
    kinds = np.array([BROKEN[seed % len(BROKEN)] for seed in seeds])
    print(f"{'log density by size':26}" + "".join(f"{size:8.2f}" for size in SIZES), flush=True)
    rows = []
    for seed, kind in zip(seeds, kinds, strict=True):
        rows.append(log_densities(simulated_mix(seed), arguments.shared))
        print(f"{f'{seed} {kind}':26}" + "".join(f"{value:8.2f}" for value in rows[-1]), flush=True)
    table = np.array(rows)
    print("means")
    for kind in dict.fromkeys(kinds):
        print(f"{kind:26}" + "".join(f"{value:8.2f}" for value in table[kinds == kind].mean(axis=0)))
    mean = table.mean(axis=0)
    print(f"{'all':26}" + "".join(f"{value:8.2f}" for value in mean))
    charge_in_outcome = table[:, [int(mean.argmax())]] - table
    within = charge_in_outcome.mean(axis=0) <= charge_in_outcome.std(axis=0, ddof=1) / np.sqrt(len(table))
    print(
        f"best: {SIZES[int(mean.argmax())]}; smallest within a standard error of it: {SIZES[int(within.argmax())]}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
