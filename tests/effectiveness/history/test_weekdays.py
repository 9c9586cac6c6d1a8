"""Rows shorter than a week have an effect of their weekday."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import channelmix as cm
from channelmix.effectiveness.history.model import baseline as linear
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.trend import Trend

NOTHING = np.zeros((0,))

PATTERN = np.array([0.0, 0.1, -0.2, 0.4, 0.9, -1.5, 0.3])


def trend(rows: int, days: float) -> Trend:
    return Trend(rows - 1, 365.25 / days, NOTHING, NOTHING)


@pytest.mark.parametrize("days", [1, 2, 3, 6])
def test_the_waves_of_a_week_follow_any_pattern_of_weekdays(days: int) -> None:
    rows = 60
    one, periods = trend(rows, days), np.arange(rows)
    columns = one.fixed(periods, np.zeros((rows, 0)))[:, [0, *range(*one.weekdays.indices(100))]]
    weekday = PATTERN[periods * days % 7]
    assert columns @ np.linalg.lstsq(columns, weekday, rcond=None)[0] == pytest.approx(weekday)
    assert one.fixed(periods, np.zeros((rows, 0))).shape[1] == 2 + 2 * one.harmonics + 6


@pytest.mark.parametrize(
    ("rows", "days"), [(104, 7.0), (48, 365.25 / 12), (104, 7.0004), (20, 1.0), (90, 1.5)]
)
def test_there_are_none_where_rows_are_weeks_or_few(rows: int, days: float) -> None:
    one = trend(rows, days)
    assert one.weekly == 0
    assert one.weekdays.start == one.weekdays.stop == one.groups()[0].stop


def test_their_prior_is_narrower_and_belongs_to_the_season() -> None:
    one = trend(60, 1.0)
    part = Baseline(
        one.fixed(np.arange(60), np.zeros((60, 0))),
        one.walk(np.arange(60)),
        np.ones(60),
        (one.weekdays.start, one.weekdays.stop),
    )
    assert part.scale.tolist() == [linear.LEVEL, linear.WIDE, *[linear.WEEKDAY] * 6]
    assert one.groups()[0] == slice(2, 8)


def test_weekdays_that_move_spend_and_outcome_do_not_mislead() -> None:
    """Less is spent, and less bought, at weekends: without the term, spend is credited with the weekday."""
    rng = np.random.default_rng(45)
    rows = 200
    weekday = PATTERN[np.arange(rows) % 7]
    spend = np.round(1600.0 * np.exp(0.35 * rng.standard_normal(rows) + 0.4 * weekday))
    brings = 300.0 * (1.0 - np.exp(-spend / 2500.0))
    outcome = 1200.0 + 300.0 * weekday + brings + 30.0 * rng.standard_normal(rows)
    X = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=rows, freq="D"), "sms": spend})
    model = cm.MarketingMixRegressor(date="date", draws=200).fit(X, outcome)
    assert model.roi(X).loc["sms", "mean"] == pytest.approx(brings.sum() / spend.sum(), rel=0.35)
    season = model.decomposition(X)["season"].to_numpy()
    assert np.corrcoef(season, weekday)[0, 1] > 0.98
    (said,) = (f for f in model.diagnostics_ if f.check == "weekdays")
    assert said.verdict == "PASS"
    assert said.figure < 8.0
    changed = outcome - 300.0 * weekday * (np.arange(rows) >= rows // 2)
    (said,) = (
        f
        for f in cm.MarketingMixRegressor(date="date", draws=60).fit(X, changed).diagnostics_
        if f.check == "weekdays"
    )
    assert said.verdict == "REVIEW"
