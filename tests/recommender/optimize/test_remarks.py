"""Remarks of a plan that follow from its profile alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.effectiveness import prior_response, published_draws
from channelmix.recommender.optimize.remarks import remarks

PURPOSES: dict[str, dict[str, float]] = {
    "promotion": {"margin_per_order": 20.0},
    "service": {"inbound_contacts": 1000.0, "value_per_resolution": 5.0},
    "advocacy": {"value_per_exposure": 0.1},
}


@pytest.mark.parametrize(
    ("purposes", "one_way"),
    [
        (["promotion"], set()),
        (["promotion", "service"], {"remark.one_way_service"}),
        (["advocacy"], {"remark.one_way_advocacy"}),
        (["promotion", "service", "advocacy"], {"remark.one_way_service", "remark.one_way_advocacy"}),
    ],
)
def test_purposes_that_no_experiment_tells_of_are_said_to_rest_on_one_way(
    purposes: list[str], one_way: set[str]
) -> None:
    """Once each, however many cells they have."""
    content: dict[str, Any] = {
        "name": "Shop", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 1000.0},
        "purposes": {name: PURPOSES[name] for name in purposes},
        "markets": [{"name": "north", "customers": 5000.0}, {"name": "south", "customers": 5000.0}],
        "channels": {name: {"reachable_share": 0.3} for name in ("social", "sms", "im")},
    }  # fmt: skip
    found = [one.code for one in remarks(cm.CompanyProfile.model_validate(content))]
    assert {code for code in found if code.startswith("remark.one_way")} == one_way
    assert len(set(found)) == len(found)


def shop(**channels: Any) -> dict[str, Any]:
    """A shop with promotion and service, and the channels given."""
    return {
        "name": "Shop", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
        "scenario": {"kind": "fixed_budget", "amount": 1000.0},
        "purposes": {name: PURPOSES[name] for name in ("promotion", "service")},
        "markets": [{"name": "north", "customers": 5000.0}],
        "channels": channels,
    }  # fmt: skip


LETTERS = {"cost_per_contact": {"promotion": 1.0}, "orders_per_contact": 0.01, "contacts_per_customer": 1.0}
SPENDS = np.geomspace(1.0, 1e5, 6)


@pytest.mark.parametrize(
    ("channel", "figures", "code"),
    [
        ("sms", {}, None),
        ("im", {}, None),
        ("app", {}, None),
        ("social", {}, "remark.audience_unused"),
        ("letters", LETTERS, "remark.audience_nowhere"),
        ("texts", {"like": "sms"}, None),
        ("ads", {"like": "social"}, "remark.audience_unused"),
        ("sms", {"orders_per_contact": {"value": 0.001, "n": 9000, "incremental": True}}, None),
        (
            "sms",
            {
                "orders_per_contact": {"value": 0.001, "n": 9000, "incremental": True},
                "opt_out_per_contact": 0.01,
            },
            None,
        ),
        (
            "app",
            {"orders_per_contact": {"value": 0.001, "n": 9000, "incremental": True}},
            None,
        ),
    ],
)
def test_an_audience_that_makes_no_difference_is_said_to(
    channel: str, figures: dict[str, Any], code: str | None
) -> None:
    """It is named where curves and losses are the same for loyal customers and a cold list, and there alone."""
    outcomes, found = [], []
    for audience in ("loyal", "cold"):
        content = shop(**{channel: {"reachable_share": 0.3, "audience": audience} | figures})
        del content["purposes"]["service"]
        profile = cm.CompanyProfile.model_validate(content)
        response = prior_response(published_draws(profile.cells(), 16), 30.0, 1.0)
        curves = [response.curves, *([] if response.losses is None else [response.losses])]
        spends = [np.full(response.curves.n_cells, spend) for spend in SPENDS]
        outcomes.append(np.array([curve.value(spend) for curve in curves for spend in spends]))
        found = [one for one in remarks(profile) if one.code.startswith("remark.audience_")]
    assert np.allclose(outcomes[0], outcomes[1], rtol=1e-9, atol=0.0) is (code is not None)
    assert [one.code for one in found] == ([] if code is None else [code])
    assert all(f"audience stated of {channel} makes no difference" in one for one in found)


def test_an_audience_of_service_alone_makes_no_difference() -> None:
    content = shop(sms={"reachable_share": 0.3, "audience": "cold"}, im={"reachable_share": 0.3})
    del content["purposes"]["promotion"]
    [one] = [one for one in remarks(cm.CompanyProfile.model_validate(content)) if "audience stated" in one]
    assert one.code == "remark.audience_nowhere"


@pytest.mark.parametrize("country", ["XX", "AQ"])
def test_countries_without_figures_are_named(country: str) -> None:
    content = shop(sms={"reachable_share": 0.3}) | {"country": country}
    known = cm.CompanyProfile.model_validate(content | {"country": "FR"})
    assert "remark.country" not in [one.code for one in remarks(known)]
    [one] = [
        one for one in remarks(cm.CompanyProfile.model_validate(content)) if one.code == "remark.country"
    ]
    assert one.startswith(f"No published figure is of {country}:")
    content["markets"] = [
        {"name": f"m{i}", "customers": 50.0, "country": code}
        for i, code in enumerate(["FR", "QQ", "XX", "XA", "XB", "XC", "XD", "XE", "XF"])
    ]
    [one] = [
        one for one in remarks(cm.CompanyProfile.model_validate(content)) if one.code == "remark.country"
    ]
    assert one.startswith("No published figure is of QQ, XX, XA, XB, XC, XD, and 2 more:")
