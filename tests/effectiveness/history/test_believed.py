"""What is believed of channels' ROI: its prior against brute force, and that rows overrule it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.mix_worlds import simulated_mix

import channelmix as cm
from channelmix.core.errors import InputError
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.history.diagnostics import _learnt
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.families import NUMBERS
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.roi_beliefs import HOLD, Believed
from channelmix.effectiveness.history.model.shapes import elasticity, lagged
from channelmix.effectiveness.history.sampling.sampler import MixParticles

Array = NDArray[np.float64]

NAMES = ("a", "b", "c")
RANGES = {"c": (0.2, 1.5), "a": (1.0, 4.0)}


def priors() -> cm.Priors:
    return cm.Priors(roi=RANGES)


def believed(unit: float = 2.0) -> Believed:
    found = Believed.of(priors(), NAMES, unit)
    assert found is not None
    return found


def test_a_range_holds_90_percent_of_a_log_normal_in_the_models_units() -> None:
    found = believed(unit=2.0)
    assert found.channels.tolist() == [0, 2]  # in the channels' order
    low, high = found.middle - Z90 * found.spread, found.middle + Z90 * found.spread
    np.testing.assert_allclose(2.0 * np.exp([low, high]), np.transpose([RANGES["a"], RANGES["c"]]))
    assert Believed.of(cm.Priors(), NAMES, 1.0) is None
    with pytest.raises(InputError, match=r"roi: there is no channel 'd'"):
        Believed.of(cm.Priors(roi={"d": (1.0, 2.0)}), NAMES, 1.0)


def test_draws_and_density_are_those_of_the_pooled_prior_weighted_by_hand() -> None:
    """Pooled sizes, weighted by the believed ROIs' density, mixed with pooled sizes as they are."""
    rng = np.random.default_rng(0)
    found, n = believed(), 400_000
    log_elasticity = np.log([0.5, 0.7, 0.4])
    pooled = priors().draw_log_margin(n, 3, rng)
    log_roi = pooled - log_elasticity
    off = (log_roi[:, [0, 2]] - found.middle) / found.spread
    weight = np.exp(-0.5 * (off**2).sum(axis=1))
    weight = HOLD * weight / weight.mean() + (1.0 - HOLD)
    density = np.exp(found.log_density(pooled, np.tile(log_elasticity, (n, 1))))
    np.testing.assert_allclose(density / weight, 1.0, rtol=0.02)
    drawn = found.draw(np.tile(log_elasticity, (n, 1)), rng)
    for power in (1, 2):
        expected = np.average(pooled**power, axis=0, weights=weight)
        np.testing.assert_allclose((drawn**power).mean(axis=0), expected, rtol=0.02, atol=0.02)
    across = np.average(pooled[:, 0] * pooled[:, 1], weights=weight)
    assert (drawn[:, 0] * drawn[:, 1]).mean() == pytest.approx(across, abs=0.02)


def test_how_sure_a_belief_is_held_is_the_part_of_such_draws() -> None:
    found, n = believed(), 200_000
    log_elasticity = np.full((n, 3), np.log(0.6))
    assert found.agreement(found.draw(log_elasticity, np.random.default_rng(1)), log_elasticity).mean() == (
        pytest.approx(HOLD, abs=0.005)
    )


def test_without_rows_each_belief_holds_as_it_did_and_one_far_off_is_contradicted_alone() -> None:
    found, n = believed(), 200_000
    log_elasticity = np.full((n, 3), np.log(0.6))
    drawn = found.draw(log_elasticity, np.random.default_rng(1))
    for judged in found.judged(drawn, log_elasticity):
        assert judged.chance == pytest.approx(HOLD, abs=0.01)
        assert not judged.contradicted
    # What rows say of the first and the third channel, which have a belief.
    middle = found.middle + log_elasticity[0, 0]
    for off, expected in (
        ([5.0, 0.0], [True, False]),
        ([0.0, 5.0], [False, True]),
        ([5.0, -5.0], [True, True]),
    ):
        near = np.random.default_rng(2).normal(0.0, 0.1, (2000, 3))
        near[:, found.channels] += middle + np.array(off)
        of_each = found.judged(near, log_elasticity[:2000])
        assert [one.contradicted for one in of_each] == expected


def silent_mix(weeks: int = 30) -> Mix:
    """A mix whose rows never count: it is looked at while the likelihood has no power."""
    rng = np.random.default_rng(2)
    spend = rng.gamma(2.0, 0.5, (weeks, 3))
    baseline = Baseline(np.ones((weeks, 1)), np.zeros((weeks, 1)), np.ones(weeks))
    series = [lagged(column) for column in spend.T]
    outcome = rng.standard_normal(weeks)
    return Mix(series, np.full(3, 5.0), outcome, baseline, priors(), np.full(3, 0.3), believed=believed())


@pytest.mark.no_cover
def test_moves_without_rows_leave_the_prior_as_it_was() -> None:
    """Every kind of proposal leaves the prior of sizes and shapes, beliefs included."""
    mix = silent_mix()
    particles = MixParticles(mix, 3000, np.random.default_rng(3))
    for _ in range(12):
        particles.sweep()
    moved = np.column_stack([mix.log_roi(particles.log_margin, particles.shape), particles.shape[:, :, 0]])
    rng = np.random.default_rng(4)
    shape = rng.standard_normal((200_000, 3, NUMBERS))
    direct = np.column_stack([mix.log_roi(mix.draw_sizes(shape, rng), shape), shape[:, :, 0]])
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        below = (moved < np.quantile(direct, quantile, axis=0)).mean(axis=0)
        np.testing.assert_allclose(below, quantile, atol=0.05)


def company(weeks: int = 104) -> tuple[Any, Array, Array]:
    world = simulated_mix(0, "nothing")
    X = pd.DataFrame(world.spend[:weeks], columns=list("abc"))
    return X, world.outcome[:weeks], world.roi()


def fitted(ranges: dict[str, tuple[float, float]]) -> Any:
    X, y, _ = company()
    return cm.MarketingMixRegressor(priors=cm.Priors(roi=ranges), draws=600).fit(X, y)


def verdict(model: Any) -> str:
    return next(str(f.verdict) for f in model.diagnostics_ if f.check == "ROI expected beforehand")


def width(model: Any) -> Array:
    roi: Any = model.roi(company()[0])
    return np.asarray(roi["high"] - roi["low"])


@pytest.mark.no_cover
def test_a_belief_that_is_right_narrows_and_one_that_rows_contradict_is_overruled() -> None:
    X, _, true = company()
    without = fitted({})
    right = fitted({name: (0.5 * roi, 2.0 * roi) for name, roi in zip(X, true, strict=True)})
    wrong = fitted({name: (20.0 * roi, 40.0 * roi) for name, roi in zip(X, true, strict=True)})
    assert (width(right) < width(without)).all()
    assert verdict(right) == "PASS"
    assert verdict(wrong) == "REVIEW"
    off = np.abs(np.log(wrong.roi(X)["mean"] / without.roi(X)["mean"]))
    assert (off < 0.25).all()
    assert not [f for f in without.diagnostics_ if f.check == "ROI expected beforehand"]


@pytest.mark.parametrize(
    ("chance", "verdict"), [(0.95, "PASS"), (0.45, "PASS"), (0.21, "PASS"), (0.19, "REVIEW")]
)
def test_only_beliefs_that_rows_contradict_are_looked_at(chance: float, verdict: str) -> None:
    model = SimpleNamespace(window=SimpleNamespace(names=()), mix=silent_mix())
    fit: Any = SimpleNamespace(model=model, draws=None, report=SimpleNamespace(prior_agreement=chance))
    (found,) = _learnt(fit)
    assert str(found.verdict) == verdict
    assert f"{chance:.0%}".replace("%", " %") in found.message
    assert ("check the unit" in found.message) == (verdict == "REVIEW")


@pytest.mark.no_cover
def test_few_rows_leave_much_of_a_belief() -> None:
    X, y, _ = company(12)
    told = {"a": (3.0, 6.0)}
    roi: Any = cm.MarketingMixRegressor(priors=cm.Priors(roi=told), draws=600).fit(X, y).roi(X)
    without: Any = cm.MarketingMixRegressor(draws=600).fit(X, y).roi(X)
    assert roi.loc["a", "mean"] > 1.5 * without.loc["a", "mean"]


@pytest.mark.no_cover
def test_markets_share_a_belief() -> None:
    X, y, _ = company(60)
    rows = pd.concat([X.assign(shop=name, week=range(60)) for name in ("N", "S")])
    noise = np.random.default_rng(8).normal(0.0, 0.5 * y.std(), (2, 60))
    sales = np.concatenate([y + noise[0], 0.5 * (y + noise[1])])
    model: Any = cm.MarketingMixRegressor(market="shop", date="week", draws=300)
    found = []
    for middle in (0.05, 5.0):
        told = cm.Priors(no_effect=0.0, roi={"b": (0.7 * middle, 1.4 * middle)})
        roi = model.set_params(priors=told).fit(rows, sales).roi(rows, by_market=True)["mean"]
        found.append(roi[["N/b", "S/b"]].to_numpy())
    assert (found[1] > 1.5 * found[0]).all()


@pytest.mark.no_cover
def test_markets_that_differ_do_not_speak_against_a_belief_of_what_they_lie_around() -> None:
    rng = np.random.default_rng(6)
    tables, sales = [], []
    for shop, factor in {"N": 5.0, "S": 0.2}.items():
        spend = rng.gamma(2.0, 50.0, 60)
        tables.append(pd.DataFrame({"shop": shop, "week": range(60), "a": spend}))
        sales.append(1000.0 + factor * 200.0 * (1.0 - np.exp(-spend / 150.0)) + 5.0 * rng.standard_normal(60))
    rows, outcome = pd.concat(tables), np.concatenate(sales)

    def said(low: float, high: float) -> str:
        told = cm.Priors(no_effect=0.0, roi={"a": (low, high)})
        return verdict(
            cm.MarketingMixRegressor(market="shop", date="week", draws=300, priors=told).fit(rows, outcome)
        )

    assert said(0.5, 2.0) == "PASS"
    assert said(50.0, 100.0) == "REVIEW"


def test_priors_with_beliefs_are_saved(tmp_path: Path) -> None:
    X, y, _ = company(30)
    model: Any = cm.MarketingMixRegressor(priors=cm.Priors(roi={"a": (1, 2)}), draws=80).fit(X, y)
    model.save(tmp_path / "m.npz")
    again = cm.MarketingMixRegressor.load(tmp_path / "m.npz")
    assert again.priors == model.priors == cm.Priors(roi={"a": (1.0, 2.0)})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.no_cover
def test_priors_are_alike_in_any_order_of_ranges_and_can_be_hashed() -> None:
    X, y, _ = company(30)
    told = {"a": (1.0, 2.0), "c": (0.5, 3.0)}
    priors = [cm.Priors(roi=ranges) for ranges in (told, dict(reversed(told.items())))]
    assert priors[0] == priors[1]
    assert hash(priors[0]) == hash(priors[1])
    models: list[Any] = [cm.MarketingMixRegressor(priors=each, draws=80).fit(X, y) for each in priors]
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({0: (1.0, 2.0)}, "roi must name channels by text"),
        ({"a": (1, 10**400)}, "roi of a must be"),
        ({"a": (2.0, 1.0)}, "roi of a must be"),
        ({"a": 1.0}, "roi of a must be"),
        ([1.0, 2.0], "roi must be a mapping"),
    ],
)
def test_ranges_that_are_none_are_refused(ranges: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        cm.Priors(roi=ranges)


def test_a_range_as_wide_as_numbers_are_says_nothing() -> None:
    found = Believed.of(cm.Priors(roi={"a": (5e-324, 1e308)}), NAMES, 1e10)
    assert found is not None
    assert np.isfinite(found.log_density(np.full((1, 3), -2.0), np.full((1, 3), -0.5))).all()


def test_prior_predictive_has_the_prior_in_closed_form() -> None:
    """Without saturation's spread the median ROI is the one at which all spend brings the median share."""
    X, y, _ = company()
    stated = cm.Priors(media_share=0.3, elasticity_spread=1e-9, no_effect=0.0)
    model: Any = cm.MarketingMixRegressor(priors=stated)
    found: Any = model.prior_predictive(X, y)
    size = np.sqrt(np.mean(y**2)) * len(y)
    expected = 0.3 * size / X.to_numpy().sum()
    np.testing.assert_allclose(found["roi"][:3], expected, rtol=0.08)
    share = found["roi"] * [*X.sum(), X.to_numpy().sum()] / size
    np.testing.assert_allclose(found["share"], share, rtol=1e-9)
    assert (found["roi_low"] < found["roi"]).all()
    assert (found["roi"] < found["roi_high"]).all()
    assert not hasattr(model, "channels_")
    narrow: Any = model.prior_predictive(X, y, level=0.5)
    assert (narrow["roi_high"] < found["roi_high"]).all()


def test_prior_predictive_shows_beliefs_and_channels_of_no_effect() -> None:
    X, y, _ = company()
    found: Any = cm.MarketingMixRegressor(
        priors=cm.Priors(roi={"a": (1.0, 4.0)}, no_effect=0.2)
    ).prior_predictive(X, y)
    assert found.index.tolist() == ["a", "b", "c", "all channels"]
    assert found.loc["a", "roi_low"] == found.loc["b", "roi_low"] == 0.0
    assert 1.0 < found.loc["a", "roi"] < 3.0
    with pytest.raises(InputError, match="there is no channel 'z'"):
        cm.MarketingMixRegressor(priors=cm.Priors(roi={"z": (1.0, 4.0)})).prior_predictive(X, y)


def test_elasticity_is_not_moved_by_a_belief() -> None:
    mix = silent_mix()
    rng = np.random.default_rng(5)
    shape = rng.standard_normal((1000, 3, NUMBERS))
    sizes = mix.draw_sizes(shape, rng) - mix.log_excess(shape)
    assert sizes.shape == (1000, 3)
    assert elasticity(shape, mix.priors).mean() == pytest.approx(0.58, abs=0.02)
