"""Every part of a proof is forged in turn; the checker must notice, or its bound must still hold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.oracles.proven import judged, leaf_of, made, solved, truth

import channelmix as cm
from channelmix.engine.proof.duality import Leaf, dual_bound
from channelmix.engine.proof.solution import Proof


def rejected(solution: cm.Solution, match: str | None = None) -> None:
    with pytest.raises(cm.CertificateError, match=match):
        cm.verify(made().problem, solution)


def with_proof(**parts: Any) -> cm.Solution:
    return replace(solved(), proof=replace(solved().proof, **parts))


def test_forged_prices() -> None:
    prices = solved().proof.prices
    for wrong in (
        np.where(np.arange(prices.size).reshape(prices.shape) == 0, math.nan, prices),
        np.where(np.arange(prices.size).reshape(prices.shape) == 1, math.inf, prices),
        prices[:-1],
        prices[:, :-1],
        np.vstack([prices, prices[:1]]),
        prices.ravel(),
        0.0 * prices,
        -prices,
        2.0 * prices,
        0.5 * prices,
    ):
        rejected(with_proof(prices=wrong))


def test_a_price_on_an_open_side_proves_nothing() -> None:
    prices = solved().proof.prices.copy()
    budget = [row.label for row in made().problem.rows].index("fixed_budget")
    prices[0, budget] = -1e-9
    rejected(with_proof(prices=prices), "no finite upper bound")


@pytest.mark.parametrize("size", [1e3, 1e155, 1e300, 1.7e308])
def test_prices_that_overflow_do_not_hide_a_leaf(size: float) -> None:
    """Infinity less infinity is not a number, and must not count as the smallest of bounds."""
    rng = np.random.default_rng(5)
    proof = solved().proof
    leaf = leaf_of(proof, made().problem.standard.from_user(solved().spend))
    for _ in range(40):
        prices = proof.prices.copy()
        prices[leaf] = size * rng.choice([-1.0, 0.0, 1.0], prices.shape[1])
        rejected(with_proof(prices=prices))


def test_a_leaf_whose_bound_is_not_a_number_is_refused() -> None:
    m = made()
    repeated = [cm.SpendBounds({"all": (None, 2.0)}) for _ in range(8)]
    problem = cm.AllocationProblem(m.problem.curves, m.problem.scenario, [*m.problem.constraints, *repeated])
    solution = cm.solve(problem, gap=1e-6)
    form, proof = problem.standard, solution.proof
    prices = proof.prices.copy()
    leaf = leaf_of(proof, form.from_user(solution.spend))
    prices[leaf] = np.where(np.isfinite(form.high), 1.7e308, 0.0)
    envelopes = form.envelopes(list(proof.grids))
    with np.errstate(all="ignore"):
        root = Leaf(form.box_low, form.box_high, prices[leaf], None)
        assert math.isnan(dual_bound(form, envelopes, root))
    forged = replace(solution, proof=replace(proof, prices=prices))
    with pytest.raises(cm.CertificateError, match="overflow"):
        cm.verify(problem, forged)


def test_forged_trees() -> None:
    proof = solved().proof
    cell, threshold = proof.cell, proof.threshold
    splits = np.flatnonzero(cell >= 0)
    assert len(splits) >= 2

    def put(array: np.ndarray, index: int, value: float) -> np.ndarray:
        changed = array.copy()
        changed[index] = value
        return changed

    for parts in (
        {
            "cell": cell[:-1],
            "threshold": threshold[:-1],
            "prices": proof.prices[:-1],
            "infeasible": proof.infeasible[:-1],
        },
        {"cell": cell[:-1], "threshold": threshold[:-1]},
        {"cell": np.append(cell, -1), "threshold": np.append(threshold, 0.0)},
        {
            "cell": np.append(cell, -1),
            "threshold": np.append(threshold, 0.0),
            "prices": np.vstack([proof.prices, proof.prices[:1]]),
            "infeasible": np.append(proof.infeasible, False),
        },
        {
            "cell": cell[:0],
            "threshold": threshold[:0],
            "prices": proof.prices[:0],
            "infeasible": proof.infeasible[:0],
        },
        {"cell": put(cell, int(splits[0]), 5)},
        {"cell": put(cell, int(splits[0]), 10**9)},
        {"cell": put(cell, int(splits[0]), -1)},
        {"cell": cell.astype(float)},
        {"cell": cell[np.newaxis]},
        {"threshold": threshold[:-1]},
        {"threshold": put(threshold, int(splits[0]), math.nan)},
        {"threshold": put(threshold, int(splits[0]), math.inf)},
        {"threshold": put(threshold, int(splits[0]), -0.5)},
        {"threshold": put(threshold, int(splits[0]), 7.0)},
        {"infeasible": proof.infeasible[:-1]},
    ):
        rejected(with_proof(**parts))


def test_a_leaf_cannot_be_called_infeasible() -> None:
    proof = solved().proof
    for leaf in range(len(proof.infeasible)):
        flags = proof.infeasible.copy()
        flags[leaf] = True
        rejected(with_proof(infeasible=flags), "not shown")


def test_a_part_of_the_box_cannot_be_dropped() -> None:
    """A proof of the other half only: the better half claims a split at the end of its box."""
    proof, form = solved().proof, made().problem.standard
    spend = form.from_user(solved().spend)
    cell = int(np.argmax(spend))
    for at in (form.box_low[cell], form.box_high[cell]):
        forged = Proof(
            np.array([cell, -1, -1]),
            np.array([at, 0.0, 0.0]),
            proof.prices[:2],
            np.array([False, False]),
            proof.grids,
        )
        assert judged(forged) >= truth() - 1e-9


def test_grids_are_only_a_hint() -> None:
    form, proof = made().problem.standard, solved().proof
    empty = tuple(np.empty(0) for _ in range(form.n_cells))
    outside = tuple(np.append(grid, [-5.0, 1e9, grid.max() + 1e-12]) for grid in proof.grids)
    doubled = tuple(np.concatenate([grid, grid]) for grid in proof.grids)
    shuffled = tuple(np.random.default_rng(1).permutation(grid) for grid in proof.grids)
    assert judged(replace(proof, grids=empty)) >= solved().upper_bound
    for grids in (outside, doubled, shuffled):
        assert judged(replace(proof, grids=grids)) == pytest.approx(solved().upper_bound, rel=1e-6)
    rejected(with_proof(grids=empty), "upper bound claimed")
    for wrong in (
        proof.grids[:-1],
        (*proof.grids, proof.grids[0]),
        (np.array([math.nan]), *proof.grids[1:]),
        (np.array([math.inf]), *proof.grids[1:]),
        (proof.grids[0][np.newaxis], *proof.grids[1:]),
    ):
        rejected(with_proof(grids=wrong), "grid")


@pytest.mark.parametrize("draws", [1, 20])
@pytest.mark.parametrize("seed", range(25))
def test_a_perturbed_proof_is_refused_or_still_true(seed: int, draws: int) -> None:
    rng = np.random.default_rng([7, seed, draws])
    proof, form = solved(draws).proof, made(draws).problem.standard
    prices = proof.prices * np.exp(rng.normal(size=proof.prices.shape) * rng.choice([1e-3, 0.3, 3.0]))
    if rng.random() < 0.3:
        prices = prices + rng.normal(size=prices.shape) * 0.1
    threshold = proof.threshold.copy()
    moved = (proof.cell >= 0) & (rng.random(len(threshold)) < 0.5)
    threshold[moved] = rng.uniform(0.0, form.box_high.max(), int(moved.sum()))
    cell = proof.cell.copy()
    if rng.random() < 0.3:
        cell[cell >= 0] = rng.integers(0, form.n_cells, int((cell >= 0).sum()))
    grids = tuple(
        np.sort(rng.choice(grid, int(rng.integers(0, len(grid))))) + rng.normal() * 0.01
        for grid in proof.grids
    )
    forged = Proof(cell, threshold, prices, rng.random(len(prices)) < 0.02, grids)
    try:
        bound = judged(forged, draws)
    except cm.CertificateError:
        return
    assert bound >= truth(draws) * (1 - 1e-9)


@pytest.mark.no_cover
def test_most_perturbed_prices_reach_the_bound_itself() -> None:
    """The test above is not idle: prices alone, perturbed, give a bound and not an error."""
    rng = np.random.default_rng(11)
    for _ in range(10):
        prices = solved().proof.prices * np.exp(0.3 * rng.normal(size=solved().proof.prices.shape))
        bound = judged(replace(solved().proof, prices=prices))
        assert truth() * (1 - 1e-9) <= bound <= 3.0 * truth()


@pytest.mark.parametrize("part", ["cell", "threshold", "prices", "infeasible", "grids"])
@pytest.mark.parametrize("value", [None, "x", 5, [[1], [2, 3]], {"a": 1}, [math.nan], [1e300]])
def test_damaged_proofs_are_refused(part: str, value: Any) -> None:
    data = solved().proof.to_dict() | {part: value}
    with pytest.raises(cm.CertificateError):
        cm.verify(made().problem, replace(solved(), proof=Proof.from_dict(data)))
    del data[part]
    with pytest.raises(cm.CertificateError):
        Proof.from_dict(data)
