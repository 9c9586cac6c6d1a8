"""Numbers of a plan's problem, proof and claims, forged: they are refused, or what is confirmed is still true."""

from __future__ import annotations

import base64
import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.fuzz.bounds import answer_or_error, in_bounds
from tests.fuzz.counting import rounds, tried
from tests.fuzz.documents import documents

import channelmix as cm
from channelmix.plan import NO_SPEND, verify_plan

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

SHARE = 0.05

PARTS = ("problem", "proof", "certificate", "allocation", "totals", "status", "shadow_prices", "provenance")
"""What the checker recomputes or counts with."""

CLOSE = 1e-6
"""Share of a plan's outcome that is rounding, of the search and of the checker together."""

FACTORS = (1.0 + 1e-9, 1.0 - 1e-6, 1.0 + 1e-4, 0.99, 1.01, 2.0, 0.5, 0.0, -1.0, 1e3, 1e-3, 1e12)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all numbers, states and texts."""
    if isinstance(node, dict | list):
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(inner, (*path, key))
    elif node is not None:
        yield path


@st.composite
def forged(draw: DrawFn) -> dict[str, Any]:
    """A plan with one to three leaves altered, each of a part drawn first, as parts differ in size."""
    data: dict[str, Any] = copy.deepcopy(draw(documents("plan")))
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(PARTS))
        places = list(leaves(data[part], (part,)))
        if not places:
            continue
        *parents, last = places[draw(st.integers(0, len(places) - 1))]
        node: Any = data
        for key in parents:
            node = node[key]
        node[last] = _altered(draw, node[last], last)
    return data


def _altered(draw: DrawFn, value: Any, key: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + draw(st.sampled_from([1, -1, 5]))
    if isinstance(value, float):
        return value * draw(st.sampled_from(FACTORS)) if value else draw(st.sampled_from([1e-9, 0.5, -1.0]))
    if key in ("f8", "f4"):  # an array of curves
        numbers = np.frombuffer(base64.b64decode(value), dtype=f"<{key}").copy()
        some = slice(None) if draw(st.booleans()) else draw(st.integers(0, len(numbers) - 1))
        numbers[some] *= draw(st.sampled_from(FACTORS))
        return base64.b64encode(numbers.tobytes()).decode()
    return draw(st.sampled_from(["optimal", "infeasible", "unbounded", "not_certified", "sms", f"{value}x"]))


def check_claims(data: dict[str, Any]) -> None:
    """Whatever the checker confirms holds of the problem in the plan: nobody finds a split above its bound."""
    plan = cm.Plan.from_json(json.dumps(data))
    verify_plan(plan)
    problem = cm.AllocationProblem.from_dict(plan.problem)
    found = cm.solve(problem, time_limit=2.0)
    if plan.status in NO_SPEND:
        assert found.status is plan.status or not math.isfinite(found.value)
        return
    claims = plan.certificate
    assert claims.upper_bound is not None
    assert claims.value is not None
    room = CLOSE * max(abs(claims.value), abs(claims.upper_bound), problem.gross(found.spend))
    assert found.value <= claims.upper_bound + room
    assert claims.value <= found.upper_bound + room


@pytest.mark.parametrize(("number", "count"), rounds(SHARE))
def test_forged_leaves(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(data: dict[str, Any]) -> None:
        with in_bounds():
            answer_or_error(lambda: check_claims(data))

    tried(forged(), check, "forged leaves", number, count)
