"""What a profile may state of its periods, and what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.effectiveness import carryover_of
from channelmix.effectiveness.carryover import lag_weights
from channelmix.profile.fields.timing import Delayed, Geometric, Weibull


def profile_of(small: dict[str, Any], periods: int, **timing: Any) -> cm.CompanyProfile:
    return cm.CompanyProfile.from_json(json.dumps({**small, "periods": periods, "timing": timing}))


@pytest.mark.parametrize(
    ("timing", "told"),
    [
        (
            {"season": {"all": [1, 2]}},
            "timing.season.all: found 2 numbers, expected one number for each of 3",
        ),
        ({"cost": {"sms": [1, 0, 1]}}, "timing.cost.sms[1]: found 0, expected a number greater than 0"),
        ({"season": {"smss": [1, 1, 1]}}, 'timing.season.smss: found "smss".*did you mean "sms"'),
        ({"carryover": {"sms": {"kind": "geometri", "half_life": 1}}}, 'did you mean "geometric"'),
        ({"carryover": {"sms": {"half_life": 1}}}, 'timing.carryover.sms.kind: found nothing, expected "geo'),
        ({"carryover": {"sms": {"kind": "geometric", "half_life": 0}}}, "expected a number of at least 0.01"),
        (
            {"carryover": {"sms": {"kind": "delayed", "half_life": 1, "peak": 90}}},
            "peak: found 90, expected at m",
        ),
        (
            {
                "carryover": {
                    "sms": {"kind": "geometric", "half_life": 1},
                    "promotion": {"kind": "weibull", "shape": 2, "scale": 1},
                }
            },
            "timing.carryover.promotion: .*FR/sms/promotion has one already",
        ),
        ({"seasn": {}}, 'did you mean "season"'),
        ({"discount_rate": -0.1}, "timing.discount_rate: found -0.1"),
    ],
    ids=str,
)
def test_faults_name_their_place(small: dict[str, Any], timing: dict[str, Any], told: str) -> None:
    with pytest.raises(cm.ProfileError, match=told.replace("[", "\\[").replace("]", "\\]")):
        profile_of(small, 3, **timing)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"kind": "phasing", "parts": [1, 2]}, "expected one number for each of 3 periods"),
        (
            {"kind": "price_tiers", "select": "sms", "tiers": [[1, 0.1]]},
            "no price_tiers in a profile with timing",
        ),
        ({"kind": "contact_cap", "contacts": 3}, "works with timing.cost"),
    ],
    ids=str,
)
def test_rules_that_do_not_fit_periods(small: dict[str, Any], rule: dict[str, Any], told: str) -> None:
    small["rules"] = [rule]
    with pytest.raises(cm.ProfileError, match=told):
        profile_of(small, 3, cost={"sms": [1, 2, 1]})


def test_a_plan_over_time_has_a_largest_size(small: dict[str, Any]) -> None:
    with pytest.raises(cm.ProfileError, match="at most 20000 cells times periods"):
        profile_of(small, 10_000)


def test_weights_halve_where_they_are_said_to() -> None:
    geometric = lag_weights(Geometric(half_life=2.0))
    assert geometric[2] / geometric[0] == pytest.approx(0.5)
    assert geometric[-1] / geometric[0] < 0.02
    delayed = lag_weights(Delayed(peak=3.0, half_life=2.0))
    assert np.argmax(delayed) == 3
    assert delayed[5] / delayed[3] == pytest.approx(0.5)
    for weights in (geometric, delayed, lag_weights(Weibull(shape=1.5, scale=2.0))):
        assert weights.sum() == pytest.approx(1.0)
    assert lag_weights(Weibull(shape=10.0, scale=0.01)).tolist() == [1.0]  # underflows as a density


def test_cells_act_on_as_stated(small: dict[str, Any]) -> None:
    profile = profile_of(
        small,
        3,
        carryover={"sms": {"kind": "geometric", "half_life": 1}},
        season={"all": [1, 2, 1], "promotion": [1, 1, 3]},
        spent_before={"sms": [0.0, 2.0]},
    )
    carryover, cells = carryover_of(profile), profile.cells()
    assert carryover is not None
    weights, season, initial = (
        np.asarray(part) for part in (carryover.weights, carryover.season, carryover.initial)
    )
    for i, cell in enumerate(cells):
        acts_on = cell.channel == "sms"
        assert (weights[i, 0] < 1.0) == acts_on
        assert season[:, i].tolist() == ([1.0, 2.0, 3.0] if cell.purpose == "promotion" else [1.0, 2.0, 1.0])
        before = [1.0] * (len(initial) - 2) + ([0.0, 2.0] if acts_on else [1.0, 1.0])
        assert initial[:, i] == pytest.approx(cell.current_spend * np.array(before))
