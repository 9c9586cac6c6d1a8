"""Are the intervals of the meta-regression honest? Cross-validated by source.

    python benchmarks/bench_meta_regression.py

For every quantity that qualifies, each source in turn is held out, the rest is fitted, and the held-out figures are
predicted with 90 % intervals. The width is the interval factor k (the interval is [m / k, m * k]), beside the k of the
judged range of the same quantity and channel where there is one.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' cross-validation

from tests.meta_regression import held_out_predictions

from channelmix.datasets import load_ranges
from channelmix.datasets.facts import Fact
from channelmix.effectiveness.published.meta_regression import MetaRegression

JUDGED = {
    "cost_per_sms": "cost_per_contact",
    "cost_per_whatsapp_message": "cost_per_contact",
    "social_ads_cpm": "cost_per_contact",
    "cost_per_contact": "cost_per_contact",
    "push_opt_in_rate": "reachable_share",
    "push_open_rate": "response_rate",
    "click_through_rate": "response_rate",
    "conversion_rate": "conversion_rate",
    "opt_out_rate_per_message": "opt_out_per_message",
    "organic_reach_of_followers": "organic_reach",
    "engagement_rate_per_post": "response_rate",
}
"""Judged quantity that a published quantity answers to."""

PURPOSE = {"cost_per_whatsapp_message": "promotion"}
"""Purpose whose judged range a quantity answers to, where it is not the figure's own: the range of service by instant
messaging is of an agent's time, not of a message."""


def judged_factor(fact: Fact) -> float:
    """Uncertainty factor of the judged range for the figure's channel and purpose; NaN where there is none."""
    ranges = load_ranges()
    name = JUDGED.get(fact.quantity, "")
    for purpose in (PURPOSE.get(fact.quantity, fact.purpose), "promotion", "service", "advocacy"):
        if (fact.channel, purpose, name) in ranges:
            return ranges[fact.channel, purpose, name].uncertainty_factor
    return math.nan


def held_out(figures: Iterable[Fact]) -> tuple[list[bool], list[float], list[float]]:
    """Whether each figure lies in its interval, the interval's factor, and the judged factor."""
    predictions = held_out_predictions(figures)
    inside = [p.low <= (p.figure.value or math.nan) <= p.high for p in predictions]
    factor = [math.sqrt(p.high / p.low) for p in predictions]
    return inside, factor, [judged_factor(p.figure) for p in predictions]


def main() -> int:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    model = MetaRegression()
    print(
        f"{'quantity':28} {'figures':>7} {'sources':>7} {'covered':>8} {'median k':>9} {'judged k':>9} {'ratio':>6}"
    )
    every: tuple[list[bool], list[float]] = ([], [])
    for quantity in model.quantities:
        own = model.figures(quantity)
        inside, factor, judged = held_out(own)
        ratio = np.array(factor) / np.array(judged)
        known = ratio[np.isfinite(ratio)]
        every[0].extend(inside)
        every[1].extend(known)
        shown = [
            f"{np.nanmedian(judged):9.2f} {np.median(known):6.2f}" if len(known) else f"{'-':>9} {'-':>6}"
        ]
        print(
            f"{quantity:28} {len(own):7d} {len({f.source_title for f in own}):7d} {100 * np.mean(inside):6.0f} % "
            f"{np.median(factor):9.2f} {shown[0]}"
        )
    covered, ratio = float(np.mean(every[0])), float(np.median(every[1]))
    print(f"all: {100 * covered:.1f} % covered, median ratio to the judged factor {ratio:.2f}")
    return 0 if 0.85 <= covered <= 0.95 and ratio <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
