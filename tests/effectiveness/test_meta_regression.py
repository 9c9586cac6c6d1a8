"""The meta-regression of published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from channelmix.datasets.facts import continent_of, load_facts
from channelmix.effectiveness.meta_regression import MetaRegression, Setting, usable_figures


@pytest.fixture(scope="module")
def model() -> MetaRegression:
    return MetaRegression().fit()


def test_quantities_qualify_by_figures_and_sources(model: MetaRegression) -> None:
    figures = usable_figures(load_facts())
    for quantity in {fact.quantity for fact in figures}:
        own = [fact for fact in figures if fact.quantity == quantity]
        enough = len(own) >= 15 and len({fact.source_title for fact in own}) >= 5
        assert (quantity in model.quantities_) == enough
    assert {"cost_per_sms", "click_through_rate", "push_opt_in_rate"} <= set(model.quantities_)


def test_money_is_in_us_dollars_and_percent_in_shares() -> None:
    figures = {fact.fact_id: fact for fact in usable_figures(load_facts())}
    assert figures["CST065"].value == pytest.approx(0.068 * 1.08)
    assert figures["CST065"].unit == "USD per SMS"
    assert figures["RCH002"].value == pytest.approx(0.41)
    assert figures["RCH002"].unit == "share"


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
