"""The estimator from outside: scikit-learn's own checks, simulated truth, invariance, files, and bad data."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from tests.estimator_checks import every_check
from tests.mix_worlds import BROKEN, simulated_mix

import channelmix as cm
from channelmix.effectiveness.history import Priors
from channelmix.effectiveness.history.backtest import backtest_finding
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.model.shapes import acting_later

TIME = "a row's outcome depends on the rows before it: rows cannot be shuffled or read one by one"


@pytest.mark.no_cover  # dozens of fits of one kind
@every_check(
    [cm.MarketingMixRegressor(draws=80)],
    expected_failed_checks=lambda _: {
        "check_methods_sample_order_invariance": TIME,
        "check_methods_subset_invariance": TIME,
        "check_sample_weight_equivalence_on_dense_data": "a row of weight 0 is still a period",
    },
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def company(seed: int = 0, weeks: int = 104) -> Any:
    """Three channels, one of them in flights, a price, a season; spend, sales and true ROI."""
    rng = np.random.default_rng(seed)
    t = np.arange(weeks)
    spend = rng.gamma(2.0, 50.0, (weeks, 3))
    spend[:, 2] *= rng.random(weeks) < 0.4
    price = rng.normal(10.0, 1.0, weeks)
    effect = np.empty((weeks, 3))
    for c, (retention, rate, scale) in enumerate(
        [(0.5, 100.0, 300.0), (0.2, 60.0, 120.0), (0.6, 80.0, 150.0)]
    ):
        weights = retention ** np.arange(13)
        adstock = np.convolve(spend[:, c], weights / weights.sum())[:weeks]
        effect[:, c] = scale * (1.0 - np.exp(-adstock / rate))
    sales = 1000.0 + t + 80.0 * np.sin(2.0 * np.pi * t / 52.18) - 20.0 * price + effect.sum(axis=1)
    sales += 20.0 * rng.standard_normal(weeks)
    X = pd.DataFrame(spend, columns=["social", "sms", "app"])
    X["price"], X["week"] = price, pd.date_range("2023-01-02", periods=weeks, freq="7D")
    return X, pd.Series(sales, name="sales"), effect.sum(axis=0) / spend.sum(axis=0)


def model(**changes: Any) -> Any:
    return cm.MarketingMixRegressor(**{"controls": ["price"], "date": "week", "draws": 300, **changes})


@pytest.fixture(scope="module")
def fitted() -> Any:
    X, y, roi = company()
    return model(draws=600).fit(X, y), X, y, roi


@pytest.fixture(scope="module")
def usual() -> Any:
    """As `fitted`, with fewer draws: what changed fits are compared with."""
    X, y, _ = company()
    return model().fit(X, y)


@pytest.mark.no_cover
def test_intervals_of_roi_cover_the_truth() -> None:
    inside = []
    for seed in range(4):
        X, y, true = company(seed)
        roi = model(draws=200).fit(X, y).roi(X, 0.9)
        assert list(roi.index) == ["social", "sms", "app"]
        inside += ((roi["low"] < true) & (true < roi["high"])).tolist()
    assert np.mean(inside) >= 0.75


def test_roi_is_the_contributions_over_spend(fitted: Any) -> None:
    regressor, X, _, _ = fitted
    ratio = regressor.contributions(X).sum() / X[["social", "sms", "app"]].sum()
    assert regressor.roi(X)["mean"].to_numpy() == pytest.approx(ratio.to_numpy(), rel=1e-9)


@pytest.mark.no_cover
def test_model_error_widens_what_channels_bring_and_leaves_the_forecast(fitted: Any) -> None:
    regressor, X, y, _ = fitted
    sure = model(draws=600, model_error=False).fit(X, y)
    width = [np.log(roi["high"] / roi["low"]).mean() for roi in (regressor.roi(X), sure.roi(X))]
    assert width[0] > 1.15 * width[1]
    slopes = [
        np.log(roi["high"] / roi["low"]).mean() for roi in (regressor.marginal_roi(X), sure.marginal_roi(X))
    ]
    assert slopes[0] > 1.15 * slopes[1]
    total = X[["social", "sms", "app"]].sum().to_numpy()
    ends = [m.curves(X).value(total) for m in (regressor, sure)]
    assert np.log(ends[0]).std(axis=0).mean() > 1.15 * np.log(ends[1]).std(axis=0).mean()
    assert regressor.predict(X) == pytest.approx(sure.predict(X), rel=0.02)


@pytest.mark.no_cover
def test_intervals_cover_in_companies_that_break_assumptions() -> None:
    """One of each kind, seeds that nothing was learnt from; the benchmark has more of them."""
    inside = []
    for seed in range(5005, 5005 + len(BROKEN)):
        world = simulated_mix(seed)
        roi = cm.MarketingMixRegressor(draws=80).fit(world.spend, world.outcome).roi(world.spend)
        true = world.roi()
        inside += ((roi["low"] < true) & (true < roi["high"])).tolist()
    assert np.mean(inside) >= 0.8


def test_curves_agree_with_roi_and_its_margin(fitted: Any) -> None:
    regressor, X, _, _ = fitted
    curves = regressor.curves(X)
    total = X[["social", "sms", "app"]].sum().to_numpy()
    assert curves.names == ("social", "sms", "app")
    assert curves.mean_value(total) / total == pytest.approx(regressor.roi(X)["mean"].to_numpy(), rel=1e-9)
    more = (curves.mean_value(1.125 * total) - curves.mean_value(0.875 * total)) / (0.25 * total)
    assert more == pytest.approx(regressor.marginal_roi(X)["mean"].to_numpy(), rel=0.02)


def test_decomposition_adds_up_to_the_prediction(fitted: Any) -> None:
    regressor, X, _, _ = fitted
    parts = regressor.decomposition(X)
    assert list(parts) == ["level", "season", "controls", "social", "sms", "app"]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(regressor.predict(X), rel=1e-9)


@pytest.mark.no_cover
def test_polars_is_read_as_pandas_is(fitted: Any) -> None:
    _, X, y, _ = fitted
    frame, outcome = pl.DataFrame(X.to_dict(orient="list")), pl.Series(y.to_numpy())
    known, found = model(draws=100).fit(X, y), model(draws=100).fit(frame, outcome)
    assert found.channels_ == known.channels_
    assert found.predict(frame) == pytest.approx(known.predict(X), rel=1e-12)
    assert found.roi(frame).equals(known.roi(X))
    shares = found.prior_predictive(frame, outcome)
    assert shares.equals(known.prior_predictive(X, y))


@pytest.mark.no_cover
def test_arrow_is_read_as_pandas_is(fitted: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    _, X, y, _ = fitted
    table = pa.table(X.to_dict(orient="list"))
    found = model(draws=100).fit(table, y)
    assert found.channels_ == ("social", "sms", "app")
    assert found.predict(table) == pytest.approx(model(draws=100).fit(X, y).predict(X), rel=1e-12)


@pytest.mark.no_cover
def test_unknown_outcomes_tell_nothing_and_their_spend_acts(fitted: Any, usual: Any) -> None:
    _, X, y, _ = fitted
    whole = usual.predict(X)
    table = X.drop(columns="week")
    hole = y.where((y.index < 40) | (y.index >= 44))
    holed = model(date=None).fit(table, hole)
    wild = hole.fillna(1e6)
    ignored = model(date=None).fit(table, wild, sample_weight=7.0 * hole.notna())
    assert ignored.predict(table) == pytest.approx(holed.predict(table), rel=1e-9)
    array = model(controls=[3], date=None).fit(table.to_numpy(), hole.to_numpy())
    assert array.predict(table.to_numpy()) == pytest.approx(holed.predict(table), rel=1e-9)
    assert holed.predict(table) == pytest.approx(whole, rel=0.03)


@pytest.mark.no_cover
def test_noisy_rows_count_little() -> None:
    """Rows of noise that is said to be large are as good as rows that are not there."""
    X, y, _ = company(2)
    wild = np.arange(len(y)) % 4 == 0
    spoilt = y + np.where(wild, 600.0 * np.random.default_rng(0).standard_normal(len(y)), 0.0)
    weighted = model().fit(X, spoilt, sample_weight=np.where(wild, 1e-3, 1.0)).roi(X)["mean"]
    without = model().fit(X, y.where(~wild)).roi(X)["mean"]
    assert weighted.to_numpy() == pytest.approx(without.to_numpy(), rel=0.15)


@pytest.mark.no_cover
def test_a_row_far_out_of_line_counts_next_to_nothing() -> None:
    """Such as one with a slip of the pen: the answer is as if its outcome were not known, and the row is named."""
    X, y, _ = company(2)
    slipped = model().fit(X, y.where(y.index != 50, 10.0 * y))
    without = model().fit(X, y.where(y.index != 50))
    found, expected = slipped.roi(X)["mean"].to_numpy(), without.roi(X)["mean"].to_numpy()
    assert found == pytest.approx(expected, rel=0.15)
    assert slipped.predict(X) == pytest.approx(without.predict(X), rel=0.02)
    outlier = next(f for f in slipped.diagnostics_ if f.check == "outliers")
    assert outlier.verdict == "REVIEW"
    assert "% of an ordinary row" in outlier.message
    assert outlier.message.startswith("2023-12-18: the outcome is ")


@pytest.mark.no_cover
def test_forecasts_follow_the_rows_fitted_and_cover_what_comes(fitted: Any) -> None:
    inside = []
    for seed in range(3):
        X, y, _ = company(seed, 117)
        regressor = model().fit(X[:104], y[:104])
        low, high = regressor.predict_interval(X[104:], 0.9)
        inside += ((y[104:] > low) & (y[104:] < high)).tolist()
        both = regressor.predict(X)[104:]  # the same rows together with those that they follow
        assert regressor.predict(X[104:]) == pytest.approx(both, rel=1e-9)
    assert np.mean(inside) >= 0.75


@pytest.mark.no_cover
def test_rows_in_another_order_fit_alike(usual: Any) -> None:
    X, y, _ = company()
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = model().fit(X.iloc[order], y.iloc[order])
    assert shuffled.predict(X) == pytest.approx(usual.predict(X), rel=0.01)


@pytest.mark.parametrize(("money", "outcome"), [(1e9, 1.0), (1.0, 1e9), (1e-6, 1e6)])
def test_units_do_not_matter(fitted: Any, usual: Any, money: float, outcome: float) -> None:
    _, X, y, _ = fitted
    scaled = X.copy()
    scaled[["social", "sms", "app"]] *= money
    roi = usual.roi(X)
    other = model().fit(scaled, outcome * y).roi(scaled)
    assert (other * money / outcome).to_numpy() == pytest.approx(roi.to_numpy(), rel=1e-3)


@pytest.mark.no_cover
def test_arrays_and_frames_agree(fitted: Any) -> None:
    _, X, y, _ = fitted
    names = model(controls=["price"], date=None).fit(X.drop(columns="week"), y)
    numbers = model(controls=[3], date=None).fit(X.drop(columns="week").to_numpy(), y.to_numpy())
    assert numbers.channels_ == ("x0", "x1", "x2")
    assert numbers.roi(X.drop(columns="week").to_numpy()).to_numpy() == pytest.approx(
        names.roi(X.drop(columns="week")).to_numpy()
    )


def test_saved_and_loaded_models_predict_the_same_bits(fitted: Any, tmp_path: Path) -> None:
    regressor, X, _, _ = fitted
    regressor.save(tmp_path / "model.npz")
    loaded = cm.MarketingMixRegressor.load(tmp_path / "model.npz")
    assert (loaded.predict(X) == regressor.predict(X)).all()
    assert (loaded.predict_interval(X)[0] == regressor.predict_interval(X)[0]).all()
    assert loaded.diagnostics_ == regressor.diagnostics_
    assert loaded.get_params() == regressor.get_params()
    (tmp_path / "other.npz").write_text("no model")
    with pytest.raises(cm.InputError, match="not a saved"):
        cm.MarketingMixRegressor.load(tmp_path / "other.npz")


@pytest.mark.no_cover
def test_lift_tests_narrow_and_move_what_they_measure(fitted: Any) -> None:
    X, y, true = company(3)
    spent = float(X["sms"].iloc[40:60].sum())
    curve = model().fit(X, y)
    before = curve.roi(X)
    # Half of the true average return would be lost: a test that contradicts the history.
    test = cm.LiftTest(
        "sms", X["week"].iloc[40], X["week"].iloc[59], -spent, -0.5 * true[1] * spent, 0.02 * spent
    )
    after = model().fit(X, y, experiments=[test]).roi(X)
    assert after.loc["sms", "mean"] < before.loc["sms", "mean"]
    width = (after["high"] - after["low"]) / (before["high"] - before["low"])
    assert width["sms"] < 0.6


@pytest.mark.no_cover
def test_tests_that_the_model_cannot_follow_are_named(fitted: Any) -> None:
    """Two tests of the same weeks that contradict each other."""
    _, X, y, _ = fitted
    spent = float(X["sms"].iloc[40:60].sum())
    week = X["week"]
    lifts = [(-0.5 * spent, 0.05 * spent), (-3.0 * spent, 0.05 * spent)]
    tests = [cm.LiftTest("sms", week.iloc[40], week.iloc[59], -spent, *lift) for lift in lifts]
    findings = model().fit(X, y, experiments=tests).diagnostics_
    assert "FAIL" in {f.verdict for f in findings if f.check.startswith("lift test of sms")}


@pytest.mark.no_cover
def test_a_channel_that_may_bring_nothing_is_named_and_its_interval_reaches_zero() -> None:
    rng = np.random.default_rng(0)
    spend = rng.gamma(2.0, 50.0, (130, 2))
    sales = 1000.0 + 200.0 * (1.0 - np.exp(-spend[:, 0] / 100.0)) + 15.0 * rng.standard_normal(130)
    regressor = cm.MarketingMixRegressor(draws=300).fit(spend, sales)
    chance = regressor.families()["no effect"].to_numpy()
    assert chance[0] < 0.02
    assert chance[1] > 0.25
    assert regressor.families().to_numpy()[:, [3, 4, 5, 6]].sum(axis=1) == pytest.approx(1.0)
    assert regressor.roi(spend)["low"].tolist()[1] == 0.0
    verdicts = {f.check: f.verdict for f in regressor.diagnostics_ if f.check.startswith("effect of")}
    assert verdicts == {"effect of x0": "PASS", "effect of x1": "REVIEW"}
    certain = cm.MarketingMixRegressor(draws=300, priors=Priors(no_effect=0.0)).fit(spend, sales)
    assert (certain.families()["no effect"] == 0.0).all()
    assert certain.roi(spend)["low"].min() > 0.0


@pytest.mark.no_cover
def test_a_prior_of_little_media_lowers_roi(fitted: Any, usual: Any) -> None:
    _, X, y, _ = fitted
    low = model(priors=Priors(media_share=0.01, media_share_spread=0.1)).fit(X, y).roi(X)
    assert (low["mean"] < usual.roi(X)["mean"]).all()


@pytest.mark.no_cover
def test_it_works_within_scikit_learn() -> None:
    X, y, _ = company()
    table = X.drop(columns="week")
    pipe = Pipeline([("mix", cm.MarketingMixRegressor(controls=["price"], draws=60))])
    folds = TimeSeriesSplit(2, test_size=13)
    assert np.mean(cross_val_score(pipe, table, y, cv=folds)) > 0.3
    search = GridSearchCV(
        pipe, {"mix__priors": [None, Priors(media_share=0.001, media_share_spread=0.1)]}, cv=folds
    ).fit(table, y)
    assert search.best_params_["mix__priors"] is None


def broken(change: Any) -> Any:
    X, y, _ = company()
    return change(X, y)


def set_cell(column: str, value: Any) -> Any:
    def change(X: Any, y: Any) -> Any:
        X = X.astype({column: object})
        X.loc[5, column] = value
        return X, y

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X.assign(sms=0.0), y), "nothing was ever spent on sms"),
        (set_cell("sms", -1.0), "sms has spend -1 in row 5"),
        (set_cell("sms", "a lot"), "column sms must hold numbers"),
        (set_cell("sms", np.nan), "sms is missing .NaN. in row 5"),
        (set_cell("week", pd.Timestamp("2023-01-02")), "same date"),
        (set_cell("week", "someday"), "dates must be"),
        (set_cell("week", pd.Timestamp("2023-02-09")), "2023-02-09 lies between the dates of all other rows"),
        (lambda X, y: (X, 0.0 * y + 3.0), "same in every row"),
        (lambda X, y: (X, y.where(y.index != 4, np.inf)), "infinite in row 4"),
        (lambda X, y: (X[:5], y[:5]), "too few"),
        (lambda X, y: (X, y.where(y.index < 5)), "5 rows with an outcome are too few"),
        (lambda X, y: (X, y.where(y.index < 1)), "^1 row with an outcome is too few"),
        (lambda X, y: (X.rename(columns={"price": "prices"}), y), 'did you mean "prices"'),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(change: Any, message: str) -> None:
    X, y = broken(change)
    with pytest.raises(ValueError, match=message):
        model().fit(X, y)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda X, y: (X.assign(sms=7.0), y), "variation of sms"),
        (lambda X, y: (X[:12], y[:12]), "rows per parameter"),
        (lambda X, y: (X, y.where(y.index > 30)), "unknown outcomes"),
        (lambda X, y: (X.assign(app=X["sms"]), y), "collinearity"),
        (lambda X, y: (X, y - 2.0 * y.mean()), "negative baseline"),
    ],
)
def test_what_is_doubtful_is_named_and_never_nan(change: Any, check: str) -> None:
    X, y = broken(change)
    regressor = model().fit(X, y)
    assert {f.verdict for f in regressor.diagnostics_ if f.check == check} == {"FAIL"}
    assert np.isfinite(regressor.predict(X)).all()
    assert np.isfinite(regressor.roi(X).to_numpy()).all()
    assert np.isfinite(regressor.curves(X).mean_value([1.0, 1.0, 1.0])).all()


@pytest.mark.no_cover
def test_good_data_pass() -> None:
    X, y, _ = company(0, 156)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regressor = model(draws=600).fit(X, y)
    assert {f.verdict for f in regressor.diagnostics_} == {"PASS"}, regressor.diagnostics_


@pytest.mark.no_cover
def test_spend_that_follows_demand_is_named() -> None:
    """In companies whose first channel's money follows last week's surprise, and in those where nothing is wrong."""
    named: dict[str, list[Any]] = {"reverse causality": [], "nothing": []}
    for broken, verdicts in named.items():
        for seed in range(2):
            world = simulated_mix(seed, broken)
            findings = cm.MarketingMixRegressor(draws=60).fit(world.spend, world.outcome).diagnostics_
            verdicts += [f.verdict for f in findings if f.check == "demand before x0"]
    assert [str(v) for v in named["reverse causality"]].count("PASS") == 0
    assert set(named["nothing"]) == {"PASS"}


@pytest.mark.no_cover
def test_a_backtest_compares_with_the_year_before(fitted: Any) -> None:
    regressor, X, y, _ = fitted
    table = model(draws=200).fit(X, y).backtest(X, y, horizon=13, folds=2)
    assert table["first"].tolist() == [78, 91]
    assert (table["error"] < table["naive_error"]).all()
    naive = [np.abs(y.to_numpy()[k : k + 13] - y.to_numpy()[k - 52 : k - 39]).mean() for k in (78, 91)]
    assert table["naive_error"].tolist() == pytest.approx(naive)
    assert table["covered"].mean() > 0.7
    with pytest.raises(cm.InputError, match="needs 126 rows, not 104"):
        regressor.backtest(X, y, horizon=50, folds=2)


@pytest.mark.no_cover
def test_a_constant_control_changes_nothing(fitted: Any) -> None:
    _, X, y, _ = fitted
    more = model(controls=["price", "flat"]).fit(X.assign(flat=3.0), y)
    assert np.isfinite(more.predict(X.assign(flat=3.0))).all()


@pytest.mark.parametrize("numbers", [{"spend_change": 0.0}, {"standard_error": 0.0}, {"lift": np.nan}])
def test_bad_lift_tests_are_refused(numbers: Any) -> None:
    with pytest.raises(cm.InputError, match="lift test of sms"):
        cm.LiftTest(
            **{
                "channel": "sms",
                "start": 1,
                "end": 2,
                "spend_change": 1.0,
                "lift": 1.0,
                "standard_error": 1.0,
                **numbers,
            }
        )


@pytest.mark.parametrize(
    ("channel", "start", "change", "message"),
    [
        ("smss", 3, 1.0, "no channel"),
        ("sms", 500, 1.0, "no row lies"),
        ("sms", 3, -1e9, "cannot be withheld"),
    ],
)
def test_lift_tests_must_fit_the_window(
    fitted: Any, channel: str, start: int, change: float, message: str
) -> None:
    _, X, y, _ = fitted
    test = cm.LiftTest(channel, start, start + 2, change, 1.0, 1.0)
    with pytest.raises(cm.InputError, match=message):
        model(date=None).fit(X.drop(columns="week"), y, experiments=[test])


@pytest.mark.parametrize(
    ("error", "covered", "verdict"),
    [
        (0.9, 0.9, "PASS"),
        (1.0, 0.75, "PASS"),
        (1.2, 0.9, "REVIEW"),
        (0.9, 0.7, "REVIEW"),
        (1.6, 0.9, "FAIL"),
        (0.9, 0.4, "FAIL"),
    ],
)
def test_a_backtest_is_judged_beside_the_year_before(error: float, covered: float, verdict: str) -> None:
    found = backtest_finding(
        {"error": [error, error], "naive_error": [0.5, 1.5], "covered": [covered, covered]}, 13
    )
    assert (found.check, str(found.verdict)) == ("backtest", verdict)
    assert found.figure == pytest.approx(error)
    assert f"{error:.2f} times" in found.message
    assert backtest_finding({"error": [1.0], "naive_error": [0.0], "covered": [1.0]}, 13).verdict == "FAIL"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unpaid", [False, True])
def test_a_channel_of_the_last_row_alone_is_fitted_as_one_of_any_other(unpaid: bool) -> None:
    """What a late spend brings comes after the rows: no ceiling need bring it within them."""
    rng = np.random.default_rng(4)
    weeks = 60
    X = pd.DataFrame({"sms": rng.gamma(3.0, 30.0, weeks), "im": np.zeros(weeks)})
    X.loc[weeks - 1, "im"] = 100.0
    y = 500.0 + 0.8 * X["sms"] + 20.0 * rng.standard_normal(weeks)
    model = cm.MarketingMixRegressor(channels=["sms"], unpaid=["im"], draws=200, random_state=1)
    if not unpaid:
        model = cm.MarketingMixRegressor(draws=200, random_state=1)
    model.fit(X, y)
    shares = model.shares(X)
    assert np.isfinite(shares.to_numpy()).all()
    assert shares.loc["im", "high"] < 0.2
    asked = [found for found in model.diagnostics_ if "Only 1 row has" in found.message]
    assert len(asked) == 1


def test_late_spend_counts_where_it_acts_after_the_rows_and_other_spend_does_not() -> None:
    periods = np.array([0, 1, 2, 4, 5])  # 3 has no row
    late = acting_later(periods, np.array([0.0, 0.0, 0.0, 0.0, 2.0]))
    assert late.shape == (LAGS, LAGS)  # period 3, in which nothing acts yet, and those after the last row
    assert late.sum() == pytest.approx(2.0 * (LAGS - 1))
    full = np.arange(4 * LAGS)
    assert len(acting_later(full, np.ones(4 * LAGS))) == 0
