"""Lift tests in a history: closed forms of what is compared, simulated truth of every kind, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import channelmix as cm
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.model.shapes import lagged
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.shown_changes import shown_changes
from channelmix.effectiveness.history.trials import arms, as_trial, placed_tests

SPENT = np.array([10.0, 20.0, 30.0, 40.0])


def lift_test(change: Any, channel: Any = "sms", lift: float = 1.0, **more: Any) -> cm.LiftTest:
    return cm.LiftTest(channel, 0, 3, change, lift, 1.0, **more)


def brought(spend: Any) -> Any:
    """What customers buy who are all treated alike with this spend."""
    return 100.0 * (1.0 - np.exp(-np.asarray(spend) / 25.0))


def compared(test: cm.LiftTest, spent: Any = SPENT) -> float:
    own, others = arms(test, spent, test.changes[0])
    return float(own * brought(spent).sum() + sum(factor * brought(spend).sum() for spend, factor in others))


def test_a_change_against_the_rows_is_added_to_them() -> None:
    assert compared(lift_test(50.0)) == pytest.approx((brought(1.5 * SPENT) - brought(SPENT)).sum())
    assert compared(lift_test(-100.0)) == pytest.approx(-brought(SPENT).sum())


def test_a_change_that_the_rows_hold_is_taken_off_them() -> None:
    """Half was withheld; half was added; all or most was withheld evenly, since rows of 0 do not say from which."""
    held: dict[str, Any] = {"rows": "with_change"}
    assert compared(lift_test(-100.0, **held)) == pytest.approx((brought(SPENT) - brought(2.0 * SPENT)).sum())
    assert compared(lift_test(50.0, **held)) == pytest.approx((brought(SPENT) - brought(0.5 * SPENT)).sum())
    assert compared(lift_test(-100.0, **held), np.zeros(4)) == pytest.approx(-4.0 * brought(25.0))
    partly = np.array([0.0, 0.0, 0.0, 40.0])
    back = (brought(partly) - brought(partly + 25.0)).sum()
    assert compared(lift_test(-100.0, **held), partly) == pytest.approx(back)
    # Where most is left, rows without spend are as usual.
    weekend = np.array([0.0, 40.0, 0.0, 60.0])
    less = (brought(weekend) - brought(1.5 * weekend)).sum()
    assert compared(lift_test(-50.0, **held), weekend) == pytest.approx(less)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_customers_held_out_are_compared_with_the_others(share: float) -> None:
    """As if each group were simulated: the rows hold what both got, and 15 a row is spent on everybody."""
    other, held = SPENT + 15.0, np.full(4, 15.0)
    rows = (1.0 - share) * other + share * held
    by_head = brought(other) - brought(held)
    gained = lift_test((1.0 - share) * SPENT.sum(), held_out=share)
    spared = lift_test(-share * SPENT.sum(), held_out=share)
    # The change is spread as the rows are, so that sums agree where rows are alike and nearly elsewhere.
    assert compared(gained, rows) == pytest.approx((1.0 - share) * by_head.sum(), rel=0.1)
    assert compared(spared, rows) == pytest.approx(-share * by_head.sum(), rel=0.1)
    alone = (1.0 - share) * SPENT
    everything = lift_test(alone.sum(), held_out=share)
    assert compared(everything, alone) == pytest.approx((1.0 - share) * brought(SPENT).sum())
    nothing = lift_test(-share * SPENT.sum(), held_out=share)
    assert compared(nothing, alone) == pytest.approx(-share * brought(SPENT).sum())


def test_days_without_spend_hold_nothing_that_customers_were_spared() -> None:
    """8 of 28 days have no SMS: those held out went without their share on the other days."""
    spent = np.where(np.arange(28) % 7 >= 5, 0.0, 92.0 + np.arange(28))
    for change in (-0.08 / 0.92 * spent.sum(), spent.sum()):
        test = lift_test(change, held_out=0.08)
        own, ((more, group), (base, negative)) = arms(test, spent, change, "sms")
        assert own == 0.0
        assert abs(group) == abs(negative) == pytest.approx(0.08 if change < 0.0 else 0.92)
        assert base == pytest.approx(np.zeros(28), abs=1e-9)
        assert more == pytest.approx(spent / 0.92)


@pytest.mark.parametrize(
    ("spent", "most"),
    [
        (np.array([699.47, 699.47, 699.48]), 2098.43),  # a cent more than there was
        (np.array([699.47, 0.0, 1398.95]), 2108.0),  # two hundred or so to a digit
        (np.array([7.0, 0.0, 3.0, 5.0]), 16.5),  # rows in whole units
    ],
)
def test_rounded_amounts_may_exceed_what_there_was(spent: Any, most: float) -> None:
    """By as much as rounding makes of them, and then nothing is left, not less."""
    for more, sign, limit in (
        ({}, -1.0, most),
        ({"rows": "with_change"}, 1.0, most),
        ({"held_out": 0.2}, 1.0, most),
        ({"held_out": 0.2}, -1.0, most / 4.0),
    ):
        kept: dict[str, Any] = more
        (*_, (left, _)) = arms(lift_test(sign * limit, **kept), spent, sign * limit, "sms")[1]
        assert left.tolist() == [0.0] * len(spent)
        with pytest.raises(cm.InputError, match="cannot"):
            arms(lift_test(sign * 1.011 * limit, **kept), spent, sign * 1.011 * limit, "sms")


def test_nothing_is_withheld_where_nothing_was_spent() -> None:
    with pytest.raises(cm.InputError, match="1 of sms cannot be withheld, only 0 was spent"):
        arms(lift_test(-1.0), np.zeros(4), -1.0, "sms")


def test_a_region_that_went_dark_in_rows_of_all_is_a_total_or_a_list() -> None:
    """The total is divided by what the rows hold, not by what is usual at other times."""
    spend = np.array([[10.0, 20.0]] * 4 + [[9.0, 0.0], [0.0, 18.0], [0.0, 0.0], [36.0, 9.0]])
    gone = -spend[4:].sum(axis=0) / 9.0
    changes: list[Any] = [list(gone), float(gone.sum())]
    for change in changes:
        test = cm.LiftTest(["sms", "im"], 4, 7, change, -1.0, 1.0, held_out=0.1)
        trial = as_trial((test, 4, 7), window(spend), np.ones(2), 1.0)
        for part in trial.parts:
            assert part.lagged[0, :, 0] == pytest.approx(spend[4:, part.channel] / 0.9)
            assert part.lagged[1, :, 0] == pytest.approx(np.zeros(4), abs=1e-9)
            assert part.factors == pytest.approx([0.0, -0.1, 0.1])


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (-103.0, {}, r'103 of sms cannot be withheld, only 100 was spent .*state "rows": "with_change"'),
        (103.0, {"rows": "with_change"}, "its rows cannot hold 103 added to sms, which had 100 in all"),
        (103.0, {"held_out": 0.1}, "its rows cannot hold 103 added to sms, which had 100"),
        (
            -12.0,
            {"held_out": 0.1},
            "the held-out customers cannot have been spared 12 of sms: with 10 % held out, at most 11.11 goes with the "
            "100 in these rows",
        ),
    ],
)
def test_nobody_gets_less_than_nothing(change: float, more: dict[str, Any], said: str) -> None:
    with pytest.raises(cm.InputError, match=said):
        arms(lift_test(change, **more), SPENT, change, "sms")


def window(spend: Any) -> Window:
    n, channels = spend.shape
    names = ("sms", "im", "app")[:channels]
    return Window(names, np.arange(n), spend, np.empty((n, 0)), np.ones(n), np.ones(n), 52.0)


def test_a_total_over_several_channels_is_divided_by_their_spend() -> None:
    """In the rows of the test; where rows hold what was left of it, by what is usual."""
    spend = np.array([[10.0, 20.0]] * 4 + [[2.0, 1.0]] * 4)
    given: list[tuple[dict[str, Any], list[float]]] = [
        ({}, [2.0 / 3.0, 1.0 / 3.0]),
        ({"rows": "with_change"}, [1.0 / 3.0, 2.0 / 3.0]),
    ]
    for more, shares in given:
        test = cm.LiftTest(["sms", "im"], 4, 7, -6.0, -1.0, 1.0, **more)
        trial = as_trial((test, 4, 7), window(spend), np.ones(2), 1.0)
        assert [part.channel for part in trial.parts] == [0, 1]
        for part, share in zip(trial.parts, shares, strict=True):
            own = spend[4:, part.channel]
            sign = -1.0 if more else 1.0
            assert part.lagged[0, :, 0] == pytest.approx(own - sign * 6.0 * share / 4.0)
            assert part.factors.tolist() == ([1.0, -1.0] if more else [-1.0, 1.0])
    each = cm.LiftTest(["im", "sms"], 4, 7, [4.0, -8.0], -1.0, 1.0)
    trial = as_trial((each, 4, 7), window(spend), np.ones(2), 1.0)
    assert [part.lagged[0, :, 0].tolist() for part in trial.parts] == [[2.0] * 4, [0.0] * 4]


def test_all_that_rows_hold_may_be_meant_where_customers_are_held_out() -> None:
    spend = np.array([[10.0, 20.0]] * 8)
    stated = cm.LiftTest(["sms", "im"], 4, 7, [40.0, 80.0], 5.0, 1.0, held_out=0.2)
    meant = cm.LiftTest(["sms", "im"], 4, 7, None, 5.0, 1.0, held_out=0.2)
    trials = [as_trial((test, 4, 7), window(spend), np.ones(2), 1.0) for test in (stated, meant)]
    for one, other in zip(*(trial.parts for trial in trials), strict=True):
        assert one.lagged == pytest.approx(other.lagged)
        assert one.factors.tolist() == other.factors.tolist() == [0.0, 0.8, -0.8]
    spend[4:] = 0.0
    with pytest.raises(cm.InputError, match="nothing was spent in these rows, so nobody got more"):
        as_trial((meant, 4, 7), window(spend), np.ones(2), 1.0)
    with pytest.raises(cm.InputError, match="spend_change is missing; only with held_out"):
        lift_test(None)


def test_what_was_spent_before_a_test_acts_in_it() -> None:
    spend = np.arange(1.0, 9.0)[:, np.newaxis]
    trial = as_trial((cm.LiftTest("sms", 4, 5, -11.0, -1.0, 1.0), 4, 5), window(spend), np.ones(1), 2.0)
    expected = lagged(np.array([1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 7.0, 8.0]))[4:6]
    assert trial.parts[0].lagged[0] == pytest.approx(expected)
    assert trial.parts[0].lagged.shape == (1, 2, LAGS)
    assert (trial.lift, trial.standard_error) == (-0.5, 0.5)


WEEKLY = [str(day)[:10] for day in pd.date_range("2024-01-01", periods=20, freq="7D")]
SUNDAYS = [str(day)[:10] for day in pd.date_range("2024-01-07", periods=20, freq="7D")]
MONTHS = [f"2024-{month:02d}-01" for month in range(1, 13)]
ENDS = [str(day)[:10] for day in pd.date_range("2024-01-31", periods=12, freq="ME")]
MIDDLES = [f"2024-{month:02d}-15" for month in range(1, 13)]


@pytest.mark.parametrize(
    ("rows", "start", "end", "span"),
    [
        (WEEKLY, "2024-01-08", "2024-01-22", (1, 3)),
        (WEEKLY, "2024-01-08", "2024-01-28", (1, 3)),  # by the last day of the last week
        (WEEKLY, "2024-W02", "2024-W02", (1, 1)),
        (WEEKLY[:5] + WEEKLY[6:], "2024-01-29", "2024-02-11", (4, 5)),  # a row is missing
        ([*WEEKLY[:3], "2024-01-23", *WEEKLY[4:]], "2024-01-23", "2024-01-29", (3, 4)),  # a row a day late
        (SUNDAYS, "2024-01-14", "2024-01-21", (1, 2)),
        (SUNDAYS, "2024-01-08", "2024-01-21", (1, 2)),  # rows are dated by their ends
        (MONTHS, "2024-02-01", "2024-03-01", (1, 2)),
        (MONTHS, "2024-02", "2024-03-31", (1, 2)),
        (ENDS, "2024-02-01", "2024-03-31", (1, 2)),
        (ENDS, "2024-02-29", "2024-03-31", (1, 2)),
        (MIDDLES, "2024-02-15", "2024-03-15", (1, 2)),
        (list(range(20)), 3, 5, (3, 5)),
    ],
)
def test_a_test_begins_and_ends_with_rows(rows: Any, start: Any, end: Any, span: tuple[int, int]) -> None:
    assert Timeline.of(np.array(rows)).span(start, end, np.array(rows)) == span


@pytest.mark.parametrize(
    ("rows", "start", "end", "said"),
    [
        (WEEKLY, "2024-01-10", "2024-01-28", "2024-01-10 lies within the row of 2024-01-08"),
        (WEEKLY, "2024-01-08", "2024-01-24", "whole rows, such as those from 2024-01-08 to 2024-01-22"),
        (WEEKLY, "2024-01-09", "2024-01-28", "2024-01-09 lies within the row of 2024-01-08"),
        (MONTHS, "2024-02-15", "2024-03-31", "such as those from 2024-02 to 2024-03"),
        (MONTHS, "2024-02-01", "2024-03-15", "2024-03-15 lies within the row of 2024-03"),
        (WEEKLY, "2024-01-22", "2024-01-08", "it ends before it starts"),
        (list(range(20)), "2024-01-01", "2024-01-08", "another kind"),
        (WEEKLY, 1, 2, "another kind"),
    ],
)
def test_dates_off_the_rows_are_asked_about(rows: Any, start: Any, end: Any, said: str) -> None:
    with pytest.raises(cm.InputError, match=said):
        Timeline.of(np.array(rows)).span(start, end, np.array(rows))


CURVES = [(0.5, 100.0, 300.0), (0.2, 60.0, 120.0)]
"""Retention, rate and ceiling of each channel."""

TESTED = slice(60, 76)


def effect(c: int, spend: Any) -> Any:
    retention, rate, ceiling = CURVES[c]
    weights = retention ** np.arange(13)
    adstock = np.convolve(spend, weights / weights.sum())[: len(spend)]
    return ceiling * (1.0 - np.exp(-adstock / rate))


def company(kind: str) -> tuple[Any, Any, list[cm.LiftTest], Any]:
    """Two channels that move together in rows full of noise, and an exact test; groups of customers are simulated."""
    rng = np.random.default_rng(7)
    usual = rng.gamma(3.0, 33.0, (104, 2))
    usual[:, 1] = 0.3 * usual[:, 1] + 0.7 * usual[:, 0]
    treated, share = usual.copy(), 1.0
    channel = ["sms", "im"] if kind == "dark" else ["sms"]
    more: dict[str, Any] = {"rows": "with_change"}
    treated[TESTED, : 2 if kind == "dark" else 1] *= 0.25 if kind == "left" else 0.0
    if kind.startswith("held"):
        share, more = 0.2, {"held_out": 0.2}
    rows = share * treated + (1.0 - share) * usual
    both = (
        np.array([effect(c, treated[:, c]) for c in range(2)]),
        np.array([effect(c, usual[:, c]) for c in range(2)]),
    )
    lost = (both[0] - both[1])[:, TESTED].sum()
    change: Any = (treated - usual)[TESTED].sum(axis=0)[: 2 if kind == "dark" else 1] * share
    lift = share * lost
    if kind == "held out others":
        change, lift = [usual[TESTED, 0].sum() * (1.0 - share)], -lost * (1.0 - share)
    sales = 800.0 + np.arange(104) + share * both[0].sum(axis=0) + (1.0 - share) * both[1].sum(axis=0)
    X = pd.DataFrame(rows, columns=["sms", "im"]).assign(
        week=pd.date_range("2023-01-02", periods=104, freq="7D")
    )
    weeks = X["week"]
    test = cm.LiftTest(
        channel, weeks[60], weeks[75], list(change), float(lift), 0.02 * abs(float(lift)), **more
    )
    true = [effect(c, rows[:, c]).sum() / rows[:, c].sum() for c in range(2)]
    return X, sales + 80.0 * rng.standard_normal(104), [test], true


@pytest.mark.parametrize("kind", ["left", "nothing left", "dark", "held out", "held out others"])
def test_the_roi_is_found_with_each_kind_of_test(kind: str) -> None:
    X, y, tests, true = company(kind)
    found = cm.MarketingMixRegressor(date="week", draws=300).fit(X, y, experiments=tests)
    roi = found.roi(X)
    tested = list(zip(roi.loc[:, ["low", "high"]].to_numpy(), true, strict=True))
    assert all(low < each < high for (low, high), each in tested)
    if kind == "dark":  # the sum of both is what was measured
        spend = X[["sms", "im"]].sum()
        together = float((roi["mean"] * spend).sum() / (np.array(true) * spend).sum())
        assert together == pytest.approx(1.0, abs=0.12)
    else:
        assert roi.loc["sms", "mean"] == pytest.approx(true[0], rel=0.2)
    said = {finding.check: finding for finding in found.diagnostics_}
    assert not [check for check in said if check.startswith("rows of the lift test")]
    (agrees,) = (finding for check, finding in said.items() if check.startswith("lift test"))
    assert agrees.verdict == "PASS"


@pytest.fixture(scope="module")
def rows() -> tuple[Any, Any]:
    """A steady channel whose spend was halved for four of its weeks, of which the rows tell."""
    rng = np.random.default_rng(1)
    sms = rng.normal(100.0, 8.0, 60)
    sms[30:34] *= 0.5
    X = pd.DataFrame({"sms": sms, "week": pd.date_range("2024-01-01", periods=60, freq="7D")})
    return X, 500.0 + 100.0 * (1.0 - np.exp(-sms / 80.0)) + rng.normal(0.0, 5.0, 60)


def diagnosed(table: tuple[Any, Any], start: int, change: float, **more: Any) -> dict[str, Any]:
    X, y = table
    test = cm.LiftTest("sms", X["week"][start], X["week"][start + 3], change, 0.3 * change, 20.0, **more)
    found = cm.MarketingMixRegressor(date="week", draws=60).fit(X, y, experiments=[test]).diagnostics_
    return {finding.check: finding for finding in found if finding.check.startswith("rows of the lift test")}


def test_a_change_that_rows_show_already_is_asked_about(rows: tuple[Any, Any]) -> None:
    (found,) = diagnosed(rows, 30, -190.0).values()
    assert found.verdict == "REVIEW"
    assert 'If the rows already hold the change, state "rows": "with_change"' in found.message
    assert diagnosed(rows, 30, -190.0, rows="with_change") == {}
    assert diagnosed(rows, 12, -190.0) == {}
    (hidden,) = diagnosed(rows, 12, -190.0, rows="with_change").values()
    assert 'state "rows": "without_change"' in hidden.message


@pytest.mark.no_cover
def test_rows_that_cannot_tell_whether_they_hold_the_change_are_asked_about() -> None:
    """Spend that swings by half from week to week: half of it withheld shows, but might be chance."""
    rng = np.random.default_rng(11)
    sms = np.maximum(rng.normal(100.0, 50.0, 80), 5.0)
    left = sms.copy()
    left[40:44] *= 0.5
    change = float(left[40:44].sum() - sms[40:44].sum())
    X = pd.DataFrame({"sms": left, "week": pd.date_range("2024-01-01", periods=80, freq="7D")})
    table = X, 500.0 + 100.0 * (1.0 - np.exp(-left / 80.0)) + rng.normal(0.0, 5.0, 80)
    (found,) = diagnosed(table, 40, change).values()
    assert found.verdict == "REVIEW"
    assert '"rows": "with_change"' in found.message
    assert '"without_change"' in found.message
    for said in ("with_change", "without_change"):
        assert diagnosed(table, 40, change, rows=said) == {}


@pytest.mark.parametrize("swing", [0.1, 0.25])
def test_rows_with_usual_spend_are_seldom_asked_about(swing: float) -> None:
    """Of half of spend withheld elsewhere, over many histories; where it was withheld in the rows, nearly always."""
    rng, asked = np.random.default_rng(2), np.zeros(2)
    for _ in range(100):
        spend = np.maximum(rng.normal(100.0, 100.0 * swing, 104), 1.0)
        change = 0.5 * float(spend[50:54].sum())
        left = spend.copy()
        left[50:54] *= 0.5
        for k, each in enumerate((spend, left)):
            column, ones = each[:, np.newaxis], np.ones(104)
            window = Window(("sms",), np.arange(104), column, np.zeros((104, 0)), ones, ones, 52.18)
            test = cm.LiftTest("sms", 50, 53, -change, -1.0, 1.0)
            asked[k] += shown_changes(window, [(test, 50, 53)])[0] is not None
    assert asked[0] <= (1 if swing < 0.2 else 25)
    assert asked[1] >= 95


def placed(
    spend: Any, change: Any, start: int = 30, stop: int = 33, channel: Any = "sms", **more: Any
) -> str | None:
    """What the rows of a test are taken to hold, where they were in another order than by date."""
    columns = np.atleast_2d(np.asarray(spend, dtype=float).T).T
    n = len(columns)
    order = np.random.default_rng(3).permutation(n)
    shuffled = Window(
        ("sms", "im")[: columns.shape[1]],
        order,
        columns[order],
        np.zeros((n, 0)),
        np.full(n, 500.0),
        np.ones(n),
        52.18,
    )
    test = cm.LiftTest(channel, start, stop, change, np.sign(np.sum(change)) * 100.0, 20.0, **more)
    (((used, *_),),) = placed_tests([shuffled], [test], Timeline("number", 0.0, 1.0), order.astype(float))
    return used.rows


def dark(left: float, other: float = 100.0) -> Any:
    """Spend of 60 rows, `left` in four of them."""
    spend = other * (1.0 + 0.2 * np.sin(np.arange(60)))
    spend[30:34] = left
    return spend


def test_rows_that_can_only_show_what_a_test_left_are_taken_for_it() -> None:
    assert placed(dark(20.0), -320.0) == "with_change"
    assert placed(dark(0.0), -400.0) == "with_change"
    assert placed(dark(20.0), -320.0, rows="without_change") == "without_change"  # the fit refuses it
    both = np.column_stack([dark(20.0), dark(10.0, 50.0)])
    for change in (-480.0, [-320.0, -160.0], [-60.0, -160.0]):
        assert placed(both, change, channel=["sms", "im"]) == "with_change"


@pytest.mark.parametrize(
    ("spend", "change", "more"),
    [
        (dark(50.0), -190.0, {}),  # they can hold the usual spend: asked about elsewhere
        (dark(100.0), -401.0, {}),  # rounded
        (dark(100.0), -520.0, {}),  # not lower than at other times
        (dark(20.0), -1e6, {}),  # more than was ever spent: another unit
        (dark(20.0), 320.0, {}),
        (dark(20.0)[28:36], -320.0, {"start": 2, "stop": 5}),  # nothing to compare with
    ],
)
def test_what_rows_hold_is_left_as_stated_where_they_do_not_settle_it(
    spend: Any, change: float, more: dict[str, Any]
) -> None:
    assert placed(spend, change, **more) is None


def refused(rows: tuple[Any, Any], *test: Any, **more: Any) -> str:
    X, y = rows
    start, end, *numbers = test
    with pytest.raises(cm.InputError) as caught:
        cm.MarketingMixRegressor(date="week", draws=60).fit(
            X, y, experiments=[cm.LiftTest("sms", start, end, *numbers, **more)]
        )
    return str(caught.value)


def test_what_no_model_can_have_is_asked_about_before_the_fit(rows: tuple[Any, Any]) -> None:
    window = ("2024-02-05", "2024-03-03")
    place = "lift test of sms from 2024-02-05 to 2024-03-03: "
    said = refused(rows, *window, -100.0, 60.0, 20.0)
    assert said.startswith(place)
    assert "the outcome rose by 60, 3.0 standard errors from 0" in said
    assert "Did you mean a lift of -60?" in said
    assert refused(rows, *window, 100.0, -60.0, 20.0).startswith(place)
    said = refused(rows, *window, -100.0, -5000.0, 100.0)
    assert said.startswith(place)
    assert "in all rows, more than there is" in said
    assert "in all rows, more than there is" in refused(rows, *window, None, 9000.0, 100.0, held_out=0.1)
    assert "the rows do not hold all of it" in refused(rows, "2025-01-20", "2025-04-20", 10.0, 1.0, 1.0)
    assert "no row lies from" in refused(rows, "2026-01-05", "2026-01-25", 10.0, 1.0, 1.0)
    assert refused(rows, "2024-02-07", "2024-03-03", 10.0, 1.0, 1.0).startswith(
        "lift test of sms from 2024-02-07"
    )


def test_a_lift_the_wrong_way_that_may_be_chance_is_used(rows: tuple[Any, Any]) -> None:
    X, y = rows
    test = cm.LiftTest("sms", X["week"][8], X["week"][11], -200.0, 20.0, 15.0)
    found = cm.MarketingMixRegressor(date="week", draws=60).fit(X, y, experiments=[test])
    assert np.isfinite(found.roi(X).to_numpy()).all()


@pytest.mark.no_cover
def test_a_region_that_went_dark_tells_of_its_channels_together() -> None:
    """Two regions; in one of them nothing was spent for 16 weeks, of which its rows tell."""
    parts, tests, gone = [], [], 0.0
    for shop, kind in (("DE", "none"), ("FR", "dark")):
        X, y, exact, _ = company("dark") if kind == "dark" else company("held out")
        parts.append(X.assign(shop=shop, sales=y))
        if kind == "dark":
            test = exact[0]
            gone = test.lift
            change, error = float(sum(test.changes)), test.standard_error
            tests = [
                cm.LiftTest(["im", "sms"], test.start, test.end, change, gone, error, "FR", "with_change")
            ]
    table = pd.concat(parts, ignore_index=True)
    found = cm.MarketingMixRegressor(date="week", market="shop", draws=200).fit(
        table.drop(columns="sales"), table["sales"], experiments=tests
    )
    (agrees,) = (finding for finding in found.diagnostics_ if finding.check.startswith("lift test of im+sms"))
    assert agrees.verdict == "PASS"
    # What both bring in FR by the fit, in the weeks before that were like the dark ones.
    rows = table[table["shop"] == "FR"].drop(columns="sales")
    brought = found.contributions(rows.assign(shop="FR"))[["sms", "im"]].iloc[40:60].to_numpy().sum()
    spent = rows[["sms", "im"]].iloc[40:60].to_numpy().sum()
    assert brought / spent == pytest.approx(gone / sum(tests[0].changes), rel=0.3)
