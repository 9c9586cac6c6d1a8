"""Rows of several markets: what is learnt is of each market, over its own span."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.core.errors import InputError
from channelmix.effectiveness import with_own
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Evidence, covered

WORTH, ROW_DAYS, MONTH = 20.0, 7.0, 365.25 / 12.0

WEEKS = {"FR": 60, "DE": 40}


def company() -> CompanyProfile:
    content = copy.deepcopy(SMALL)
    content["markets"] += [{"name": name, "customers": 50000.0} for name in ("DE", "IT")]
    return CompanyProfile.model_validate(content | {"risk": {"kind": "mean"}})


def table() -> pd.DataFrame:
    """Germany begins later, and has no social media; a euro brings more there."""
    rng = np.random.default_rng(8)
    weeks = pd.date_range("2023-01-02", periods=60, freq="7D")
    tables = []
    for name, n in WEEKS.items():
        spend = np.round(rng.gamma(2.0, 500.0, (n, 2))) * [name == "FR", 1.0]
        size = {"FR": 200.0, "DE": 400.0}[name]
        orders = 900.0 + size * (1.0 - np.exp(-spend / 1000.0)).sum(axis=1) + 25.0 * rng.standard_normal(n)
        rows = pd.DataFrame(spend, columns=["social", "sms/promotion"])
        tables.append(rows.assign(shop=name, week=weeks[60 - n :], outcome=orders))
    return pd.concat(tables, ignore_index=True)


def fit(rows: pd.DataFrame, **options: Any) -> Evidence:
    fixed = {"outcome_worth": WORTH, "date": "week", "market": "shop", "draws": 200, "published": False}
    return cm.fit_history(company(), rows, **{**fixed, **options})


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return fit(table())


@pytest.mark.no_cover
def test_each_market_is_as_the_regressor_found_it_per_month_of_its_own_span(evidence: Evidence) -> None:
    rows = table()
    X = rows.drop(columns="outcome")
    model = cm.MarketingMixRegressor(date="week", market="shop", draws=200).fit(X, rows["outcome"])
    assert [column.name for column in evidence.columns] == [
        "DE/sms/promotion",
        "FR/social",
        "FR/sms/promotion",
    ]
    left = rows["outcome"] - model.predict(X)
    assert evidence.fitted.markets is not None
    for market in evidence.fitted.markets:
        mine, months = X["shop"] == market.name, WEEKS[market.name] * ROW_DAYS / MONTH
        days = X.loc[mine, "week"].astype(str)
        assert (market.rows, market.first, market.last) == (mine.sum(), days.min(), days.max())
        assert market.noise == pytest.approx(WORTH * left[mine].std(ddof=0))
        for column in (each for each in evidence.columns if each.name.startswith(market.name)):
            name = column.name.removeprefix(f"{market.name}/")
            spend = X.loc[mine, name]
            assert column.spend == pytest.approx(spend.sum() / months)
            four = spend.rolling(4).sum().dropna() * (MONTH / 28.0)
            assert (column.least, column.most) == pytest.approx((four.min(), four.max()))
            place = evidence.response.names.index(column.name)
            at_mean = evidence.response.take([place]).value([column.usual_spend])[:, 0].mean()
            assert column.roi.mean == pytest.approx(at_mean / column.usual_spend, rel=1e-9)
            # What the market's own rows brought, a little less than even months would have.
            brought = WORTH * model.contributions(X).loc[mine, name].sum() / spend.sum()
            assert 1.0 < column.roi.mean / brought < 1.1
    assert evidence.fitted.rows == 100
    assert evidence.fitted.noise == pytest.approx(WORTH * left.std(ddof=0))


@pytest.mark.no_cover
def test_one_market_by_name_is_that_market_alone() -> None:
    rows = table()[table()["shop"] == "FR"]
    named = fit(rows)
    plain = fit(
        rows.drop(columns="shop").rename(
            columns=lambda c: f"FR/{c}" if c in ("social", "sms/promotion") else c
        ),
        market=None,
    )
    assert named.columns == plain.columns
    assert named.curves == plain.curves
    assert named.fitted.noise == plain.fitted.noise


def test_markets_and_channels_without_rows_keep_published_figures(evidence: Evidence) -> None:
    profile = company().with_evidence(evidence)
    published = PublishedPrior(n_draws=8).fit().draws(profile.cells())
    basis = dict(
        zip(
            (cell.name for cell in profile.cells()),
            with_own(published, profile, fresh=False).evidence,
            strict=True,
        )
    )
    own = {"FR/social/promotion", "FR/social/service", "FR/sms/promotion", "DE/sms/promotion"}
    # Nothing is spent on DE/social in the history, nor on some cells of FR/social today.
    assert {name for name, kind in basis.items() if kind == "history"} == own
    assert {kind for name, kind in basis.items() if name not in own} == {"prior"}


@pytest.mark.no_cover
def test_a_lift_test_is_of_its_market() -> None:
    test = cm.LiftTest("sms/promotion", "2023-09-04", "2023-10-23", -4000.0, -900.0, 100.0, market="DE")
    found = fit(table(), experiments=[test])
    assert {column.name: column.basis for column in found.columns} == {
        "DE/sms/promotion": "experiment",
        "FR/social": "history",
        "FR/sms/promotion": "history",
    }
    assert found.experiments[0].market == "DE"
    assert Evidence.from_json(found.to_json()) == found
    withheld = cm.LiftTest("social", "2023-09-04", "2023-10-23", -1.0, -1.0, 1.0, market="DE")
    with pytest.raises(
        InputError, match="in DE from 2023-09-04 to 2023-10-23: nothing was ever spent on social in DE"
    ):
        fit(table(), experiments=[withheld])
    with pytest.raises(InputError, match=r"^a lift test of social is of IT, and rows are of DE, FR"):
        fit(
            table(),
            experiments=[cm.LiftTest("social", "2023-09-04", "2023-10-23", 1.0, 1.0, 1.0, market="IT")],
        )


def test_a_column_of_all_spend_is_the_whole_market() -> None:
    rows = table()
    whole = rows[["shop", "week", "outcome"]].assign(all=rows["social"] + rows["sms/promotion"])
    found = fit(whole, draws=40)
    assert [column.name for column in found.columns] == ["DE", "FR"]
    names = [cell.name for cell in company().cells()]
    for places, market in zip(covered(["DE", "FR"], names), ("DE", "FR"), strict=True):
        assert {names[i].split("/")[0] for i in places} == {market}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"shop": lambda rows: rows["shop"].replace("DE", "DEE")},
            r"row 61 has 'DEE' .*\(did you mean \"DE\"\?\)",
        ),
        ({"shop": lambda rows: rows["shop"].where(rows.index != 4)}, "every row, and row 5 has nothing"),
        (
            {"week": lambda rows: rows["week"].where(rows.index != 1, rows["week"][0])},
            "market FR: two rows .* 2023-01",
        ),
    ],
)
def test_what_cannot_be_used_is_named(change: Any, said: str) -> None:
    with pytest.raises(InputError, match=f"the table: .*{said}"):
        fit(table().assign(**change))
