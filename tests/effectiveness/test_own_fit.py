from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import channelmix as cm
from channelmix.core.errors import InputError
from channelmix.core.words import PLAIN, Words
from channelmix.effectiveness.own.columns import _spent_days
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Evidence

ROOT = Path(__file__).parents[2]

DAYS_PER_MONTH = 365.25 / 12.0

WEEKS = 78


def table(weeks: int = WEEKS) -> pd.DataFrame:
    """One channel that brings 500 orders at most."""
    rng = np.random.default_rng(5)
    spend = np.round(rng.gamma(3.0, 800.0, weeks))
    orders = 900.0 + 500.0 * (1.0 - np.exp(-spend / 2500.0)) + 25.0 * rng.standard_normal(weeks)
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D")
    return pd.DataFrame({"date": dates, "outcome": np.round(orders), "sms/promotion": spend})


@pytest.fixture(scope="module")
def company() -> CompanyProfile:
    return CompanyProfile.from_file(ROOT / "examples" / "maison_verte.json")


def fit(company: CompanyProfile, history: Any, **options: Any) -> Evidence:
    """Without published figures, so that the regressor alone finds the same."""
    fixed = {"outcome_worth": 20.0, "draws": 200, "published": False}
    return cm.fit_history(company, history, **{**fixed, **options})


@pytest.fixture(scope="module")
def evidence(company: CompanyProfile) -> Evidence:
    return fit(company, table())


def test_a_sending_day_a_week_is_a_week_with_spend() -> None:
    """What of a history is thin is counted in weeks: a day of spend in each of ten weeks are ten weeks."""
    day = np.zeros(70)
    day[2::7] = 100.0
    assert _spent_days(day, 1.0) == 70.0
    assert _spent_days(np.array([0.0, 5.0, 5.0]), 7.0) == 14.0
    assert _spent_days(np.array([0.0, 5.0, 5.0]), 30.0) == 60.0


def test_when_a_channel_was_last_bought_and_what_a_table_leaves_out_are_stated(
    company: CompanyProfile,
) -> None:
    """Two rows that are not listed count as time; a channel stopped 30 weeks before the last row."""
    rows = table()
    rows.loc[WEEKS - 30 :, "sms/promotion"] = 0.0
    rows = rows.drop(index=[10, 40])
    found = fit(company, rows, draws=60)
    (column,) = found.columns
    assert column.last_spend == str(rows["date"][WEEKS - 31].date())
    assert column.idle_days == 7.0 * 30
    assert (found.fitted.rows, found.fitted.unlisted) == (WEEKS - 2, 2)
    assert Evidence.from_json(found.to_json()) == found


def test_what_checks_found_is_known_in_every_language(evidence: Evidence) -> None:
    """And from a file, too: reports quote findings that fail in the reader's language."""
    for found in (evidence, Evidence.from_json(evidence.to_json())):
        for check in found.checks:
            for text in (check.check, check.message):
                french = found.said(text, Words("fr", "EUR"))
                assert french is not None
                assert found.said(text, PLAIN) == text
    assert any(evidence.said(check.message, Words("fr")) != check.message for check in evidence.checks)


def test_a_week_becomes_the_profiles_period(company: CompanyProfile, evidence: Evidence) -> None:
    """78 weeks are 17.94 months: the curve runs through what a month like the others brings, in money."""
    rows = table()
    months = WEEKS * 7.0 / DAYS_PER_MONTH
    (column,) = evidence.columns
    assert column.spend == pytest.approx(rows["sms/promotion"].sum() / months)
    assert column.active_spend == pytest.approx(column.spend, rel=0.02)
    assert column.active_periods == pytest.approx(months, abs=1.0)
    assert column.since_periods == pytest.approx(months)
    assert column.spent_days == pytest.approx(7.0 * np.count_nonzero(rows["sms/promotion"]))
    assert column.timing == ("2023-07-03", "2024-06-24")
    assert (column.last_spend, column.idle_days) == ("2024-06-24", 0.0)
    assert evidence.fitted.unlisted is None
    at_mean = evidence.response.value([column.usual_spend])[:, 0] / column.usual_spend
    assert column.roi.mean == pytest.approx(at_mean.mean(), rel=1e-9)
    assert [column.roi.low, column.roi.high] == pytest.approx(np.quantile(at_mean, [0.05, 0.95]), rel=1e-9)
    model = cm.MarketingMixRegressor(channels=["sms/promotion"], date="date", draws=200)
    model.fit(rows.drop(columns="outcome"), rows["outcome"])
    brought = model.contributions(rows.drop(columns="outcome"))["sms/promotion"].sum()
    # Some months had twice the spend of others, and two such months bring a little less than two even ones.
    assert 1.0 < column.roi.mean / (20.0 * brought / rows["sms/promotion"].sum()) < 1.04
    assert evidence.response.cell(0).knots()[-1] >= max(10.0 * column.most, 10.0 * company.budget)
    assert evidence.period_days == DAYS_PER_MONTH
    assert evidence.fitted.row_days == pytest.approx(7.0)
    assert evidence.fitted.noise == pytest.approx(20.0 * 25.0, rel=0.2)
    assert (evidence.fitted.first, evidence.fitted.last, evidence.fitted.rows) == (
        "2023-01-02",
        "2024-06-24",
        78,
    )


def test_outcomes_have_seven_digits(evidence: Evidence) -> None:
    """Half the room in a file, and a fit and its plan state the same."""
    (block,) = evidence.curves["blocks"]
    assert set(block["parameters"]["outcome"]) == {"shape", "f4"}
    (curves,) = evidence.response.blocks
    outcome = curves.parameters["outcome"]
    np.testing.assert_array_equal(outcome, outcome.astype(np.float32))


def test_the_end_of_the_table_is_no_saturation(evidence: Evidence) -> None:
    """Beyond what was seen a curve goes on rising, ever more slowly."""
    (column,) = evidence.columns
    brought = [evidence.response.mean_value([column.most * f])[0] for f in (1.0, 1.25, 1.5, 2.0)]
    assert (np.diff(brought) > 0.0).all()


def test_how_far_back_timing_counts_is_stated(company: CompanyProfile, evidence: Evidence) -> None:
    recent = fit(company, table(), timing_days=92.0)
    assert recent.columns[0].timing == ("2024-04-01", "2024-06-24")
    assert recent.columns[0].active_spend == evidence.columns[0].active_spend
    assert recent.fitted.sha256 != evidence.fitted.sha256
    with pytest.raises(InputError, match="timing_days"):
        fit(company, table(), timing_days=0.0)


def test_what_was_seen_is_the_least_and_most_in_a_months_weeks(evidence: Evidence) -> None:
    four = table()["sms/promotion"].rolling(4).sum().dropna() * (DAYS_PER_MONTH / 28.0)
    assert evidence.columns[0].least == pytest.approx(four.min())
    assert evidence.columns[0].most == pytest.approx(four.max())


def test_the_truth_is_in_the_interval(evidence: Evidence) -> None:
    spend = table()["sms/promotion"]
    true = 20.0 * 500.0 * (1.0 - np.exp(-spend / 2500.0)).sum() / spend.sum()
    assert evidence.columns[0].roi.low < true < evidence.columns[0].roi.high


def test_the_same_seed_gives_the_same_bytes(
    company: CompanyProfile, evidence: Evidence, tmp_path: Path
) -> None:
    table().to_csv(tmp_path / "the table", index=False)
    again = fit(company, tmp_path / "the table")
    assert again.to_json() == evidence.to_json()
    assert fit(company, table(), seed=1).curves != evidence.curves


def test_a_lift_test_is_used_and_named(company: CompanyProfile, evidence: Evidence) -> None:
    # Less was lost by what was withheld than the history alone says.
    test = cm.LiftTest("sms/promotion", "2023-06-05", "2023-07-24", -8000.0, -150.0, 30.0)
    told = fit(company, table(), experiments=[test])
    assert (evidence.columns[0].basis, told.columns[0].basis) == ("history", "experiment")
    assert told.columns[0].marginal_roi.high < evidence.columns[0].marginal_roi.low
    assert told.experiments[0].start == "2023-06-05"
    assert any(check.check.startswith("lift test") for check in told.checks)


def test_controls_are_no_spend(company: CompanyProfile) -> None:
    rows = table().assign(promo=np.tile([0.0, 1.0, 0.0], 26))
    found = fit(company, rows, controls=["promo"])
    assert [column.name for column in found.columns] == ["sms/promotion"]
    assert found.fitted.controls == ("promo",)


def test_weeks_without_a_known_outcome_tell_nothing(company: CompanyProfile) -> None:
    rows = table()
    rows.loc[[10, 40], "outcome"] = np.nan
    found = fit(company, rows)
    assert np.isfinite([found.fitted.noise, found.columns[0].roi.mean]).all()
    said = next(check for check in found.checks if "is blank" in check.message)
    assert (said.verdict, said.message[:29]) == ("PASS", "The outcome of 2 rows is blan")


def test_volume_acts_and_its_spend_is_paid(company: CompanyProfile, evidence: Evidence) -> None:
    spend = table()["sms/promotion"]
    rows = table().assign(**{"sms/promotion": 20.0 * spend, "paid": spend})
    found = fit(company, rows, cost_per_unit={"sms/promotion": "paid"})
    assert found.columns[0].spend == pytest.approx(evidence.columns[0].spend)
    assert found.columns[0].roi.mean == pytest.approx(evidence.columns[0].roi.mean, rel=1e-6)
    dear = fit(company, rows.assign(paid=2.0 * spend), cost_per_unit={"sms/promotion": "paid"})
    assert dear.columns[0].spend == pytest.approx(2.0 * evidence.columns[0].spend)
    assert dear.columns[0].roi.mean == pytest.approx(0.5 * evidence.columns[0].roi.mean, rel=1e-6)
    assert dear.fitted.sha256 != found.fitted.sha256


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sms/promotion": "smss"}, r'column smss: no cell .*\(did you mean "sms"\?\)'),
        ({"date": "week"}, "no column date"),
    ],
)
def test_columns_must_say_what_they_are(company: CompanyProfile, change: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit(company, table().rename(columns=change))


def test_what_cannot_be_fitted_names_the_table(company: CompanyProfile) -> None:
    with pytest.raises(InputError, match="the table: nothing was ever spent on sms/promotion"):
        fit(company, table().assign(**{"sms/promotion": 0.0}))
    with pytest.raises(InputError, match="the table: two rows have the same date"):
        fit(company, pd.concat([table(10), table(3)]))
    with pytest.raises(InputError, match="No such file"):
        fit(company, "nowhere.csv")


@pytest.mark.no_cover
def test_a_history_named_by_a_profile_is_fitted_once(tmp_path: Path) -> None:
    from channelmix.effectiveness.own.overlay import evidence_of

    table(40).to_csv(tmp_path / "h.csv", index=False)
    text = (ROOT / "examples" / "maison_verte.json").read_text(encoding="utf-8")
    history = '"history": {"file": "h.csv", "outcome_worth": 20}, "name"'
    (tmp_path / "p.json").write_text(text.replace('"name"', history, 1), encoding="utf-8")
    profile = CompanyProfile.from_file(tmp_path / "p.json")
    found = evidence_of(profile)
    assert found is not None
    assert (found.fitted.source, found.response.n_draws) == ("h.csv", 2048)
    assert evidence_of(CompanyProfile.from_file(tmp_path / "p.json").with_budget(1000.0)) is found


@pytest.mark.no_cover
def test_a_backtest_is_a_check_where_it_is_asked_for(company: CompanyProfile) -> None:
    rows = table(60)
    checks = fit(company, rows, backtest=True).checks
    assert [check.check for check in checks].count("backtest") == 1
    (found,) = (check for check in checks if check.check == "backtest")
    assert found.message.startswith("Backtest of 2 x 13 rows")
    assert "backtest" not in [check.check for check in fit(company, rows).checks]
    with pytest.raises(InputError, match="the table: a backtest of 2 x 13 rows needs 52 rows, not 40"):
        fit(company, rows[:40], backtest=True)
    late = rows.assign(**{"sms/promotion": rows["sms/promotion"].where(rows.index >= 50, 0.0)})
    with pytest.raises(InputError, match="rows before a block of the backtest cannot be fitted: nothing was"):
        fit(company, late, backtest=True)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_examples_history_is_what_its_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load(ROOT / "examples" / "simulate_atelier.py")
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    for name in ("atelier_history.csv", "atelier_tests.csv"):
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / name).read_bytes()
