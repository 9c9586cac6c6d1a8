"""Profiles in mistaken units are planned or refused: money in another currency than stated is a question, no defect."""

from __future__ import annotations

from typing import Any

import pytest

from channelmix.plan import verify_plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize


@pytest.mark.parametrize("rate", [9e3, 9e5, 9e8])
def test_orders_of_a_contact_stop_at_one_in_the_assumptions_too(small: dict[str, Any], rate: float) -> None:
    """Costs in a weak currency and margins in a strong one: a message seems to pay for thousands of its kind."""
    profile = CompanyProfile.model_validate(small | {"usd_rate": rate})
    plan = optimize(profile, n_draws=8, time_limit=2.0)
    verify_plan(plan)
    orders = [one for one in plan.assumptions if one.name.startswith("orders per contact")]
    assert orders
    assert all(0.0 < one.low <= one.value <= one.high <= 1.0 for one in orders)
    assert max(one.value for one in orders) == 1.0
