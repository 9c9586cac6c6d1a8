"""When a period's money is spent, against what the rows themselves bring by a curve that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.own.columns import row_days_of
from channelmix.effectiveness.own.curves import alike_halves, knots_of
from channelmix.effectiveness.own.timing import (
    Timing,
    active_average,
    labels_of,
    months_ahead,
    seen,
    timing_of,
)

YEAR = 365.25

MONTH = YEAR / 12.0

ROWS = {"D": 730, "7D": 104, "MS": 24}
"""Two years of daily, weekly and monthly rows."""


def placed(freq: str, n: int, period_days: float) -> tuple[Indices, float, float]:
    """Labels of the rows' periods, rows a period, rows a year."""
    dates = pd.date_range("2023-01-02" if freq != "MS" else "2023-01-01", periods=n, freq=freq)
    timeline = Timeline.of(dates.to_numpy())
    row_days = row_days_of(timeline)
    return labels_of(timeline, 0, n, row_days, period_days), period_days / row_days, YEAR / row_days


def timed(
    spend: Array, freq: str = "7D", period_days: float = MONTH, days: float = YEAR
) -> tuple[Timing, float]:
    """The timing of a column, and its average over periods with spend."""
    labels, per_period, year = placed(freq, len(spend), period_days)
    found = timing_of(spend, spend, labels, per_period, days / YEAR * year)
    return found, active_average(spend, spend, labels, per_period)[0]


def brought(acting: Array, weights: Array, unit: float) -> float:
    """Outcome of a saturating curve over all rows: 1 - exp(-adstock / unit)."""
    padded = np.pad(weights, (0, LAGS - len(weights)))
    return float(-np.expm1(-(acting @ padded) / unit).sum())


def rows_bring(spend: Array, weights: Array, unit: float) -> float:
    """The same of the rows themselves, carry-over counted to its end."""
    return float(-np.expm1(-np.convolve(spend, weights) / unit).sum())


def of_a_kind(kind: str, n: int, per_month: float) -> Array:
    """Spend that is even where there is any."""
    month, spend = max(round(per_month), 1), np.full(n, 10.0)
    if kind == "launch":
        spend[: -4 * month] = 0.0
    elif kind == "stop":
        spend[n // 2 :] = 0.0
    elif kind == "pause":
        spend[n // 2 : n // 2 + 4 * month] = 0.0
    elif kind == "bursts":
        spend[:] = 0.0
        for start in range(2 * month, n - month, 5 * month):
            spend[start : start + max(month // 2, 1)] = 10.0
    elif kind == "yearly":
        spend[:] = 0.0
        spend[[n // 4, n // 4 + n // 2]] = 10.0
    return spend


@settings(deadline=None, max_examples=80)
@given(
    kind=st.sampled_from(["even", "launch", "stop", "pause", "bursts", "yearly"]),
    freq=st.sampled_from(sorted(ROWS)),
    half_life=st.floats(0.05, 0.2),
    saturation=st.floats(0.2, 3.0),
)
def test_periods_bring_what_the_rows_bring(kind: str, freq: str, half_life: float, saturation: float) -> None:
    """Within 1 %, carry-over counted to its end; its edges would count where spend goes on."""
    _, per_month, _ = placed(freq, 5, MONTH)
    spend = of_a_kind(kind, ROWS[freq], per_month)
    timing, average = timed(spend, freq)
    rows = half_life * per_month if kind in ("bursts", "yearly") else 0.05
    weights = 0.5 ** (np.arange(LAGS) / rows)
    weights /= weights.sum()
    unit = 10.0 / saturation
    one = brought(average * timing.acting, weights, unit) / timing.periods
    periods = spend.sum() / average
    assert one * periods == pytest.approx(rows_bring(spend, weights, unit), rel=0.01)


@pytest.mark.parametrize("freq", sorted(ROWS))
@pytest.mark.parametrize("kind", ["even", "launch", "stop", "pause"])
def test_money_that_goes_on_brings_what_an_even_pace_brings(kind: str, freq: str) -> None:
    """Closed form: K rows that each bring 1 - exp(-s / K / unit), whatever is carried over."""
    _, per_month, _ = placed(freq, 5, MONTH)
    timing, average = timed(of_a_kind(kind, ROWS[freq], per_month), freq)
    assert average == pytest.approx(10.0 * per_month)
    for s in (0.2, 1.0, 3.0):
        one = brought(s * average * timing.acting, np.array([0.5, 0.3, 0.2]), 8.0) / timing.periods
        assert one == pytest.approx(-per_month * np.expm1(-10.0 * s / 8.0), rel=1e-9)


@pytest.mark.parametrize("freq", sorted(ROWS))
def test_growth_is_judged_at_the_pace_of_the_plan(freq: str) -> None:
    """Spend that grows twelvefold: at any pace a period brings what an even pace brings."""
    n = ROWS[freq]
    _, per_month, _ = placed(freq, 5, MONTH)
    timing, _ = timed(12.0 ** (np.arange(n) / n), freq)
    for pace in (2.0, 11.0):
        one = brought(pace * per_month * timing.acting, np.array([0.5, 0.5]), 5.0) / timing.periods
        assert one == pytest.approx(-per_month * np.expm1(-pace / 5.0), rel=0.003)


def test_money_is_over_all_time_spanned_and_over_the_time_with_spend() -> None:
    spend = np.zeros(104)
    spend[-16:] = 2000.0
    timing, average = timed(spend)
    assert average == pytest.approx(2000.0 * MONTH / 7.0)
    assert (timing.first, timing.last) == (91, 103)  # October to December; September saw only its end
    low, high = seen(spend, timing)
    assert low == 0.0
    assert high == pytest.approx(average)


def test_a_burst_is_a_period_that_stands_alone() -> None:
    spend = np.zeros(104)
    spend[62:66] = 500.0  # over the end of a month
    timing, average = timed(spend)
    assert (average, timing.periods, timing.first, timing.last) == (2000.0, 1.0, 62, 65)
    assert seen(spend, timing) == (0.0, 2000.0)
    carried = timing.acting[-1]
    assert carried[-1] == pytest.approx(0.25)  # its last row acts to the end of its carry-over
    assert np.count_nonzero(carried) == 1


def test_the_timing_is_recent_and_an_old_one_where_nothing_is_recent() -> None:
    spend = np.zeros(156)
    spend[:52:2], spend[60:104] = 10.0, 10.0  # every other week, then every week, then nothing for a year
    last, _ = timed(spend)
    assert last.last <= 103
    assert np.ptp(last.acting[:, 0]) < 1e-12
    wide, _ = timed(spend, days=10.0 * YEAR)
    assert wide.first < 52
    assert np.ptp(wide.acting[:, 0]) > 0.1


def test_volume_acts_at_its_recent_price() -> None:
    labels, per_period, year = placed("7D", 104, MONTH)
    paid = np.full(104, 10.0)
    bought = np.where(np.arange(104) < 52, 10.0, 5.0)
    at_mean_cost = bought * (paid.sum() / bought.sum())
    timing = timing_of(at_mean_cost, paid, labels, per_period, year)
    assert timing.acting[:, 0].sum() / timing.periods == pytest.approx(2.0 / 3.0)


@settings(deadline=None)
@given(
    spend=st.lists(st.sampled_from([0.0, 0.0, 1.0, 7.0]), min_size=6, max_size=120),
    freq=st.sampled_from(sorted(ROWS)),
    period=st.sampled_from([1.0, 7.0, MONTH, 3.0 * MONTH, YEAR, 45.0]),
)
def test_a_period_spends_its_unit_whatever_the_rows(spend: list[float], freq: str, period: float) -> None:
    rows = np.array([*spend, 1.0])
    timing, average = timed(rows, freq, period)
    assert timing.acting[:, 0].sum() == pytest.approx(timing.periods)
    assert (timing.acting >= 0.0).all()
    assert average > 0.0
    low, high = seen(rows, timing)
    assert 0.0 <= low <= high


def test_a_month_ahead_has_the_timing_of_the_same_month_a_year_ago() -> None:
    dates = pd.date_range("2023-01-02", periods=104, freq="7D")
    spend = np.full(104, 10.0)
    march = np.flatnonzero(
        (dates >= "2024-03-01") & (dates < "2024-03-29")
    )  # four weeks whose middles are in March
    spend[march[1:]], spend[march[0]] = 0.0, 40.0  # all of it in one week
    spend[(dates >= "2024-07-10") & (dates < "2024-07-20")] = 0.0
    spend[(dates >= "2024-09-01") & (dates < "2024-10-31")] = 0.0
    labels, per_period, _ = placed("7D", 104, MONTH)
    ahead = months_ahead(spend, labels, per_period)
    assert [acting is None for acting in ahead] == [month in (8, 9) for month in range(12)]
    for acting in (each for each in ahead if each is not None):
        rows = acting.shape[0]
        assert acting[:, 0].sum() == pytest.approx(rows / per_period)
    assert ahead[0] is not None
    assert ahead[2] is not None
    even, once = (
        brought(43.5 * acting, np.array([1.0]), 10.0) / float(acting[:, 0].sum())
        for acting in (ahead[0], ahead[2])
    )
    assert even == pytest.approx(-per_period * np.expm1(-43.5 / per_period / 10.0), rel=1e-9)
    assert once == pytest.approx(-per_period / 4.0 * np.expm1(-43.5 / per_period * 4.0 / 10.0), rel=1e-9)


def test_rows_of_campaigns_alone_keep_the_length_of_a_week() -> None:
    days = np.array(["2024-01-01", "2024-01-15", "2024-02-05", "2024-03-04"], dtype="datetime64[D]")
    timeline = Timeline.of(days)
    assert (timeline.step, timeline.positions(days).tolist()) == (7.0, [0, 2, 5, 9])
    months = np.array(["2024-01-01", "2024-03-01", "2024-06-01"], dtype="datetime64[D]")
    assert Timeline.of(months).positions(months).tolist() == [0, 2, 5]
    assert Timeline.of([1, 3, 6]).positions([1, 3, 6]).tolist() == [0, 2, 5]


def test_knots_run_through_the_average_and_as_far_as_a_plan_may_go() -> None:
    knots = knots_of(3.3, 4.0, 1000.0)
    assert 3.3 in knots
    assert knots[-1] >= 1000.0
    assert (np.diff(knots) > 0.0).all()


def test_both_halves_of_the_draws_have_the_mean_of_all() -> None:
    """Within 0.2 % for three columns, where a random half is off by 1 to 3 %; no draw is lost."""
    rng = np.random.default_rng(5)
    draws = np.exp(0.5 * rng.standard_normal((2048, 3)) + 0.5 * rng.standard_normal((2048, 1)))
    order = alike_halves(draws, np.random.default_rng(0))
    assert sorted(order) == list(range(2048))
    every = draws.mean(axis=0)
    for half in (order[:1024], order[1024:]):
        assert draws[half].mean(axis=0) == pytest.approx(every, rel=0.002)
        assert draws[half].std(axis=0) == pytest.approx(draws.std(axis=0), rel=0.15)
    assert draws[order[:512]].mean(axis=0) == pytest.approx(every, rel=0.02)
    odd = alike_halves(draws[:7], np.random.default_rng(0))
    assert sorted(odd) == list(range(7))


def test_a_launch_after_an_old_burst_goes_on() -> None:
    spend = np.zeros(104)
    spend[20:22], spend[101:] = 3000.0, 4000.0
    timing, average = timed(spend)
    assert timing.last == 103
    assert timing.periods == pytest.approx(3.0 * 7.0 / MONTH)
    assert seen(spend, timing)[1] == pytest.approx(4000.0 * MONTH / 7.0)
    assert average < 4000.0 * MONTH / 7.0


@pytest.mark.parametrize("period", [MONTH, YEAR])
def test_the_most_that_was_seen_is_what_a_period_had(period: float) -> None:
    """Daily rows: the most is that of some thirty days, or of a year, not of the days that money acts."""
    rng = np.random.default_rng(3)
    spend = rng.gamma(2.0, 150.0, 800)
    timing, _ = timed(spend, "D", period)
    rows = round(period)
    sums = pd.Series(spend).rolling(rows).sum().dropna() * (period / rows)
    assert seen(spend, timing) == pytest.approx((sums.min(), sums.max()))


@pytest.mark.parametrize("freq", ROWS)
@pytest.mark.parametrize("period_days", [7.0, MONTH, YEAR / 4.0, YEAR])
def test_of_spend_that_never_paused_both_averages_are_one(freq: str, period_days: float) -> None:
    """Tables begin and end within a month; spend grows tenfold, so that no end may be left out."""
    for n in (ROWS[freq], ROWS[freq] - 3):
        spend = np.geomspace(100.0, 1000.0, n)
        labels, per_period, _ = placed(freq, n, period_days)
        mean, periods = active_average(spend, spend, labels, per_period)
        assert periods == pytest.approx(n / per_period)
        assert mean == pytest.approx(spend.sum() / (n / per_period))


def test_the_part_of_a_month_in_which_spend_began_or_ended_is_no_period_of_it() -> None:
    """104 weeks from Monday 2 January 2023: spend from the second week, and to the last but one."""
    labels, per_period, _ = placed("7D", 104, MONTH)
    spend = np.full(104, 100.0)
    spend[[0, -1]] = 0.0
    mean, periods = active_average(spend, spend, labels, per_period)
    assert periods == pytest.approx(102 / per_period)
    assert mean == pytest.approx(100.0 * per_period)


def test_the_number_of_periods_with_spend_times_their_mean_is_all_that_was_spent() -> None:
    """Seven bursts of four weeks in 156, which lie in two months each: seven months' worth, not whole ones alone."""
    labels, per_period, _ = placed("7D", 156, MONTH)
    spend = np.zeros(156)
    for start in range(3, 156, 23):
        spend[start : start + 4] = 5000.0
    mean, periods = active_average(spend, spend, labels, per_period)
    assert mean * periods == pytest.approx(spend.sum())
    assert 6.0 < periods < 8.0
    assert mean == pytest.approx(5000.0 * 4.0, rel=0.15)
