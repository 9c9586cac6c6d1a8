"""Contact caps and price tiers by hand and by brute force; least spend of service rules."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import channelmix as cm
from channelmix import Status
from channelmix.engine.rules import (
    Cells,
    ContactCap,
    PriceTiers,
    ReputationLimit,
    ServiceLevel,
    rule_from_dict,
    rule_to_dict,
)

Array = NDArray[np.float64]

NAMES = ("FR/sms/promotion", "FR/app/promotion", "DE/sms/promotion", "DE/sms/service")
RATES = {"FR/sms/promotion": 0.5, "FR/app/promotion": 0.25, "DE/sms/promotion": 2.0}
CAP = ContactCap(4.0, per_spend=RATES)


def violation(
    rule: Any, spend: list[float], names: tuple[str, ...] = NAMES, n_periods: int | None = None
) -> dict[str, float]:
    """By how much each row is broken, where it is."""
    broken = {
        row.label: row.violation(np.array(spend)) for row in rule.rows(Cells(names, n_periods=n_periods))
    }
    return {label: by for label, by in broken.items() if by > 1e-12}


def test_a_market_is_contacted_over_all_its_channels_together() -> None:
    assert (
        violation(CAP, [4.0, 8.0, 2.0, 99.0]) == {}
    )  # 2 + 2 contacts in FR, 4 in DE; service does not count
    assert violation(CAP, [6.0, 8.0, 2.0, 0.0]) == {"contact_cap promotion FR": pytest.approx(1.0)}
    assert violation(CAP, [0.0, 0.0, 2.5, 0.0]) == {"contact_cap promotion DE": pytest.approx(1.0)}


def test_the_cap_holds_in_every_period_of_its_own() -> None:
    assert violation(CAP, [8.0, 0.0, 0.0, 0.0, 16.0, 0.0], NAMES[:3], 2) == {}
    assert violation(CAP, [8.0, 4.0, 0.0, 0.0, 16.0, 3.0], NAMES[:3], 2) == {
        "contact_cap promotion FR period 1": pytest.approx(1.0),
        "contact_cap promotion DE period 2": pytest.approx(2.0),
    }


def test_cells_without_a_market_share_one_cap() -> None:
    rule = ContactCap(1.0, "all", per_spend={"sms": 1.0, "app": 0.5})
    assert violation(rule, [0.5, 1.0], ("sms", "app")) == {}
    assert violation(rule, [0.5, 2.0], ("sms", "app")) == {"contact_cap all": pytest.approx(0.5)}
    assert violation(rule, [0.5, 1.0, 0.5, 2.0], ("sms", "app"), 2) == {
        "contact_cap all period 2": pytest.approx(0.5)
    }


def test_figures_are_filled_in_once_known() -> None:
    empty = ContactCap(4.0)
    with pytest.raises(cm.InputError, match="contact_cap promotion needs contacts per unit of spend"):
        empty.rows(Cells(NAMES))
    assert empty.with_figures(RATES) == CAP


def test_a_cap_at_the_optimum_by_hand() -> None:
    """Both channels are linear: the cap goes to the one that earns more per contact, the rest of the money nowhere."""
    curves = cm.ResponseCurves.power([3.0, 2.0], 1.0, names=["FR/sms/promotion", "FR/app/promotion"])
    rule = ContactCap(1.0, per_spend={"FR/sms/promotion": 0.5, "FR/app/promotion": 0.1})
    problem = cm.AllocationProblem(curves, cm.FixedBudget(8.0), [rule])
    solution = cm.solve(problem, gap=1e-8)
    cm.verify(problem, solution)
    # s + a = 8 and 0.5 s + 0.1 a = 1: s = 0.5, a = 7.5
    np.testing.assert_allclose(solution.spend, [0.5, 7.5], rtol=1e-6)
    assert solution.shadow_prices["contact_cap promotion FR"] == pytest.approx(1.0 / 0.4, rel=1e-5)


@pytest.mark.parametrize(("kind", "figure"), [(ServiceLevel, 0.9), (ReputationLimit, 500.0)])
def test_service_rules_are_least_spends(kind: Any, figure: float) -> None:
    rule = kind(figure, spend={"DE/sms/service": 3.0})
    assert violation(rule, [0.0, 0.0, 0.0, 3.0]) == {}
    label = f"{rule.kind} DE/sms/service"
    assert violation(rule, [9.0, 9.0, 9.0, 2.0]) == {label: pytest.approx(1.0)}
    assert violation(rule, [3.0, 1.0], NAMES[3:], 2) == {f"{label}/period 2": pytest.approx(2.0)}
    with pytest.raises(cm.InputError, match="needs the spend that each cell needs"):
        kind(figure).rows(Cells(NAMES))
    assert kind(figure).with_figures({"DE/sms/service": 3.0}) == rule


@pytest.mark.parametrize(
    "rule",
    [
        CAP,
        ContactCap(2.0, "sms", 0.9),
        ServiceLevel(0.8, spend={"DE/sms/service": 3.0}),
        ReputationLimit(100.0),
        PriceTiers("sms", ((1.0, 0.1), (2.0, 0.3))),
    ],
)
def test_json(rule: Any) -> None:
    assert rule_from_dict(rule_to_dict(rule)) == rule


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "contact_cap", "contacts": -1.0},
        {"kind": "contact_cap", "contacts": 1.0, "quantile": 1.5},
        {"kind": "contact_cap", "contacts": 1.0, "per_spend": {"a": -1.0}},
        {"kind": "service_level", "level": 1.1},
        {"kind": "service_level", "level": 0.5, "spend": {"a": float("inf")}},
        {"kind": "reputation_limit", "amount": -5.0},
        {"kind": "price_tiers", "select": "all", "tiers": []},
        {"kind": "price_tiers", "select": "all", "tiers": [[1.0]]},
        {"kind": "price_tiers", "select": "all", "tiers": [[1.0, 1.0]]},
        {"kind": "price_tiers", "select": "all", "tiers": [[2.0, 0.1], [1.0, 0.2]]},
        {"kind": "price_tiers", "select": "all", "tiers": [[1.0, 0.2], [2.0, 0.1]]},
    ],
)
def test_meaningless_figures_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(cm.InputError):
        rule_from_dict(data)


def test_an_unknown_selector_of_tiers_is_refused() -> None:
    curves = cm.ResponseCurves.power([1.0], 0.5, names=["sms"])
    with pytest.raises(cm.InputError, match="smss"):
        cm.AllocationProblem(curves, cm.FixedBudget(1.0), [PriceTiers("smss", ((1.0, 0.1),))])


def bought(spend: Array, tiers: tuple[tuple[float, float], ...]) -> Array:
    """What money buys in units of the first price, tier by tier."""
    total, last, price = np.zeros_like(spend), 0.0, 1.0
    for start, discount in (*tiers, (np.inf, 0.0)):
        total += np.clip(spend - last, 0.0, start - last) / price
        last, price = start, 1.0 - discount
    return total


CURVES = {
    "concave": cm.ResponseCurves.hill([3.0, 2.5], [2.0, 1.5], [1.0, 1.0], names=["FR/sms", "FR/app"]),
    "s-shaped": cm.ResponseCurves.hill([3.0, 2.5], [2.0, 1.5], [3.0, 2.0], names=["FR/sms", "FR/app"]),
}


@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("tiers", [((0.0, 0.3),), ((1.0, 0.5),), ((0.5, 0.1), (1.5, 0.4), (2.5, 0.7))])
@pytest.mark.parametrize("selector", ["sms", "all"])
@pytest.mark.parametrize("budget", [1.2, 3.0])
def test_price_tiers_against_brute_force(kind: str, tiers: Any, selector: str, budget: float) -> None:
    curves = CURVES[kind]
    problem = cm.AllocationProblem(curves, cm.FixedBudget(budget), [PriceTiers(selector, tiers)])
    solution = cm.solve(problem, gap=1e-5)
    assert cm.verify(problem, solution).status is Status.OPTIMAL
    first = np.linspace(0.0, budget, 4001)
    second = budget - first
    acts = [bought(first, tiers), bought(second, tiers) if selector == "all" else second]
    best = float(sum(curves.cell(i).value(a[np.newaxis]).mean(axis=0) for i, a in enumerate(acts)).max())
    assert best <= solution.upper_bound * (1.0 + 1e-9)
    assert solution.value == pytest.approx(best, rel=3e-5)


def test_tiers_with_an_on_off_minimum_and_two_cells_by_brute_force() -> None:
    tiers = ((1.0, 0.5),)
    rules = [PriceTiers("all", tiers), cm.MinimumIfActive("all", 1.3)]
    for budget in (1.0, 2.0, 2.6, 4.0):
        problem = cm.AllocationProblem(CURVES["s-shaped"], cm.FixedBudget(budget), rules)
        solution = cm.solve(problem)
        assert cm.verify(problem, solution).status is Status.OPTIMAL
        axis = np.unique(np.append(np.linspace(0.0, budget, 201), [1.3, max(budget - 1.3, 0.0)]))
        points = np.array(list(itertools.product(axis, repeat=2)))
        fine = (points.sum(axis=1) <= budget + 1e-12) & ((points == 0.0) | (points >= 1.3 - 1e-12)).all(
            axis=1
        )
        acts = bought(points[fine], tiers)
        cells = [CURVES["s-shaped"].cell(i).value(acts[np.newaxis, :, i])[0] for i in range(2)]
        best = float((cells[0] + cells[1]).max())
        assert best <= solution.upper_bound * (1.0 + 1e-9)
        assert solution.value == pytest.approx(best, rel=2e-4, abs=1e-12)
