"""Published effects from the top down: the regression against a direct calculation, and what figures near 0 say."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from channelmix.datasets.effects import DESIGNS, MEASURES, ComparableEffect, load_effects
from channelmix.datasets.facts import TRUST
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.published import pooled_effects as pooled
from channelmix.effectiveness.published.pooled_effects import (
    AUDIENCES,
    BIAS_SCALES,
    EffectSetting,
    PooledEffects,
    in_logarithms,
    mixture_quantile,
)


def of(measure: str) -> list[ComparableEffect]:
    return [effect for effect in load_effects() if effect.measure == measure]


def test_every_effect_has_a_fact_and_a_known_place() -> None:
    for effect in load_effects():
        assert effect.measure in MEASURES
        assert effect.design in DESIGNS
        assert effect.audience in AUDIENCES
        assert effect.factor >= 1.0
        assert effect.value >= 0.0
        assert effect.value > 0.0 or effect.error, "a trial that found nothing says how sure it is"
        assert (effect.design == "randomised") <= (effect.fact.randomised is True), effect.fact.fact_id
    keys = [(effect.fact.fact_id, effect.measure) for effect in load_effects()]
    assert len(set(keys)) == len(keys)


def test_a_precise_figure_is_its_logarithm() -> None:
    effect = dataclasses.replace(of("orders_per_contact")[0], value=0.02, error=0.0004, factor=1.0)
    mean, variance = in_logarithms(effect)
    assert mean == pytest.approx(math.log(0.02), abs=0.001)
    assert math.sqrt(variance) == pytest.approx(0.0004 / 0.02, rel=0.01)
    without = dataclasses.replace(effect, error=None, factor=2.0)
    assert in_logarithms(without) == pytest.approx((math.log(0.02), (math.log(2.0) / Z90) ** 2))


def test_a_figure_of_nothing_says_small_and_not_how_small() -> None:
    effect = dataclasses.replace(of("orders_per_contact")[0], value=0.0, error=0.002, factor=1.0)
    mean, variance = in_logarithms(effect)
    assert mean < math.log(0.002)
    assert math.sqrt(variance) > 0.8
    larger = in_logarithms(dataclasses.replace(effect, error=0.02))[0]
    assert larger == pytest.approx(mean + math.log(10.0), abs=1e-6)
    negative = in_logarithms(dataclasses.replace(effect, value=-0.002))[0]
    assert negative < mean


@pytest.mark.parametrize("measure", MEASURES)
def test_a_prediction_is_that_of_a_linear_model(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For one set of scales, against the posterior of every effect by its precision, in a design matrix."""
    channel, source, noise, claims, power = 0.4, 0.6, 0.3, 1.2, 1.5
    monkeypatch.setattr(pooled, "CHANNEL_SCALES", (channel,))
    monkeypatch.setattr(pooled, "SOURCE_SCALES", (source,))
    monkeypatch.setattr(pooled, "NOISE_SCALES", (noise,))
    monkeypatch.setattr(pooled, "CLAIM_SCALES", (claims,))
    monkeypatch.setattr(pooled, "TRUST_POWERS", (power,))
    effects = of(measure)
    fitted = PooledEffects(effects)
    known = np.array([in_logarithms(effect) for effect in effects])
    trust = np.array([TRUST[effect.fact.kind] for effect in effects])
    channels = sorted({effect.channel for effect in effects})
    sources = sorted({effect.source for effect in effects})
    biased = [design for design in DESIGNS if BIAS_SCALES[design] > 0.0]

    def row(of_channel: str, of_source: str, design: str, audience: str, order_value: float) -> list[float]:
        return [
            1.0,
            AUDIENCES[audience],
            math.log(order_value / pooled.USUAL_ORDER),
            *(float(name == of_channel) for name in channels),
            *(float(name == of_source) for name in sources),
            *(float(name == design) for name in biased),
            *(float(design == "claimed" and name == of_channel) for name in channels),
        ]

    design = np.array(
        [row(e.channel, e.source, e.design, e.audience, e.order_value or pooled.USUAL_ORDER) for e in effects]
    )
    prior = np.array([
        pooled.LEVEL_SCALE, pooled.AUDIENCE_SLOPE[1], pooled.ORDER_SLOPE[1], *[channel] * len(channels),
        *[source] * len(sources), *(BIAS_SCALES[name] for name in biased), *[claims] * len(channels),
    ])  # fmt: skip
    start = np.zeros(len(prior))
    start[:3] = fitted._centre, pooled.AUDIENCE_SLOPE[0], pooled.ORDER_SLOPE[0]
    own = np.array([claims**2 if effect.design == "claimed" else 0.0 for effect in effects])
    variance = known[:, 1] + noise**2 / trust**power + own
    precision = np.diag(prior**-2.0) + (design.T / variance) @ design
    coefficients = np.linalg.solve(precision, start / prior**2 + design.T @ (known[:, 0] / variance))
    asked = np.array(row(channels[0], "a company", "randomised", "cold", 80.0))
    found = fitted.predict([EffectSetting(channels[0], "cold", 80.0)])
    assert found.mean[0, 0] == pytest.approx(float(asked @ coefficients), rel=1e-9)
    spread = float(asked @ np.linalg.solve(precision, asked)) + source**2
    assert found.covariance[0, 0, 0] == pytest.approx(spread, rel=1e-9)


def test_quantiles_of_a_mixture() -> None:
    weight, mean, deviation = np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.5, 1.0])
    rng = np.random.default_rng(5)
    part = rng.random(400_000) < 0.3
    sample = np.where(part, rng.normal(-1.0, 0.5, part.size), rng.normal(2.0, 1.0, part.size))
    for level in (0.05, 0.5, 0.95):
        assert mixture_quantile(level, weight, mean, deviation) == pytest.approx(
            np.quantile(sample, level), abs=0.02
        )


def test_a_cold_audience_and_a_dear_order_get_less() -> None:
    fitted = pooled.pooled_effects("orders_per_contact")
    settings = [
        EffectSetting("sms", "loyal"),
        EffectSetting("sms", "cold"),
        EffectSetting("sms", "loyal", 400.0),
    ]
    found = fitted.predict(settings)
    loyal, cold, dear = (found.quantile(0.5, k) for k in range(3))
    assert cold < loyal
    assert dear < loyal - 1.0


def test_a_claim_counts_for_far_less_than_an_experiment() -> None:
    """By how far the logarithm of the belief in social media moves with that of a figure, or of all claims."""
    effects = of("revenue_per_spend")

    def moved(*fact_ids: str) -> float:
        factor = 1.5
        told = [
            dataclasses.replace(effect, value=factor * effect.value)
            if effect.fact.fact_id in fact_ids
            else effect
            for effect in effects
        ]
        before, after = (PooledEffects(each).predict([EffectSetting("social")]) for each in (effects, told))
        return (after.quantile(0.5, 0) - before.quantile(0.5, 0)) / math.log(factor)

    experiment = moved("EXP042")
    claims = [e.fact.fact_id for e in effects if e.design == "claimed" and e.channel == "social"]
    assert len(claims) == 2
    assert experiment > 0.1
    for claim in claims:
        assert 0.0 < moved(claim) < experiment / 12.0
    assert moved(*claims) < experiment / 6.0
    assert moved(*(e.fact.fact_id for e in effects if e.design == "claimed")) < experiment / 3.0


def test_claims_count_by_how_well_they_foretell_what_is_no_claim() -> None:
    """And not by how well they agree with one another."""
    effects = of("revenue_per_spend")
    claims = [effect for effect in effects if effect.design == "claimed"]
    others = [effect for effect in effects if effect.design != "claimed"]
    centre = math.exp(np.mean([math.log(effect.value) for effect in others]))
    channel = {"email": 5.0, "display": 2.0, "sms": 0.2, "social": 0.5}

    def scale(power: float) -> float:
        """Scale of claims' biases where effects of channels are large, and claims follow them by a power."""
        apart = [dataclasses.replace(e, value=e.value * channel.get(e.channel, 1.0)) for e in others]
        told = [
            dataclasses.replace(e, value=10.0 * centre * channel.get(e.channel, 1.0) ** power) for e in claims
        ]
        return float(PooledEffects([*apart, *told]).scales()[3])

    true, all_the_same, upside_down = scale(1.0), scale(0.0), scale(-2.0)
    assert true < all_the_same < upside_down


@pytest.mark.parametrize(("factor", "more"), [(3.0, True), (1.0, False)])
def test_kinds_are_trusted_the_less_the_more_their_figures_scatter(factor: float, more: bool) -> None:
    """Figures of a made-up kind of order: those of full trust scatter little, those of little trust more, or not."""
    rng = np.random.default_rng(17)
    one = next(effect for effect in of("revenue_per_spend") if effect.fact.fact_id == "RET037")

    def made(kind: str, scatter: float, k: int) -> ComparableEffect:
        fact = dataclasses.replace(one.fact, kind=kind, source_title=f"study {k % 6}")
        return dataclasses.replace(
            one, fact=fact, value=math.exp(rng.normal(0.0, scatter)), error=None, factor=1.01
        )

    told = [made("academic", 0.3, k) for k in range(30)]
    told += [made("survey_vendor", 0.3 * factor, k) for k in range(30)]
    assert (PooledEffects(told).scales()[4] > 1.0) == more


def test_a_claim_ten_times_as_high_hardly_moves_the_belief() -> None:
    effects = of("revenue_per_spend")
    before = PooledEffects(effects).predict([EffectSetting("social")]).quantile(0.5, 0)
    claim = next(effect for effect in effects if effect.fact.fact_id == "RET019")
    after = PooledEffects([*effects, dataclasses.replace(claim, value=10.0 * claim.value)])
    assert abs(after.predict([EffectSetting("social")]).quantile(0.5, 0) - before) < math.log(1.05)
    trial = next(effect for effect in effects if effect.fact.fact_id == "EXP042")
    moved = [dataclasses.replace(trial, value=0.2) if effect is trial else effect for effect in effects]
    assert PooledEffects(moved).predict([EffectSetting("social")]).quantile(0.5, 0) < before - math.log(1.2)


def test_one_ratio_of_advertising_to_sales_stands_behind_all_elasticities() -> None:
    """More of them do not make it surer: a ratio three times as high moves the belief hardly more than for one."""
    effects = of("revenue_per_spend")
    assert sum(effect.design == "elasticity" for effect in effects) == 4

    def moved(n: int) -> float:
        told = [effect for effect in effects if effect.design != "elasticity"]
        one = next(effect for effect in effects if effect.design == "elasticity")
        studies = [dataclasses.replace(one.fact, source_title=f"study {k}") for k in range(n)]
        low, high = (
            PooledEffects([*told, *(dataclasses.replace(one, fact=fact, value=value) for fact in studies)])
            for value in (2.0, 6.0)
        )
        setting = [EffectSetting("social")]
        return high.predict(setting).quantile(0.5, 0) - low.predict(setting).quantile(0.5, 0)

    assert 0.0 < moved(1) < moved(20) < math.log(1.25)
