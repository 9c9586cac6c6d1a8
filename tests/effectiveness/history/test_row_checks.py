"""Rows that look wrong are named with their dates, and rows that only look odd are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.mix_worlds import simulated_mix

import channelmix as cm
from channelmix.effectiveness.history.diagnostics import FEW_ROWS, _autocorrelation, _sampling
from channelmix.effectiveness.history.findings import Finding, Verdict

Numbers = NDArray[np.float64]
Change = Callable[[pd.DataFrame, Numbers, np.random.Generator], Numbers]

YEAR = {"7D": 52.18, "D": 365.25, "MS": 12.0}


def shop(
    before: Change | None = None,
    after: Change | None = None,
    rows: int = 104,
    freq: str = "7D",
    seed: int = 0,
    controls: tuple[str, ...] = (),
) -> tuple[pd.DataFrame, cm.MarketingMixRegressor]:
    """Fit a shop whose two channels bring what concave curves say; `before` changes spend, `after` what is seen."""
    rng = np.random.default_rng([16, seed])
    X = pd.DataFrame({"date": pd.date_range("2022-01-03", periods=rows, freq=freq)})
    for name, size in (("social", 5000.0), ("sms", 1600.0)):
        X[name] = np.round(size * np.exp(0.35 * rng.standard_normal(rows)))
    base = 1200.0 + 80.0 * np.sin(2.0 * np.pi * np.arange(rows) / YEAR[freq])
    base += 30.0 * rng.standard_normal(rows)
    if before is not None:
        base = before(X, base, rng)
    outcome = (
        base + 400.0 * (1.0 - np.exp(-X["social"] / 6000.0)) + 300.0 * (1.0 - np.exp(-X["sms"] / 2500.0))
    )
    outcome = outcome.to_numpy()
    if after is not None:
        outcome = after(X, outcome, rng)
    model = cm.MarketingMixRegressor(
        ["social", "sms"], list(controls) or None, "date", draws=100, random_state=0
    )
    return X, model.fit(X, outcome)


def looked_at(model: cm.MarketingMixRegressor) -> dict[str, Finding]:
    """Findings of single rows that did not pass."""
    kinds = ("outliers", "stretch of", "outcomes of 0", "single rows", "copy of", "weekdays")
    return {
        f.check: f for f in model.diagnostics_ if f.verdict is not Verdict.PASS and f.check.startswith(kinds)
    }


def spend(column: str, rows: Any, factor: float) -> Change:
    def change(X: pd.DataFrame, base: Numbers, _: np.random.Generator) -> Numbers:
        X[column] = X[column].astype(float)
        X.loc[rows, column] *= factor
        return base

    return change


def outcome(rows: Any, factor: float) -> Change:
    def change(_: pd.DataFrame, seen: Numbers, __: np.random.Generator) -> Numbers:
        seen = seen.copy()
        seen[rows] *= factor
        return seen

    return change


def few_counted(rows: Any) -> Change:
    def change(_: pd.DataFrame, seen: Numbers, rng: np.random.Generator) -> Numbers:
        counted = 1.0 + rng.poisson(5.0, len(seen))
        counted[rows] = 0.0
        return np.asarray(counted)

    return change


XMAS = [50, 51, 102, 103, 154, 155]


@pytest.mark.parametrize(
    ("changes", "check", "said"),
    [
        ({"after": outcome([60], 10.0)}, "outliers", "2023-02-27: the outcome is "),
        ({"after": outcome([60], 0.1)}, "outliers", "2023-02-27: the outcome is "),
        (
            {"after": outcome([102, 103], 1.6), "rows": 156},
            "outliers",
            "2023-12-18 to 2023-12-25: 2 rows are out",
        ),
        ({"after": outcome([20], 2.0), "rows": 48, "freq": "MS"}, "outliers", "2023-10-01: the outcome is "),
        ({"after": outcome([10], 0.0)}, "outcomes of 0", "2022-03-14: the outcome is exactly 0"),
        (
            {"after": outcome(slice(60, 70), 0.0)},
            "outcomes of 0",
            "2023-02-27 to 2023-05-01: 10 rows of outcome exactly 0",
        ),
        (
            {"after": outcome([3, 100, 101, 200], 0.0), "rows": 300, "freq": "D"},
            "outcomes of 0",
            "2022-01-06, 2022-04-13 to 2022-04-14, 2022-07-22: 4 rows of outcome exactly 0",
        ),
        (
            {"after": outcome(slice(60, 70), 0.5)},
            "stretch of outcomes",
            "2023-02-27 to 2023-05-01: 10 rows one after",
        ),
        (
            {"after": outcome(slice(60, 63), 1.6)},
            "stretch of outcomes",
            "2023-02-27 to 2023-03-13: 3 rows one after",
        ),
        ({"after": few_counted(slice(60, 70))}, "outcomes of 0", "2023-02-27 to 2023-05-01: 10 rows"),
        ({"after": spend("sms", [60], 10.0)}, "single rows of sms", "2023-02-27: "),
        ({"after": spend("social", [70], 10.0)}, "single rows of social", "2023-05-08: "),
        ({"after": spend("sms", [60, 61], 10.0)}, "single rows of sms", "2023-02-27: "),
        ({"after": spend("sms", [60, 61], 100.0)}, "single rows of sms", "2023-02-27: "),
        ({"after": spend("sms", [103], 10.0)}, "single rows of sms", "2023-12-25: "),
        ({"after": spend("sms", [102], 10.0)}, "single rows of sms", "2023-12-18: "),
    ],
)
def test_a_row_that_looks_wrong_is_named_with_its_date(changes: Any, check: str, said: str) -> None:
    found = looked_at(shop(**changes)[1])
    assert list(found) == [check]
    assert found[check].message.startswith(said)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"before": spend("sms", [60], 8.0)},
        {"before": spend("social", [60], 10.0)},
        {"before": spend("sms", [20, 55, 80, 95], 10.0), "after": None},
        {"after": spend("sms", [20, 33, 46, 59], 10.0)},  # once a quarter
        {"after": spend("sms", [20, 40, 60, 80], 10.0)},  # as regular
        {"after": spend("sms", [20, 72], 10.0)},  # once a year
        {"after": spend("sms", [50, 51, 52], 10.0)},  # a campaign
        {"before": spend("sms", [60, 61], 10.0)},
        {"before": spend("social", [60, 61], 10.0)},
        {"after": spend("sms", [60, 61], 4.5)},  # wasted, but no digit too many
        {"before": spend("sms", [103], 10.0)},
        {"before": spend("sms", slice(60, None), 0.0)},  # stopped
        {"before": spend("sms", slice(None, 60), 0.0)},  # launched
        {"after": outcome(XMAS, 1.6), "rows": 156},
        {"after": outcome([11, 23, 35, 47], 1.7), "rows": 48, "freq": "MS"},
        {"after": outcome(np.arange(300) % 7 == 6, 0.0), "rows": 300, "freq": "D"},  # closed on Sundays
    ],
)
def test_what_has_a_reason_is_no_slip(changes: Any) -> None:
    assert looked_at(shop(**changes)[1]) == {}


@pytest.mark.parametrize("places", [[30, 60, 90], [20, 55, 80, 95]])
def test_three_or_four_slips_are_named_and_the_outcome_is_not_blamed(places: list[int]) -> None:
    X, model = shop(after=spend("sms", places, 10.0))
    assert list(looked_at(model)) == ["single rows of sms"]
    assert [slip.date for slip in model.slips_] == [str(X["date"][k].date()) for k in places]


@pytest.mark.parametrize(("factor", "slips"), [(10.0, ["2024-12-02"]), (1.0, [])])
def test_a_slip_in_a_push_that_comes_every_year_is_named(factor: float, slips: list[str]) -> None:
    """It is seen in the outcome, as each year's push is, and no more than these."""

    def typed(X: pd.DataFrame, seen: Numbers, rng: np.random.Generator) -> Numbers:
        return spend("sms", [152], factor)(X, seen, rng)

    _, model = shop(before=spend("sms", [48, 100, 152], 4.0), after=typed, rows=156)
    assert [slip.date for slip in model.slips_] == slips


def test_an_event_of_weeks_is_told_from_slips_beside_it() -> None:
    def both(X: pd.DataFrame, seen: Numbers, rng: np.random.Generator) -> Numbers:
        return outcome([20], 2.0)(X, outcome(slice(60, 70), 0.5)(X, seen, rng), rng)

    found = looked_at(shop(after=both)[1])
    assert list(found) == ["outliers", "stretch of outcomes"]
    assert found["outliers"].message.startswith("2022-05-23: the outcome is ")
    assert found["stretch of outcomes"].message.startswith("2023-02-27 to 2023-05-01: 10 rows one after")
    assert "name what happened by a control" in found["stretch of outcomes"].message


@pytest.mark.no_cover
def test_a_slip_in_the_last_row_is_named_though_the_level_follows_it() -> None:
    """Where the money brings much, level and curve share what the last row lacks."""

    def sells(X: pd.DataFrame, base: Numbers, rng: np.random.Generator) -> Numbers:
        return np.asarray(base + 0.25 * X["sms"].to_numpy())

    _, model = shop(before=sells, after=spend("sms", [103], 10.0))
    assert list(looked_at(model)) == ["single rows of sms"]
    _, pushed = shop(before=lambda X, base, rng: sells(X, spend("sms", [103], 10.0)(X, base, rng), rng))
    assert looked_at(pushed) == {}


@pytest.mark.no_cover
def test_spend_on_days_that_are_always_closed_is_no_outlier() -> None:
    """What media bring on other days is expected of Sundays too, beside an effect of weekdays that is a sum."""

    def sells(X: pd.DataFrame, base: Numbers, rng: np.random.Generator) -> Numbers:
        X["sms"] = np.round(1600.0 * np.exp(0.8 * rng.standard_normal(len(X))))
        return np.asarray(base + 0.5 * X["sms"].to_numpy())

    sundays = np.arange(200) % 7 == 6
    _, model = shop(before=sells, after=outcome(sundays, 0.0), rows=200, freq="D")
    assert looked_at(model) == {}
    _, holiday = shop(before=sells, after=outcome(sundays | (np.arange(200) == 100), 0.0), rows=200, freq="D")
    assert list(looked_at(holiday)) == ["outcomes of 0"]
    assert looked_at(holiday)["outcomes of 0"].message.startswith("2022-04-13: the outcome is exactly 0")


def test_yearly_peaks_are_named_as_a_season() -> None:
    _, model = shop(after=outcome(XMAS, 1.6), rows=156)
    (peaks,) = (f for f in model.diagnostics_ if f.check == "yearly peaks")
    assert peaks.verdict is Verdict.PASS
    for date in ("2022-12-19", "2023-12-18", "2024-12-16"):
        assert date in peaks.message


def test_a_control_that_names_closed_rows_settles_them() -> None:
    def named(X: pd.DataFrame, base: Numbers, _: np.random.Generator) -> Numbers:
        X["closed"] = (np.arange(len(X)) // 10 == 6).astype(float)
        return base

    closed = outcome(slice(60, 70), 0.0)
    _, model = shop(before=named, after=closed, controls=("closed",))
    assert looked_at(model) == {}


@pytest.mark.parametrize("kind", ["few counted", "now and then"])
def test_zeros_that_chance_makes_are_no_closure(kind: str) -> None:
    def sparse(_: pd.DataFrame, seen: Numbers, rng: np.random.Generator) -> Numbers:
        if kind == "few counted":
            return rng.poisson(4.0, len(seen)).astype(np.float64)
        return np.where(rng.random(len(seen)) > 0.4, seen, 0.0)

    assert "outcomes of 0" not in looked_at(shop(after=sparse)[1])


@pytest.mark.no_cover
def test_more_draws_are_no_remedy_for_rows_that_look_wrong() -> None:
    """Where spend stops with the outcome, the fit credits media with all of it, and its draws hang together."""

    def closed(X: pd.DataFrame, seen: Numbers, _: np.random.Generator) -> Numbers:
        X.loc[60:69, ["social", "sms"]] = 0.0
        return outcome(slice(60, 70), 0.0)(X, seen, _)

    zeros, *_ = shop(after=closed)[1].diagnostics_
    assert (zeros.check, zeros.verdict) == ("outcomes of 0", Verdict.FAIL)
    said = {}
    for misled in (True, False):
        for stopped in (True, False):
            report = SimpleNamespace(effective=5.0, khat=0.9, stopped=stopped)
            few = SimpleNamespace(draws=SimpleNamespace(log_margin=np.zeros(100)), report=report)
            said[misled, stopped] = list(_sampling(few, misled))  # type: ignore[arg-type]
    assert {one.verdict for one, _ in said.values()} == {Verdict.FAIL}
    assert {one.verdict for _, one in said.values()} == {Verdict.REVIEW}
    more = {case: ["with more draws" in one.message for one in both] for case, both in said.items()}
    assert more[True, False] == [False, True]
    assert more[False, False] == [True, True]
    assert more[True, True] == more[False, True] == [False, False]
    assert all("allow more time" in one.message for one in said[False, True])


def test_slips_are_kept_with_the_model(tmp_path: Any) -> None:
    X, model = shop(after=spend("sms", [60], 10.0))
    (slip,) = model.slips_
    assert (slip.channel, slip.date, slip.period) == ("sms", "2023-02-27", 60)
    assert slip.spend == X.loc[60, "sms"]
    assert slip.usual == pytest.approx(1600.0, rel=0.3)
    model.save(tmp_path / "model.npz")
    assert cm.MarketingMixRegressor.load(tmp_path / "model.npz").slips_ == model.slips_


@pytest.mark.no_cover
def test_gaps_and_unknown_outcomes_have_their_dates() -> None:
    X, _ = shop(rows=60)
    rng = np.random.default_rng(0)
    seen = pd.Series(1000.0 + 0.1 * X["sms"] + 20.0 * rng.standard_normal(60)).where(
        ~X.index.isin([5, 6, 30])
    )
    kept = ~X.index.isin([40, 41])
    model = cm.MarketingMixRegressor(["social", "sms"], date="date", draws=60).fit(X[kept], seen[kept])
    said = {f.check: f.message for f in model.diagnostics_}
    assert "(between 2022-10-03 and 2022-10-24)" in said["gaps"]
    assert "(2022-02-07 to 2022-02-14, 2022-08-01)" in said["unknown outcomes"]


@pytest.mark.parametrize(
    ("blank", "without", "verdict", "words"),
    [
        ([], [], "PASS", "Every row has an outcome."),
        (
            [5],
            [],
            "PASS",
            "The outcome of 1 row is blank (2022-02-07): it is not used, but spend in it still acts later.",
        ),
        (
            [5, 6, 30, 31],
            [],
            "PASS",
            "The outcome of 4 rows is blank (2022-02-07 to 2022-02-14, 2022-08-01 to 2022-08-08): they are not used, "
            "but spend in them still acts later.",
        ),
        (
            [5],
            [6],
            "PASS",
            "The outcome of 2 rows is blank or has no weight (2022-02-07 to 2022-02-14): they are not used, but spend "
            "in them still acts later.",
        ),
        (range(10, 18), [], "REVIEW", "The outcome of 8 rows is blank (2022-03-14 to 2022-05-02): "),
        (range(10, 24), [], "FAIL", "The outcome of 14 rows is blank (2022-03-14 to 2022-06-13): "),
    ],
)
def test_a_few_blank_outcomes_are_said_and_no_fault(
    blank: Any, without: Any, verdict: str, words: str
) -> None:
    X = pd.DataFrame({"date": pd.date_range("2022-01-03", periods=60, freq="7D")})
    rng = np.random.default_rng(0)
    X["social"], X["sms"] = rng.gamma(8.0, 500.0, 60), rng.gamma(8.0, 200.0, 60)
    seen = pd.Series(1000.0 + 0.1 * X["sms"] + 20.0 * rng.standard_normal(60))
    model = cm.MarketingMixRegressor(["social", "sms"], date="date", draws=40)
    model.fit(X, seen.where(~X.index.isin(blank)), sample_weight=1.0 * ~X.index.isin(without))
    (found,) = (f for f in model.diagnostics_ if f.check == "unknown outcomes")
    assert str(found.verdict) == verdict
    assert found.message.startswith(words)


@pytest.mark.no_cover
def test_a_table_of_campaign_weeks_alone_is_no_failure() -> None:
    X, _ = shop(rows=104)
    seen = 1000.0 + 0.1 * X["sms"] + 20.0 * np.random.default_rng(0).standard_normal(104)
    campaigns = np.arange(104) % 8 < 4
    model = cm.MarketingMixRegressor(["social", "sms"], date="date", draws=60)
    model.fit(X[campaigns], seen[campaigns])
    (gaps,) = (f for f in model.diagnostics_ if f.check == "gaps")
    assert gaps.verdict is Verdict.REVIEW
    assert gaps.message.startswith("48 periods have no row (between ")
    assert "count as periods without spend" in gaps.message


@pytest.mark.no_cover
def test_the_market_of_a_row_that_looks_wrong_is_named() -> None:
    """Outcomes are 0 as they stand in the table, whatever all markets share."""
    tables: list[pd.DataFrame] = []
    for name in ("BE", "FR", "IT"):
        rng = np.random.default_rng([16, len(tables)])
        spend = np.round(1600.0 * np.exp(0.35 * rng.standard_normal((104, 2))))
        shared = 60.0 * np.random.default_rng(1).standard_normal(104)
        seen = 1200.0 + shared + 30.0 * rng.standard_normal(104) + 0.1 * spend.sum(axis=1)
        seen[60:70] *= name != "FR"
        spend[30, 1] *= 10.0 if name == "IT" else 1.0
        dates = pd.date_range("2022-01-03", periods=104, freq="7D")
        tables.append(
            pd.DataFrame({"date": dates, "market": name, "tv": spend[:, 0], "sms": spend[:, 1], "y": seen})
        )
    X = pd.concat(tables)
    model = cm.MarketingMixRegressor(["tv", "sms"], date="date", market="market", draws=200)
    found = looked_at(model.fit(X.drop(columns="y"), X["y"]))
    assert list(found) == ["outcomes of 0", "single rows of sms"]
    assert found["outcomes of 0"].message.startswith(
        "market FR: 2023-02-27 to 2023-05-01: 10 rows of outcome exactly 0"
    )
    assert found["single rows of sms"].message.startswith("market IT: 2022-08-01: ")
    (slip,) = model.slips_
    assert (slip.market, slip.channel) == ("IT", "sms")


@pytest.mark.no_cover
def test_clean_companies_raise_no_alarm() -> None:
    """At most one in ten, of which each has several checks of rows."""
    alarms = 0
    for seed in range(10):
        world = simulated_mix(seed, "nothing")
        model = cm.MarketingMixRegressor(draws=60).fit(world.spend, world.outcome)
        alarms += bool(looked_at(model))
    assert alarms <= 1


def swings(lag: float, rows: int = 400) -> Numbers:
    """Residuals of an autocorrelation, about."""
    rng = np.random.default_rng(4)
    found = rng.standard_normal(rows)
    for k in range(1, rows):
        found[k] = lag * found[k - 1] + np.sqrt(1.0 - lag**2) * found[k]
    return found


@pytest.mark.parametrize(
    ("lag", "each", "verdict", "said"),
    [
        (
            -0.8,
            FEW_ROWS - 2.0,
            "REVIEW",
            r"400 rows are few .*\(3.0 per parameter\): too few to tell .*longer history",
        ),
        (-0.8, FEW_ROWS + 1.0, "FAIL", "what one row gains, the next one loses"),
        (-0.2, FEW_ROWS - 2.0, "PASS", "not autocorrelated"),
        (-0.2, FEW_ROWS + 1.0, "PASS", "not autocorrelated"),
        (0.8, FEW_ROWS - 2.0, "FAIL", "add it as a control"),
        (0.8, FEW_ROWS + 1.0, "FAIL", "add it as a control"),
    ],
)
def test_swings_from_row_to_row_are_no_missing_control(
    lag: float, each: float, verdict: str, said: str
) -> None:
    found = _autocorrelation(swings(lag), each)
    assert found.verdict == verdict
    assert re.search(said, found.message)
    assert ("control" in found.message) == (lag > 0.5)


def test_swings_of_a_short_history_are_not_sent_for_controls() -> None:
    _, model = shop(rows=20)
    (found,) = (one for one in model.diagnostics_ if one.check == "residual autocorrelation")
    assert found.verdict is Verdict.REVIEW
    assert "20 rows are few for what is estimated (2.5 per parameter): too few to tell" in found.message
