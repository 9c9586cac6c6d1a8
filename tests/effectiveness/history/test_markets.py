"""Several markets: shared shapes, sizes around a common one; and media bought by volume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from tests.simulated_mixes import ranks, simulated_markets

import channelmix as cm
from channelmix.effectiveness.history.diagnostics import alike_in_markets
from channelmix.effectiveness.history.model.baseline import Baseline, log_likelihood_of
from channelmix.effectiveness.history.model.families import FAMILIES, LAGS, NUMBERS
from channelmix.effectiveness.history.model.mix import Mix, Trial, TrialPart
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.shapes import lagged, unused_numbers
from channelmix.effectiveness.history.model.shared_shocks import SharedShocks, shared_shocks
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.sampling.pooled_particles import PooledParticles
from channelmix.effectiveness.history.sampling.pooled_sampler import sample_markets
from channelmix.effectiveness.history.sampling.products import Pairs, Products

MEDIA = ["social", "sms"]


def one_mix(seed: int, weeks: int, channels: int) -> Mix:
    """Flighted spend and an outcome that is still to be drawn."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 1.0, (weeks, channels)) * (rng.random((weeks, channels)) < 0.8)
    trend = Trend(weeks - 1, 52.18, np.zeros(0), np.zeros(0))
    periods = np.arange(weeks)
    baseline = Baseline(trend.fixed(periods, np.zeros((weeks, 0))), trend.walk(periods), np.ones(weeks))
    total = 4.0 * weeks * spend.sum(axis=0) / spend.sum()
    series = [lagged(column / column[column > 0.0].mean()) for column in spend.T]
    return Mix(series, total, np.zeros(weeks), baseline, Priors(), np.full(channels, 0.3))


@pytest.mark.parametrize("shared", [False, True])
def test_products_give_the_likelihood_of_the_rows(shared: bool) -> None:
    """Of markets of unequal length: one with rows of other weights, one with a lift test and an unspent channel."""
    rng = np.random.default_rng(0)
    mixes = [
        replace(one_mix(k, weeks, 3), outcome=rng.standard_normal(weeks)) for k, weeks in enumerate((60, 31))
    ]
    weight = rng.uniform(0.5, 2.0, 60) * (np.arange(60) != 9)
    mixes[0] = replace(mixes[0], baseline=replace(mixes[0].baseline, weight=weight))
    rows = np.arange(4, 9)
    twice = 2.0 * mixes[1].lagged[1][rows]
    mixes[1] = replace(
        mixes[1],
        lagged=[*mixes[1].lagged[:2], 0.0 * mixes[1].lagged[2]],
        total=mixes[1].total * [1.0, 1.0, 0.0],
        tests=[Trial([TrialPart(1, rows, twice[np.newaxis], np.array([-1.0, 1.0]))], 0.4, 0.1)],
    )
    n = 5
    shape, family = rng.standard_normal((n, 3, NUMBERS)), rng.integers(FAMILIES, size=(n, 3))
    shocks = SharedShocks.found(mixes, [np.arange(60), np.arange(20, 51)], 2.0, 0.5)
    common = (shocks.places, shocks.taken) if shared else ()
    part, pairs = Products(mixes, n, *common), Pairs(6 if shared else 3)
    products, lifts, every = np.zeros((n, 5, 2, len(pairs.left))), np.zeros((n, 1)), np.arange(n)
    products[..., 0] = part.outcome()
    for c in (2, 0, 1):
        series, of_tests = part.unweighted(c, shape[:, c], family[:, c])
        changed = part.changed(slice(0, n), c, series, part.together(series) if shared else None)
        for i, column in enumerate(changed.columns):
            products[..., pairs.place[column + 1]] = changed.line[..., i, :]
        part.put(every, every, changed)
        lifts = of_tests if c == 1 else lifts
    sizes = np.exp(rng.normal(-1.0, 0.5, (n, 2, 3)))
    off = np.exp(rng.normal(-1.0, 0.5, (n, 3))) if shared else np.zeros((n, 3))
    both = np.concatenate([sizes, -np.repeat(off[:, np.newaxis], 2, axis=1)], axis=2) if shared else sizes
    constants = [mix.baseline.constants for mix in mixes]
    found = log_likelihood_of(
        pairs.quadratic(products, both),
        np.stack([log_dets for log_dets, _ in constants], axis=1),
        np.array([exponent for _, exponent in constants]),
    )
    series_of = [[mix.series(c, shape[:, c], family[:, c]) for c in range(3)] for mix in mixes]
    lengths = [len(mix.outcome) for mix in mixes]
    for m, mix in enumerate(mixes):
        media = np.sum([sizes[:, m, c, np.newaxis] * series_of[m][c] for c in range(3)], axis=0)[
            :, : lengths[m]
        ]
        for c in range(3):
            values = [each[c][:, :length] for each, length in zip(series_of, lengths, strict=True)]
            taken = shocks.taken * shocks.sums(mixes, values)
            media -= off[:, c, np.newaxis] * taken[:, shocks.places[m]]
        assert found[:, m] == pytest.approx(replace(mix, tests=[]).log_likelihood(media, shape))


@pytest.mark.no_cover
def test_draws_of_markets_are_calibrated() -> None:
    """Parameters and data drawn together, two markets of unequal length: truth ranks uniformly among the draws."""
    table = []
    for seed in range(40):
        rng = np.random.default_rng([3, seed])
        mixes, truths = simulated_markets([one_mix(seed, 36, 1), one_mix(100 + seed, 24, 1)], rng)
        found, _ = sample_markets(mixes, 100, rng)
        table.append(np.concatenate([ranks(t, d) for t, d in zip(truths, found, strict=True)]))
    smallest = min(kstest(column, "uniform").pvalue for column in np.array(table).T)
    assert smallest > 0.01 / len(table[0])


def test_numbers_that_no_row_tells_of_do_not_stay_alike() -> None:
    """Without data draws return to the prior, also those that were all alike in their biases and unused shapes."""
    rng = np.random.default_rng(1)
    mixes = [replace(one_mix(k, 8, 2), outcome=rng.standard_normal(8)) for k in range(2)]
    particles = PooledParticles(mixes, 1500, rng)
    particles.join()  # at power 0: no row counts yet
    particles.shape[:, :, -1] = 0.3
    particles.shape[:, :, 2:4] = np.where(
        unused_numbers(particles.family)[..., 2:4], 0.3, particles.shape[:, :, 2:4]
    )
    for _ in range(4):
        particles.sweep()
    numbers = particles.shape.reshape(len(particles), -1)
    assert min(kstest(column, "norm").pvalue for column in numbers.T) > 0.001
    true = particles.log_margin - particles.mix.log_excess(particles.shape)
    prior = particles.mix.priors.draw_log_margin(1500, 2, rng)
    assert min(kstest(true[:, c], prior[:, c]).pvalue for c in range(2)) > 0.001


def test_biases_follow_what_is_believed_of_sizes_and_lift_tests() -> None:
    """Copies of one draw, all else kept, against its density on a grid."""
    rng = np.random.default_rng(2)
    mixes = [replace(one_mix(k, 8, 1), outcome=rng.standard_normal(8), bias=np.ones(1)) for k in range(2)]
    withheld = TrialPart(0, np.arange(4), np.zeros((1, 4, LAGS)), np.array([-1.0, 1.0]))
    mixes[0] = replace(mixes[0], priors=Priors(no_effect=0.0), tests=[Trial([withheld], -1.0, 0.5)])
    particles = PooledParticles(mixes, 1000, rng)
    while particles.blocks:
        particles.join()
    particles.power = 1.0
    particles.keep(np.zeros(1000, dtype=np.int64))
    apparent = particles.lifts[0, 0] * np.exp(particles.log_margin[0, 0] + particles.off[0, 0, 0])
    grid = np.linspace(-5.0, 5.0, 2001)
    shape = np.repeat(particles.shape[:1], len(grid), axis=0)
    shape[:, 0, -1] = grid
    log_margin = np.repeat(particles.log_margin[:1], len(grid), axis=0)
    logs = mixes[0].log_prior_of_sizes(log_margin, shape) - 0.5 * grid**2
    logs -= 0.5 * ((-1.0 - apparent * np.exp(-mixes[0].log_excess(shape)[:, 0])) / 0.5) ** 2
    chance = np.exp(logs - logs.max()).cumsum()
    for _ in range(12):
        particles._move_errors(np.arange(1000))
    found = particles.shape[:, 0, -1]
    assert abs(grid @ np.diff(chance, prepend=0.0) / chance[-1]) > 0.2  # the prior alone has a mean of 0
    assert kstest(found, lambda x: np.interp(x, grid, chance / chance[-1])).pvalue > 0.001


def test_rows_are_independent_once_a_part_of_their_mean_is_taken_off() -> None:
    """Against the covariance of rows of unequal weight that share shocks, markets lacking periods included."""
    rng = np.random.default_rng(3)
    mixes = [one_mix(k, weeks, 1) for k, weeks in enumerate((40, 40, 30))]
    periods = [np.arange(40), np.arange(40), np.arange(10, 40)]
    for k, mix in enumerate(mixes):
        weight = rng.uniform(0.5, 2.0, len(mix.outcome))
        mixes[k] = replace(mix, baseline=replace(mix.baseline, weight=weight))
    shocks = SharedShocks.found(mixes, periods, variance=1.5, noise=0.4)
    for t in (3, 25):
        weight = np.array(
            [m.baseline.weight[np.flatnonzero(p == t)] for m, p in zip(mixes, periods, strict=True) if t in p]
        )[:, 0]
        taken = np.eye(len(weight)) - shocks.taken[t] * weight
        covariance = 1.5 + np.diag(0.4 / weight)
        assert taken @ covariance @ taken.T == pytest.approx(np.diag(0.4 / weight))
        assert shocks.shrunk[t] * weight == pytest.approx(1.5 * np.linalg.inv(covariance).sum(axis=0))


def test_shared_shocks_are_found_where_there_are_some() -> None:
    """Two thirds of the variance of the noise shared, and none; media that bring something in all markets."""
    rng = np.random.default_rng(0)
    shock = rng.standard_normal(60)
    for size in (0.0, 1.0):
        mixes = []
        for k, weeks in enumerate((60, 60, 60, 50, 8)):
            mix = one_mix(k, weeks, 2)
            media = mix.series(0, np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64))[0]
            noise = 0.7 * rng.standard_normal(weeks)
            mixes.append(replace(mix, outcome=0.3 * media + size * shock[60 - weeks :] + noise))
        found, variance, _ = shared_shocks(mixes, [np.arange(60 - len(mix.outcome), 60) for mix in mixes])
        linear = np.concatenate([mixes[0].baseline.fixed, mixes[0].baseline.walk], axis=1)
        left = (
            shock - linear @ np.linalg.lstsq(linear, shock, rcond=None)[0]
        )  # what is no market's own trend or season
        assert variance == pytest.approx(size * left.var(), rel=0.35, abs=0.05)
        assert found[4] == pytest.approx(found[0][52:])
        if size:
            assert np.corrcoef(found[0], left)[0, 1] > 0.8
        else:
            assert np.abs(found[0]).max() < 0.2


def test_media_that_move_alike_in_all_markets_are_no_shock() -> None:
    """Markets that spend the same in every week: what media bring is left to them."""
    for seed in range(5):
        rng, mix = np.random.default_rng(seed), one_mix(seed, 60, 2)
        media = mix.series(0, np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64))[0]
        mixes = [replace(mix, outcome=0.3 * media + 0.5 * rng.standard_normal(60)) for _ in range(4)]
        found, variance, _ = shared_shocks(mixes, [np.arange(60)] * 4)
        assert abs(np.cov(found[0], media)[0, 1] / media.var()) < 0.15
        assert variance < 0.1


@pytest.mark.parametrize("same", [True, False])
def test_markets_of_one_outcome_share_all_of_it(same: bool) -> None:
    """Copies of a market, in spend too or in the outcome alone: nothing is divided by the noise that they lack."""
    mixes = [one_mix(0 if same else k, 60, 2) for k in range(3)]
    outcome = np.random.default_rng(0).standard_normal(60)
    found, variance, _ = shared_shocks([replace(mix, outcome=outcome) for mix in mixes], [np.arange(60)] * 3)
    assert np.isfinite(found).all()
    assert 0.2 < variance < 2.0
    assert np.corrcoef(found[0], outcome)[0, 1] > 0.5


@pytest.mark.no_cover
def test_a_channel_spent_alike_in_all_markets_keeps_its_return() -> None:
    """National campaigns split by region, of which a return was once estimated at ten times what it is."""
    off = []
    for seed in range(3):
        rng, tables = np.random.default_rng([1, seed]), []
        national, true = rng.gamma(2.0, 50.0, 104), 0.0
        for k, size in enumerate((0.5, 0.75, 1.0, 1.25)):
            brought = 200.0 * size * (1.0 - np.exp(-national / 150.0))
            sales = 1000.0 * size + brought + 15.0 * rng.standard_normal(104)
            tables.append(
                pd.DataFrame({"sms": size * national, "shop": f"S{k}", "week": range(104), "sales": sales})
            )
            true += brought.sum() / (3.5 * national.sum())
        rows = pd.concat(tables, ignore_index=True)
        X, y = rows.drop(columns="sales"), rows["sales"]
        regressor = model().fit(X, y)
        off.append(abs(np.log(regressor.roi(X).loc["sms", "mean"] / true)))
        assert {f.verdict for f in regressor.diagnostics_ if f.check == "own movement of sms"} == {"FAIL"}
    assert np.mean(off) < 0.75


@pytest.mark.no_cover
def test_what_moves_all_markets_is_not_counted_for_each() -> None:
    """Weeks in which all markets sell more, and in which two of six spend more with them."""
    rng = np.random.default_rng(2)
    weeks, shock = pd.date_range("2023-01-02", periods=78, freq="7D"), rng.standard_normal(78)
    tables = []
    for k in range(6):
        spend = rng.gamma(2.0, 50.0, 78) * (np.exp(0.5 * shock) if k < 2 else 1.0)
        sales = 900.0 + 200.0 * (1.0 - np.exp(-spend / 100.0)) + 60.0 * shock + 20.0 * rng.standard_normal(78)
        tables.append(pd.DataFrame({"sms": spend, "shop": f"S{k}", "week": weeks, "sales": sales}))
    rows = pd.concat(tables, ignore_index=True)
    X, y = rows.drop(columns="sales"), rows["sales"]
    regressor = model().fit(X, y)
    true = 200.0 * (1.0 - np.exp(-X["sms"] / 100.0)).sum() / X["sms"].sum()
    roi = regressor.roi(X).loc["sms"]
    assert roi["low"] < true < roi["high"]
    low, high = regressor.predict_interval(X, 0.9)
    assert 0.8 < ((low < y) & (y < high)).mean() < 0.99


@pytest.mark.parametrize(("own", "verdict"), [(0.0, "FAIL"), (0.1, "REVIEW"), (1.0, "PASS")])
def test_spend_that_moves_alike_in_all_markets_is_named(own: float, verdict: str) -> None:
    rng = np.random.default_rng(7)
    names, national = ("sms", "tv", "im"), rng.gamma(2.0, 50.0, 60)
    windows = []
    for k, start in enumerate((0, 10, 20)):
        alike = (k + 1.0) * national[start:] * np.exp(own * rng.standard_normal(60 - start))
        alone = rng.gamma(2.0, 50.0, 60 - start)
        spend = np.column_stack([alike, alone, alone if k == 0 else 0.0 * alone])
        rows = (np.arange(60 - start), spend, np.zeros((60 - start, 0)), alone, np.ones(60 - start))
        windows.append(Window(names, *rows, 52.0, f"M{k}", start))
    found = alike_in_markets(windows)
    assert [f.check for f in found] == ["own movement of sms", "own movement of tv"]
    assert [str(f.verdict) for f in found] == [verdict, "PASS"]
    assert alike_in_markets(windows[:1]) == ()


def company(seed: int = 0, thin: int = 26) -> Any:
    """Three markets of one kind; Italy has few weeks, and money goes further in France."""
    rng = np.random.default_rng(seed)
    weeks = pd.date_range("2023-01-02", periods=78, freq="7D")
    tables = []
    for name, n, factor in (("FR", 78, 1.5), ("DE", 78, 1.0), ("IT", thin, 1.0)):
        spend = rng.gamma(2.0, 50.0, (n, 2))
        effect = factor * np.stack(
            [300.0 * (1.0 - np.exp(-spend[:, 0] / 100.0)), 120.0 * (1.0 - np.exp(-spend[:, 1] / 60.0))]
        )
        y = 900.0 + np.arange(n) + effect.sum(axis=0) + 40.0 * rng.standard_normal(n)
        table = pd.DataFrame(spend, columns=MEDIA).assign(shop=name, week=weeks[78 - n :], sales=y)
        tables.append(table)
    rows = pd.concat(tables, ignore_index=True)
    return rows.drop(columns="sales"), rows["sales"]


def model(**changes: Any) -> Any:
    return cm.MarketingMixRegressor(**{"date": "week", "market": "shop", "draws": 120, **changes})


@pytest.fixture(scope="module")
def fitted() -> Any:
    X, y = company()
    return model().fit(X, y), X, y


def test_every_market_and_channel_has_a_curve(fitted: Any) -> None:
    regressor, X, _ = fitted
    curves = regressor.curves(X)
    assert curves.names == ("DE/social", "DE/sms", "FR/social", "FR/sms", "IT/social", "IT/sms")
    assert (regressor.families()["no effect"] == 0.0).all(), "not held possible of several markets by default"
    total = X.groupby("shop")[MEDIA].sum()
    brought = curves.mean_value(total.to_numpy().ravel()).reshape(3, 2)
    parts = regressor.contributions(X).groupby(X["shop"]).sum()
    assert brought == pytest.approx(parts.to_numpy(), rel=1e-9)
    roi = regressor.roi(X)["mean"].to_numpy()
    assert roi == pytest.approx(brought.sum(axis=0) / total.sum().to_numpy(), rel=1e-9)
    assert brought[1, 0] / total.loc["FR", "social"] > 1.1 * brought[0, 0] / total.loc["DE", "social"]
    assert regressor.decomposition(X).sum(axis=1).to_numpy() == pytest.approx(regressor.predict(X), rel=1e-9)


@pytest.mark.no_cover
def test_a_thin_market_is_drawn_to_the_others() -> None:
    """Over companies: its estimate is nearer to the others' than alone, and its interval narrower.

    Alone, the rows do not even tell whether a channel brings anything, so that this is left out.
    """
    acts = Priors(no_effect=0.0)
    away, widths, inside = [], [], []
    for seed in range(4):
        X, y = company(seed, 16)
        italy = X["shop"] == "IT"
        true = 300.0 * (1.0 - np.exp(-X["social"][italy] / 100.0)).sum() / X["social"][italy].sum()
        together, alone = model(priors=acts).fit(X, y), model(priors=acts).fit(X[italy], y[italy])
        others = together.roi(X[~italy]).loc["social", "mean"]
        roi = [each.roi(X[italy]).loc["social"] for each in (together, alone)]
        away.append([abs(np.log(r["mean"] / others)) for r in roi])
        widths.append([np.log(r["high"] / r["low"]) for r in roi])
        inside.append(roi[0]["low"] < true < roi[0]["high"])
    assert np.mean(away, axis=0)[0] < 0.9 * np.mean(away, axis=0)[1]
    assert np.mean(widths, axis=0)[0] < 0.75 * np.mean(widths, axis=0)[1]
    assert sum(inside) >= 3


@pytest.mark.no_cover
def test_one_market_is_as_without_the_column() -> None:
    X, y = company()
    one = X["shop"] == "FR"
    named, plain = model().fit(X[one], y[one]), model(market=None).fit(X[one].drop(columns="shop"), y[one])
    assert (named.predict(X[one]) == plain.predict(X[one].drop(columns="shop"))).all()
    assert named.diagnostics_ == plain.diagnostics_


@pytest.mark.no_cover
def test_rows_of_markets_may_be_in_any_order_and_are_saved(fitted: Any, tmp_path: Path) -> None:
    regressor, X, y = fitted
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = model().fit(X.iloc[order], y.iloc[order])
    assert shuffled.predict(X) == pytest.approx(regressor.predict(X), rel=0.02)
    assert (regressor.predict(X.iloc[order]) == regressor.predict(X)[order]).all()
    regressor.save(tmp_path / "model.npz")
    loaded = cm.MarketingMixRegressor.load(tmp_path / "model.npz")
    assert (loaded.predict_interval(X)[0] == regressor.predict_interval(X)[0]).all()
    assert loaded.diagnostics_ == regressor.diagnostics_


@pytest.mark.no_cover
def test_a_market_need_not_have_every_channel_and_week(fitted: Any) -> None:
    _, X, y = fitted
    holes = X.mask(X["shop"] == "DE", X.assign(sms=0.0)).drop(index=[100, 101, 102])
    regressor = model().fit(holes, y.drop(index=[100, 101, 102]))
    assert "DE/sms" not in regressor.curves(holes).names
    assert np.isfinite(regressor.curves(holes).mean_value(np.ones(5))).all()
    for returns in (regressor.roi, regressor.marginal_roi):
        assert tuple(returns(holes, by_market=True).index) == regressor.curves(holes).names
        one = returns(holes[holes["shop"] == "FR"])
        assert (
            returns(holes, by_market=True).loc[["FR/social", "FR/sms"]].to_numpy() == one.to_numpy()
        ).all()
    assert np.isfinite(regressor.predict(holes)).all()
    gaps = {f.check: f for f in regressor.diagnostics_}["gaps"]
    assert gaps.verdict == "REVIEW"
    assert gaps.message.startswith("market DE: 3 periods")
    with pytest.raises(cm.InputError, match="nothing was ever spent on sms in DE"):
        regressor.predict(X)


@pytest.mark.no_cover
def test_a_lift_test_moves_its_market_most(fitted: Any) -> None:
    regressor, X, y = fitted
    weeks = X.loc[X["shop"] == "FR", "week"]
    spent = float(X.loc[X["shop"] == "FR", "sms"].iloc[20:50].sum())
    test = cm.LiftTest("sms", weeks.iloc[20], weeks.iloc[49], -spent, -0.2 * spent, 0.02 * spent, market="FR")
    after = model().fit(X, y, experiments=[test])
    part = [
        [each.roi(X[X["shop"] == shop]).loc["sms", "mean"] for shop in ("FR", "DE")]
        for each in (after, regressor)
    ]
    change = np.log(np.array(part[0]) / np.array(part[1]))
    # A model error is of all markets, so that the other market follows.
    assert change[0] < change[1] - 0.2 < 0.0


@pytest.mark.no_cover
def test_a_backtest_cuts_all_markets_at_one_week(fitted: Any) -> None:
    regressor, X, y = fitted
    table = regressor.backtest(X, y, horizon=8, folds=1)
    assert (table["error"] < table["naive_error"]).all()
    assert table["covered"].iloc[0] > 0.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda X, y: (X.assign(week=X["week"].where(X.index != 1, X["week"][0])), y),
            "market FR: two rows have the same date, 2023-01-02",
        ),
        (lambda X, y: (X.assign(shop=X["shop"].where(X.index != 1, None)), y), "market is missing in row 1"),
        (lambda X, y: (X.drop(index=X.index[156:-3]), y.drop(index=y.index[156:-3])), "3 rows of IT"),
        (lambda X, y: (X, y.where(X["shop"] != "DE", 5.0)), "same in every row of DE"),
        (lambda X, y: (X.assign(sms=0.0), y), "nothing was ever spent on sms"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_market(fitted: Any, change: Any, message: str) -> None:
    with pytest.raises(cm.InputError, match=message):
        model().fit(*change(*fitted[1:]))


def test_markets_need_dates_and_known_names(fitted: Any) -> None:
    regressor, X, y = fitted
    with pytest.raises(cm.InputError, match="need their dates"):
        model(date=None).fit(X.drop(columns="week"), y)
    with pytest.raises(cm.InputError, match="market FRA was not fitted"):
        regressor.predict(X.assign(shop=X["shop"].replace("FR", "FRA")))
    test = cm.LiftTest("sms", X["week"][0], X["week"][3], 1.0, 1.0, 1.0)
    with pytest.raises(cm.InputError, match="a lift test of sms names no market, and rows are of"):
        model().fit(X, y, experiments=[test])


def test_money_that_bought_nothing_in_a_market_is_named(fitted: Any) -> None:
    _, X, y = fitted
    rows = X.assign(paid=X["sms"], sms=X["sms"].where(X["shop"] != "DE", 0.0))
    with pytest.raises(cm.InputError, match="sms has spend in DE, but its column of volume holds nothing"):
        model(cost_per_unit={"sms": "paid"}).fit(rows, y)


def national(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.gamma(2.0, 50.0, (78, 2)), columns=MEDIA)
    y = 1000.0 + 200.0 * (1.0 - np.exp(-X["sms"] / 100.0)) + 20.0 * rng.standard_normal(78)
    return X, y


@pytest.mark.parametrize("unit", [0.05, 40.0])
def test_volume_at_one_cost_is_spend(unit: float) -> None:
    X, y = national()
    plain = cm.MarketingMixRegressor(draws=100).fit(X, y)
    volume = X.assign(sms=X["sms"] / unit)
    stated = cm.MarketingMixRegressor(draws=100, cost_per_unit={"sms": unit}).fit(volume, y)
    beside = volume.assign(paid=X["sms"])
    named = cm.MarketingMixRegressor(draws=100, cost_per_unit={"sms": "paid"}).fit(beside, y)
    assert named.channels_ == ("social", "sms")
    for found, rows in ((stated, volume), (named, beside)):
        assert found.roi(rows).to_numpy() == pytest.approx(plain.roi(X).to_numpy(), rel=1e-6)
        total = X.sum().to_numpy()
        assert found.curves(rows).mean_value(total) == pytest.approx(
            plain.curves(X).mean_value(total), rel=1e-6
        )


def test_volume_acts_and_money_is_paid(tmp_path: Path) -> None:
    """The same messages at half the cost bring the same, for half the money."""
    X, y = national()
    price = np.linspace(0.5, 1.5, len(X))
    rows = X.assign(paid=price * X["sms"])
    regressor = cm.MarketingMixRegressor(draws=100, cost_per_unit={"sms": "paid"}).fit(rows, y)
    cheap = rows.assign(paid=0.5 * rows["paid"])
    assert (regressor.predict(cheap) == regressor.predict(rows)).all()
    assert regressor.roi(cheap).loc["sms"].to_numpy() == pytest.approx(
        2.0 * regressor.roi(rows).loc["sms"].to_numpy()
    )
    brought = regressor.contributions(rows)["sms"].sum()
    assert regressor.roi(rows).loc["sms", "mean"] == pytest.approx(brought / rows["paid"].sum())
    regressor.save(tmp_path / "model.npz")
    loaded = cm.MarketingMixRegressor.load(tmp_path / "model.npz")
    assert loaded.get_params() == regressor.get_params()
    assert (loaded.predict(rows) == regressor.predict(rows)).all()


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({"smss": 1.0}, "no column 'smss' .did you mean \"sms\""),
        ({"sms": 0.0}, "sms must cost a number above 0"),
        ({"sms": float("nan")}, "sms must cost a number above 0"),
        ({"sms": "payd"}, "no column 'payd' .did you mean \"paid\""),
        ({"sms": "free"}, "sms has volume, but its column of spend holds nothing"),
        ({"sms": "debt"}, "debt has spend -1 in row 0"),
        ({"sms": "social"}, "named twice"),
        ({"paid": 1.0}, "paid is not a channel"),
    ],
)
def test_costs_that_cannot_be_used_are_named(costs: Any, message: str) -> None:
    X, y = national()
    rows = X.assign(paid=X["sms"], free=0.0, debt=-1.0)
    with pytest.raises(cm.InputError, match=message):
        cm.MarketingMixRegressor(channels=MEDIA, draws=40, cost_per_unit=costs).fit(rows, y)
