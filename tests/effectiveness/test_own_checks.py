"""A history beside its profile: spend today, the worth of the outcome, published returns, and slips in spend."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import channelmix as cm
from channelmix.effectiveness.history.findings import Finding
from channelmix.effectiveness.own.checks import Stated, today_findings, worth_finding
from channelmix.effectiveness.own.columns import column_spends
from channelmix.profile.evidence import Check, History

ROOT = Path(__file__).parents[2]

CASES = Path(__file__).parents[3] / "shared" / "cases"

DAYS_PER_MONTH = 365.25 / 12.0

WEEKS = 104


def company() -> cm.CompanyProfile:
    content = json.loads((ROOT / "examples" / "maison_verte.json").read_text())
    return cm.CompanyProfile.model_validate(content)


def table(spend: Any, outcome: float = 1500.0) -> dict[str, list[Any]]:
    dates = pd.date_range("2023-01-02", periods=WEEKS, freq="7D").strftime("%Y-%m-%d").tolist()
    return {"date": dates, "outcome": [outcome] * WEEKS, "sms": np.broadcast_to(spend, WEEKS).tolist()}


def today(spend: Any, stated: float) -> Finding | None:
    """The finding on a column of weekly spend, where the profile states an amount a month."""
    rows = History.of(table(spend), source="rows.csv", outcome_worth=18.0)
    spent = column_spends(rows, DAYS_PER_MONTH, 365.25)
    says = Stated("EUR", "month", DAYS_PER_MONTH, (stated,))
    return next(iter(today_findings(spent, says, 7.0)), None)


MONTHLY = 1000.0 * DAYS_PER_MONTH / 7.0

GROWS = np.geomspace(100.0, 1200.0, WEEKS)

STOPPED = np.where(np.arange(WEEKS) < 60, 1000.0, 0.0)


@pytest.mark.parametrize(
    ("spend", "stated"),
    [
        (1000.0, MONTHLY),
        (1000.0, 1.9 * MONTHLY),
        (1000.0, 0.55 * MONTHLY),
        (GROWS, 1.1 * MONTHLY),
        (np.where(np.arange(WEEKS) >= 88, 1000.0, 0.0), MONTHLY),  # launched
        (STOPPED, MONTHLY),
        (STOPPED, 0.0),
        (np.where(np.arange(WEEKS) % 13 == 5, 13000.0, 0.0), MONTHLY),  # a burst a quarter
        (1000.0 * (1.0 + 0.9 * np.sin(np.arange(WEEKS) / 8.3)), MONTHLY),  # a season
    ],
)
def test_spend_today_that_some_recent_stretch_shows_is_no_fault(spend: Any, stated: float) -> None:
    found = today(spend, stated)
    assert found is None or found.verdict == "PASS"


@pytest.mark.parametrize(
    ("spend", "stated", "verdict", "said"),
    [
        (1000.0, 2.5 * MONTHLY, "REVIEW", "state today's spend"),
        (1000.0, 0.4 * MONTHLY, "REVIEW", "state today's spend"),
        (1.0, MONTHLY, "FAIL", "is the column in thousands?"),
        (1000.0, MONTHLY / 1000.0, "FAIL", "is the profile's amount in thousands?"),
        (100_000.0, MONTHLY, "FAIL", "is the column in cents?"),
        (1000.0, 12.0 * MONTHLY, "REVIEW", "is that amount a year and not a month?"),
        (1000.0, 1000.0, "REVIEW", "is that amount a week and not a month?"),
    ],
)
def test_spend_today_that_differs_by_a_factor_is_named(
    spend: Any, stated: float, verdict: str, said: str
) -> None:
    found = today(spend, stated)
    assert found is not None
    assert found.verdict == verdict
    assert found.message.startswith("sms: the rows hold EUR ")
    assert found.message.count(said) == 1


@pytest.mark.parametrize("late", [0.8, 1.25])
def test_another_period_is_asked_about_though_the_last_weeks_were_of_another_season(late: float) -> None:
    spend = np.where(np.arange(WEEKS) >= WEEKS - 13, late * 1000.0, 1000.0)
    rows = History.of(table(spend), source="rows.csv", outcome_worth=18.0)
    says = Stated("EUR", "week", 7.0, (MONTHLY,))
    (found,) = today_findings(column_spends(rows, 7.0, 365.25), says, 7.0)
    assert found.verdict == "REVIEW"
    assert f"the rows hold EUR {1000.0 * late:,.0f} a week of late" in found.message
    assert "is that amount a month and not a week?" in found.message


def test_a_profile_that_states_no_spend_today_is_not_asked_and_one_that_states_other_spend_is() -> None:
    assert today(1000.0, 0.0) is None
    rows = History.of({**table(1000.0), "im": [500.0] * WEEKS}, source="rows.csv", outcome_worth=18.0)
    spent = column_spends(rows, DAYS_PER_MONTH, 365.25)
    found = list(today_findings(spent, Stated("EUR", "month", DAYS_PER_MONTH, (MONTHLY, 0.0)), 7.0))
    assert [one.verdict for one in found] == ["PASS", "REVIEW"]
    assert "the profile says 0 is spent today" in found[1].message


@pytest.mark.parametrize(("worth", "verdict"), [(18.0, "PASS"), (0.03, "REVIEW"), (0.001, "FAIL")])
def test_outcome_that_is_worth_far_less_than_was_spent_is_named(worth: float, verdict: str) -> None:
    found = worth_finding(History.of(table(1000.0), source="rows.csv", outcome_worth=worth))
    assert found.verdict == verdict
    assert found.figure == pytest.approx(1.5 * worth)


def rows(factor: float = 1.0, scale: float = 1.0) -> pd.DataFrame:
    """Two columns that bring `factor` times a weak return of about 0.5 on a worth of 20."""
    rng = np.random.default_rng(5)
    spend = np.round(rng.gamma(3.0, 800.0, (WEEKS, 2)))
    brings = factor * 60.0 * (1.0 - np.exp(-spend / 2500.0)).sum(axis=1)
    outcome = np.round(900.0 + brings + 8.0 * rng.standard_normal(WEEKS), 1)
    dates = pd.date_range("2023-01-02", periods=WEEKS, freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "date": dates,
            "outcome": scale * outcome,
            "sms/promotion": spend[:, 0],
            "social/promotion": spend[:, 1],
        }
    )


@cache
def fit(factor: float = 1.0, scale: float = 1.0, published: bool = True) -> cm.Evidence:
    return cm.fit_history(company(), rows(factor, scale), outcome_worth=20.0, draws=400, published=published)


def said(evidence: cm.Evidence, check: str) -> list[Check]:
    return [one for one in evidence.checks if one.check == check]


@pytest.mark.no_cover
def test_published_returns_that_rows_contradict_are_named_and_count_for_nothing() -> None:
    """Eighty times as much: the unit of the outcome may be to blame, and the fit is the one without them."""
    contradicted, alone = fit(scale=80.0), fit(scale=80.0, published=False)
    (found,) = said(contradicted, "published returns")
    assert found.verdict == "REVIEW"
    assert "a return of" in found.message
    assert "on sms/promotion, where the rows say" in found.message
    assert "check the units of spend and outcome" in found.message
    assert not said(contradicted, "ROI expected beforehand")
    assert all(column.believed is None for column in contradicted.columns)
    for one, other in zip(contradicted.columns, alone.columns, strict=True):
        assert one.roi.mean == pytest.approx(other.roi.mean, rel=0.05)


@pytest.mark.no_cover
def test_published_returns_that_rows_agree_with_are_kept() -> None:
    evidence = fit()
    assert not said(evidence, "published returns")
    assert said(evidence, "ROI expected beforehand")
    assert all(column.believed is not None for column in evidence.columns)


@pytest.mark.no_cover
def test_one_contradicted_return_leaves_the_others() -> None:
    """SMS brings a hundred times what is published, social what is."""
    frame = rows()
    spend = frame["sms/promotion"].to_numpy()
    frame["outcome"] += 100.0 * 60.0 * (1.0 - np.exp(-spend / 2500.0))
    evidence = cm.fit_history(company(), frame, outcome_worth=20.0, draws=400)
    (found,) = said(evidence, "published returns")
    assert "on sms/promotion" in found.message
    assert "on social/promotion" not in found.message
    assert "or test what they bring" in found.message
    assert [column.believed is None for column in evidence.columns] == [True, False]


@pytest.mark.no_cover
def test_a_slip_in_spend_does_not_lift_the_range_that_plans_may_use() -> None:
    frame = rows()
    place = int((frame["sms/promotion"] - 2400.0).abs().argmin())
    frame.loc[place, "sms/promotion"] *= 10.0
    slipped = cm.fit_history(company(), frame, outcome_worth=20.0, draws=400, published=False)
    before, after = fit(published=False).columns[0].most, slipped.columns[0].most
    (found,) = (c for c in said(slipped, "single rows of sms/promotion") if c.verdict == "REVIEW")
    assert found.message.startswith(f"{frame.loc[place, 'date']}: ")
    assert "Plans keep to what was spent without it: up to " in found.message
    assert after == pytest.approx(before, rel=0.15)
    # Both averages are without it: spend was never paused, so they are one.
    column = slipped.columns[0]
    assert column.spend == pytest.approx(fit(published=False).columns[0].spend, rel=0.02)
    assert column.active_spend == pytest.approx(column.spend, rel=0.02)


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the folder of cases")
@pytest.mark.parametrize(
    ("path", "options", "verdict", "expected"),
    [
        (
            "closed_weeks/closed_spend_off.csv",
            {},
            "FAIL",
            "2024-02-26 to 2024-04-29: 10 rows of outcome exactly 0",
        ),
        (
            "closed_weeks/closed_spend_on.csv",
            {},
            "FAIL",
            "2024-02-26 to 2024-04-29: 10 rows of outcome exactly 0",
        ),
        ("closed_weeks/closed_blank.csv", {}, None, ""),
        ("closed_weeks/closed_control.csv", {"controls": ["closed"]}, None, ""),
        ("closed_weeks/closed_on_control.csv", {"controls": ["closed"]}, None, ""),
        ("closed_weeks/open.csv", {}, None, ""),
        ("slips/slip_spend.csv", {}, "REVIEW", "up to 10,798 a period on sms, not 18,170"),
        ("slips/slip_orders.csv", {}, "REVIEW", "2023-10-09: the outcome is 15,791"),
        ("slips/slip_orders_low.csv", {}, "REVIEW", "2023-10-09: the outcome is 157.9"),
    ],
)
def test_cases_of_public_reports(path: str, options: Any, verdict: str | None, expected: str) -> None:
    profile = json.loads((CASES / path).with_name("profile.json").read_text())
    profile.pop("history", None)
    found = cm.fit_history(
        cm.CompanyProfile.model_validate(profile),
        CASES / path,
        outcome="orders",
        outcome_worth=18.0,
        draws=300,
        **options,
    )
    named = [one for one in found.checks if one.verdict != "PASS"]
    if verdict is None:
        assert named == []
        assert 0.75 < found.columns[0].roi.mean < 1.12  # the true one is 0.8
    else:
        assert (named[0].verdict, expected in named[0].message) == (verdict, True)


@pytest.mark.no_cover
@pytest.mark.skipif(not CASES.is_dir(), reason="needs the folder of cases")
def test_impressions_and_clicks_of_a_channel_are_no_controls() -> None:
    folder = CASES / "media_columns"
    rows = pd.read_csv(folder / "weekly.csv").drop(columns="events")
    rows = rows.rename(columns=lambda name: name.removesuffix("_S"))
    content = json.loads((folder / "media.json").read_text())
    evidence = cm.fit_history(
        cm.CompanyProfile.model_validate(content),
        rows,
        date="DATE",
        outcome="revenue",
        outcome_worth=1.0,
        controls=["competitor_sales_B", "newsletter", "facebook_I", "search_clicks_P"],
        draws=200,
    )
    copies = {
        one.check: one for one in evidence.checks if one.check.startswith("copy of") and one.verdict == "FAIL"
    }
    assert set(copies) == {"copy of a channel by facebook_I", "copy of a channel by search_clicks_P"}
    assert "spend on facebook" in copies["copy of a channel by facebook_I"].message
    assert "spend on search" in copies["copy of a channel by search_clicks_P"].message
