"""Media without a bill: their share of the outcome is found, and they are neither baseline nor for sale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from tests.effectiveness.history.test_mechanics import company as mix_company
from tests.simulated_mixes import ranks, simulated

import channelmix as cm
from channelmix.effectiveness.history import Priors
from channelmix.effectiveness.history.model.mix import Trial, TrialPart
from channelmix.effectiveness.history.sampling.sampler import sample

POSTS = 0.15
"""Share of the outcome that posts bring."""


def effect(spend: Any, retention: float, rate: float, ceiling: float) -> Any:
    weights = retention ** np.arange(13)
    adstock = np.convolve(spend, weights / weights.sum())[: len(spend)]
    return ceiling * (1.0 - np.exp(-adstock / rate))


def company(seed: int = 0, weeks: int = 104) -> tuple[Any, Any, float, Any]:
    """Two channels, and the more posts, the more is spent on SMS; the share of posts and true ROI."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(3.0, 33.0, (weeks, 2))
    posts = 1000.0 * rng.poisson(0.5 + spend[:, 0] / 25.0)
    paid = effect(spend[:, 0], 0.5, 100.0, 300.0), effect(spend[:, 1], 0.2, 60.0, 120.0)
    free = effect(posts, 0.4, 6000.0, 1.0)
    free *= POSTS / (1.0 - POSTS) * (800.0 * weeks + np.sum(paid)) / free.sum()
    sales = 800.0 + np.sum(paid, axis=0) + free + 25.0 * rng.standard_normal(weeks)
    X = pd.DataFrame(spend, columns=["sms", "im"]).assign(
        posts=posts, week=pd.date_range("2023-01-02", periods=weeks, freq="7D")
    )
    return X, sales, free.sum() / sales.sum(), [e.sum() / s.sum() for e, s in zip(paid, spend.T, strict=True)]


def model(**changes: Any) -> Any:
    return cm.MarketingMixRegressor(**{"date": "week", "unpaid": ["posts"], "draws": 300, **changes})


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, Any, Any, float, Any]:
    X, y, share, roi = company()
    return model().fit(X, y), X, y, share, roi


def test_the_share_and_the_roi_of_the_others_are_found(fitted: Any) -> None:
    found, X, _, share, roi = fitted
    shares = found.shares(X)
    assert list(shares.index) == ["sms", "im", "posts"]
    assert shares.loc["posts", "low"] < share < shares.loc["posts", "high"]
    assert shares.loc["posts", "mean"] == pytest.approx(share, rel=0.35)
    returns = found.roi(X)
    assert list(returns.index) == ["sms", "im"]
    assert (returns["low"] < roi).all()
    assert (returns["high"] > roi).all()


@pytest.mark.no_cover
def test_what_money_buys_is_no_medium_without_a_bill(fitted: Any) -> None:
    found, X, y, *_ = fitted
    said = {finding.check: finding.verdict for finding in found.diagnostics_}
    assert said["copy of a channel by posts"] == "PASS"
    bought = X.assign(sms_clicks=30.0 * X["sms"] * np.random.default_rng(0).uniform(0.8, 1.2, len(X)))
    copied = model(unpaid=["posts", "sms_clicks"], draws=60).fit(bought, y).diagnostics_
    said = {finding.check: finding for finding in copied}
    assert said["copy of a channel by sms_clicks"].verdict == "FAIL"
    assert "moves with spend on sms" in said["copy of a channel by sms_clicks"].message


def test_left_out_they_are_taken_for_the_channel_that_goes_with_them(fitted: Any) -> None:
    found, X, y, _, roi = fitted
    without = model(unpaid=None).fit(X.drop(columns="posts"), y).roi(X.drop(columns="posts"))
    assert without.loc["sms", "mean"] > 1.5 * found.roi(X).loc["sms", "mean"]
    assert without.loc["sms", "mean"] > 1.5 * roi[0]


def test_they_have_no_curve_and_no_price(fitted: Any) -> None:
    found, X, *_ = fitted
    assert (found.channels_, found.unpaid_) == (("sms", "im"), ("posts",))
    assert found.curves(X).names == ("sms", "im")
    assert list(found.marginal_roi(X).index) == ["sms", "im"]
    assert list(found.families().index) == ["sms", "im", "posts"]
    brought = found.contributions(X)
    assert list(brought.columns) == ["sms", "im", "posts"]
    whole = np.abs(found.predict(X)).sum()
    # Rows' own spend and what acts from rows before them, of which there are none here.
    assert found.shares(X)["mean"].to_numpy() == pytest.approx(brought.sum().to_numpy() / whole)
    assert found.decomposition(X).sum(axis=1).to_numpy() == pytest.approx(found.predict(X))


@pytest.mark.no_cover
def test_their_unit_does_not_matter(fitted: Any) -> None:
    found, X, y, *_ = fitted
    other = X.assign(posts=X["posts"] / 1000.0)
    again = model().fit(other, y)
    assert again.shares(other).to_numpy() == pytest.approx(found.shares(X).to_numpy(), rel=1e-6)
    assert again.roi(other).to_numpy() == pytest.approx(found.roi(X).to_numpy(), rel=1e-6)


def test_a_saved_model_still_knows_them(fitted: Any, tmp_path: Path) -> None:
    found, X, *_ = fitted
    found.save(tmp_path / "fit.npz")
    again = cm.MarketingMixRegressor.load(tmp_path / "fit.npz")
    assert (again.shares(X) == found.shares(X)).all().all()
    assert again.unpaid_ == ("posts",)
    assert again.get_params()["unpaid"] == ["posts"]


def test_what_is_expected_of_them_is_a_share(fitted: Any) -> None:
    _, X, y, *_ = fitted
    expected = model(priors=Priors(no_effect=1e-9)).prior_predictive(X, y)
    assert expected.loc["posts", "share"] == pytest.approx(Priors().unpaid_share, rel=0.15)
    assert np.isnan(expected.loc["posts", ["roi", "roi_low", "roi_high"]].to_numpy(dtype=float)).all()
    assert np.isfinite(expected.loc["all channels"].to_numpy()).all()
    alone = model(priors=Priors(no_effect=1e-9), unpaid=None).prior_predictive(X.drop(columns="posts"), y)
    assert expected.loc["sms", "roi"] == pytest.approx(alone.loc["sms", "roi"], rel=0.1)


def test_without_data_the_posterior_of_their_share_is_the_prior() -> None:
    mix = mix_company(0)
    flat = replace(
        mix,
        lagged=[np.ones_like(lagged) for lagged in mix.lagged],
        outcome=np.random.default_rng(0).normal(size=60),
        unpaid=1,
    )
    draws, _ = sample(flat, 400, np.random.default_rng(1))
    middle, spread = Priors().unpaid_log_margin
    assert draws.log_margin[:, 1].mean() == pytest.approx(middle, abs=0.2)
    assert draws.log_margin[:, 1].std() == pytest.approx(spread, rel=0.15)
    assert draws.log_margin[:, 0].mean() == pytest.approx(Priors().log_level, abs=0.15)


@pytest.mark.no_cover
def test_believed_returns_are_of_bought_channels_only(fitted: Any) -> None:
    _, X, y, *_ = fitted
    with pytest.raises(cm.InputError, match="priors: roi: there is no channel 'posts'"):
        model(priors=Priors(roi={"posts": (0.5, 2.0)})).fit(X, y)
    narrow = model(priors=Priors(roi={"sms": (1.0, 1.1)}), draws=60).fit(X, y)
    assert np.isfinite(narrow.shares(X).to_numpy()).all()


@pytest.mark.no_cover
def test_a_holdout_of_posts_is_a_lift_test_in_their_own_unit(fitted: Any) -> None:
    found, X, y, share, _ = fitted
    true = share * y.sum() / X["posts"].sum()
    withheld = -X["posts"].iloc[20:60].sum()
    weeks = X["week"]
    lift = true * withheld
    test = cm.LiftTest("posts", weeks[20], weeks[59], withheld, lift, 0.05 * abs(lift))
    tested = model().fit(X, y, experiments=[test]).shares(X).loc["posts"]
    before = found.shares(X).loc["posts"]
    assert tested["high"] - tested["low"] < 0.6 * (before["high"] - before["low"])
    assert tested["low"] < share < tested["high"]


@pytest.mark.no_cover
def test_in_several_markets_each_has_its_share() -> None:
    parts, true = [], {}
    for seed, shop in enumerate(("DE", "FR")):
        X, y, share, _ = company(seed, 70)
        scale = 1.0 + seed
        true[shop] = share
        parts.append(
            X.assign(shop=shop, sales=y * scale, posts=X["posts"] * (scale if shop == "FR" else 1.0))
        )
    table = pd.concat(parts, ignore_index=True)
    X = table.drop(columns="sales")
    found = model(market="shop", draws=200).fit(X, table["sales"])
    shares = found.shares(X, by_market=True)
    for shop, share in true.items():
        low, high = shares.loc[f"{shop}/posts", ["low", "high"]]
        assert low < share < high
    assert "posts" not in [name.partition("/")[2] for name in found.curves(X).names]
    none = X.assign(posts=X["posts"].where(X["shop"] != "DE", 0.0))
    alone = model(market="shop", draws=60).fit(none, table["sales"]).shares(none, by_market=True)
    assert "DE/posts" not in alone.index
    assert "FR/posts" in alone.index


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unpaid": ["post"]}, "there is no column 'post'"),
        ({"unpaid": ["posts"], "controls": ["posts"]}, "a column is named twice"),
        ({"unpaid": ["posts"], "channels": ["sms", "posts"]}, "a column is named twice"),
        ({"unpaid": ["sms", "im", "posts"]}, "no column is left to be a channel"),
    ],
)
def test_each_column_has_one_role(changes: dict[str, Any], said: str) -> None:
    X, y, *_ = company()
    with pytest.raises(cm.InputError, match=said):
        model(**changes).fit(X, y)


def test_posts_that_never_were_and_posts_below_nothing_are_refused() -> None:
    X, y, *_ = company()
    with pytest.raises(cm.InputError, match="posts is 0 in every row"):
        model().fit(X.assign(posts=0.0), y)
    with pytest.raises(cm.InputError, match="posts has -1 in row 0"):
        model().fit(X.assign(posts=-1.0), y)


@pytest.mark.no_cover
def test_draws_are_calibrated_with_a_test_of_both() -> None:
    """Companies drawn from the prior, the second channel without a bill, and a test in which both were withheld."""
    every, inside = [], []
    rows = np.arange(20, 40)
    for seed in range(24):
        rng = np.random.default_rng([5, seed])
        plain = mix_company(seed)
        mix = replace(plain, unpaid=1, total=plain.total.sum() * np.array([0.6, 1.0]), bias=np.full(2, 0.2))
        parts = [
            TrialPart(c, rows, np.zeros((1, 20, mix.lagged[c].shape[1])), np.array([-1.0, 1.0]))
            for c in range(2)
        ]
        mix, truth = simulated(replace(mix, tests=[Trial(parts, 0.0, 1.0)]), rng)
        series = [mix.series(c, truth.shape[[c]], truth.family[[c]])[0] for c in range(2)]
        media = np.exp(truth.log_margin) @ series
        lift = float(mix.lifts(media[np.newaxis], truth.shape[np.newaxis])[0, 0])
        error = 0.3 * abs(lift) + 0.02
        tested = replace(mix, tests=[Trial(parts, lift + error * float(rng.standard_normal()), error)])
        draws, _ = sample(tested, 120, rng)
        every.append(ranks(truth, draws))
        low, high = np.quantile(draws.log_roi, [0.05, 0.95], axis=0)
        inside += ((low < truth.log_roi) & (truth.log_roi < high)).tolist()
    assert min(kstest(column, "uniform").pvalue for column in np.array(every).T) > 0.002
    assert 0.75 <= np.mean(inside) <= 1.0
