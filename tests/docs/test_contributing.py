"""What CONTRIBUTING.md says of adding something holds: its classes work as printed, and its files exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.core.registered import Registered
from channelmix.engine.response.families import Family
from channelmix.engine.rules import Cells, Constraint, Risk, Row, Scenario

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
NAMES = (dataclass, Array, Family, Cells, Constraint, Risk, Row, Scenario)


@pytest.fixture
def added() -> Iterator[dict[str, Any]]:
    """The classes of the examples, known as long as a test runs."""
    scope: dict[str, Any] = {one.__name__: one for one in NAMES if one is not Array} | {"Array": Array}
    before = set(Registered._known)
    for example in EXAMPLES:
        if "class " in example:
            exec("from __future__ import annotations\n" + example, scope)
    yield scope
    for kind in set(Registered._known) - before:
        Registered._known.pop(kind)


def test_the_rule_the_scenario_and_the_risk_are_kept(added: dict[str, Any]) -> None:
    curves = cm.ResponseCurves.power([[1.0, 3.0], [1.0, 1.0]] * 4, 0.5, names=["a", "b"])
    problem = cm.AllocationProblem(
        curves, added["HalfProfit"](10.0), [added["Outweigh"]("a", "b", 2.0)], risk=added["WorstQuarter"]()
    )
    again = cm.AllocationProblem.from_dict(problem.to_dict())
    solution = cm.solve(again, 1e-6)
    cm.verify(again, solution)
    assert solution.spend[0] >= 2.0 * solution.spend[1] - 1e-6
    net = np.sort(again.net_draws(solution.spend))
    assert solution.value == pytest.approx(net[:2].mean() - 0.5 * solution.spend.sum())


def test_the_family_is_a_curve(added: dict[str, Any]) -> None:
    curves = cm.ResponseCurves(("a",), (added["Saturating"].checked(scale=[[2.0]], half=[[3.0]]),))
    assert curves.mean_value([3.0]) == pytest.approx([1.0])
    problem = cm.AllocationProblem(curves, cm.FixedBudget(3.0))
    assert cm.verify(problem, cm.solve(problem)).value == pytest.approx(1.0)


def test_files_and_folders_that_are_named_exist() -> None:
    named = re.findall(r"`((?:src|tests|docs|benchmarks|requirements)/[\w./]*)`", TEXT)
    assert len(named) > 20
    for path in named:
        assert (ROOT / path).exists(), path
