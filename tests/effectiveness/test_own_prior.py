"""What published figures expect of a history's columns, and where it enters: fit, profile, command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import channelmix as cm
from channelmix.cli import main
from channelmix.core.errors import InputError
from channelmix.effectiveness import prior_response
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.own.columns import LEAST_SPREAD, PRIOR_DRAWS
from channelmix.effectiveness.own.overlay import evidence_of
from channelmix.effectiveness.published.prior import PublishedPrior

ROOT = Path(__file__).parents[2]
WORTH = 20.0


@pytest.fixture(scope="module")
def company() -> cm.CompanyProfile:
    return cm.CompanyProfile.from_file(ROOT / "examples" / "maison_verte.json")


def rows(column: str = "sms/promotion", weeks: int = 52) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    spend = rng.gamma(4.0, 1200.0, weeks)
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D").strftime("%Y-%m-%d")
    outcome = 2000.0 + 300.0 * (1.0 - np.exp(-spend / 4000.0)) + 20.0 * rng.standard_normal(weeks)
    return pd.DataFrame({"date": dates, "outcome": outcome, column: spend})


def fit(company: cm.CompanyProfile, table: pd.DataFrame, **options: Any) -> cm.Evidence:
    return cm.fit_history(company, table, **{"outcome_worth": WORTH, "draws": 200, **options})


def expected(company: cm.CompanyProfile, spend: dict[str, float]) -> tuple[float, float]:
    """Range of the published return on spend by cell, in money per unit of money."""
    cells = company.cells()
    draws = PublishedPrior(n_draws=PRIOR_DRAWS).fit().draws(cells)
    curves = prior_response(draws, company.period_days, company.usd_rate or 1.0).curves
    brought = curves.value([spend.get(cell.name, 0.0) for cell in cells]).sum(axis=1) / sum(spend.values())
    low, middle, high = np.quantile(brought, [0.05, 0.5, 0.95])
    reach = max(0.5 * np.log(high / low), LEAST_SPREAD * Z90)
    return middle * np.exp(-reach), middle * np.exp(reach)


def test_a_column_is_believed_to_return_what_published_figures_say_of_its_mean_spend(
    company: cm.CompanyProfile,
) -> None:
    (column,) = fit(company, rows()).columns
    assert column.believed == pytest.approx(expected(company, {"FR/sms/promotion": column.spend}))
    (alone,) = fit(company, rows(), published=False).columns
    assert alone.believed is None
    assert alone.roi != column.roi


def test_a_column_of_several_cells_is_divided_as_todays_spend(company: cm.CompanyProfile) -> None:
    (column,) = fit(company, rows("sms")).columns
    today = {c.name: c.current_spend for c in company.cells() if c.channel == "sms" and c.current_spend}
    part = column.spend / sum(today.values())
    assert len(today) == 2
    assert column.believed == pytest.approx(expected(company, {name: part * s for name, s in today.items()}))


def test_the_worth_of_the_outcome_does_not_move_a_belief_in_money(company: cm.CompanyProfile) -> None:
    dear = fit(company, rows(), outcome_worth=10.0 * WORTH).columns[0]
    assert dear.believed == pytest.approx(fit(company, rows()).columns[0].believed)


def test_a_range_is_a_factor_of_three_either_way_at_least(company: cm.CompanyProfile) -> None:
    believed = fit(company, rows("sms/service")).columns[0].believed
    assert believed is not None
    assert believed[1] / believed[0] >= np.exp(2.0 * LEAST_SPREAD * Z90) * (1.0 - 1e-9)


@pytest.mark.no_cover
def test_few_rows_keep_more_of_what_is_believed(company: cm.CompanyProfile) -> None:
    """Where an outcome is worth three times as much, rows say more than published figures do."""

    def moved(weeks: int) -> float:
        options: Any = {"draws": 600, "outcome_worth": 3.0 * WORTH}
        with_, without = (
            fit(company, rows(weeks=weeks), published=published, **options).columns[0].roi
            for published in (True, False)
        )
        return float(np.log(with_.mean / without.mean))

    assert moved(8) < 1.25 * moved(104) < 0.0


def profile_with_history(folder: Path, **stated: Any) -> cm.CompanyProfile:
    rows().to_csv(folder / "h.csv", index=False)
    content = json.loads((ROOT / "examples" / "maison_verte.json").read_text(encoding="utf-8"))
    content["history"] = {"file": "h.csv", "outcome_worth": WORTH, **stated}
    (folder / "p.json").write_text(json.dumps(content), encoding="utf-8")
    return cm.CompanyProfile.from_file(folder / "p.json")


@pytest.mark.no_cover
def test_a_profiles_history_is_fitted_as_the_command_fits_it(
    company: cm.CompanyProfile, tmp_path: Path
) -> None:
    believing, alone = (evidence_of(profile_with_history(tmp_path, published=p)) for p in (True, False))
    assert believing is not None
    assert alone is not None
    assert believing.fitted.sha256 != alone.fitted.sha256
    assert alone.columns[0].believed is None
    options = ["--profile", str(tmp_path / "p.json"), "--outcome-worth", str(WORTH), "--quiet"]
    for evidence, extra in ((believing, []), (alone, ["--no-published"])):
        out = tmp_path / "evidence.json"
        result = CliRunner().invoke(main, ["fit", str(tmp_path / "h.csv"), *options, *extra, "-o", str(out)])
        assert result.exit_code == 0, result.stderr
        assert ("Expected from published figures before the fit" in result.stdout) is not bool(extra)
        assert cm.Evidence.from_file(out) == evidence
    plan = cm.optimize(company.with_evidence(believing))
    assert any("the returns that published figures lead to expect" in said for said in plan.remarks)


def test_evidence_without_beliefs_is_written_as_before(company: cm.CompanyProfile) -> None:
    text = fit(company, rows(), published=False).to_json()
    assert "believed" not in text
    assert cm.Evidence.from_json(text).columns[0].believed is None


def test_published_is_yes_or_no(company: cm.CompanyProfile) -> None:
    with pytest.raises(InputError, match="published must be"):
        fit(company, rows(), published="no")


@pytest.mark.parametrize("stated", ["no", 1, None])
def test_a_profile_states_published_as_true_or_false(tmp_path: Path, stated: Any) -> None:
    with pytest.raises(cm.ProfileError, match=r"history\.published: found .*, expected true or false"):
        profile_with_history(tmp_path, published=stated)
