"""The meta-regression of published figures."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from tests.meta_regression import held_out_predictions, scales_of

import channelmix.datasets
from channelmix.datasets.facts import continent_of, load_facts
from channelmix.datasets.scales import load_scales
from channelmix.effectiveness.published.meta_regression import (
    COLUMNS,
    MetaRegression,
    Setting,
    rows_of,
    usable_figures,
)

STORED = Path(channelmix.datasets.__file__).parent / "published" / "scales.csv"


@pytest.fixture(scope="module")
def model() -> MetaRegression:
    return MetaRegression()


def test_quantities_qualify_by_figures_and_sources(model: MetaRegression) -> None:
    figures = usable_figures(load_facts())
    for quantity in {fact.quantity for fact in figures}:
        own = [fact for fact in figures if fact.quantity == quantity]
        enough = len(own) >= 15 and len({fact.source_title for fact in own}) >= 5
        assert (quantity in model.quantities) == enough
    assert {"cost_per_sms", "click_through_rate", "push_opt_in_rate"} <= set(model.quantities)


def test_money_is_in_us_dollars_and_percent_in_shares() -> None:
    figures = {fact.fact_id: fact for fact in usable_figures(load_facts())}
    assert figures["CST065"].value == pytest.approx(0.068 * 1.08)
    assert figures["CST065"].unit == "USD per SMS"
    assert figures["RCH002"].value == pytest.approx(0.41)
    assert figures["RCH002"].unit == "share"


def test_signs_nulls_bounds_and_net_revenue_are_no_figures() -> None:
    figures = {fact.fact_id for fact in usable_figures(load_facts())}
    assert {"EXP117", "EXP124", "RET025"} <= figures
    sign, null, negative, bound, net = "EXP034", "EXP085", "EXP104", "EXP120", "RET026"
    assert not {sign, null, negative, bound, net} & figures


def test_the_country_moves_a_price(model: MetaRegression) -> None:
    settings = [
        Setting("sms", "all", country=c, continent=continent_of(c), kind="platform_doc")
        for c in ("US", "DE", "")
    ]
    mean, covariance, freedom = model.predict_log("cost_per_sms", settings)
    us, germany, _ = np.exp(mean)
    assert us < 0.03 < germany
    assert (np.diag(covariance) > 0).all()
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert freedom >= 10


def test_a_vendor_blog_claims_more_than_logs(model: MetaRegression) -> None:
    settings = [Setting("sms", "promotion", kind=kind) for kind in ("vendor_blog", "measured_vendor")]
    mean, _, _ = model.predict_log("click_through_rate", settings)
    assert mean[0] > mean[1]
    assert 0.03 < math.exp(mean[1]) < 0.25


def test_drivers_are_the_nearest_figures(model: MetaRegression) -> None:
    french = model.drivers("cost_per_sms", Setting("sms", "promotion", country="FR"))
    assert [fact.fact_id for fact in french] == ["CST065"]
    elsewhere = model.drivers("cost_per_sms", Setting("sms", "promotion", country="XX"))
    assert len(elsewhere) > 50


def test_what_does_not_qualify_is_refused(model: MetaRegression) -> None:
    with pytest.raises(KeyError):
        model.predict_log("people_told", [Setting("all", "advocacy")])


def test_stored_scales_are_those_of_the_published_figures(model: MetaRegression) -> None:
    """Stale scales are mended by CHANNELMIX_UPDATE_SCALES=1."""
    figures = usable_figures(load_facts())
    scales = {}
    for quantity in {fact.quantity for fact in figures}:
        own = [fact for fact in figures if fact.quantity == quantity]
        if len(own) >= 15 and len({fact.source_title for fact in own}) >= 5:
            scales[quantity] = tuple(scales_of(own).tolist())
    if os.environ.get("CHANNELMIX_UPDATE_SCALES"):
        rows = [f"{name},{' '.join(f'{scale:.6g}' for scale in scales[name])}" for name in sorted(scales)]
        STORED.write_text("\n".join(["quantity,scales", *rows, ""]), encoding="utf-8")
        load_scales.cache_clear()
    assert load_scales().keys() == scales.keys() == set(model.quantities)
    for quantity, found in scales.items():
        assert len(found) == len(COLUMNS) + 2
        assert load_scales()[quantity] == pytest.approx(found, rel=0.01)


def test_the_level_is_narrower_than_a_figure_and_shares_its_source(model: MetaRegression) -> None:
    settings = [Setting("sms", "all", country=c, continent=continent_of(c)) for c in ("US", "FR")]
    same, level, _ = model.predict_log("cost_per_sms", settings)
    fitted = model.regression("cost_per_sms")
    mean, figure = fitted.regression.predict(rows_of(settings, fitted.middle_year))
    scales = load_scales()["cost_per_sms"]
    assert mean == pytest.approx(same)
    assert np.diag(figure - level) == pytest.approx(scales[-1] ** 2)
    assert level[0, 1] == pytest.approx(figure[0, 1])
    assert level[0, 1] > 0.9 * scales[-2] ** 2


def test_every_figure_is_held_out_once(model: MetaRegression) -> None:
    figures = model.figures("push_open_rate")
    predictions = held_out_predictions(figures)
    assert sorted(p.figure.fact_id for p in predictions) == sorted(figure.fact_id for figure in figures)
    inside = [p.low <= (p.figure.value or math.nan) <= p.high for p in predictions]
    assert 0.8 <= np.mean(inside) <= 1.0
    assert np.mean([math.sqrt(p.high / p.low) for p in predictions]) < 6.0
