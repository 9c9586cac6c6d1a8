"""Documents and objects made to exhaust time or memory are refused, or verified soon: each door, in process."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import channelmix as cm
from channelmix.core.errors import CertificateError, InputError
from channelmix.core.json_text import read_json
from channelmix.core.sizes import most_leaves
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.verify import verify
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Carryover
from channelmix.engine.rules import rule_from_dict
from channelmix.plan import Plan, verify_plan
from channelmix.profile.evidence.evidence import Evidence
from channelmix.profile.evidence.lift_test import LiftTest

Change = Callable[[dict[str, Any]], None]

MOST_SECONDS, MOST_MEGABYTES = 60.0, 500.0
"""Seconds of work, some ten times what the slowest takes, since machines differ; and growth of memory."""

HUGE = 10**400
HUGER = 10**5000
"""A whole number that Python does not even write."""


KINDS = ["huge", "huger", "negative", "deep", "deeper", "endless"]


@contextmanager
def in_bounds() -> Iterator[None]:
    """Hold what is done to a time and to growth of memory."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    seconds, after = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert seconds < MOST_SECONDS
    assert (after - before) / 1024 < MOST_MEGABYTES


def numbers(
    shape: list[int], kind: str = "f8", value: float = 1.0, count: int | None = None
) -> dict[str, Any]:
    array = np.full(int(np.prod(shape)) if count is None else count, value, dtype=f"<{kind}")
    return {"shape": shape, kind: base64.b64encode(array.tobytes()).decode()}


def hill(draws: int, cells: int) -> dict[str, Any]:
    parameters = {name: numbers([draws, cells]) for name in ("scale", "half_saturation", "slope")}
    return {
        "names": [f"c{i}" for i in range(cells)],
        "blocks": [{"family": "hill", "parameters": parameters}],
    }


def problem(**parts: Any) -> dict[str, Any]:
    scenario = {"kind": "fixed_budget", "amount": 10.0}
    return {"curves": hill(1, 2), "scenario": scenario, "constraints": [], **parts}


def weighed(data: dict[str, Any]) -> None:
    data["problem"]["risk"] = {"kind": "mean_cvar", "weight": 0.5, "tail": 0.1}


def tilts(data: dict[str, Any]) -> None:
    """A small text that stands for 240 GB."""
    weighed(data)
    data["proof"]["tilts"] = [[[], [], 10_000_000]] * 3000
    proof = data["proof"]
    proof["cell"], proof["threshold"] = [0, -1] * 2999 + [-1], [0.0] * 5999


def tilts_of_few_leaves(data: dict[str, Any]) -> None:
    weighed(data)
    data["proof"]["tilts"] = [[[], [], 2**62]]


def long_grids(data: dict[str, Any]) -> None:
    grids = data["proof"]["grids"]
    data["proof"]["grids"] = [np.linspace(0.0, 1.0, 60_000).tolist() for _ in grids]


def useless_splits(count: int) -> Change:
    def change(data: dict[str, Any]) -> None:
        proof = data["proof"]
        top = 0.5
        proof["cell"] = [0] * count + [-1] * (count + 1)
        proof["threshold"] = np.linspace(top, top / count, count).tolist() + [0.0] * (count + 1)
        proof["prices"] = proof["prices"][:1] * (count + 1)
        proof["infeasible"] = [False] * (count + 1)

    return change


def many_rules(data: dict[str, Any]) -> None:
    data["problem"]["constraints"] = [{"kind": "spend_bounds", "bounds": {"all": [0.0, 1e9]}}] * 100_000


def curves_that_multiply(data: dict[str, Any]) -> None:
    """Two short arrays that fill a table of 10^10 numbers."""
    data["problem"]["curves"] = {
        "names": ["a"],
        "blocks": [
            {
                "family": "hill",
                "parameters": {
                    "scale": numbers([100_000, 1]),
                    "half_saturation": numbers([1, 100_000]),
                    "slope": numbers([1]),
                },
            }
        ],
    }


def long_tables(data: dict[str, Any]) -> None:
    points = {"points": numbers([60_000, 1]), "outcome": numbers([60_000, 200, 1], "f4")}
    data["problem"]["curves"] = {"names": ["a"], "blocks": [{"family": "tabulated", "parameters": points}]}


def shape_of_millions(data: dict[str, Any]) -> None:
    scale = data["problem"]["curves"]["blocks"][0]["parameters"]
    scale[next(iter(scale))] = numbers([10**9, 10**9], count=2)


@pytest.fixture(scope="module")
def text(small_plan: Plan) -> str:
    return small_plan.to_json()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (tilts, "leaves x draws of the proof: 30,000,000,000"),
        (tilts_of_few_leaves, "leaves x draws"),
        (long_grids, "points x draws of the proof's grids"),
        (useless_splits(60_000), "leaves of the proof: 60,001, beyond the limit of 10,000"),
        (many_rules, "rules: 100,000"),
        (curves_that_multiply, "hill: parameters x draws x cells: 30,000,000,000"),
        (long_tables, "12,000,000, beyond the limit of 10,000,000"),
        (shape_of_millions, "numbers in an array"),
        (lambda data: data.update(remarks=["x"] * 6_000_000), "values in JSON"),
        (lambda data: data.update(remarks=[{}] * 1_100_000), "objects in JSON"),
    ],
)
def test_a_document_beyond_the_limits_is_refused(text: str, change: Change, said: str) -> None:
    data = json.loads(text)
    change(data)
    attack = json.dumps(data)
    with in_bounds(), pytest.raises((InputError, CertificateError), match=said):
        verify_plan(Plan.from_json(attack))


@pytest.mark.no_cover
def test_as_many_splits_as_are_allowed_are_verified_soon(text: str) -> None:
    data = json.loads(text)
    variables = len(data["problem"]["curves"]["names"])
    useless_splits(most_leaves(variables) - 1)(data)
    attack = json.dumps(data)
    with in_bounds():
        plan = Plan.from_json(attack)
        with contextlib.suppress(CertificateError):  # leaf by leaf they may bound less
            verify_plan(plan)


@pytest.mark.parametrize("seed", range(3))
def test_useless_splits_take_time_in_proportion(seed: int) -> None:
    """The checker looks at each leaf alone: twice the leaves take about twice as long, at any depth."""
    rng = np.random.default_rng([18, seed])
    curves = ResponseCurves.hill(rng.uniform(1, 3, 2), rng.uniform(1, 4, 2), rng.uniform(0.5, 2.0, 2))
    stated = AllocationProblem(curves, cm.FixedBudget(6.0))
    solution = cm.solve(stated)

    def seconds(count: int) -> float:
        top = float(stated.standard.box_high[0])
        proof = dataclasses.replace(
            solution.proof,
            cell=np.array([0] * count + [-1] * (count + 1)),
            threshold=np.append(np.linspace(0.99 * top, 0.01 * top, count), np.zeros(count + 1)),
            prices=np.repeat(solution.proof.prices[:1], count + 1, axis=0),
            infeasible=np.zeros(count + 1, dtype=bool),
        )
        forged = dataclasses.replace(solution, proof=proof)
        began = time.process_time()
        assert verify(stated, forged).leaves == count + 1
        return time.process_time() - began

    assert seconds(4000) < 6.0 * seconds(1000) + 0.5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (problem(carryover={"weights": [1.0] + [0.0] * 10**6, "periods": 3}), "periods in which spend acts"),
        (problem(carryover={"weights": [1.0], "periods": 3, "initial": [0.0] * 10**6}), "before the plan"),
        (
            problem(curves=hill(1, 300), carryover={"weights": [1.0], "periods": 1000}),
            "cells x periods: 300,000",
        ),
        (
            problem(curves=hill(4000, 10), carryover={"weights": [1.0], "periods": 1000}),
            "draws x cells x periods",
        ),
        (problem(carryover={"weights": [1.0], "periods": HUGE}), "periods must be between"),
        (problem(carryover={"weights": [1.0], "periods": HUGER}), "periods must be between"),
        (problem(carryover={"weights": [HUGE], "periods": 1}), "weights must be numbers"),
        (problem(carryover={"weights": [1.0], "periods": 1, "discount": HUGE}), "discount"),
        (problem(scenario={"kind": "fixed_budget", "amount": HUGE}), "amount"),
        (problem(scenario={"kind": "fixed_budget", "amount": HUGER}), "amount"),
        (problem(scenario={"kind": HUGER}), "unknown rule"),
        (problem(charge={"all": HUGE}), "charge"),
        (problem(current={"c0": HUGE}), "current spend"),
        (problem(risk={"kind": "mean_cvar", "weight": HUGE, "tail": 0.1}), "weight"),
        (
            problem(constraints=[{"kind": "linear_constraint", "coefficients": {"c0": HUGE}, "high": 1.0}]),
            "coefficient",
        ),
        (
            problem(constraints=[{"kind": "linear_constraint", "coefficients": {"c0": -HUGE}, "high": 1.0}]),
            "c0",
        ),
        (problem(constraints=[{"kind": "at_most_active", "count": HUGE}]), "at_most_active"),
        (problem(constraints=[{"kind": "pack_size", "select": "c0", "size": HUGE}]), "pack_size"),
        (
            problem(constraints=[{"kind": "price_tiers", "select": "c0", "tiers": [[HUGE, 0.1]]}]),
            "price_tiers",
        ),
        (
            problem(
                constraints=[
                    {"kind": "price_tiers", "select": "c0", "tiers": [[float(i), 0.1] for i in range(10**5)]}
                ]
            ),
            "tiers of price_tiers c0: 100,000",
        ),
        (
            problem(constraints=[{"kind": "price_tiers", "select": "c0", "tiers": [[1.0, 0.1]]}] * 1500),
            "rules on the prices of one cell: 21",
        ),
        (
            problem(
                curves=hill(1, 2500),
                constraints=[{"kind": "linear_constraint", "coefficients": {"all": 1.0}, "high": 1e9}] * 1500,
            ),
            "rows and weights of all rules",
        ),
        (problem(curves={"names": [HUGE], "blocks": [{"family": {}, "parameters": {}}]}), "unknown family"),
        (problem(curves=HUGE), "damaged"),
        (problem(constraints=HUGE), "damaged"),
        (problem(constraints=[HUGER]), "a rule must be an object"),
    ],
)
def test_a_problem_beyond_the_limits_is_refused(data: dict[str, Any], said: str) -> None:
    with in_bounds(), pytest.raises(InputError, match=said):
        _ = AllocationProblem.from_dict(data).response


def nested(levels: int) -> Any:
    rule: Any = {"kind": "spend_bounds", "bounds": {"all": [0.0, 1.0]}}
    for _ in range(levels):
        rule = {"kind": "each_period", "rule": rule}
    return rule


def lists(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def test_rules_within_each_other_without_end_are_refused() -> None:
    for levels in (2, 400, 100_000):
        with pytest.raises(InputError):
            rule_from_dict(nested(levels))


def without_end() -> dict[str, Any]:
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    return ring


@pytest.mark.parametrize("part", ["problem", "proof", "messages", "scenario"])
@pytest.mark.parametrize("value", [HUGE, HUGER, -HUGE, lists(150), lists(50_000), without_end()], ids=KINDS)
def test_a_plan_of_python_objects_is_held_to_the_same(text: str, part: str, value: Any) -> None:
    data = json.loads(text)
    data[part]["more"] = value
    with in_bounds(), pytest.raises((ValidationError, InputError)):
        Plan.model_validate(data)


@pytest.mark.parametrize("name", ["span", "allocation", "totals", "schema_version"])
def test_a_huge_whole_number_is_refused_anywhere(text: str, name: str) -> None:
    for huge in (HUGE, HUGER):
        data = json.loads(text)
        data[name] = huge
        with pytest.raises(ValidationError):
            Plan.model_validate(data)
    data = json.loads(text)
    data["totals"]["spend"] = HUGE
    data["provenance"]["seed"] = HUGE
    with pytest.raises(ValidationError):
        Plan.model_validate(data)


@pytest.mark.parametrize("value", [HUGE, HUGER, -HUGE, lists(150), lists(50_000), without_end()], ids=KINDS)
def test_lift_tests_and_evidence_of_python_objects_are_refused(value: Any) -> None:
    with in_bounds():
        for name in ("lift", "standard_error", "spend_change", "held_out", "rows"):
            stated = {
                "channel": "sms",
                "start": 1,
                "end": 2,
                "spend_change": 1.0,
                "lift": 1.0,
                "standard_error": 1.0,
            }
            with pytest.raises(InputError):
                LiftTest(**{**stated, name: value})
        with pytest.raises((ValidationError, InputError)):
            Evidence.model_validate({"curves": {"names": value}, "sha256": "x"})


@pytest.mark.parametrize("name", ["gap", "time_limit", "seed", "n_draws"])
def test_options_are_numbers_of_a_computer(name: str, small: dict[str, Any]) -> None:
    profile = cm.CompanyProfile.model_validate(small)
    for huge in (HUGE, HUGER):
        with pytest.raises(InputError, match=name):
            cm.optimize(profile, **{name: huge})


@pytest.mark.parametrize("huge", [HUGE, HUGER, -HUGE], ids=KINDS[:3])
def test_a_profile_of_python_objects_is_refused(huge: int, small: dict[str, Any]) -> None:
    for place in ("usd_rate", "usual_orders"):
        with pytest.raises(ValidationError):
            cm.CompanyProfile.model_validate({**small, place: huge})
    small["scenario"]["amount"] = huge
    with pytest.raises((ValidationError, InputError)):
        cm.CompanyProfile.model_validate(small)


@pytest.mark.parametrize(
    "attack",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" + "[]," * 2_600_000 + "[]]",
        "1" * 1_000_000,
        "[1e" + "9" * 1_000_000 + "]",
        '{"' + "a" * 1_000_000,
        '"' + "\\" * 1_000_001,
    ],
    ids=["brackets", "objects", "lists", "digits", "exponent", "key", "escapes"],
)
def test_hostile_json_is_refused_soon(attack: str) -> None:
    with in_bounds(), pytest.raises(InputError):
        read_json(attack)


def test_carry_over_of_python_objects() -> None:
    for stated in ({"periods": HUGE}, {"periods": 3, "discount": HUGE}, {"periods": 3, "season": lists(100)}):
        with pytest.raises(InputError):
            Carryover([1.0], **stated)
