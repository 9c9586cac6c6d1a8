"""Media without a bill and lift tests in evidence: what is written, shown and planned on."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.own_evidence import returns, written

import channelmix as cm
from channelmix import report
from channelmix.core.documents import Interval
from channelmix.core.errors import InputError
from channelmix.effectiveness.own.lift_findings import unit_findings
from channelmix.profile.evidence import Evidence, History, Unpaid
from channelmix.recommender.optimize.optimize import optimize

DAYS_PER_MONTH = 365.25 / 12.0

ROOT = Path(__file__).parents[2]


def table(weeks: int = 78) -> pd.DataFrame:
    """SMS, and a newsletter in every second week or so that brings 150 orders."""
    rng = np.random.default_rng(3)
    spend = np.round(rng.gamma(3.0, 800.0, weeks))
    sent = np.where(rng.random(weeks) < 0.5, 40000.0, 0.0)
    orders = 900.0 + 500.0 * (1.0 - np.exp(-spend / 2500.0)) + 150.0 * (sent > 0.0)
    orders += 20.0 * rng.standard_normal(weeks)
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D")
    return pd.DataFrame(
        {"date": dates, "outcome": np.round(orders), "sms/promotion": spend, "newsletter": sent}
    )


@pytest.fixture(scope="module")
def company() -> cm.CompanyProfile:
    return cm.CompanyProfile.from_file(ROOT / "examples" / "maison_verte.json")


def fit(company: cm.CompanyProfile, rows: Any, **options: Any) -> Evidence:
    fixed = {"outcome_worth": 20.0, "draws": 200, "published": False, "unpaid": ["newsletter"]}
    return cm.fit_history(company, rows, **{**fixed, **options})


@pytest.fixture(scope="module")
def evidence(company: cm.CompanyProfile) -> Evidence:
    return fit(company, table())


def test_what_they_bring_is_stated_in_money_and_as_a_share(evidence: Evidence) -> None:
    rows = table()
    assert evidence.unpaid is not None
    (found,) = evidence.unpaid
    assert found.name == "newsletter"
    orders = 150.0 * float((rows["newsletter"] > 0.0).sum())
    share = orders / float(rows["outcome"].sum())
    assert found.share.low < share < found.share.high
    assert found.share.mean == pytest.approx(share, rel=0.35)
    months = 78 * 7.0 / DAYS_PER_MONTH
    total = 20.0 * float(rows["outcome"].sum()) / months
    assert found.outcome.mean == pytest.approx(found.share.mean * total, rel=0.01)
    assert [column.name for column in evidence.columns] == ["sms/promotion"]
    assert evidence.response.names == ("sms/promotion",)


def test_weeks_without_a_row_are_weeks_without_posts(company: cm.CompanyProfile, evidence: Evidence) -> None:
    """Every third week is left out: a month brings less than its weeks with rows do."""
    found = fit(company, table()[lambda t: t.index % 3 < 2])
    assert found.unpaid is not None
    assert evidence.unpaid is not None
    whole, part = (one[0].outcome.mean / one[0].share.mean for one in (evidence.unpaid, found.unpaid))
    assert part == pytest.approx(2.0 / 3.0 * whole, rel=0.03)


def test_they_are_written_and_older_files_keep_their_digest(evidence: Evidence) -> None:
    assert Evidence.from_json(evidence.to_json()) == evidence
    assert [one["name"] for one in json.loads(evidence.to_json())["unpaid"]] == ["newsletter"]
    plain = written({"sms/promotion": returns()})
    assert plain.unpaid is None
    assert "unpaid" not in json.loads(plain.to_json())
    with pytest.raises(InputError, match="sha256 is another"):
        Evidence.from_json(evidence.to_json().replace('"name": "newsletter"', '"name": "post"'))


def test_a_newsletter_taken_for_spend_or_left_out_is_another_history(
    company: cm.CompanyProfile, evidence: Evidence
) -> None:
    with pytest.raises(InputError, match="column newsletter: no cell"):
        fit(company, table(), unpaid=())
    without = fit(company, table().drop(columns="newsletter"), unpaid=())
    assert without.unpaid is None
    assert without.fitted.sha256 != evidence.fitted.sha256
    assert without.fitted.noise > 1.5 * evidence.fitted.noise


def test_a_column_without_a_bill_has_no_spend_in_the_profile(company: cm.CompanyProfile) -> None:
    with pytest.raises(
        InputError, match=r"^the table: im has spend in the profile \(18,000 a month\): is it really"
    ):
        fit(company, table().rename(columns={"newsletter": "im"}), unpaid=["im"])


def test_the_output_of_a_fit_says_what_they_bring(evidence: Evidence) -> None:
    file = io.StringIO()
    report.fit_to_terminal(evidence, "month", file)
    shown = " ".join(file.getvalue().split())
    assert re.search(
        r"newsletter \(unpaid\): about EUR [\d,]+ a month \([\d,]+ to [\d,]+\), [\d.]+ % \([\d.]+ to [\d.]+ %\) of "
        r"\w+\. Not part of the budget\.",
        shown,
    )
    assert "Spend on newsletter" not in shown
    assert "ROI of newsletter" not in shown


@pytest.mark.no_cover
def test_a_plan_and_its_page_say_so_and_spend_nothing_on_them(small: dict[str, Any]) -> None:
    brings = Unpaid(
        name="newsletter",
        outcome=Interval(mean=1234.0, low=900.0, high=1700.0),
        share=Interval(mean=0.031, low=0.02, high=0.05),
    )
    known = written({"sms/promotion": returns()}, unpaid=(brings,))
    profile = cm.CompanyProfile.model_validate(small | {"risk": {"kind": "mean"}}).with_evidence(known)
    plan = optimize(profile, n_draws=64)
    (said,) = (remark for remark in plan.remarks if "newsletter" in remark)
    assert said.startswith(
        "newsletter costs nothing and brought about EUR 1,234 a month (900 to 1,700) on average over all rows, 3 % "
    )
    assert all("newsletter" not in cell.channel for cell in plan.allocation)
    assert "newsletter costs nothing" in plan.to_html()
    assert "newsletter ne coûte rien" in plan.to_html(lang="fr")


def test_a_test_that_is_at_fault_is_named_without_the_history(
    company: cm.CompanyProfile, tmp_path: Path
) -> None:
    head = "channel,start,end,spend_change,lift,standard_error\n"
    (tmp_path / "t.csv").write_text(head + "sms/promotion,2023-06-07,2023-07-30,-8000,-300,40\n")
    with pytest.raises(
        InputError, match=r"^t\.csv: lift test of sms/promotion from 2023-06-07 to 2023-07-30: 2023-"
    ):
        fit(company, table(), experiments=tmp_path / "t.csv")
    stated = cm.LiftTest("sms/promotion", "2023-06-07", "2023-07-30", -8000.0, -300.0, 40.0)
    with pytest.raises(InputError, match=r"^lift test of sms/promotion from 2023-06-07"):
        fit(company, table(), experiments=[stated])


@pytest.mark.no_cover
def test_a_lift_that_may_be_in_money_is_asked_about(company: cm.CompanyProfile) -> None:
    """60 EUR come back by orders of 20 EUR, 3 by EUR: a history of 1,000 times the outcome could hold either."""
    rows = table().assign(outcome=lambda t: 1000.0 + 10.0 * t["outcome"])
    test = cm.LiftTest("sms/promotion", "2023-06-05", "2023-07-30", -8000.0, -24000.0, 5000.0)
    found = fit(company, rows, experiments=[test])
    (asked,) = (check for check in found.checks if check.check.startswith("unit of the lift test"))
    assert asked.verdict == "REVIEW"
    assert asked.message.endswith(
        "each EUR brings 60 back. If its lift of -24,000 is in EUR, not in outcome, state -1,200."
    )
    usual = cm.LiftTest("sms/promotion", "2023-06-05", "2023-07-30", -8000.0, -1200.0, 250.0)
    again = fit(company, rows, experiments=[usual])
    assert not [check for check in again.checks if check.check.startswith("unit of the lift test")]


@pytest.mark.parametrize(
    ("lift", "worth", "believed", "asked"),
    [
        (-400.0, 18.0, {}, False),  # 7.2 EUR for one
        (-600.0, 18.0, {}, True),  # 10.8, or 0.6 if the lift is in money
        (-60.0, 18.0, {}, False),  # 1.08
        (-400.0, 18.0, {"sms": (0.01, 0.1)}, True),  # believed: 0.18 to 1.8
        (-600.0, 18.0, {"sms": (0.05, 0.5)}, False),  # believed: up to 9
        (-600.0, 1.0, {}, False),  # the outcome is money
        (-20.0, 600.0, {}, False),  # 0.02 would be out of the ordinary, too
    ],
)
def test_a_unit_is_asked_about_where_the_other_one_is_more_usual(
    lift: float, worth: float, believed: dict[str, tuple[float, float]], asked: bool
) -> None:
    columns: dict[str, Any] = {"date": [1, 2], "orders": [1e6, 1e6], "sms": [1000.0, 1500.0]}
    test = cm.LiftTest("sms", 1, 2, -1000.0, lift, 1.0)
    rows = History.of(columns, source="rows", outcome="orders", outcome_worth=worth, experiments=[test])
    found = list(unit_findings(rows, "EUR", believed))
    assert [str(each.verdict) for each in found] == ["REVIEW"] * asked


@pytest.mark.no_cover
def test_tests_of_every_kind_are_kept_in_the_file(company: cm.CompanyProfile) -> None:
    tests = [
        cm.LiftTest(
            ["sms/promotion", "newsletter"],
            "2023-06-05",
            "2023-07-30",
            [-8000.0, -40000.0],
            -500.0,
            90.0,
            rows="without_change",
        ),
        cm.LiftTest("sms/promotion", "2023-09-04", "2023-10-01", 900.0, 100.0, 40.0, held_out=0.1),
        cm.LiftTest("sms/promotion", "2023-11-06", "2023-12-03", 900.0, 100.0, 40.0, rows="with_change"),
    ]
    tests.append(cm.LiftTest("sms/promotion", "2023-03-06", "2023-04-02", None, 900.0, 250.0, held_out=0.2))
    found = fit(company, table(), experiments=tests)
    assert found.columns[0].basis == "experiment"
    again = Evidence.from_json(found.to_json())
    assert again == found
    assert [test.to_dict() for test in again.experiments] == [test.to_dict() for test in found.experiments]
    assert again.experiments[0].channels == ("sms/promotion", "newsletter")
    assert [check.verdict for check in found.checks if check.check.startswith("lift test")] == ["PASS"] * 4
