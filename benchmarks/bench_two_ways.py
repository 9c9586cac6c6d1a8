"""How far do the two ways to what promotion brings lie apart, and what do the scales of their biases decide?

    python benchmarks/bench_two_ways.py

The scales are a judgement. First, what the figures say of them: the distance of the two ways by channel, its own
error, and the likelihood of the distances at a part or a multiple of the scales. Then, at half and at twice the scales:
how many randomised figures the belief of their channel holds that was made without their source, the returns of
promotion, and the gain of the examples.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

import channelmix as cm
from bench_held_out_effects import returns
from channelmix.core.arrays import Array
from channelmix.datasets.effects import ComparableEffect, load_effects
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import Drawn
from channelmix.effectiveness.published import two_ways
from channelmix.effectiveness.published.pooled_effects import PooledEffects
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.promotion import EFFECTS, ChannelEffect, channel_effects, effect_of
from channelmix.effectiveness.published.two_ways import FREEDOM, STEP, Way, combined

EXAMPLES = Path(__file__).parents[1] / "examples"

MULTIPLES = (0.5, 1.0, 2.0)


@contextmanager
def scaled(multiple: float) -> Iterator[None]:
    """Multiply the scales of all biases."""
    names = ("BIAS_UP", "BIAS_DOWN", "STATED_BIAS")
    values = {name: multiple * getattr(two_ways, name) for name in names}
    stated = "channelmix.effectiveness.published.stated_ways.STATED_BIAS"
    with patch.multiple(two_ways, **values), patch(stated, values["STATED_BIAS"]):
        yield


def retailers_effects() -> dict[str, ChannelEffect]:
    """Both ways of each channel for a retailer that states its margin and order value."""
    profile = cm.CompanyProfile.model_validate(
        {
            "name": "Retailer", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
            "scenario": {"kind": "fixed_budget", "amount": 1.0},
            "purposes": {"promotion": {"margin_per_order": 20.0, "order_value": 50.0}},
            "markets": [{"name": "all customers", "customers": 1e6}],
            "channels": {name: {"reachable_share": 0.4} for name in EFFECTS},
        }
    )  # fmt: skip
    draws = published_draws(profile.cells(), 4096)
    told = [
        (cell, Drawn(draws.quantities[i], draws.n_draws, cell, draws.scores[i]))
        for i, cell in enumerate(draws.cells)
        if effect_of(cell)
    ]
    return {effect.channel: effect for effect in channel_effects(told, range(len(told)))[0]}


def distances(effects: dict[str, ChannelEffect]) -> dict[str, tuple[float, float]]:
    """Distance of the way from the top down from the one from the bottom up, and its own error, in logarithms."""
    found = {}
    for channel, effect in effects.items():
        (low, middle, high), (least, centre, most) = effect.up.ends, effect.down.ends
        error = math.hypot(high - low, most - least) / (2.0 * Z90)
        found[channel] = centre - middle, error
    return found


def likelihood(distance: float, error: float, multiple: float) -> float:
    """Log density of a distance where both ways have a bias."""
    logs = STEP * np.arange(-4000.0, 4001.0)
    density = np.exp(-0.5 * (logs / error) ** 2)
    for scale in (two_ways.BIAS_UP, two_ways.BIAS_DOWN):
        blur = (1.0 + (logs / (multiple * scale)) ** 2 / FREEDOM) ** (-0.5 * (FREEDOM + 1.0))
        density = np.convolve(density, blur / blur.sum(), mode="same")
    return float(np.log(np.interp(distance, logs, density / (density.sum() * STEP))))


def held(effects: dict[str, ChannelEffect]) -> tuple[int, int]:
    """Randomised figures of planned channels that lie in the 90 % interval of the belief without their source.

    Returns
    -------
    inside, every : int
        How many of how many, figures with their noise and their own errors.
    """
    inside = every = 0
    for channel, effect in effects.items():
        figures = [figure for figure in load_effects() if figure.measure == effect.measure]
        moved = float(np.median(effect.down.mean - _predicted(figures, effect)))
        for figure in figures:
            if figure.channel != channel or figure.design != "randomised" or figure.value <= 0.0:
                continue
            rest = PooledEffects([other for other in figures if other.source != figure.source])
            mean, deviation = rest.predict_figures([figure]).marginal(0)
            down = Way(rest.weight, mean + moved, deviation, two_ways.BIAS_DOWN)
            up = Way(effect.up.weight, effect.up.mean, effect.up.deviation, two_ways.BIAS_UP)
            low, high = combined(up, down).quantile(np.array([0.05, 0.95]))
            error = 0.0 if figure.error is None else Z90 * figure.error / figure.value
            inside += low - error <= math.log(figure.value) + moved <= high + error
            every += 1
    return inside, every


def _predicted(figures: list[ComparableEffect], effect: ChannelEffect) -> Array:
    return PooledEffects(figures).predict([effect.setting]).marginal(0)[0]


def main() -> int:
    effects = retailers_effects()
    apart = distances(effects)
    for channel, (distance, error) in apart.items():
        print(
            f"{channel}: ways {math.exp(distance):.1f} times apart, logarithm {distance:.2f}, own error {error:.2f}"
        )
    # Text messages and instant messages share their measure, and count once.
    counted = [apart[channel] for channel in ("social", "sms", "app")]
    excess = float(np.mean([distance**2 - error**2 for distance, error in counted]))
    print(f"beyond their own errors: {math.sqrt(max(excess, 0.0)):.2f} (root mean square of {len(counted)})")
    for multiple in (0.25, 0.5, 1.0, 2.0, 4.0):
        fit = sum(likelihood(*each, multiple) for each in counted)
        print(f"{multiple:g} x the scales: log likelihood {fit:.2f}")
    for multiple in MULTIPLES:
        with scaled(multiple):
            inside, every = held(effects)
            print(f"{multiple:g} x the scales: {inside} of {every} randomised figures held")
            for channel, sample in returns(True).items():
                low, median, high = np.quantile(sample, [0.05, 0.5, 0.95])
                print(f"  {channel} {median:.2f} ({low:.2f} to {high:.2f})")
            for path in sorted(EXAMPLES.glob("*.json")):
                (against,) = (
                    one
                    for one in cm.optimize(cm.CompanyProfile.from_file(path)).comparisons
                    if one.is_baseline
                )
                gain = against.gain
                print(
                    f"  {path.stem}: gain {gain.mean:,.0f} ({gain.low:,.0f} to {gain.high:,.0f}), "
                    f"better in {100 * against.chance:.0f} % of draws"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
