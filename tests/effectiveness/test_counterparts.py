"""The published prior's use of the meta-regression."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student_t

from channelmix.datasets import PriorRange, load_facts, load_ranges
from channelmix.effectiveness import CellDraws, Figure
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.published.counterparts import (
    COUNTERPARTS,
    MOST_FACTS_LISTED,
    published_regression,
    regressed,
    setting_of,
)
from channelmix.effectiveness.published.meta_regression import Setting
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.profile import Cell, CompanyProfile
from channelmix.recommender.optimize.assumptions import assumptions


def cells_of(content: dict[str, Any]) -> tuple[Cell, ...]:
    return tuple(CompanyProfile.model_validate(content).cells())


def draw(content: dict[str, Any], n_draws: int = 256, **options: Any) -> CellDraws:
    return PublishedPrior(n_draws=n_draws, **options).fit().draws(cells_of(content))


def by_cell(draws: CellDraws) -> dict[str, Any]:
    return {cell.name: q for cell, q in zip(draws.cells, draws.quantities, strict=True)}


def figure_of(draws: CellDraws, cell: str, quantity: str) -> Figure:
    (found,) = (f for f in draws.figures if cell in f.cells and f.range.quantity == quantity)
    return found


@pytest.fixture
def three(small: dict[str, Any]) -> dict[str, Any]:
    """The small company in France, the United States and a country of which nothing is published."""
    small["markets"] = [
        {"name": "A", "customers": 100000.0, "country": "FR"},
        {"name": "B", "customers": 50000.0, "country": "US"},
        {"name": "C", "customers": 50000.0, "country": "IS"},
        {"name": "D", "customers": 20000.0, "country": "FR"},
    ]
    return small


def test_counterparts_qualify_and_replace_a_range() -> None:
    regression = published_regression()
    for key, counterpart in COUNTERPARTS.items():
        assert key in load_ranges()
        figures = regression.figures(counterpart.quantity)
        assert counterpart.quantity in regression.quantities
        assert counterpart.purpose in {figure.purpose for figure in figures}
        assert counterpart.kind in {figure.kind for figure in figures}
        own = [figure for figure in figures if figure.channel == key[0]]
        assert len(own) >= 15


@pytest.mark.parametrize("key", sorted(COUNTERPARTS))
def test_draws_have_the_regressions_median_and_interval(
    three: dict[str, Any], key: tuple[str, str, str]
) -> None:
    channel, purpose, quantity = key
    counterpart = COUNTERPARTS[key]
    regression = published_regression()
    draws = draw(three, n_draws=8192)
    for cell, quantities in zip(draws.cells, draws.quantities, strict=True):
        if (cell.channel, cell.purpose) == (channel, purpose):
            setting = setting_of(regression, counterpart, cell)
            mean, level, freedom = regression.predict_log(counterpart.quantity, [setting])
            median = counterpart.factor * math.exp(mean[0])
            factor = math.exp(student_t.ppf(0.95, freedom) * math.sqrt(level[0, 0]))
            low, middle, high = np.quantile(quantities[quantity], [0.05, 0.5, 0.95])
            assert middle == pytest.approx(median, rel=0.02)
            assert low == pytest.approx(median / factor, rel=0.03)
            assert high == pytest.approx(median * factor, rel=0.03)
            if quantity == "response_rate":
                continue  # not listed of its own: it is part of what clicks and orders say of an effect
            entry = figure_of(draws, cell.name, quantity).range
            assert (entry.typical, entry.uncertainty_factor) == pytest.approx((median, factor))
            assert (entry.low, entry.high) == pytest.approx((median / factor, median * factor))
            assert entry.unit == load_ranges()[key].unit


def test_the_country_moves_prices_and_what_no_figure_tells_apart_stays(three: dict[str, Any]) -> None:
    draws = draw(three)
    cost = {cell: figure_of(draws, f"{cell}/sms/service", "cost_per_contact").range for cell in "ABC"}
    assert cost["B"].typical < 0.03 < cost["C"].typical < cost["A"].typical < 0.09
    assert cost["C"].uncertainty_factor > cost["A"].uncertainty_factor
    # Push logs name no country: one prediction serves all, and so does one belief.
    assert effect_of(draws, "A/app/promotion") == effect_of(draws, "B/app/promotion")
    cells = by_cell(draws)
    assert (cells["A/app/promotion"]["response_rate"] == cells["B/app/promotion"]["response_rate"]).all()


def test_markets_of_one_country_share_draws_and_others_are_correlated(three: dict[str, Any]) -> None:
    draws = draw(three, n_draws=4096)
    cells = by_cell(draws)
    for name, quantities in cells.items():
        if name.startswith("A/"):
            assert all((sample == cells["D/" + name[2:]][q]).all() for q, sample in quantities.items())
    names = [f"{market}/sms/{purpose}" for market in "ABC" for purpose in ("promotion", "service")]
    places = {cell.name: cell for cell in draws.cells}
    regression = published_regression()
    settings = [
        setting_of(regression, COUNTERPARTS["sms", places[n].purpose, "cost_per_contact"], places[n])
        for n in names
    ]
    _, covariance = regressed(regression, "cost_per_sms", settings)
    logs = np.log([cells[name]["cost_per_contact"] for name in names])
    assert np.cov(logs) == pytest.approx(covariance, abs=0.03)
    assert np.corrcoef(logs)[0, 2] > 0.3
    # Channels and quantities stay independent.
    others = np.log(
        [cells["A/sms/promotion"]["cost_per_contact"], cells["A/im/promotion"]["cost_per_contact"]]
    )
    rates = np.log([cells["A/social/promotion"][q] for q in ("cost_per_contact", "response_rate")])
    assert abs(np.corrcoef(others)[0, 1]) < 0.05
    assert abs(np.corrcoef(rates)[0, 1]) < 0.05


def test_many_countries_can_be_drawn_together(small: dict[str, Any]) -> None:
    """Purposes and countries have additive effects, so that the covariance of their pairs is singular."""
    countries = ["FR", "US", "DE", "ES", "IT", "PL", "IN", "BR", "GB", "IS", "MT", "CY"]
    small["markets"] = [{"name": c, "customers": 20000.0, "country": c} for c in countries]
    for quantities in draw(small, n_draws=16).quantities:
        assert all(np.isfinite(sample).all() and (sample > 0.0).all() for sample in quantities.values())


def test_order_does_not_matter_and_seeds_reproduce(three: dict[str, Any]) -> None:
    three["channels"]["kiosk"] = {"like": "sms", "reachable": 2000.0}
    turned = copy.deepcopy(three)
    turned["markets"].reverse()
    turned["channels"] = dict(reversed(turned["channels"].items()))
    first, second, again, other = (
        by_cell(draws) for draws in (draw(three), draw(turned), draw(three), draw(three, seed=1))
    )
    for name, quantities in first.items():
        for q, sample in quantities.items():
            assert sample.tobytes() == second[name][q].tobytes() == again[name][q].tobytes()
    price = first["A/sms/promotion"]["cost_per_contact"]
    assert (price != other["A/sms/promotion"]["cost_per_contact"]).any()
    assert (price != first["A/kiosk/promotion"]["cost_per_contact"]).any()


def test_a_range_of_the_users_own_wins(three: dict[str, Any]) -> None:
    own = PriorRange("sms", "promotion", "cost_per_contact", 0.04, 0.04, 0.04, "USD", 1.0, (), "contract", "")
    draws = PublishedPrior(n_draws=8).fit(iter([own])).draws(cells_of(three))
    cells = by_cell(draws)
    assert (cells["A/sms/promotion"]["cost_per_contact"] == 0.04).all()
    assert figure_of(draws, "B/sms/promotion", "cost_per_contact").range == own
    assert len(set(cells["A/sms/service"]["cost_per_contact"])) == 8


def effect_of(draws: CellDraws, cell: str) -> Figure:
    (found,) = (f for f in draws.figures if cell in f.cells and f.range.basis.startswith("from clicks"))
    return found


def test_without_regression_every_figure_is_a_judged_range(three: dict[str, Any]) -> None:
    draws = draw(three, n_draws=2048, regression=False)
    assert all(
        figure.range == load_ranges()[figure.range.key] and not figure.country for figure in draws.figures
    )
    cost = by_cell(draws)["A/sms/promotion"]["cost_per_contact"]
    assert np.median(cost) == pytest.approx(0.03, rel=0.01)
    assert (cost == by_cell(draws)["B/sms/promotion"]["cost_per_contact"]).all()


def test_what_has_no_sound_counterpart_stays_judged(three: dict[str, Any]) -> None:
    """An agent's time is no message; figures of conversion count clicks, messages and leads alike."""
    draws = draw(three)
    regressions = {f.range.key for f in draws.figures if f.range.basis.startswith("regression")}
    clicks = {key for key in COUNTERPARTS if key[2] == "response_rate"}
    assert regressions == COUNTERPARTS.keys() - clicks
    assert {f.range.quantity for f in draws.figures if f.range.basis.startswith("from clicks")} == {
        "orders_per_contact",
        "orders_per_user",
        "revenue_per_spend",
    }
    assert not any(key[1:] == ("promotion", "conversion_rate") for key in regressions)
    assert ("im", "service", "cost_per_contact") not in regressions


def test_shares_are_cut_at_one(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(regression: Any, quantity: str, settings: list[Setting]) -> tuple[Any, Any]:
        assert quantity in regression.quantities
        return np.zeros(len(settings)), np.eye(len(settings))

    monkeypatch.setattr("channelmix.effectiveness.published.prior_draws.regressed", generous)
    rate = by_cell(draw(small))["FR/app/promotion"]["response_rate"]
    assert rate.max() == 1.0
    assert 0.4 < np.mean(rate == 1.0) < 0.6


def test_the_log_normal_is_as_wide_as_students_t() -> None:
    regression = published_regression()
    setting = Setting("sms", "all", country="FR", continent="Europe", kind="platform_doc")
    mean, covariance = regressed(regression, "cost_per_sms", [setting])
    same, level, freedom = regression.predict_log("cost_per_sms", [setting])
    assert mean == pytest.approx(same)
    half = student_t.ppf(0.95, freedom) * math.sqrt(level[0, 0])
    assert Z90 * math.sqrt(covariance[0, 0]) == pytest.approx(half)


def test_uncertainty_alone_does_not_make_a_price_or_rate_large(three: dict[str, Any]) -> None:
    """A plan maximizes means, and a log-normal's mean grows with its width: the widest range judged has 1.6 medians."""
    for quantities, cell in zip((d := draw(three, n_draws=4096)).quantities, d.cells, strict=True):
        for _, _, quantity in (k for k in COUNTERPARTS if k[:2] == (cell.channel, cell.purpose)):
            sample = quantities[quantity]
            assert sample.mean() < 2.0 * np.median(sample)


def test_the_plan_lists_basis_facts_and_where_they_are_from(three: dict[str, Any]) -> None:
    draws = draw(three)
    listed = {entry.name: entry for entry in assumptions(draws.figures)}
    assert len(listed) == len(draws.figures)
    french = listed["cost per contact of sms service in FR"]
    assert french.basis == "regression on 95 figures from 18 sources"
    assert french.note == "sms in FR: 1 figure, n.d."
    assert french.facts == ["CST065"]
    assert french.sources
    assert french.unit == "USD per segment"
    assert french.low < french.value < french.high
    unknown = listed["cost per contact of sms service in IS"]
    assert unknown.note == "sms: 95 figures, 2012-2026"
    assert len(unknown.facts) == MOST_FACTS_LISTED
    kinds = {fact.fact_id: fact.kind for fact in load_facts()}
    assert {kinds[fact_id] for fact_id in unknown.facts} == {"platform_doc"}
    effect = listed["revenue per unit of spend of social promotion in FR"]
    assert effect.basis == (
        "from clicks and orders, and from 48 published experiments and returns of 30 sources, 2 of them randomised"
    )
    assert effect.note.startswith("clicks and orders say ")
    assert {"RET037", "CRV035"} <= set(effect.facts)
    assert effect.unit == "incremental revenue per unit of spend"
    messages = [
        entry for name, entry in listed.items() if name.startswith("orders per contact of sms promotion")
    ]
    assert messages
    for one in messages:
        assert one.basis == (
            "from clicks and orders, and from 14 published experiments and returns (proxies: 4 of e-mail, "
            "2 of display advertisements, 1 of coupons in shops) of 11 sources, 8 of them randomised"
        )
