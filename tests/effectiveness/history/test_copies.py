"""Controls that count what a channel's money buys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from channelmix.effectiveness.history.copies import copies, copies_of_outcome
from channelmix.effectiveness.history.rows.windows import Window

Numbers = NDArray[np.float64]

SHARED = Path(__file__).parents[4] / "shared"

RNG = np.random.default_rng(16)

SMS = 1600.0 * np.exp(0.35 * RNG.standard_normal(104))

TV = 5000.0 * np.exp(0.35 * RNG.standard_normal(104)) * (np.arange(104) % 6 < 3)


OUTCOME = RNG.standard_normal(104)


def window(control: Numbers, name: str) -> Window:
    return Window(
        names=("tv", "sms"),
        periods=np.arange(104),
        spend=np.column_stack([TV, SMS]),
        controls=control[:, np.newaxis],
        outcome=OUTCOME,
        weight=np.ones(104),
        year=52.18,
        control_names=(name,),
    )


def verdict(control: Numbers, name: str = "x") -> tuple[str, str]:
    (found,) = copies(window(control, name))
    return str(found.verdict), found.message


NOISE = np.random.default_rng(1).standard_normal(104)


@pytest.mark.parametrize(
    ("control", "name", "expected"),
    [
        (25.0 * SMS, "x", "FAIL"),
        (25.0 * SMS * np.exp(0.05 * NOISE), "x", "FAIL"),
        (25.0 * SMS * np.exp(np.cumsum(0.02 * NOISE)), "x", "FAIL"),  # the price drifts
        (25.0 * TV * np.exp(0.2 * NOISE), "x", "FAIL"),  # nothing where there is no spend
        (
            9e4 + 25.0 * TV * np.exp(0.05 * NOISE) + 1e4 * NOISE,
            "x",
            "FAIL",
        ),  # beside visits that nobody bought
        (
            np.convolve(TV, [0.6, 0.4])[:104] * np.exp(0.05 * NOISE),
            "x",
            "FAIL",
        ),  # half is delivered a week later
        (np.convolve(SMS, 0.5 ** np.arange(10))[:104], "x", "FAIL"),  # what is still remembered
        (SMS * np.exp(0.2 * NOISE), "sms_clicks", "FAIL"),
        (SMS * np.exp(0.4 * NOISE), "x", "PASS"),
        (SMS * np.exp(0.2 * NOISE), "sms_I", "FAIL"),
        (NOISE, "sms_clicks", "PASS"),
        ((TV > 0.0).astype(float), "flight", "FAIL"),
        ((np.arange(104) % 26 < 2).astype(float), "holiday", "PASS"),
        (10.0 - 0.0003 * SMS + 0.1 * NOISE, "price", "PASS"),
        (20.0 + 5.0 * np.sin(np.arange(104) / 8.3) + NOISE, "temperature", "PASS"),
    ],
)
def test_a_copy_is_told_from_another_influence(control: Numbers, name: str, expected: str) -> None:
    found, message = verdict(control, name)
    assert found == expected
    assert name in message
    assert ("--cost-per-unit" in message) == (expected == "FAIL")


def test_a_control_that_is_the_total_or_the_outcome_is_named() -> None:
    found, message = verdict(TV + SMS, "budget")
    assert found == "FAIL"
    assert "spend on all channels together" in message
    assert verdict(OUTCOME)[0] == "PASS"
    (alike,) = copies_of_outcome(window(3.0 * OUTCOME + 0.1 * NOISE, "visits"))
    assert alike.verdict == "REVIEW"
    assert "visits" in alike.message
    (other,) = copies_of_outcome(window(OUTCOME + NOISE, "index"))
    assert other.verdict == "PASS"


def test_the_channel_that_is_copied_is_named() -> None:
    assert "spend on sms" in verdict(SMS)[1]
    assert "spend on tv" in verdict(2.0 * TV)[1]


WEEKS = np.arange(156)

SEASON = 1.0 + 0.5 * np.sin(2.0 * np.pi * WEEKS / 52.0)


def followed(
    demand: Numbers, spend: Numbers, name: str = "demand", market: str | None = None, first: int = 0
) -> Window:
    """A control that spend follows, beside another channel."""
    rng = np.random.default_rng(3)
    return Window(
        names=("tv", "sms"),
        periods=WEEKS[first:],
        spend=np.column_stack([1600.0 * np.exp(0.35 * rng.standard_normal(156)), spend])[first:],
        controls=demand[first:, np.newaxis],
        outcome=rng.standard_normal(156)[first:],
        weight=np.ones(156)[first:],
        year=52.18,
        control_names=(name,),
        market=market,
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.15])
def test_a_season_that_spend_follows_closely_may_be_a_cause(seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    spend = 1600.0 * SEASON * np.exp(noise * rng.standard_normal(156))
    for name in ("demand", "sms_trends"):
        (found,) = copies(followed(100.0 * SEASON, spend, name))
        assert found.figure > 0.9
        assert found.verdict == "REVIEW"
        assert "may copy the channel or drive it" in found.message
        assert "keep it, and run a lift test of sms" in found.message
    (counted,) = copies(followed(30.0 * spend * np.exp(0.05 * rng.standard_normal(156)), spend, "sms_clicks"))
    assert counted.verdict == "FAIL"


@pytest.mark.parametrize("start", ["launch", "threshold"])
def test_what_moves_while_nothing_is_spent_is_no_copy(start: str) -> None:
    """Spend that follows it to the last unit does not make it one."""
    demand = 1000.0 * SEASON * np.exp(0.3 * np.random.default_rng(4).standard_normal(156))
    on = WEEKS >= 20 if start == "launch" else SEASON > 0.8
    spend = 0.4 * demand * on
    (found,) = copies(followed(demand, spend))
    if start == "launch":
        spend = spend * 3.0
        demand = np.where(on, 3.0 * demand, demand)
        (found,) = copies(followed(demand, spend))
        assert found.figure > 0.9
        assert "where nothing is spent on it (0 to 19)" in found.message
    assert found.verdict == "PASS"
    both = [followed(demand, spend, market="BE"), followed(demand, spend, market="FR", first=20)]
    if start == "launch":
        assert [found.verdict for found in copies(both[1])] == ["FAIL"]
        (known,) = copies(both[1], both)
        assert known.verdict == "PASS"
        assert "(BE: 0 to 19)" in known.message


def tabled(table: pd.DataFrame, controls: list[str], spend: list[str], market: str | None = None) -> Window:
    rows = len(table)
    return Window(
        names=tuple(spend),
        periods=np.arange(rows),
        spend=table[spend].to_numpy(float),
        controls=table[controls].to_numpy(float),
        outcome=np.arange(rows, dtype=float),
        weight=np.ones(rows),
        year=52.18,
        control_names=tuple(controls),
        market=market,
    )


@pytest.mark.skipif(not SHARED.exists(), reason="the collection of cases is not beside this clone")
def test_clicks_and_impressions_are_told_from_demand_that_spend_follows() -> None:
    media = pd.read_csv(SHARED / "cases" / "media_columns" / "weekly.csv")
    for control in ("facebook_I", "search_clicks_P"):
        for name in (control, "x"):
            table = media.rename(columns={control: name})
            (found,) = copies(tabled(table, [name], ["facebook_S", "search_S"]))
            assert found.verdict == "FAIL"
    company = pd.read_csv(SHARED / "data" / "param_recovery" / "medium_business_20250715.csv")
    spend = [name for name in company if name.startswith("x")]
    markets = [tabled(rows, ["c3"], spend, str(name)) for name, rows in company.groupby("geo")]
    for window in markets:
        (found,) = copies(window, markets)
        assert found.verdict == "PASS"
