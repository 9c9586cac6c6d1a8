"""The parts of a proof fit together, down to the last of them: what does not is named before anything is computed."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix import Status
from channelmix.core.sizes import most_leaves
from channelmix.engine.proof import verify as verifying
from channelmix.engine.proof.solution import Proof

NAMES = ["FR/sms", "FR/app", "DE/sms"]


@cache
def made(risk: bool = False) -> tuple[cm.AllocationProblem, cm.Solution]:
    """With whole numbers, whose variables come last; its tree has several leaves."""
    half = np.array([1.5, 1.0, 0.5]) * np.exp(0.2 * np.random.default_rng(1).normal(size=(4, 3)))
    curves = cm.ResponseCurves.hill([6.0, 5.0, 4.0], half, [3.0, 1.0, 2.0], names=NAMES)
    rules: list[Any] = [cm.MinimumIfActive("all", 1.0), cm.AtMostActive(2), cm.ActivationFee("FR/sms", 0.4)]
    worst = cm.MeanCVaR(0.5, 0.5) if risk else None
    problem = cm.AllocationProblem(curves, cm.FixedBudget(3.0), rules, risk=worst)
    solution = cm.solve(problem, gap=1e-4)
    assert solution.status is Status.OPTIMAL
    assert len(solution.proof.prices) >= 2
    return problem, solution


def refused(match: str, risk: bool = False, **parts: Any) -> None:
    problem, solution = made(risk)
    claim = replace(solution, proof=replace(solution.proof, **parts), status=Status.NOT_CERTIFIED)
    with pytest.raises(cm.CertificateError, match=match):
        cm.verify(problem, claim)


def put(array: Any, place: Any, value: Any) -> Any:
    changed = array.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_every_number_is_finite(wrong: float) -> None:
    proof = made()[1].proof
    for place in np.ndindex(*proof.prices.shape):
        refused("a price of the proof is not finite", prices=put(proof.prices, place, wrong))
    for node in range(len(proof.threshold)):
        refused("no finite amount", threshold=put(proof.threshold, node, wrong))
    for i, grid in enumerate(proof.grids):
        for end in (0, len(grid) - 1):
            grids = [*proof.grids[:i], put(grid, end, wrong), *proof.grids[i + 1 :]]
            refused("not a list of finite amounts", grids=tuple(grids))


def test_splits_are_of_cells_or_whole_numbers() -> None:
    problem, solution = made()
    form, cell = problem.standard, solution.proof.cell
    assert form.integer[-1]
    for node in np.flatnonzero(cell >= 0).tolist():
        for wrong in (form.n_variables, form.n_variables + 1, 10**9):
            refused("what is not a cell", cell=put(cell, node, wrong))


def test_one_part_a_leaf() -> None:
    proof = made()[1].proof
    prices, flags = proof.prices, proof.infeasible
    for wrong in (
        prices[:-1],
        np.vstack([prices, prices[:1]]),
        prices[:, :-1],
        np.hstack([prices, prices[:, :1]]),
    ):
        refused("one price per row at every leaf", prices=wrong)
    for wrong in (flags[:-1], np.append(flags, flags[:1]), flags[:, np.newaxis]):
        refused("one price per row at every leaf", infeasible=wrong)
    refused("weigh the draws at every leaf", draw_weights=(np.full(4, 0.25),) * len(prices))


def test_weights_of_draws_at_every_leaf_where_the_worst_count() -> None:
    proof = made(risk=True)[1].proof
    weights = proof.draw_weights
    assert len(weights) == len(proof.prices)
    for wrong in ((), weights[:-1], (*weights, weights[0])):
        refused("weigh the draws at every leaf", risk=True, draw_weights=wrong)
    for i in range(len(weights)):
        none = (*weights[:i], np.zeros(4), *weights[i + 1 :])
        refused("not those of a mean of the worst draws", risk=True, draw_weights=none)


@pytest.mark.parametrize("places", [[-1], [-2], [-(10**9)]])
def test_any_place_below_the_first_is_a_leaf(places: list[int]) -> None:
    """A tree of one leaf: the bound of the whole box, whatever number stands for no cell."""
    problem, solution = made()
    proof = Proof(
        np.array(places), np.zeros(1), solution.proof.prices[:1], np.array([False]), solution.proof.grids
    )
    claim = replace(solution, proof=proof, upper_bound=1e3, status=Status.NOT_CERTIFIED)
    gap = (1e3 - solution.value) / problem.size(solution.spend)
    assert cm.verify(problem, replace(claim, gap=gap)).leaves == 1


def test_grids_are_one_a_cell_or_one_a_curve() -> None:
    proof = made()[1].proof
    for wrong in (proof.grids[:-1], (*proof.grids, proof.grids[0])):
        refused("grids for 3 cells", grids=wrong)
    refused("not a list of finite amounts", grids=(proof.grids[0][np.newaxis], *proof.grids[1:]))


def test_nodes_and_leaves_fill_the_tree() -> None:
    proof = made()[1].proof
    more: dict[str, Any] = {"cell": np.append(proof.cell, -1), "threshold": np.append(proof.threshold, 0.0)}
    more |= {
        "prices": np.vstack([proof.prices, proof.prices[:1]]),
        "infeasible": np.append(proof.infeasible, False),
    }
    refused("nodes outside its root", **more)
    fewer: dict[str, Any] = {"cell": proof.cell[:-1], "threshold": proof.threshold[:-1]}
    fewer |= {"prices": proof.prices[:-1], "infeasible": proof.infeasible[:-1]}
    refused("uncovered", **fewer)
    none: dict[str, Any] = {"cell": proof.cell[:0], "threshold": proof.threshold[:0]}
    refused("uncovered", **none, prices=proof.prices[:0], infeasible=proof.infeasible[:0])


def test_splits_lie_in_their_box() -> None:
    problem, solution = made()
    proof, form = solution.proof, problem.standard
    root = int(proof.cell[0])
    for at in (form.box_low[root] - 1e-6, form.box_high[root] + 1e-6):
        refused("splits a cell outside its box", threshold=put(proof.threshold, 0, at))


def test_a_half_that_is_empty_needs_no_prices() -> None:
    """A state is at most 1: what a split at 1 leaves above is nothing, and below everything."""
    problem, solution = made()
    proof, form = solution.proof, problem.standard
    leaves = np.flatnonzero(proof.cell < 0)
    last, state = int(leaves[-1]), form.n_variables - 1
    assert form.integer[state]
    parts: dict[str, Any] = {
        "cell": np.concatenate([proof.cell[:last], [state, -1, -1]]),
        "threshold": np.concatenate([proof.threshold[:last], [1.0, 0.0, 0.0]]),
        "prices": np.vstack([proof.prices, np.zeros((1, proof.prices.shape[1]))]),
        "infeasible": np.append(proof.infeasible, True),
    }
    honest = cm.verify(problem, solution)
    longer = cm.verify(problem, replace(solution, proof=replace(proof, **parts)))
    assert replace(longer, leaves=honest.leaves) == honest
    assert longer.leaves == honest.leaves + 1
    swapped = np.append(proof.infeasible, True)
    swapped[-2:] = True
    refused("not shown to be", **parts | {"infeasible": swapped})


def test_a_split_at_the_end_of_a_box_changes_nothing() -> None:
    """Below it the cell is fixed, above it is what was there before."""
    problem, solution = made()
    proof, form = solution.proof, problem.standard
    assert proof.cell[0] >= 0
    honest = cm.verify(problem, solution)
    for cell in range(form.n_cells):
        parts: dict[str, Any] = {
            "cell": np.concatenate([[cell, -1], proof.cell]),
            "threshold": np.concatenate([[form.box_low[cell], 0.0], proof.threshold]),
            "prices": np.vstack([proof.prices[:1], proof.prices]),
            "infeasible": np.append(False, proof.infeasible),
        }
        budget = [row.label for row in problem.rows].index("fixed_budget")
        parts["prices"][0] = 0.0
        parts["prices"][0, budget] = 1e3  # more than a unit of money is worth
        bound = 1e6
        gap = (bound - solution.value) / problem.size(solution.spend)
        claim = replace(
            solution, proof=replace(proof, **parts), upper_bound=bound, gap=gap, status=Status.NOT_CERTIFIED
        )
        assert cm.verify(problem, claim).leaves == honest.leaves + 1


def test_a_box_in_which_a_cell_is_pinned_is_not_empty() -> None:
    curves = cm.ResponseCurves.hill([6.0, 5.0, 4.0], [1.5, 1.0, 0.5], [3.0, 1.0, 2.0], names=NAMES)
    pinned = cm.SpendBounds({"FR/sms": (0.5, 0.5)})
    problem = cm.AllocationProblem(curves, cm.FixedBudget(3.0), [pinned])
    solution = cm.solve(problem)
    everything = np.ones(len(solution.proof.infeasible), dtype=bool)
    nan = math.nan
    for proof in (
        replace(solution.proof, infeasible=everything),
        replace(solution.proof, infeasible=everything, prices=0.0 * solution.proof.prices),
    ):
        claim = replace(
            solution, status=Status.INFEASIBLE, value=nan, gap=nan, upper_bound=-math.inf, proof=proof,
            spend=np.full(3, nan),
        )  # fmt: skip
        with pytest.raises(cm.CertificateError, match="not shown to be"):
            cm.verify(problem, claim)


@pytest.mark.parametrize("risk", [False, True])
def test_points_and_leaves_are_counted_before_they_cost(risk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, solution = made(risk)
    form, proof = problem.standard, solution.proof
    counted: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(
        verifying, "within", lambda limit, count, what: counted.update({what: (limit, count)})
    )
    monkeypatch.setattr(verifying, "most_grid_outcomes", lambda outcomes, kept: 1000 * outcomes + kept)
    cm.verify(problem, solution)
    points = 0
    for i, grid in enumerate(proof.grids):
        points += len({*grid.tolist(), *proof.threshold[proof.cell == i].tolist()})
    most = 1000 * 4 * 3 + risk
    assert counted == {
        "leaves of the proof": (most_leaves(form.n_variables), len(proof.prices)),
        "points x draws of the proof's grids": (most, points * 4),
    }


@pytest.mark.parametrize("what", ["leaves", "points"])
def test_more_than_a_proof_may_hold_is_refused(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, solution = made()
    monkeypatch.setattr(verifying, "most_leaves", lambda variables: 1 if what == "leaves" else 10**9)
    monkeypatch.setattr(
        verifying, "most_grid_outcomes", lambda outcomes, kept: 1 if what == "points" else 10**9
    )
    with pytest.raises(cm.InputError, match=what):
        cm.verify(problem, solution)
