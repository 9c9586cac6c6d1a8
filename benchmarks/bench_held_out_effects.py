"""Do intervals from published effects hold the effects of studies that they were not learnt from?

    python benchmarks/bench_held_out_effects.py [--each]

Each source is left out in turn: scales, biases of designs and of claims, centres, slopes and by what power trust counts
are learnt anew from the others, and its figures predicted, with the bias and noise of their kind and their own errors.
(Priors of these, and which kind of source is trusted more than which, are judged once for all.)

Counted by trust, each source once a measure: how many figures lie within the 90 % interval, how far medians are from
figures of randomised experiments, and by channel whether a binomial test at 1 % rejects 90 %. Width is that of the
interval for a company's own effect, beside that of the way from the bottom up alone for the same cell.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import binomtest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.datasets.effects import MEASURES, ComparableEffect, load_effects
from channelmix.datasets.facts import TRUST
from channelmix.effectiveness import prior_response, published_draws
from channelmix.effectiveness.published.pooled_effects import Mixture, PooledEffects
from channelmix.effectiveness.published.promotion import EFFECTS

STEPS = 801
"""Points of the integral over an effect that a figure with an error observes."""


@dataclass(frozen=True)
class HeldOut:
    """One figure, predicted from the other sources: its rank in the prediction, and the prediction's quantiles."""

    effect: ComparableEffect
    rank: float
    low: float
    median: float
    high: float

    @property
    def covered(self) -> bool:
        """Whether the 90 % interval holds the figure."""
        return 0.05 <= self.rank <= 0.95


def held_out(effects: tuple[ComparableEffect, ...]) -> list[HeldOut]:
    """Predict every figure of a measure from the sources that are not its own."""
    found = []
    for source in sorted({effect.source for effect in effects}):
        own = [effect for effect in effects if effect.source == source]
        rest = PooledEffects([effect for effect in effects if effect.source != source])
        mixture = rest.predict_figures(own)
        for k, effect in enumerate(own):
            low, median, high = (math.exp(mixture.quantile(q, k)) for q in (0.05, 0.5, 0.95))
            found.append(HeldOut(effect, rank(mixture, k, effect), low, median, high))
    return found


def rank(mixture: Mixture, setting: int, effect: ComparableEffect) -> float:
    """Probability of a figure below the one found."""
    mean, deviation = mixture.marginal(setting)
    if effect.error is None:
        return float(mixture.weight @ ndtr((math.log(effect.value) - mean) / deviation))
    levels = (np.arange(STEPS) + 0.5) / STEPS
    logs = np.array([mixture.quantile(float(q), setting) for q in levels[:: STEPS // 200]])
    return float(ndtr((effect.value - np.exp(logs)) / effect.error).mean())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", action="store_true", help="print every figure")
    arguments = parser.parse_args()
    every: list[HeldOut] = []
    for measure in MEASURES:
        effects = tuple(effect for effect in load_effects() if effect.measure == measure)
        found = held_out(effects)
        every += found
        if arguments.each:
            for one in found:
                print(
                    f"  {one.effect.fact.fact_id} {one.effect.channel} {one.effect.design}: {one.effect.value:.4g}, "
                    f"predicted {one.median:.4g} ({one.low:.4g} to {one.high:.4g}), rank {one.rank:.2f}"
                )
        print(f"{measure}: {said(found)}")
    print(f"all: {said(every)}")
    tests = []
    for channel in sorted({one.effect.channel for one in every}):
        own = [one for one in every if one.effect.channel == channel]
        hits = sum(one.covered for one in own)
        tests.append((channel, hits, len(own), float(binomtest(hits, len(own), 0.9).pvalue)))
    print("by channel: " + ", ".join(f"{name} {hits} of {n} (p {p:.2f})" for name, hits, n, p in tests))
    widths()
    good = (
        0.85 <= cover(every) <= 0.95 and all(p > 0.01 for *_, p in tests) and 0.5 <= placed(every)[0] <= 2.0
    )
    return 0 if good else 1


def cover(found: list[HeldOut]) -> float:
    """Share of figures within their interval, by trust, each source once a measure."""
    weight = weights(found)
    return float(np.average([one.covered for one in found], weights=weight))


def weights(found: list[HeldOut]) -> list[float]:
    """Trust over the number of figures of the same source and measure."""
    keys = [(one.effect.measure, one.effect.source) for one in found]
    return [TRUST[one.effect.fact.kind] / keys.count(key) for one, key in zip(found, keys, strict=True)]


def placed(found: list[HeldOut]) -> tuple[float, float, float]:
    """How medians lie to figures of randomised experiments.

    Returns
    -------
    place : float
        How many times the figures they are, on average by trust.
    apart : float
        By what factor a single one is off, in the median.
    within : float
        Share of those within a factor of 2.
    """
    trusted = _randomised(found)
    off = np.array([math.log(one.median / one.effect.value) for one in trusted])
    place = math.exp(float(np.average(off, weights=weights(trusted))))
    return place, math.exp(float(np.median(np.abs(off)))), float(np.mean(np.abs(off) <= math.log(2.0)))


def _randomised(found: list[HeldOut]) -> list[HeldOut]:
    return [one for one in found if one.effect.design == "randomised" and one.effect.value > 0.0]


def said(found: list[HeldOut]) -> str:
    """Cover, and how far medians lie from figures of randomised experiments."""
    place, apart, within = placed(found)
    width = math.exp(float(np.mean([0.5 * math.log(one.high / one.low) for one in found])))
    return (
        f"{len(found)} figures of {len({one.effect.source for one in found})} sources, cover "
        f"{100 * cover(found):.0f} %; medians {place:.2f} times the {len(_randomised(found))} randomised figures on "
        f"average, apart from one by a factor of {apart:.1f} in the median, {100 * within:.0f} % within 2; intervals a "
        f"factor of {width:.1f} either way"
    )


def returns(regression: bool) -> dict[str, Array]:
    """Returns of a retailer's promotion at 0.05 US dollars a reachable customer and month, by channel; (n_draws,)."""
    content = {
        "name": "Retailer", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 1.0},
        "purposes": {"promotion": {"margin_per_order": 20.0, "order_value": 50.0}},
        "markets": [{"name": "all customers", "customers": 1e6}],
        "channels": {name: {"reachable_share": 0.4} for name in EFFECTS},
    }  # fmt: skip
    profile = cm.CompanyProfile.model_validate(content)
    draws = published_draws(profile.cells(), 4096, regression=regression)
    curves = prior_response(draws, profile.period_days, 1.0).curves
    spend = 0.05 * np.array([cell.reachable for cell in draws.cells])
    brought = curves.value(spend) / spend
    return {cell.channel: brought[:, i] for i, cell in enumerate(draws.cells)}


def widths() -> None:
    """Print intervals of returns by both ways and from the bottom up alone."""
    both, alone = returns(True), returns(False)
    for channel, sample in both.items():
        texts = []
        for drawn in (sample, alone[channel]):
            low, median, high = np.quantile(drawn, [0.05, 0.5, 0.95])
            texts.append(
                f"{median:.2f} ({low:.2f} to {high:.2f}), a factor of {math.sqrt(high / low):.1f} either way"
            )
        print(f"{channel}: {texts[0]}; from the bottom up alone {texts[1]}")


if __name__ == "__main__":
    sys.exit(main())
