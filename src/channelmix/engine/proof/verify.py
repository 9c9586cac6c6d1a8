"""The checker, which trusts neither solver nor search, only curves, rules and weak duality."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, expect
from channelmix.core.sizes import most_grid_outcomes, most_leaves, within
from channelmix.core.tolerances import FEASIBILITY_TOLERANCE, NO_TOTAL_SPEND, VALUE_TOLERANCE
from channelmix.engine.problem.money_limits import (
    UnboundedError,
    conflict_limit,
    is_limited,
    limit_for,
    limited,
)
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.problem.total_spend import is_share, total_spend
from channelmix.engine.proof.duality import Leaf, dual_bound, excludes, valid_draw_weights
from channelmix.engine.proof.solution import Proof, Solution, Status, relative_gap
from channelmix.engine.response.envelopes import Envelopes

MOST_AT_ONCE = 4_000_000
"""Leaves x variables that are kept in memory at once."""


@dataclass(frozen=True)
class Certificate:
    """What was recomputed of a solution; amounts in the problem's own units.

    Parameters
    ----------
    status : Status
        Confirmed status.
    value, upper_bound : float
        Objective reached and claimed bound on every feasible objective.
    gap : float
        ``(upper_bound - value) / max(abs(value), gross outcome)``.
    max_violation : float
        Largest violation of any rule, in units of spend.
    leaves : int
        Leaves of the proof that were checked.
    proven_bound : float
        Bound that the proof shows: the claimed one is not below it, rounding apart.
    """

    status: Status
    value: float
    upper_bound: float
    gap: float
    max_violation: float
    leaves: int
    proven_bound: float


def verify(problem: AllocationProblem, solution: Solution) -> Certificate:
    """Recompute a solution's spend, value, bound, gap and status without any solver.

    The bound is recomputed by weak duality at each leaf of the proof over the box that the rules imply; the
    value and the violations come from the curves and the rules themselves. It is rigorous up to rounding (about 1e-12).
    Not checked: shadow prices, the names of conflicting rules, by how much they would have to be relaxed, and the
    search's report; `channelmix verify` recomputes a plan's prices.

    Parameters
    ----------
    problem : AllocationProblem
        Curves and rules, which alone are trusted.
    solution : Solution
        Claims and their proof.

    Returns
    -------
    Certificate

    Raises
    ------
    CertificateError
        If a claim is not what the proof shows; the message names it.
    InputError
        If an argument is of another type.
    """
    expect(problem, "problem", AllocationProblem)
    expect(solution, "solution", Solution)
    try:
        status = Status(solution.status)
    except ValueError:
        raise CertificateError(f"unknown status {solution.status!r}") from None
    if solution.proof.witness is not None:
        return _verify_only_nothing(problem, solution, status)
    limited = is_limited(problem)
    if not limited:
        if status is Status.UNBOUNDED:
            return _verify_unbounded(problem, solution)
        problem = _with_limit(problem, solution)
    require(status is not Status.UNBOUNDED, "called unbounded, but the rules limit every cell")
    if problem.needs_baseline and solution.baseline is not None:
        problem = _with_baseline(problem, solution)
    form = problem.standard
    _check_structure(form, solution.proof)
    if status is Status.INFEASIBLE:
        return _verify_infeasible(problem, solution)
    spend = _claimed_amounts(problem, solution.spend, "the spend")
    violation = problem.violation(spend)
    variables = form.from_user(spend)
    feasible = form.violation(variables) <= FEASIBILITY_TOLERANCE and form.missed(variables) <= 1.0
    require(feasible, f"the spend breaks a rule by {violation:g}")
    value = problem.value(spend)
    scale = max(problem.size(spend), form.smallest)
    _same("value", solution.value, value, scale)
    bound, leaves = _proven_bound(form, solution.proof)
    _check_bound(form, solution.upper_bound, bound * form.value_unit, value, scale)
    gap = relative_gap(solution.upper_bound, value, problem.gap_scale(spend, limited=limited))
    _same("gap", solution.gap, gap, max(1.0, gap))
    closed = gap <= solution.requested_gap or status is not Status.OPTIMAL
    require(closed, f"called optimal with a gap of {gap:g}, above the requested {solution.requested_gap:g}")
    return Certificate(status, value, solution.upper_bound, gap, violation, leaves, bound * form.value_unit)


def require(holds: bool | np.bool_, message: str) -> None:
    """Raise a CertificateError with this message unless a condition holds."""
    if not holds:
        raise CertificateError(message)


def _check_bound(form: StandardForm, claimed: float, bound: float, value: float, scale: float) -> None:
    """Check a claimed upper bound against the proven one, both in the problem's own units."""
    require(math.isfinite(bound), "the proof shows no finite upper bound")
    require(math.isfinite(claimed), f"upper bound claimed {claimed!r}, which bounds nothing")
    least = bound - VALUE_TOLERANCE * max(scale, abs(bound))
    require(claimed >= least, f"upper bound claimed {claimed!r}, but the proof shows only {bound!r}")
    # Violations within the tolerance can be worth this much, however small the plan's own value is.
    range_of_value = form.outcome_unit * (form.gain + float(np.abs(form.charge) @ form.span))
    least = value - 10 * FEASIBILITY_TOLERANCE * max(scale, range_of_value)
    require(bound >= least, f"the proven upper bound {bound!r} lies below the value {value!r}")


def _verify_unbounded(problem: AllocationProblem, solution: Solution) -> Certificate:
    try:
        limit_for(problem, 0.0)
    except UnboundedError as unbounded:
        named = tuple(solution.conflicts) == (unbounded.cell,)
        require(named, f"the cell without limit is {unbounded.cell}")
        return Certificate(Status.UNBOUNDED, math.nan, math.inf, math.nan, math.nan, 0, math.inf)
    raise CertificateError("called unbounded, but every cell has its limit")


def _with_baseline(problem: AllocationProblem, solution: Solution) -> AllocationProblem:
    """Return the problem with the solution's baseline in place of a mix that breaks rules.

    It is checked to be feasible, but not to be the feasible mix nearest to the stated one.
    """
    baseline = _claimed_amounts(problem, solution.baseline, "the baseline")
    total = max(float(baseline.sum()), problem.standard.unit[0])
    broken = problem.broken(baseline, outcomes=False)
    require(broken <= FEASIBILITY_TOLERANCE * total, "the baseline breaks a rule")
    return problem.improving_on(baseline)


def _with_limit(problem: AllocationProblem, solution: Solution) -> AllocationProblem:
    """Return the problem with the proof's limit of money, after checking that nothing better lies beyond it."""
    limit = solution.proof.limit
    if limit is None or not math.isfinite(limit):
        raise CertificateError("neither the scenario nor the proof limits the money")
    try:
        if Status(solution.status) is Status.INFEASIBLE:
            least = conflict_limit(problem)
        else:
            least = limit_for(problem, problem.value(_claimed_amounts(problem, solution.spend, "the spend")))
    except UnboundedError as unbounded:
        raise CertificateError(str(unbounded)) from None
    far_enough = limit >= least * (1.0 - VALUE_TOLERANCE)
    require(far_enough, f"the proof limits the money to {limit!r}, but up to {least!r} more spend might pay")
    return limited(problem, limit)


def _claimed_amounts(problem: AllocationProblem, claimed: object, what: str) -> Array:
    try:
        spend = np.asarray(claimed, dtype=float)
    except (TypeError, ValueError):
        raise CertificateError(f"{what} is not a list of amounts") from None
    require(spend.shape == problem.shape, f"{what} has shape {spend.shape}, not {problem.shape}")
    require(np.isfinite(spend).all(), f"{what} is not finite")
    least = problem.cells.names[int(np.argmin(spend))]
    require((spend >= 0.0).all(), f"{what} is negative on {least}")
    return spend


def _same(what: str, claimed: float, computed: float, scale: float) -> None:
    same = claimed == computed or abs(claimed - computed) <= VALUE_TOLERANCE * max(scale, 1e-300)
    require(same, f"{what} claimed {claimed!r}, recomputed {computed!r}")


def _verify_only_nothing(problem: AllocationProblem, solution: Solution, status: Status) -> Certificate:
    """Confirm that the rules, some of them on shares, leave nothing to spend."""
    infeasible = status is Status.INFEASIBLE
    require(infeasible, f"called {status}, but the proof only bounds total spend")
    others = [rule for rule in problem.constraints if not is_share(rule)]
    shares = len(others) < len(problem.constraints)
    require(shares, "the proof bounds total spend, but the problem has no rule on shares")
    _check_claims_of_infeasible(problem, solution)
    witness = _claimed_amounts(problem, solution.proof.witness, "what could be spent")
    free = dataclasses.replace(problem, constraints=others, risk=None)
    possible = free.broken(witness, outcomes=False) <= FEASIBILITY_TOLERANCE * float(witness.sum())
    require(
        witness.any() and possible,
        "called infeasible by its shares, but the other rules are not shown to leave anything to spend",
    )
    form = total_spend(problem).standard
    _check_structure(form, solution.proof)
    bound, leaves = _proven_bound(form, solution.proof)
    require(bound <= NO_TOTAL_SPEND, "called infeasible, but the proof leaves something to spend")
    return Certificate(Status.INFEASIBLE, math.nan, -math.inf, math.nan, math.nan, leaves, -math.inf)


def _check_claims_of_infeasible(problem: AllocationProblem, solution: Solution) -> None:
    claimed = np.asarray([solution.value, solution.gap, *np.ravel(solution.spend)], dtype=float)
    none = np.isnan(claimed).all() and solution.upper_bound == -math.inf
    require(none, "called infeasible, but it claims a spend or a value")
    unknown = sorted(set(solution.conflicts) - set(problem.rule_names))
    require(not unknown, f"the conflict names rules that do not exist: {', '.join(unknown)}")


def _verify_infeasible(problem: AllocationProblem, solution: Solution) -> Certificate:
    _check_claims_of_infeasible(problem, solution)
    leaves = 0
    if not problem.standard.empty_box:
        every = solution.proof.infeasible.all()
        require(every, "called infeasible, but a leaf of the proof does not claim to be")
        _, leaves = _walk(problem.standard, solution.proof, _envelopes(problem.standard, solution.proof))
    return Certificate(Status.INFEASIBLE, math.nan, -math.inf, math.nan, math.nan, leaves, -math.inf)


def _check_structure(form: StandardForm, proof: Proof) -> None:
    """Raise unless the parts of the proof fit together and hold finite numbers."""
    cell, threshold, prices = proof.cell, proof.threshold, proof.prices
    tree = cell.ndim == 1 and cell.dtype.kind == "i" and threshold.shape == cell.shape
    require(tree, "the proof's tree is damaged")
    splits = cell[cell >= 0]
    known = (splits < form.n_cells) | form.integer[np.minimum(splits, form.n_variables - 1)]
    require(
        np.isfinite(threshold).all() and (splits < form.n_variables).all() and known.all(),
        "the proof's tree is damaged: it splits what is not a cell, or at no finite amount",
    )
    n_leaves = int((cell < 0).sum())
    complete = prices.shape == (n_leaves, form.A.shape[0]) and proof.infeasible.shape == (n_leaves,)
    require(complete, "the proof must hold one price per row at every leaf")
    require(np.isfinite(prices).all(), "a price of the proof is not finite")
    require(
        len(proof.draw_weights) == (0 if form.risk is None or form.empty_box else n_leaves),
        "the proof must weigh the draws at every leaf if the worst draws count, and only then",
    )
    within(most_leaves(form.n_variables), n_leaves, "leaves of the proof")


def _proven_bound(form: StandardForm, proof: Proof) -> tuple[float, int]:
    """Largest leaf bound, in the standard unit of outcome, and the number of leaves."""
    require(not form.empty_box, "the rules admit no spend at all")
    return _walk(form, proof, _envelopes(form, proof))


def _envelopes(form: StandardForm, proof: Proof) -> Envelopes:
    """Upper bound of each cell on the proof's grid; an infeasible problem may do without."""
    n = form.n_cells
    hints = proof.grids or ((),) * n
    if len(hints) != form.n_shapes:
        require(len(hints) == n, f"the proof has {len(hints)} grids for {n} cells")
    grids: list[Array] = []
    for grid in hints:
        points = np.asarray(grid, dtype=float)
        fine = points.ndim == 1 and np.isfinite(points).all()
        require(fine, "a grid of the proof is not a list of finite amounts")
        grids.append(np.unique(points))
    draws, points_of_all = form.curves.n_draws, sum(map(len, grids))
    most = most_grid_outcomes(draws * n, kept=form.risk is not None)
    within(most, points_of_all * draws, "points x draws of the proof's grids")
    return form.envelopes(grids)


def _walk(form: StandardForm, proof: Proof, envelopes: Envelopes) -> tuple[float, int]:
    """Bound every leaf of the split tree; raise on any flaw."""
    leaves, worst, count = _leaves(form, proof), -math.inf, 0
    while some := list(itertools.islice(leaves, max(1, MOST_AT_ONCE // form.n_variables))):
        # The ends of leaves all at once: a curve's grid is made longer once, and not leaf by leaf.
        envelopes.keep_ends(np.array([leaf.low for leaf in some]), np.array([leaf.high for leaf in some]))
        for leaf in some:
            worst = max(worst, _leaf_bound(form, envelopes, leaf, bool(proof.infeasible[count])))
            count += 1
    return worst, count


def _leaves(form: StandardForm, proof: Proof) -> Iterator[Leaf]:
    """Follow the split tree from the box that the rules imply; raise unless its leaves cover that box."""
    cell, threshold = proof.cell, proof.threshold
    stack, leaf = [(form.box_low, form.box_high)], 0
    for node in range(len(cell)):
        require(bool(stack), "the proof's tree has nodes outside its root")
        low, high = stack.pop()
        split = int(cell[node])
        if split < 0:
            draw_weights = proof.draw_weights[leaf] if proof.draw_weights else None
            yield Leaf(low, high, proof.prices[leaf], draw_weights)
            leaf += 1
            continue
        at = float(threshold[node])
        require(low[split] <= at <= high[split], "the proof splits a cell outside its box")
        below, above = form.halves(low, high, split, at)
        stack += [
            form.implied(above, high, split),
            form.implied(low, below, split),
        ]  # preorder: the lower child comes first
    require(not stack, "the proof's tree leaves a part of the box uncovered")


def _leaf_bound(form: StandardForm, envelopes: Envelopes, leaf: Leaf, infeasible: bool) -> float:
    valid = valid_draw_weights(form, leaf.draw_weights)
    require(valid, "the weights of the draws at a leaf are not those of a mean of the worst draws")
    if infeasible and (leaf.low > leaf.high).any():
        return -math.inf
    leaf.high = np.maximum(leaf.low, leaf.high)
    with np.errstate(over="ignore", invalid="ignore"):  # prices so large that sums overflow prove nothing
        if infeasible:
            excluded = excludes(form, envelopes, leaf)
            require(excluded, "a leaf called infeasible is not shown to be")
            return -math.inf
        bound = dual_bound(form, envelopes, leaf)
    require(not math.isnan(bound), "the prices of a leaf prove nothing: they overflow")
    return bound
