"""Answers whose parts do not fit together are refused when they are read, not when they are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

import channelmix as cm
from channelmix.core.errors import InputError
from channelmix.report import to_csv

SIDE: dict[str, Any] = {
    "value": 1.0,
    "kept_gain": 1.0,
    "best_gain": 1.0,
    "regret": 0.0,
    "stands": True,
    "gap": None,
    "spend": {"FR/sms/promotion": 5.0},
    "moved": 0.0,
    "changes": [],
}

SENSITIVITY: dict[str, Any] = {
    "name": "Small",
    "currency": "EUR",
    "period": "month",
    "budget": 5.0,
    "baseline": "today",
    "gain": 1.0,
    "field_factor": 1.25,
    "spend": {"FR/sms/promotion": 5.0},
    "current_spend": {"FR/sms/promotion": 5.0},
    "requested_gap": 1e-4,
    "inputs": [
        {
            "name": "usd_rate",
            "kind": "profile",
            "factor": 1.25,
            "assumed": 1.0,
            "unit": "",
            "basis": "",
            "facts": [],
            "low": SIDE,
            "high": SIDE,
            "influence": 0.0,
        }
    ],
    "profile_sha256": "0",
    "seed": 0,
    "draws": 8,
}


def test_a_sensitivity_states_the_plans_cells_at_each_side() -> None:
    assert len(cm.Sensitivity.from_json(json.dumps(SENSITIVITY)).rows()) == 2
    for side in ("low", "high"):
        data = json.loads(json.dumps(SENSITIVITY))
        data["inputs"][0][side]["spend"] = {"FR/app/promotion": 5.0}
        with pytest.raises(InputError, match="the plan's cells at each side"):
            to_csv(cm.Sensitivity.from_json(json.dumps(data)))


def test_a_value_of_a_typical_period_says_so() -> None:
    data = {
        "name": "Small",
        "currency": "EUR",
        "period": "month",
        "typical_of": 3,
        "outcome": 5.0,
        "total": {"name": "all", "cells": [], "value": 1.0, "standard_error": 0.1},
        "total_low": 0.5,
        "total_high": 1.5,
        "channels": [],
        "cells": [],
        "tests": [],
        "next_test": None,
        "test_periods": 12.0,
        "spread": [],
        "regret": {"mean": 0.1, "high": 0.2, "worst": 0.3, "open": 0.0},
        "cautious": [],
        "remarks": ["About a typical month of 3."],
        "profile_sha256": "0",
        "draws": 8,
        "seed": 0,
        "complete": True,
    }
    assert cm.InformationValue.from_json(json.dumps(data)).typical_of == 3
    with pytest.raises(InputError, match="about a typical period"):
        cm.InformationValue.from_json(json.dumps(data | {"remarks": []}))


@pytest.mark.parametrize("key", ["\x1b[31m", "\u202eabc", "a" * 5000, "a\nb", ""])
def test_a_message_repeats_no_key_as_it_is(key: str) -> None:
    """A key could drive a terminal, look like another line, or be a page long."""
    with pytest.raises(InputError, match="sensitivity of channelmix: ") as caught:
        cm.Sensitivity.from_json(json.dumps({**SENSITIVITY, key: 1}))
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 200
    with pytest.raises(InputError) as again:
        cm.AllocationProblem.from_dict({key: 1})
    assert str(again.value).isprintable()
    assert len(str(again.value)) < 200
