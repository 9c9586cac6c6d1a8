"""Documents for two checkers to agree on: proofs of random problems, as they are and forged in one place."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import math
from typing import Any

import numpy as np

import channelmix as cm
from channelmix.core.errors import CertificateError, ChannelMixError
from channelmix.engine.problem.money_limits import is_limited
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Proof, SearchReport, Solution, Status, relative_gap
from channelmix.engine.proof.verify import Certificate, verify
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Carryover
from channelmix.engine.response.opt_outs import OptOuts

Document = dict[str, Any]

CELLS = [
    "north/sms/promotion",
    "north/call/service",
    "south/sms/promotion",
    "south/call/service",
    "south/app/advocacy",
]
MOST_LEAVES = 200
"""Leaves of a proof, since the second checker is slow."""


def random_problem(seed: int) -> AllocationProblem:
    """Two to five cells, of which some differ in size alone, with rules of all kinds, over time or not."""
    rng = np.random.default_rng([18, seed])
    n = int(rng.integers(2, 6))
    names, budget = CELLS[:n], float(10.0 ** rng.uniform(1.0, 6.0))
    draws = int(rng.choice([1, 4, 12]))
    parts: list[ResponseCurves] = []
    for i, name in enumerate(names):
        if i and rng.random() < 0.3:  # the curve of the cell before it, in other units or in the same
            size = float(rng.choice([1.0, rng.uniform(0.2, 3.0)]))
            again = parts[-1].rescaled(1.0 / size, 1.0 / size)
            parts.append(ResponseCurves((name,), again.blocks))
        else:
            parts.append(_curve(rng, name, budget, draws))
    curves = ResponseCurves.concat(parts).shared()  # as in plans
    periods = int(rng.integers(2, 4)) if rng.random() < 0.3 else 1
    current = {name: float(budget * rng.uniform(0.0, 0.6) / n) for name in names}
    more: dict[str, Any] = {
        "current": current,
        "carryover": None if periods == 1 else _carryover(rng, periods, n),
    }
    if rng.random() < 0.5:
        more["losses"] = _losses(rng, names, budget, draws)
    if rng.random() < 0.3:
        more["charge"] = {str(rng.choice(names)): float(rng.uniform(0.0, 0.3))}
    if draws > 1 and rng.random() < 0.4:
        more["risk"] = _one(
            rng, [cm.MeanCVaR(0.5, 0.3), cm.WorstCase(), cm.SafeImprovement(tail=0.3), cm.MeanRisk()]
        )
    rules = [_rule(rng, names, budget, periods) for _ in range(int(rng.integers(0, 4)))]
    return AllocationProblem(curves, _scenario(rng, budget * periods, "risk" in more), rules, **more)


def _curve(rng: np.random.Generator, name: str, budget: float, draws: int) -> ResponseCurves:
    scale = budget * 10.0 ** rng.uniform(-0.5, 1.0, (draws, 1))
    reach = budget * 10.0 ** rng.uniform(-1.2, 0.3, (draws, 1))
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return ResponseCurves.exponential(scale, reach, names=[name])
    if kind == 1:
        return ResponseCurves.hill(scale, reach, rng.uniform(0.6, 3.0, (draws, 1)), names=[name])
    if kind == 2:
        handled = rng.uniform(0.1, 0.7, (draws, 1))
        return ResponseCurves.service(
            scale, reach, reach * rng.uniform(0.05, 0.5), handled, rng.uniform(0.0, 1.0, (draws, 1)) * (1.0 - handled),
            resolution=0.8, reach=scale * rng.uniform(0.0, 0.5), criticism=0.7, praise=0.2, names=[name],
        )  # fmt: skip
    points = np.concatenate([[0.0], np.sort(rng.uniform(0.02, 1.0, 4))]) * budget
    rises = rng.exponential(1.0, (draws, 4, 1)) * scale[:, :, np.newaxis] / 4
    outcome = np.concatenate([np.zeros((draws, 1, 1)), np.cumsum(rises, axis=1)], axis=1)
    return ResponseCurves.tabulated(points, outcome, names=[name])


def _losses(rng: np.random.Generator, names: list[str], budget: float, draws: int) -> ResponseCurves:
    parts = []
    for name in names:
        scale = budget * 10.0 ** rng.uniform(-1.5, -0.3, (draws, 1)) * (rng.random() < 0.8)
        rate = budget * rng.uniform(0.1, 1.0, (draws, 1))
        if rng.random() < 0.5:
            parts.append(ResponseCurves.exponential(scale, rate, names=[name]))
            continue
        block = OptOuts.checked(scale=scale, rate=rate, half_left=2.0 * rate)
        parts.append(ResponseCurves((name,), (block,)))
    return ResponseCurves.concat(parts).shared()


def _carryover(rng: np.random.Generator, periods: int, n: int) -> Carryover:
    lags = int(rng.integers(1, 4))
    weights = rng.dirichlet(np.ones(lags), n) if rng.random() < 0.5 else rng.dirichlet(np.ones(lags))
    return Carryover(
        weights,
        periods,
        initial=rng.uniform(0.0, 3.0, int(rng.integers(1, 3))) if rng.random() < 0.5 else None,
        season=rng.uniform(0.5, 1.5, periods) if rng.random() < 0.5 else None,
        cost=rng.uniform(0.5, 1.5, (periods, n)) if rng.random() < 0.3 else None,
        discount=float(rng.choice([0.0, 0.02])),
    )


def _scenario(rng: np.random.Generator, budget: float, risky: bool) -> Any:
    choice = int(rng.integers(0, 8))
    if choice == 0:
        return cm.MaxProfit(max_amount=None if rng.random() < 0.5 else budget)
    if choice == 1:
        return cm.FlexibleBudget(min_roi=float(rng.uniform(0.5, 3.0)), max_amount=budget if risky else None)
    if choice == 2 and not risky:
        return cm.TargetOutcome(float(budget * rng.uniform(0.05, 0.8)), max_amount=3.0 * budget)
    return cm.FixedBudget(budget)


def _rule(rng: np.random.Generator, names: list[str], budget: float, periods: int) -> Any:
    name, part = str(_one(rng, [*names, "sms", "all"])), float(budget * rng.uniform(0.05, 0.6))
    within = [
        cm.SpendBounds({name: (0.2 * part, part)}),
        cm.GroupShare(name, high=float(rng.uniform(0.3, 0.9))),
        cm.GroupShare(name, low=float(rng.uniform(0.05, 0.4))),
        cm.ChangeLimit(name, relative=float(rng.uniform(0.2, 1.5))),
        cm.KeepWorking(floor=float(rng.uniform(0.1, 0.8))),
        cm.LinearConstraint({name: 1.0, "sms": 0.5}, high=part),
        cm.LinearConstraint({"all": 1.0, "sms": -2.0}, low=-part, high=2.0 * part),
        cm.ContactCap(5.0, per_spend={one: float(rng.uniform(0.1, 20.0)) / budget for one in names}, selector="all"),
        cm.ServiceLevel(0.5, selector="all", spend={names[0]: 0.3 * part}),
        cm.MinimumIfActive(name, part),
        cm.AtMostActive(int(rng.integers(1, 4))),
        cm.AtMostActive(1, of=_one(rng, ["market", "channel"])),
        cm.ActivationFee(name, 0.2 * part),
        cm.PackSize(name, part),
    ]  # fmt: skip
    between = [
        cm.PriceTiers(name, ((0.1 * part, 0.1), (part, 0.3))),
        cm.ObservedRange(names[0], 0.1 * part, part),
        cm.Pacing(float(rng.uniform(0.1, 0.6))),
        cm.Phasing((1.0, 2.0, 1.0)[:periods]),
    ]
    rule = _one(rng, within if rng.random() < 0.75 else between)
    return cm.EachPeriod(rule) if periods > 1 and rule in within and rng.random() < 0.7 else rule


def _one(rng: np.random.Generator, choices: list[Any]) -> Any:
    return choices[int(rng.integers(len(choices)))]


def document(problem: AllocationProblem, solution: Solution) -> Document:
    """Write what both checkers read of a plan."""
    spend = [] if solution.status is Status.INFEASIBLE else np.ravel(solution.spend).tolist()
    numbers = {name: getattr(solution, name) for name in ("value", "upper_bound", "gap")}
    claims = {name: float(number) if math.isfinite(number) else None for name, number in numbers.items()}
    return {
        "status": str(solution.status),
        "problem": problem.to_dict(),
        "proof": solution.proof.to_dict(),
        "certificate": {**claims, "requested_gap": solution.requested_gap},
        "allocation": [{"spend": amount} for amount in spend],
    }


def random_document(seed: int) -> Document | None:
    """Return the proof of a random problem.

    None where its rules make no problem, the proof is large, or nothing is spent: what that is worth is rounding.
    """
    try:
        problem = random_problem(seed)
        solution = cm.solve(problem, gap=0.02, time_limit=1.0)
    except ChannelMixError:
        return None
    if solution.baseline is not None:
        problem = problem.improving_on(solution.baseline)
    if len(solution.proof.infeasible) > MOST_LEAVES or not np.any(solution.spend):
        return None
    written: Document = json.loads(json.dumps(document(problem, solution)))
    return written


def _solution(data: Document, problem: AllocationProblem) -> Solution:
    claims, infeasible = data["certificate"], data["status"] == Status.INFEASIBLE
    spend = [row["spend"] for row in data["allocation"]]
    array = np.full(problem.shape, np.nan) if infeasible else np.array(spend).reshape(problem.shape)
    value, bound, gap = (math.nan, -math.inf, math.nan) if infeasible else (
        claims["value"], claims["upper_bound"], claims["gap"],
    )  # fmt: skip
    return Solution(
        Status(data["status"]), array, value, bound, gap, claims["requested_gap"], {}, (),
        Proof.from_dict(data["proof"]), SearchReport(0, 0, 0.0, ""),
    )  # fmt: skip


def checked(data: Document) -> Certificate:
    """Ask the package's checker; a CertificateError says that it refuses."""
    try:
        problem = AllocationProblem.from_dict(data["problem"])
        return verify(problem, _solution(data, problem))
    except (ChannelMixError, ValueError) as error:
        raise CertificateError(str(error)) from None


def with_wide_claims(data: Document) -> Document:
    """Claim the value of the document's own spend and a bound so high that any proof of one shows it."""
    claimed = copy.deepcopy(data)
    problem = AllocationProblem.from_dict(data["problem"])
    limited = is_limited(problem)
    if not limited:
        limit = float(data["proof"]["limit"])
        problem = dataclasses.replace(
            problem, scenario=dataclasses.replace(problem.scenario, max_amount=limit)
        )
    spend = _solution(data, problem).spend
    value = problem.value(spend)
    bound = value + 1e4 * (problem.size(spend) or problem.standard.outcome_unit)
    gap = relative_gap(bound, value, problem.gap_scale(spend, limited=limited))
    claimed["status"] = "not_certified"
    claimed["certificate"] |= {"value": value, "upper_bound": bound, "gap": gap}
    return claimed


def forged(honest: Document, seed: int) -> tuple[str, Document]:
    """Change one thing in a document; return what was changed."""
    rng = np.random.default_rng([19, seed])
    data = copy.deepcopy(honest)
    what = _one(rng, list(FORGERIES))
    FORGERIES[what](data, rng)
    return what, data


def _factor(rng: np.random.Generator) -> float:
    """Return a factor from a ten thousandth off 1 to a change of sign or of size."""
    size = 10.0 ** rng.uniform(-4.0, 0.0)
    return float(_one(rng, [1.0 + size, 1.0 - size, 1.0 + size, 1.0 - size, -1.0, 0.0, 100.0]))


def _scale_one(numbers: list[Any], rng: np.random.Generator) -> None:
    places = [i for i, number in enumerate(numbers) if number]
    if places:
        numbers[_one(rng, places)] *= _factor(rng)


def _price(data: Document, rng: np.random.Generator) -> None:
    _scale_one(_one(rng, data["proof"]["prices"]), rng)


def _invented_price(data: Document, rng: np.random.Generator) -> None:
    prices = _one(rng, data["proof"]["prices"])
    if prices:
        prices[int(rng.integers(len(prices)))] = float(rng.normal() * 10.0 ** rng.uniform(-3.0, 12.0))


def _dropped_prices(data: Document, rng: np.random.Generator) -> None:
    prices = data["proof"]["prices"]
    prices[int(rng.integers(len(prices)))] = [0.0] * len(prices[0])


def _threshold(data: Document, rng: np.random.Generator) -> None:
    _scale_one(data["proof"]["threshold"], rng)


def _split(data: Document, rng: np.random.Generator) -> None:
    cell = data["proof"]["cell"]
    cell[int(rng.integers(len(cell)))] = int(rng.integers(-1, 8))


def _new_split(data: Document, rng: np.random.Generator) -> None:
    """Split a leaf for nothing."""
    proof = data["proof"]
    leaf = int(rng.integers(len(proof["prices"])))
    node = [i for i, cell in enumerate(proof["cell"]) if cell < 0][leaf]
    proof["cell"][node : node + 1] = [int(rng.integers(0, 5)), -1, -1]
    proof["threshold"][node : node + 1] = [float(rng.uniform(0.0, 0.7)), 0.0, 0.0]
    for name in ("prices", "infeasible", "tilts"):
        if name in proof:
            proof[name][leaf : leaf + 1] = [copy.deepcopy(proof[name][leaf]) for _ in range(2)]


def _dropped_leaf(data: Document, rng: np.random.Generator) -> None:
    proof = data["proof"]
    leaf = int(rng.integers(len(proof["prices"])))
    node = [i for i, cell in enumerate(proof["cell"]) if cell < 0][leaf]
    for name, place in (("cell", node), ("threshold", node), ("prices", leaf), ("infeasible", leaf)):
        del proof[name][place]


def _infeasible(data: Document, rng: np.random.Generator) -> None:
    flags = data["proof"]["infeasible"]
    leaf = int(rng.integers(len(flags)))
    flags[leaf] = not flags[leaf]


def _grid(data: Document, rng: np.random.Generator) -> None:
    grids = data["proof"]["grids"]
    if grids:
        k = int(rng.integers(len(grids)))
        kept = [point for point in grids[k] if rng.random() < 0.5]
        grids[k] = _one(rng, [kept, [], [_factor(rng) * point for point in grids[k]]])


def _grids(data: Document, rng: np.random.Generator) -> None:
    del data["proof"]["grids"][int(rng.integers(0, 3)) :]


def _tilt(data: Document, rng: np.random.Generator) -> None:
    tilts = data["proof"].get("tilts")
    if tilts:
        tilt = _one(rng, tilts)
        if rng.random() < 0.3:
            tilt[1] = [0.5 * (a + b) for a, b in zip(tilt[1], tilt[1][::-1], strict=True)]
        else:
            _scale_one(tilt[1], rng)


def _limit(data: Document, rng: np.random.Generator) -> None:
    if "limit" in data["proof"]:
        data["proof"]["limit"] *= abs(_factor(rng))


def _claim(data: Document, rng: np.random.Generator) -> None:
    name = _one(rng, ["value", "upper_bound", "gap", "requested_gap"])
    if data["certificate"][name]:
        data["certificate"][name] *= _factor(rng)


def _status(data: Document, rng: np.random.Generator) -> None:
    data["status"] = _one(rng, ["optimal", "not_certified", "infeasible"])


def _spend(data: Document, rng: np.random.Generator) -> None:
    rows = data["allocation"]
    if rows:
        one, other = _one(rng, rows), _one(rng, rows)
        moved = one["spend"] * float(rng.uniform(0.0, 1.0))
        one["spend"] -= moved
        other["spend"] += _one(rng, [0.0, 1.0, 1.0]) * moved


def _curves(data: Document, rng: np.random.Generator) -> None:
    """Scale one of the numbers that describe a curve, or all draws of one."""
    part = data["problem"][_one(rng, [name for name in ("curves", "losses") if name in data["problem"]])]
    block = _one(rng, part["blocks"])
    shape = _one(rng, block.get("shapes", [block]))
    stored = shape["parameters"][_one(rng, list(shape["parameters"]))]
    numbers = np.frombuffer(base64.b64decode(stored["f8"]), "<f8").copy()
    places = slice(None) if rng.random() < 0.5 else int(rng.integers(len(numbers)))
    numbers[places] *= float(_one(rng, [1.0 + 10.0 ** rng.uniform(-3.0, -0.5), 0.9, 1.0 - 1e-3]))
    stored["f8"] = base64.b64encode(numbers.tobytes()).decode()


def _rule_limit(data: Document, rng: np.random.Generator) -> None:
    problem = data["problem"]
    for rule in [problem["scenario"], *problem["constraints"]][:: int(_one(rng, [1, -1]))]:
        inner = rule.get("rule", rule)
        numbers = [name for name, number in inner.items() if isinstance(number, float) and number > 0.0]
        if numbers:
            name = _one(rng, numbers)
            share = inner["kind"] in (
                "group_share",
                "keep_working",
            )  # above 1 it is no share, and no problem is read
            changed = inner[name] * float(_one(rng, [0.9, 0.99, 1.01, 1.1, 1.5]))
            inner[name] = min(changed, 1.0) if share else changed
            break


def _dropped_rule(data: Document, rng: np.random.Generator) -> None:
    rules = data["problem"]["constraints"]
    if rules:
        del rules[int(rng.integers(len(rules)))]


FORGERIES = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        _price, _invented_price, _dropped_prices, _threshold, _split, _new_split, _dropped_leaf, _infeasible, _grid,
        _grids, _tilt, _limit, _claim, _status, _spend, _curves, _rule_limit, _dropped_rule,
    )
}  # fmt: skip
