"""A rule, a risk and a response family that are defined in this module alone work wherever built-in ones do."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.core.registered import Registered
from channelmix.engine.response.families import Family
from channelmix.engine.rules import Cells, Constraint, Risk, Row, Scenario, rule_from_dict, rule_to_dict
from channelmix.engine.rules.rows import number
from channelmix.plan import verify_plan
from channelmix.profile import ProfileError, json_schema

RULES = Path(cm.__file__).parent / "engine" / "rules"
PUBLIC = "channelmix.engine.rules.public"
RULE = {"kind": "outweigh", "more": "social", "less": "sms", "times": 1.5}


@pytest.fixture
def outweigh() -> Iterator[type[Constraint]]:
    """A rule between two selections, known as long as a test runs."""

    @dataclass(frozen=True)
    class Outweigh(Constraint, kind="outweigh"):
        """Spend more on one selection than on another."""

        more: str
        """The cells that get more."""
        less: str
        """The cells that get less."""
        times: float = 1.0
        """How many times the spend on `less` is spent on `more`, at least."""

        def __post_init__(self) -> None:
            number(self.times, f"times of {self.label}")
            if self.times == 0.0:
                raise cm.InputError(f"times of {self.label} must be above 0")

        @property
        def label(self) -> str:
            return f"{self.kind} {self.more} over {self.less}"

        def rows(self, cells: Cells) -> list[Row]:
            weights = cells.select(self.more) - self.times * cells.select(self.less)
            return [self.row(weights, low=0.0)]

    yield Outweigh
    Outweigh.unregister()


@pytest.fixture
def cautious() -> Iterator[type[Risk]]:
    """A risk that looks at the worst quarter alone, known as long as a test runs."""

    @dataclass(frozen=True)
    class Cautious(Risk, kind="cautious"):
        """Compare plans by the mean outcome of the worst quarter of the draws."""

        def worst_draws(self, n_draws: int) -> tuple[float, float]:
            return 1.0, max(0.25, 1.0 / n_draws)

    yield Cautious
    Cautious.unregister()


@pytest.fixture
def saturating() -> Iterator[type[Any]]:
    """A response family, known as long as a test runs."""

    @dataclass(frozen=True, eq=False)
    class Saturating(Family, kind="saturating"):
        """``scale * s / (s + half)``."""

        scale: Array
        half: Array

        def value(self, spend: Array) -> Array:
            return np.asarray(self.scale * spend / (spend + self.half))

        def derivative(self, spend: Array) -> Array:
            return np.asarray(self.scale * self.half / (spend + self.half) ** 2)

        def rescaled(self, spend_unit: float, outcome_unit: float) -> Saturating:
            return Saturating(self.scale / outcome_unit, self.half / spend_unit)

    yield Saturating
    Saturating.unregister()


@contextlib.contextmanager
def forgotten(one: type[Registered]) -> Iterator[None]:
    """Unregister a class for a while."""
    one.unregister()
    try:
        yield
    finally:
        one.register()


def text_of(content: dict[str, Any]) -> str:
    return json.dumps(content)


def test_an_own_rule_from_json_to_the_report(small: dict[str, Any], outweigh: type[Constraint]) -> None:
    free = cm.optimize(cm.CompanyProfile.from_json(text_of(small)), n_draws=64)
    held = cm.optimize(cm.CompanyProfile.from_json(text_of(small | {"rules": [RULE]})), n_draws=64)

    def excess(plan: cm.Plan) -> float:
        spend = {
            part: sum(row.spend for row in plan.cells if row.channel == part) for part in ("social", "sms")
        }
        return spend["social"] - 1.5 * spend["sms"]

    assert excess(free) < -1.0
    assert excess(held) >= -1e-6 * small["scenario"]["amount"]
    assert held.certificate.value is not None
    assert free.certificate.upper_bound is not None
    assert held.certificate.value < free.certificate.upper_bound
    again = cm.Plan.from_json(held.to_json())
    verify_plan(again)
    assert again.problem["constraints"] == [RULE]
    (row,) = (row for row in cm.AllocationProblem.from_dict(again.problem).rows if row.kind == "outweigh")
    assert (row.rule, row.label) == ("outweigh social over sms",) * 2
    for language in ("en", "fr"):
        assert "outweigh social over sms" in again.to_html(lang=language)
    with forgotten(outweigh), pytest.raises(cm.InputError, match="unknown rule 'outweigh'"):
        verify_plan(again)


def test_an_own_rule_holds_in_every_period(small: dict[str, Any], outweigh: type[Constraint]) -> None:
    content = small | {"rules": [RULE], "periods": 2, "timing": {"season": {"sms": [1.0, 2.0]}}}
    plan = cm.optimize(cm.CompanyProfile.from_json(text_of(content)), n_draws=32)
    verify_plan(plan)
    problem = cm.AllocationProblem.from_dict(plan.problem)
    found = [(row.label, row.period) for row in problem.rows if row.kind == outweigh.kind]
    assert found == [(f"outweigh social over sms period {t}", t) for t in (1, 2)]


@pytest.mark.no_cover
def test_an_own_rule_in_the_schema(small: dict[str, Any], outweigh: type[Constraint]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator(schema).validate(small | {"rules": [RULE]})
    assert not jsonschema.Draft202012Validator(schema).is_valid(small | {"rules": [RULE | {"lest": "sms"}]})
    described = schema["$defs"]["Outweigh"]
    assert described["description"] == "Spend more on one selection than on another."
    assert described["properties"]["less"]["description"] == "The cells that get less."
    assert described["required"] == ["kind", "less", "more"]
    assert "outweigh" in schema["properties"]["rules"]["description"]
    with forgotten(outweigh):
        assert "Outweigh" not in json_schema()["$defs"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "outweight"}, 'did you mean "outweigh"'),
        ({"mor": "app"}, 'rules[0].mor: found the unknown key "mor".*did you mean "more"'),
        ({"times": "2"}, 'rules[0].times: found "2", expected a number'),
        ({"times": -1}, "rules[0].times: found -1, expected a number of at least 0"),
        (
            {"times": 0},
            "this outweigh, expected a valid one: times of outweigh social over sms must be above 0",
        ),
        ({"more": "socail"}, 'no cell is selected by "socail".*did you mean "social"'),
    ],
)
def test_faults_of_an_own_rule(
    small: dict[str, Any], outweigh: type[Constraint], change: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ProfileError, match=fault.replace("[", r"\[")):
        cm.CompanyProfile.from_json(text_of(small | {"rules": [RULE | change]}))


def test_an_own_rule_is_unknown_without_its_class(small: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match='found "outweigh", expected "spend_bounds"'):
        cm.CompanyProfile.from_json(text_of(small | {"rules": [RULE]}))


@pytest.mark.no_cover
def test_an_own_risk_from_json_to_the_report(small: dict[str, Any], cautious: type[Risk]) -> None:
    found = {}
    for name, risk in (
        ("own", {"kind": "cautious"}),
        ("same", {"kind": "mean_cvar", "weight": 1.0, "tail": 0.25}),
    ):
        plan = cm.optimize(cm.CompanyProfile.from_json(text_of(small | {"risk": risk})), n_draws=1000)
        again = cm.Plan.from_json(plan.to_json())
        verify_plan(again)
        assert again.problem["risk"]["kind"] == risk["kind"]
        for language in ("en", "fr"):
            assert again.to_html(lang=language)
        found[name] = again.certificate
    assert found["own"].value == pytest.approx(found["same"].value, rel=2e-3)
    assert found["own"].upper_bound == pytest.approx(found["same"].upper_bound, rel=2e-3)
    assert "Cautious" in json_schema()["$defs"]
    assert isinstance(rule_from_dict({"kind": "cautious"}), cautious)


def test_an_own_rule_may_concern_cells_that_it_does_not_select(small: dict[str, Any]) -> None:
    @dataclass(frozen=True)
    class LessThanIm(Constraint, kind="less_than_im"):
        """Spend no more on a selection than on instant messages."""

        selector: str
        """The cells that get no more."""

        def rows(self, cells: Cells) -> list[Row]:
            selected, im = (cells.select(one).astype(np.float64) for one in (self.selector, "im"))
            return [self.row(selected - im, high=0.0)]

    try:
        rule = {"kind": "less_than_im", "select": "social"}
        plan = cm.optimize(cm.CompanyProfile.from_json(text_of(small | {"rules": [rule]})), n_draws=64)
    finally:
        LessThanIm.unregister()
    spent = {
        channel: sum(row.spend for row in plan.allocation if row.channel == channel)
        for channel in ("social", "im")
    }
    assert spent["social"] <= spent["im"] * (1 + 1e-6)


def test_a_field_is_called_selector() -> None:
    with pytest.raises(TypeError, match='call the field "selector"'):

        class Selects(Constraint, kind="selects"):
            select: str


@pytest.mark.no_cover
def test_an_own_scenario_from_json_to_a_verified_plan(small: dict[str, Any]) -> None:
    @dataclass(frozen=True)
    class HalfProfit(Scenario, kind="half_profit"):
        """Count each unit of money as half a unit of outcome."""

        max_amount: float | None = None
        """Upper limit of total spend, in currency per period."""

        @property
        def price(self) -> float:
            return 0.5

    try:
        content = small | {"scenario": {"kind": "half_profit"}}
        plan = cm.optimize(cm.CompanyProfile.from_json(text_of(content)), n_draws=64)
        verify_plan(cm.Plan.from_json(plan.to_json()))
        for lang in ("en", "fr"):
            assert "half_profit" in plan.to_html(lang=lang)
        assert "HalfProfit" in json_schema()["$defs"]
    finally:
        HalfProfit.unregister()
    content = small | {"scenario": {"kind": "flexible_budget", "min_marginal_roi": 0.5}}
    same = cm.optimize(cm.CompanyProfile.from_json(text_of(content)), n_draws=64)
    assert plan.certificate.value == pytest.approx(same.certificate.value, rel=1e-3)


def test_an_own_family_in_a_problem_and_back(saturating: type[Any]) -> None:
    own = cm.ResponseCurves(
        ("sms", "app"), (saturating.checked(scale=[[3.0, 2.0], [5.0, 1.0]], half=[[1.0, 0.5]]),)
    )
    hill = cm.ResponseCurves.hill([[3.0, 2.0], [5.0, 1.0]], [[1.0, 0.5]], 1.0, names=["sms", "app"])
    problem = cm.AllocationProblem(own, cm.FixedBudget(3.0), [cm.KeepWorking("app")], current={"app": 0.5})
    solution = cm.solve(problem, gap=1e-7)
    again = cm.AllocationProblem.from_dict(json.loads(json.dumps(problem.to_dict())))
    assert isinstance(again.curves.blocks[0], saturating)
    cm.verify(again, solution)
    same = cm.solve(
        cm.AllocationProblem(hill, problem.scenario, problem.constraints, current={"app": 0.5}), gap=1e-7
    )
    assert solution.value == pytest.approx(same.value, rel=1e-6)
    with pytest.raises(cm.InputError, match=r"saturating.*half"):
        saturating.checked(scale=1.0, half=-1.0)


def test_two_classes_of_one_kind_are_refused(outweigh: type[Constraint]) -> None:
    with pytest.raises(TypeError, match='Outweigh and Another are both of the kind "outweigh"'):

        class Another(Constraint, kind="outweigh"):
            pass

    assert Constraint.registered()["outweigh"] is outweigh


def test_an_own_kind_is_no_name_for_another_rule(outweigh: type[Constraint]) -> None:
    with pytest.raises(cm.InputError, match="other than a kind of rule"):
        cm.LinearConstraint({"all": 1.0}, high=1.0, name=outweigh.kind)


def test_an_own_rule_travels(outweigh: Any) -> None:
    rule = outweigh("social", "sms", 1.5)
    assert rule_to_dict(rule) == RULE
    assert rule_from_dict(RULE) == rule
    assert rule_from_dict(rule_to_dict(cm.EachPeriod(rule))).rule == rule


def imported(tree: Iterable[ast.stmt]) -> dict[str, str]:
    """Names that a file imports to offer them, and where from; ``*`` stands for those of the public rules."""
    found: dict[str, str] = {}
    for node in (one for one in tree if isinstance(one, ast.ImportFrom)):
        for alias in node.names:
            if alias.name == "*":
                assert node.module == PUBLIC
                found |= imported(ast.parse(RULES.joinpath("public.py").read_text(encoding="utf-8")).body)
            elif alias.asname:
                found[alias.asname] = f"{node.module}.{alias.name}"
    return found


def test_public_names_are_those_that_type_checkers_see() -> None:
    """Rules export themselves; the imports that a type checker reads are written out, and must name all of them."""
    (block,) = (
        node
        for node in ast.parse(Path(cm.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    seen = imported(block.body)
    assert {*seen, "__version__"} == set(cm.__all__)
    for name, home in seen.items():
        module, _, attribute = home.rpartition(".")
        assert getattr(cm, name) is getattr(importlib.import_module(module), attribute)


def test_every_rule_of_the_package_is_public() -> None:
    """A rule whose module nobody imports would be unknown."""
    public = imported(ast.parse(RULES.joinpath("public.py").read_text(encoding="utf-8")).body)
    for module in RULES.glob("*.py"):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(word.arg == "kind" for word in node.keywords):
                assert public.pop(node.name) == f"channelmix.engine.rules.{module.stem}.{node.name}"
    assert public == {}
