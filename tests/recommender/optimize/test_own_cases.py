"""Companies whose rows were made with known returns: what the fit says, the plan shows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import channelmix as cm
from channelmix.report import to_terminal

CASES = Path(__file__).parents[4] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the folder of cases is not beside the project")

DRAWS = 2000


def fitted(folder: str, profile: str, rows: str) -> tuple[cm.CompanyProfile, cm.Evidence]:
    company = cm.CompanyProfile.from_file(CASES / folder / profile, read_files=False)
    evidence = cm.fit_history(
        company, CASES / folder / rows, outcome="orders", outcome_worth=18.0, draws=DRAWS
    )
    return company, evidence


@pytest.mark.parametrize(
    ("profile", "rows", "weeks", "true"),
    [
        ("profile.json", "history.csv", 16, 2.5),
        ("last8.json", "last8.csv", 8, 1.48),
        ("last_half.json", "last_half.csv", 52, 1.48),
    ],
)
def test_a_channel_that_began_late_is_judged_at_the_spend_of_its_weeks(
    profile: str, rows: str, weeks: int, true: float
) -> None:
    company, evidence = fitted("launch", profile, rows)
    (im,) = (column for column in evidence.columns if column.name == "im")
    months = weeks * 7.0 / (365.25 / 12.0)
    assert im.active_spend == pytest.approx(im.spend * 23.9 / months, rel=0.1)
    assert im.roi.low < true < im.roi.high
    plan = cm.optimize(company.with_evidence(evidence))
    (cell,) = (row for row in plan.allocation if row.channel == "im")
    assert cell.spend > 0.75 * cell.current_spend
    place = evidence.response.names.index("im")
    today = evidence.response.take([place]).mean_value([cell.current_spend])[0]
    assert today / cell.current_spend == pytest.approx(im.roi.mean, rel=0.15)
    shown = io.StringIO()
    to_terminal(plan, shown)
    pace = f"im: EUR {im.usual_spend:,.0f} a month over the periods with spend, {im.spend:,.0f} over all time"
    assert pace in " ".join(shown.getvalue().split())


@pytest.mark.no_cover
def test_growth_is_judged_at_todays_pace() -> None:
    """SMS brings 12,000 (1 - exp(-x / 6,000)) a week: its next unit 1.43 at 8,767 a month."""
    _, evidence = fitted("growth", "profile.json", "history.csv")
    today = np.array([25819.0, 8767.0])
    beside = np.array([0.0, 90.0])
    slope = (evidence.response.value(today + beside) - evidence.response.value(today - beside))[:, 1] / 180.0
    low, high = np.quantile(slope, [0.05, 0.95])
    assert low < 1.43 < high
    (sms,) = (column for column in evidence.columns if column.name == "sms")
    assert sms.active_spend == pytest.approx(sms.spend, rel=0.01)
