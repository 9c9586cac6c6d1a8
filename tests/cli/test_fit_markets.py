"""From a table of several markets to a plan, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from channelmix.effectiveness.own.overlay import evidence_of
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Evidence

Run = Callable[..., Result]

OPTIONS = ("--profile", "profile.json", "--date", "week", "--outcome", "orders", "--outcome-worth", "20")

FIT = ("fit", "rows.csv", *OPTIONS, "--market", "shop")


@pytest.fixture
def markets(tmp_path: Path, small: dict[str, Any]) -> dict[str, Any]:
    """A profile of three markets, two of which have rows: 40 weeks of France, the last 30 also of Germany."""
    rng = np.random.default_rng(3)
    lines = ["week,shop,orders,sms/promotion"]
    for shop, first in (("FR", 0), ("DE", 10)):
        for week in range(first, 40):
            sms = round(rng.gamma(4.0, 300.0))
            orders = 800.0 + 300.0 * (1.0 - np.exp(-sms / 1500.0)) + 15.0 * rng.standard_normal()
            lines.append(f"{week},{shop},{orders:.0f},{sms}")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    small["markets"] += [{"name": name, "customers": 50000.0} for name in ("DE", "IT")]
    (tmp_path / "profile.json").write_text(json.dumps(small))
    return small


@pytest.mark.no_cover
def test_markets_are_fitted_and_planned_on(run: Run, markets: dict[str, Any], tmp_path: Path) -> None:
    result = run(*FIT, "--output", "evidence.json")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "rows.csv: 70 rows of 7 days, 0 to 39",
        "2 markets: DE 30 rows, 10 to 39; FR 40 rows, 0 to 39.",
    ]
    heads = [line.strip() for line in lines if line.strip() in ("DE", "FR", "IT")]
    assert heads == ["DE", "FR"]
    assert [line.split()[-1] for line in lines if line.startswith("sms/promotion ")] == ["history", "history"]
    assert "Of each check the worst market:" in lines
    evidence = Evidence.from_file(tmp_path / "evidence.json")
    assert evidence.fitted.markets is not None

    stated = {"file": "rows.csv", "date": "week", "outcome": "orders", "outcome_worth": 20, "market": "shop"}
    (tmp_path / "other.json").write_text(json.dumps(markets | {"history": stated}))
    assert evidence_of(CompanyProfile.from_file(tmp_path / "other.json")) == evidence

    named = markets | {"evidence": "evidence.json", "risk": {"kind": "mean"}}
    (tmp_path / "profile.json").write_text(json.dumps(named))
    planned = run("optimize", "profile.json", "--draws", "64", "--format", "json")
    assert planned.exit_code == 0, planned.output
    plan = json.loads(planned.stdout)
    basis = {
        f"{row['market']}/{row['channel']}/{row['purpose']}": row["evidence"] for row in plan["allocation"]
    }
    own = {"FR/sms/promotion", "DE/sms/promotion"}
    assert {name for name, kind in basis.items() if kind == "history"} == own
    assert basis["IT/sms/promotion"] == "prior"
    sources = {
        entry["name"]: entry["sources"] for entry in plan["assumptions"] if entry["basis"] == "history"
    }
    assert sources == {
        "return of FR/sms/promotion": ["rows.csv, 40 rows of FR from 0 to 39"],
        "return of DE/sms/promotion": ["rows.csv, 30 rows of DE from 10 to 39"],
    }
    assert any(said.startswith("Own history: 70 rows of 2 markets in rows.csv") for said in plan["remarks"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            ",DE,",
            ",DEU,",
            "shop must hold markets of the profile (FR, DE, IT), and row 41 (line 42) has 'DEU'",
        ),
        (",DE,", ",,", "shop must name the market of every row, and row 41 (line 42) has nothing"),
        (
            "11,DE,",
            "10,DE,",
            "market DE: two rows have the same date, 10: row 41 (line 42) and row 42 (line 43)",
        ),
        ("sms/", "FR/sms/", "column FR/sms/promotion names a market"),
        ("sms/", "smss/", 'no cell is selected by "smss/promotion"'),
        ("shop", "market", "there is no column shop"),
    ],
)
def test_what_is_wrong_is_named(
    run: Run, markets: dict[str, Any], tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(path.read_text().replace(old, new))
    result = run(*FIT)
    assert result.exit_code == 3
    assert result.stderr.count("rows.csv") == 1
    assert said in result.stderr
    if "two rows" not in said:  # which only the fit notices
        stated = {
            "file": "rows.csv",
            "date": "week",
            "outcome": "orders",
            "outcome_worth": 20,
            "market": "shop",
        }
        (tmp_path / "profile.json").write_text(json.dumps(markets | {"history": stated}))
        result = run("validate", "profile.json")
        assert result.exit_code == 3
        assert said.split(" (")[0] in result.stderr.replace('\\"', '"')


@pytest.mark.no_cover
def test_lift_tests_name_their_market(run: Run, markets: dict[str, Any], tmp_path: Path) -> None:
    header = "channel,start,end,spend_change,lift,standard_error"
    (tmp_path / "t.csv").write_text(f"{header}\nsms/promotion,12,15,-2000,-200,50")
    result = run(*FIT, "--experiments", "t.csv")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a lift test of sms/promotion names no market, and rows are of DE, FR" in result.stderr
    (tmp_path / "t.csv").write_text(f"{header},market\nsms/promotion,12,15,-2000,-200,50,DE")
    result = run(*FIT, "--experiments", "t.csv")
    assert result.exit_code == 0, result.output
    basis = [line.split()[-1] for line in result.stdout.splitlines() if line.startswith("sms/promotion ")]
    assert basis == ["experiment", "history"]  # of Germany, of France
