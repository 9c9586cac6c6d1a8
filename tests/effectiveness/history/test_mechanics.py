"""The parts of the mix model against closed forms, dense algebra, and its own prior."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import genpareto, invgamma, kstest, multivariate_normal, multivariate_t
from tests.simulated_mixes import baseline_from_prior, ranks, simulated

from channelmix.core.errors import InputError
from channelmix.effectiveness.history.model import baseline as linear
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.families import (
    FAMILIES,
    LAGS,
    NO_EFFECT,
    NUMBERS,
    Adstock,
    Saturation,
)
from channelmix.effectiveness.history.model.mix import Mix, Trial, TrialPart
from channelmix.effectiveness.history.model.priors import DIFFERENCES, Priors
from channelmix.effectiveness.history.model.shapes import (
    acting_later,
    adstock_weights,
    elasticity,
    lagged,
    saturated,
    unused_numbers,
)
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.sampling.effective import effective_size, pareto_k
from channelmix.effectiveness.history.sampling.sampler import sample

HALF = Priors(elasticity=0.5, elasticity_spread=0.8, half_life=1.0)


def family(adstock: Adstock = Adstock.GEOMETRIC, saturation: Saturation = Saturation.EXPONENTIAL) -> Any:
    return np.array([len(Saturation) * adstock + saturation])


def test_a_half_life_of_one_period_halves_the_weight() -> None:
    weights = adstock_weights(np.zeros((1, 4)), family(), HALF)[0]
    assert weights[1:] / weights[:-1] == pytest.approx(np.full(LAGS - 1, 0.5))
    assert weights.sum() == pytest.approx(1.0)


def test_a_weibull_of_shape_one_is_geometric() -> None:
    shape = np.array([[0.0, 0.7, -np.log(1.4) / 0.4, 0.0]])
    geometric = adstock_weights(shape, family(), HALF)
    assert adstock_weights(shape, family(Adstock.WEIBULL), HALF) == pytest.approx(geometric)


def test_a_delayed_carry_over_peaks_where_it_says() -> None:
    shape = np.array([[0.0, 0.0, np.log(2.0 / 1.5) / 0.5, 0.0]])
    weights = adstock_weights(shape, family(Adstock.DELAYED), HALF)[0]
    assert weights.argmax() == 2
    assert weights[1] / weights[2] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", list(Saturation))
@pytest.mark.parametrize(("z", "elasticity"), [(0.0, 0.5), (2.0, 0.832), (-2.0, 0.168), (6.0, 0.9918)])
def test_the_next_unit_brings_the_stated_part_of_the_mean_one(
    kind: Saturation, z: float, elasticity: float
) -> None:
    x = np.array([[0.0, 1.0 - 1e-5, 1.0, 1.0 + 1e-5, 1e9]])
    reached = saturated(x, np.array([[z, 0.0, 0.0, 0.0]]), family(saturation=kind), HALF)[0]
    slope = (reached[3] - reached[1]) / 2e-5
    assert slope / reached[2] == pytest.approx(elasticity, rel=2e-3)
    assert reached[[0, 4]] == pytest.approx([0.0, 1.0], abs=1e-2)


@pytest.mark.parametrize(("number", "slope"), [(-1.0, np.exp(-0.3)), (3.0, np.exp(0.9))])
def test_a_hill_curve_has_its_slope_times_the_elasticity(number: float, slope: float) -> None:
    """At a slope of 2.5 the next unit brings 1.2 times what the mean one does, and more spend at first even more."""
    x = np.array([[0.5, 1.0 - 1e-5, 1.0, 1.0 + 1e-5, 2.0]])
    reached = saturated(x, np.array([[0.0, 0.0, 0.0, number]]), family(saturation=Saturation.HILL), HALF)[0]
    assert (reached[3] - reached[1]) / 2e-5 / reached[2] == pytest.approx(0.5 * slope, rel=1e-4)
    assert (reached[0] < 0.5 * reached[2]) == (slope > 1.0)
    assert reached[[0, 4]] == pytest.approx([1.0 / (1.0 + 2.0**slope), 1.0 / (1.0 + 0.5**slope)])


def test_a_hill_curve_has_slope_one_at_the_median() -> None:
    """Elasticity 0.55: 45 % of the ceiling."""
    priors = Priors(elasticity=0.55)
    reached = saturated(np.array([[1.0, 3.0]]), np.zeros((1, 4)), family(saturation=Saturation.HILL), priors)[
        0
    ]
    half = 0.55 / 0.45
    assert reached == pytest.approx([1.0 / (1.0 + half), 3.0 / (3.0 + half)])


def some_baseline(weeks: int = 40) -> Baseline:
    trend = Trend(weeks - 1, 52.18, np.zeros(1), np.ones(1))
    periods = np.arange(weeks)
    return Baseline(
        trend.fixed(periods, np.random.default_rng(3).normal(size=(weeks, 1))),
        trend.walk(periods),
        np.ones(weeks),
    )


def test_the_marginal_likelihood_is_a_mixture_of_multivariate_t() -> None:
    part = some_baseline()
    residual = np.random.default_rng(0).normal(size=(2, 40))
    wide = np.r_[linear.LEVEL, np.full(part.fixed.shape[1] - 1, linear.WIDE)]
    fixed = np.eye(40) + (part.fixed * wide**2) @ part.fixed.T
    dense = [
        multivariate_t(
            np.zeros(40),
            linear.NOISE_SCALE / linear.NOISE_SHAPE * (fixed + w**2 * part.walk @ part.walk.T),
            df=int(2.0 * linear.NOISE_SHAPE),
        ).logpdf(residual)
        for w in linear.WANDER
    ]
    expected = np.logaddexp.reduce(dense, axis=0)
    found = part.log_likelihood(residual)
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], rel=1e-8)


def test_weights_are_noise_of_another_size() -> None:
    """Rows of weight w have noise of variance 1 / w; a row of weight 0 is not there."""
    part = some_baseline()
    weight = np.random.default_rng(4).uniform(0.2, 3.0, 40) * (np.arange(40) != 7)
    weight *= 39.0 / weight.sum()
    residual = np.random.default_rng(0).normal(size=(2, 40))
    kept, root = weight > 0.0, np.sqrt(weight)[weight > 0.0]
    plain = Baseline(
        root[:, np.newaxis] * part.fixed[kept], root[:, np.newaxis] * part.walk[kept], np.ones(kept.sum())
    )
    found = replace(part, weight=weight)
    expected = plain.log_likelihood(root * residual[:, kept])
    assert found.log_likelihood(residual) == pytest.approx(expected)
    draws = [
        b.draw(r, np.random.default_rng(1)) for b, r in ((found, residual), (plain, root * residual[:, kept]))
    ]
    assert draws[0].coefficients == pytest.approx(draws[1].coefficients)


def test_drawn_baselines_are_calibrated() -> None:
    """Parameters and data drawn together: the truth ranks uniformly among draws of the posterior."""
    part, rng = some_baseline(), np.random.default_rng(5)
    Z = np.concatenate([part.fixed, part.walk], axis=1)
    truth = baseline_from_prior(part, 400, rng)
    y = truth.coefficients @ Z.T + truth.noise[:, np.newaxis] * rng.standard_normal((400, 40))
    found = [part.draw(np.repeat(y[[k]], 50, axis=0), rng) for k in range(400)]
    for j in (0, 1, 3, Z.shape[1] - 1):
        below = [np.mean(f.coefficients[:, j] < truth.coefficients[k, j]) for k, f in enumerate(found)]
        assert kstest(np.array(below) + rng.uniform(0, 0.02, 400), "uniform").pvalue > 0.002
    below = [np.mean(f.noise < truth.noise[k]) for k, f in enumerate(found)]
    assert kstest(np.array(below) + rng.uniform(0, 0.02, 400), "uniform").pvalue > 0.002
    assert invgamma(linear.NOISE_SHAPE, scale=linear.NOISE_SCALE).cdf(
        np.median(truth.noise) ** 2
    ) == pytest.approx(0.5, abs=0.1)


def test_the_pooled_prior_is_a_mixture_of_gaussians() -> None:
    priors, x = Priors(), np.random.default_rng(1).normal(-1.5, 1.0, (3, 4))
    dense = [
        multivariate_normal(
            np.full(4, np.log(priors.media_share * priors.elasticity)),
            d**2 * np.eye(4) + priors.media_share_spread**2,
        ).logpdf(x)
        for d in DIFFERENCES
    ]
    expected = np.logaddexp.reduce(dense, axis=0) - np.log(len(DIFFERENCES))
    assert priors.log_margin(x) == pytest.approx(expected)


def test_families_are_drawn_as_likely_as_stated() -> None:
    priors = Priors(no_effect=0.2)
    drawn = priors.draw_family((60000,), np.random.default_rng(0))
    found = np.bincount(drawn, minlength=FAMILIES) / 60000
    assert found == pytest.approx([*np.full(9, 0.8 / 9), 0.2], abs=0.006)
    pair = priors.log_family(np.array([[0, NO_EFFECT]]))
    assert np.exp(pair) == pytest.approx(0.2 * 0.8 / 9)
    never = Priors(no_effect=0.0)
    assert never.draw_family((5000,), np.random.default_rng(0)).max() < NO_EFFECT
    assert never.log_family(np.array([[0], [NO_EFFECT]])).tolist() == [-np.log(9.0), -np.inf]


def test_the_prior_draws_what_it_states() -> None:
    drawn = Priors(media_share=0.3, elasticity=0.5).draw_log_margin(20000, 3, np.random.default_rng(2))
    assert np.median(np.exp(drawn)) == pytest.approx(0.15, rel=0.03)
    assert np.cov(drawn.T)[0, 1] == pytest.approx(0.8**2, rel=0.05)


@pytest.mark.parametrize(
    "change",
    [
        {"media_share": 1.0},
        {"half_life": 0.0},
        {"elasticity_spread": np.nan},
        {"no_effect": 1.0},
        {"no_effect": -0.1},
        {"half_life": "two"},
        {"roi": {"sms": (2.0, 1.0)}},
        {"roi": {"sms": (0.0, 1.0)}},
        {"roi": {"sms": 1.0}},
        {"roi": {"sms": (1.0, np.inf)}},
        {"roi": {"sms": ("1", "2")}},
        {"roi": [("sms", (1.0, 2.0))]},
    ],
)
def test_meaningless_priors_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="priors"):
        Priors(**change)


def trial(channel: int, changed: Any, lift: float, error: float) -> Trial:
    """A test over all 60 rows, with spend as `changed` against the rows' own."""
    return Trial([TrialPart(channel, np.arange(60), changed[np.newaxis], np.array([-1.0, 1.0]))], lift, error)


def company(seed: int, weeks: int = 60, channels: int = 2) -> Mix:
    rng = np.random.default_rng([1, seed])
    spend = rng.gamma(2.0, 1.0, (weeks, channels))
    trend = Trend(weeks - 1, 52.18, np.zeros(0), np.zeros(0))
    periods = np.arange(weeks)
    part = Baseline(trend.fixed(periods, np.zeros((weeks, 0))), trend.walk(periods), np.ones(weeks))
    share = 4.0 * weeks * spend.sum(axis=0) / spend.sum()
    return Mix(
        [lagged(s) for s in (spend / spend.mean(axis=0)).T],
        share,
        np.zeros(weeks),
        part,
        Priors(),
        np.zeros(channels),
    )


def test_numbers_that_a_family_does_without_change_nothing_and_others_do() -> None:
    mix, rng = company(0), np.random.default_rng(0)
    kinds = np.arange(FAMILIES)
    shape = rng.standard_normal((FAMILIES, NUMBERS))
    series = mix.series(0, shape, kinds)
    unused = unused_numbers(kinds)
    for number in range(NUMBERS - 1):
        other = shape.copy()
        other[:, number] += 1.0
        moved = (mix.series(0, other, kinds) != series).any(axis=1)
        moved |= elasticity(other, mix.priors) != elasticity(shape, mix.priors)
        assert moved.tolist() == (~unused[:, number]).tolist()
    assert not unused[:, NUMBERS - 1].any()


def test_series_bring_spend_times_margin_over_elasticity_and_withheld_spend_loses_it() -> None:
    mix = company(0)
    everything = trial(1, np.zeros((60, LAGS)), -mix.total[1], 1.0)
    tested = replace(mix, tests=[everything])
    rng = np.random.default_rng(0)
    shape, kinds = rng.standard_normal((20, NUMBERS)), rng.integers(NO_EFFECT, size=20)
    series = tested.series(1, shape, kinds)
    brought = mix.total[1] / elasticity(shape, mix.priors)
    assert series[:, :60].sum(axis=1) == pytest.approx(brought)
    assert series[:, 60] == pytest.approx(-brought)
    assert (tested.series(0, shape, kinds)[:, 60] == 0.0).all()
    assert (tested.series(1, shape, np.full(20, NO_EFFECT)) == 0.0).all()


def test_a_curve_so_steep_that_nothing_is_reached_is_impossible() -> None:
    mix = replace(company(0), lagged=[np.full((60, LAGS), 0.5)] * 2)
    shape = np.zeros((2, NUMBERS))
    shape[1, 3] = 30.0
    series = mix.series(0, shape, np.repeat(family(saturation=Saturation.HILL), 2))
    assert np.isnan(mix.log_likelihood(series, np.zeros((2, 2, NUMBERS)))).tolist() == [False, True]


@pytest.mark.no_cover
def test_tests_show_what_a_channel_brings_and_rows_what_they_are_biased_to() -> None:
    test = trial(1, np.zeros((60, LAGS)), -1.0, 1.0)
    mix = replace(company(0), tests=[test], bias=np.array([0.2, 0.4]))
    shape = np.random.default_rng(0).standard_normal((50000, 2, NUMBERS))
    excess = mix.log_excess(shape)
    assert np.cov(excess.T) == pytest.approx(
        np.array([[0.04, 0.04], [0.04, 0.16]]), rel=0.03
    )  # half is shared
    lifts = mix.lifts(np.full((50000, 61), -2.0), shape)
    assert lifts[:, 0] == pytest.approx(-2.0 * np.exp(-excess[:, 1]))
    log_roi = mix.log_roi(np.zeros((50000, 2)), shape)
    assert log_roi == pytest.approx(-excess - np.log(elasticity(shape, mix.priors)))


def test_errors_drawn_anew_leave_their_distribution_with_the_sizes() -> None:
    """Sizes and errors from the prior, then errors drawn anew given the sizes: moments of both stay, mixed ones too."""
    channels, n, rng = 4, 100_000, np.random.default_rng(0)
    mix = Mix(
        [np.ones((5, LAGS))] * channels,
        np.ones(channels),
        np.zeros(5),
        company(0).baseline,
        Priors(unpaid_share=0.1),
        np.array([0.2, 0.3, 0.6, 0.3]),
        unpaid=1,
    )
    shape = rng.standard_normal((n, channels, NUMBERS))
    sizes = mix.draw_sizes(shape, rng)
    anew = shape.copy()
    anew[:, :, -1] = mix.draw_excess(sizes, rng)
    assert (anew[:, :, -1] != shape[:, :, -1]).all()
    before, after = (
        np.column_stack([sizes, each[:, :, -1], sizes - mix.log_excess(each)]) for each in (shape, anew)
    )
    assert np.cov(after.T) == pytest.approx(np.cov(before.T), abs=0.02)
    # Fourth moments tell the mixture over the channels' differences from one normal distribution.
    fourth = [((one - one.mean(axis=0)) ** 4).mean(axis=0) for one in (before, after)]
    assert fourth[1] == pytest.approx(fourth[0], rel=0.05)


def test_sizes_say_little_of_errors_and_all_of_them_where_nothing_else_differs() -> None:
    mix = replace(company(0), bias=np.full(2, 50.0))
    rng = np.random.default_rng(1)
    sizes = 100.0 * rng.standard_normal((5, 2))
    shape = np.zeros((5, 2, NUMBERS))
    shape[:, :, -1] = mix.draw_excess(sizes, rng)
    # Errors far larger than what channels may differ by are what the sizes are.
    assert mix.log_excess(shape) == pytest.approx(sizes - mix.priors.log_level, abs=6.0)


@pytest.mark.no_cover
def test_draws_are_calibrated() -> None:
    """Companies drawn from the prior, families and (every other) model error included: true ranks are uniform."""
    every, inside = [], []
    for seed in range(24):
        rng = np.random.default_rng([2, seed])
        mix, truth = simulated(replace(company(seed), bias=np.full(2, 0.5 * (seed % 2))), rng)
        draws, _ = sample(mix, 120, rng)
        every.append(ranks(truth, draws))
        low, high = np.quantile(draws.log_roi, [0.05, 0.95], axis=0)
        inside += ((low < truth.log_roi) & (truth.log_roi < high)).tolist()
    assert min(kstest(column, "uniform").pvalue for column in np.array(every).T) > 0.002
    assert 0.75 <= np.mean(inside) <= 1.0


def test_draws_of_channels_that_are_spent_alike_forget_their_ancestors() -> None:
    """What one of them brings the other does not, carry-over included: small steps alone take 60 sweeps and more."""
    once, rng = company(3), np.random.default_rng(3)
    series = once.series(0, np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64))[0]
    outcome = (series - series.mean()) / series.std() + 0.1 * rng.standard_normal(60)
    total = np.full(3, once.total.sum() / 3.0)
    mix = replace(once, lagged=[once.lagged[0]] * 3, total=total, bias=np.zeros(3), outcome=outcome)
    _, report = sample(mix, 200, np.random.default_rng(0))
    assert report.effective > 0.5 * 200
    assert report.sweeps <= 24


def test_a_few_draws_are_sampled_too() -> None:
    """Of so few, none may be due for one of the kinds of proposals."""
    for seed in range(2):
        mix, _ = simulated(company(seed), np.random.default_rng(seed))
        draws, _ = sample(mix, 6, np.random.default_rng(seed))
        assert np.isfinite(draws.log_roi).all()


def test_without_data_the_posterior_is_the_prior() -> None:
    """Spend that never varies only shifts the level, which is free."""
    mix = company(0)
    flat = replace(mix, lagged=[np.ones((60, LAGS))] * 2, outcome=np.random.default_rng(0).normal(size=60))
    draws, _ = sample(flat, 400, np.random.default_rng(1))
    prior = Priors().draw_log_margin(4000, 2, np.random.default_rng(2))
    assert draws.log_margin.mean() == pytest.approx(prior.mean(), abs=0.15)
    assert draws.log_margin.std() == pytest.approx(prior.std(), rel=0.12)
    expected = [*np.full(9, 0.95 / 9), 0.05]
    assert np.bincount(draws.family.ravel(), minlength=FAMILIES) / 800 == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_an_exact_lift_test_fixes_the_roi(bias: float) -> None:
    mix, truth = simulated(company(4), np.random.default_rng(4))
    lift = -np.exp(truth.log_roi[0]) * mix.total[0]
    test = trial(0, np.zeros((60, LAGS)), lift, 0.02 * abs(lift))
    draws, _ = sample(replace(mix, tests=[test], bias=np.full(2, bias)), 300, np.random.default_rng(0))
    assert draws.log_roi[:, 0].mean() == pytest.approx(truth.log_roi[0], abs=0.03)
    assert draws.log_roi[:, 0].std() < 0.04


def test_the_evidence_prefers_the_company_that_the_outcome_is_of() -> None:
    mix, _ = simulated(company(6), np.random.default_rng(6))
    other = replace(company(7), outcome=mix.outcome)
    true, false = (sample(m, 300, np.random.default_rng(0))[1].log_evidence for m in (mix, other))
    assert true > false


def test_pareto_k_is_that_of_the_tail() -> None:
    rng = np.random.default_rng(0)
    for k in (0.2, 0.6, 1.2):
        weights = genpareto(k).rvs(20000, random_state=rng)
        assert pareto_k(np.log(weights)) == pytest.approx(k, abs=0.2)
    assert pareto_k(np.zeros(500)) == -np.inf


def test_draws_that_forgot_their_ancestor_are_worth_all() -> None:
    rng = np.random.default_rng(0)
    ancestor = np.repeat(np.arange(20), 25)
    start = rng.normal(size=20)[ancestor][:, np.newaxis]
    assert effective_size(start, start + 1e-9 * rng.normal(size=(500, 1)), ancestor) == pytest.approx(
        20, abs=1
    )
    assert effective_size(start, rng.normal(size=(500, 1)), ancestor) > 300
    assert effective_size(start, start, np.arange(500)) == 500.0


def test_draws_of_one_ancestor_are_worth_what_their_moves_made_of_them() -> None:
    rng, one = np.random.default_rng(0), np.zeros(500, dtype=np.int64)
    start = rng.normal(size=(500, 30))
    assert effective_size(start, start, one) == pytest.approx(1.0, abs=0.1)
    assert effective_size(start, 0.5 * start + rng.normal(size=(500, 30)), one) < 20
    assert effective_size(start, rng.normal(size=(500, 30)), one) > 150
    stuck = np.column_stack([rng.normal(size=(500, 2)), np.ones(500)])
    assert effective_size(stuck, stuck[::-1], one) == pytest.approx(1.0, abs=0.1)


def test_months_are_periods_of_one_length() -> None:
    timeline = Timeline.of(np.array(["2023-01-31", "2023-02-28", "2023-04-30"], dtype="datetime64[D]"))
    assert timeline.positions(["2023-02-28", "2024-01-31"]).tolist() == [1, 12]
    assert timeline.year == 12.0


def test_later_steps_of_the_level_start_after_the_last_knot() -> None:
    trend = Trend(103, 52.18, np.zeros(0), np.zeros(0))
    inside, after = np.arange(104), np.arange(104, 140)
    assert trend.later_walk(inside).shape[1] == 0
    assert (trend.walk(after)[:, :-1] == 1.0).all()
    assert trend.later_walk(after)[-1].sum() > 1.0


def test_spend_of_the_last_row_alone_needs_no_ceiling_beyond_what_it_brings_in_the_end() -> None:
    """Where it begins to act late, the rows hold a vanishing part of its effect."""
    n, rows, rng = 2000, 60, np.random.default_rng(5)
    spend = np.zeros(rows)
    spend[-1] = 1.0
    mix = replace(company(0), lagged=[lagged(spend)] * 2, total=np.ones(2), outcome=np.zeros(rows))
    shape = rng.standard_normal((n, NUMBERS))
    at = rng.integers(0, NO_EFFECT, n)
    within = mix.ceiling(0, shape, at, mix.reached(0, shape, at))
    assert within.max() > 1e9
    late = replace(mix, later=[acting_later(np.arange(rows), spend)] * 2)
    ceiling = late.ceiling(0, shape, at, late.reached(0, shape, at))
    # As if the same spend stood amid the rows.
    spend = np.roll(spend, -LAGS)
    amid = replace(mix, lagged=[lagged(spend)] * 2)
    assert ceiling == pytest.approx(amid.ceiling(0, shape, at, amid.reached(0, shape, at)))
