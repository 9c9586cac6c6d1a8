"""Second computations to hold the package against: none of them shares code with the search or the checker."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize as scipy_optimize

import channelmix as cm

__all__ = [
    "RandomProblem",
    "best_local",
    "best_on_grid",
    "feasible_points",
    "grouped_best_on_grid",
    "has_rival",
    "hill_problem",
    "is_feasible",
    "is_minimal_conflict",
    "linear_program",
    "minimal_conflicts",
    "random_curves",
    "random_rules",
    "retold",
    "rows_of",
    "values",
]

Array = NDArray[np.float64]
optimize: Any = scipy_optimize  # with or without scipy's stubs

CHANNELS = ("social", "sms", "im", "app", "mail")
MARKETS = ("FR", "DE", "IT", "ES")


def values(problem: cm.AllocationProblem, points: Array) -> Array:
    """Objective at many points, (n_points, n_cells); shape (n_points,)."""
    total = -points @ problem.charges
    for i in range(problem.curves.n_cells):
        total = total + problem.curves.cell(i).value(points[np.newaxis, :, i]).mean(axis=0)
    return np.asarray(total)


def rows_of(problem: cm.AllocationProblem) -> tuple[Array, Array, Array]:
    """The rows' weights, low and high sides, as the rules state them."""
    rows = problem.rows
    return (
        np.array([row.coefficients for row in rows]),
        np.array([row.low for row in rows]),
        np.array([row.high for row in rows]),
    )


def is_feasible(problem: cm.AllocationProblem, spend: Array, slack: float = 1e-9) -> bool:
    """Whether spend obeys every row up to rounding."""
    A, low, high = rows_of(problem)
    room = slack * np.maximum(1.0, np.abs(A) @ np.abs(spend))
    left = A @ spend
    return bool((spend >= 0.0).all() and (left >= low - room).all() and (left <= high + room).all())


def _one_sided(problem: cm.AllocationProblem) -> tuple[Array, Array]:
    A, low, high = rows_of(problem)
    G = np.concatenate([A[np.isfinite(high)], -A[np.isfinite(low)]])
    return G, np.concatenate([high[np.isfinite(high)], -low[np.isfinite(low)]])


def linear_program(cost: Array, G: Array, h: Array) -> Array | None:
    """Spend of least cost with ``G s <= h`` and ``s >= 0``, or None."""
    unit = float(np.abs(h).max(initial=0.0)) or 1.0
    found = optimize.linprog(cost, A_ub=G, b_ub=h / unit, bounds=(0.0, None), method="highs")
    return np.maximum(found.x, 0.0) * unit if found.status == 0 else None


def feasible_points(problem: cm.AllocationProblem, count: int, rng: np.random.Generator) -> Array:
    """Random feasible points: mixtures, sparse and even, of vertices found by linear programs; (count, n_cells)."""
    G, h = _one_sided(problem)
    n = G.shape[1]
    corners = []
    for _ in range(max(8, 2 * n)):
        corner = linear_program(rng.normal(size=(n,)), G, h)
        if corner is None:
            raise ValueError("the problem has no feasible point")
        corners.append(corner)
    alpha = rng.choice([0.05, 0.3, 1.0], size=(count, 1))
    weight = rng.gamma(alpha, size=(count, len(corners))) + 1e-300
    return np.asarray(weight / weight.sum(axis=1, keepdims=True) @ np.array(corners))


def best_local(problem: cm.AllocationProblem, starts: Array) -> tuple[float, Array]:
    """Best feasible point of SLSQP from every start, or of the starts themselves; starts are (n_starts, n_cells)."""
    G, h = _one_sided(problem)
    unit = float(np.abs(h).max(initial=0.0)) or 1.0
    best = max((problem.value(s), tuple(s)) for s in starts)
    money = max(abs(best[0]), 1e-300)

    def loss(x: Array) -> float:
        return -problem.value(np.maximum(x, 0.0) * unit) / money

    def slope(x: Array) -> Array:
        marginal = problem.curves.derivative(np.maximum(x, 1e-9) * unit).mean(axis=0) - problem.charges
        return np.asarray(-marginal * unit / money)

    rules = {"type": "ineq", "fun": lambda x: h / unit - G @ x, "jac": lambda x: -G}
    for start in starts:
        found = optimize.minimize(
            loss,
            start / unit,
            jac=slope,
            method="SLSQP",
            bounds=[(0.0, None)] * len(start),
            constraints=[rules],
            options={"maxiter": 150, "ftol": 1e-12},
        )
        spend = np.maximum(found.x, 0.0) * unit
        if np.isfinite(spend).all() and is_feasible(problem, spend):
            best = max(best, (problem.value(spend), tuple(spend)))
    return best[0], np.array(best[1])


def _tables(problem: cm.AllocationProblem, budget: float, low: Array, high: Array, steps: int) -> list[Array]:
    """Outcome less charges of each cell at 0, 1, ... steps parts of the budget; -inf outside its bounds."""
    amounts = budget * np.arange(steps + 1) / steps
    tables = []
    for i in range(problem.curves.n_cells):
        table = problem.curves.cell(i).value(amounts[np.newaxis]).mean(axis=0) - problem.charges[i] * amounts
        tables.append(np.where((amounts >= low[i]) & (amounts <= high[i]), table, -np.inf))
    return tables


def _join(first: Array, second: Array) -> Array:
    """``max over k of first[k] + second[t - k]`` for every t."""
    steps = len(first) - 1
    padded = np.concatenate([np.full(steps, -np.inf), second])
    windows = np.lib.stride_tricks.sliding_window_view(padded, steps + 1)[:, ::-1]
    return np.asarray((first[np.newaxis] + windows).max(axis=1))


def best_on_grid(
    problem: cm.AllocationProblem, budget: float, low: Array, high: Array, steps: int = 400
) -> float:
    """Dynamic programming: best value with every spend a whole number of parts of the budget, within bounds."""
    tables = _tables(problem, budget, low, high, steps)
    total = tables[0]
    for table in tables[1:]:
        total = _join(total, table)
    return float(total.max())


def grouped_best_on_grid(
    problem: cm.AllocationProblem,
    budget: float,
    low: Array,
    high: Array,
    groups: list[tuple[list[int], float, float]],
    steps: int = 400,
) -> float:
    """Two levels: within each group of cells, then over groups, whose share of a fully spent budget is limited.

    `groups` partition the cells: (cells, low share, high share).
    """
    tables = _tables(problem, budget, low, high, steps)
    total = np.full(steps + 1, -np.inf)
    total[0] = 0.0
    for cells, low_share, high_share in groups:
        group = tables[cells[0]]
        for i in cells[1:]:
            group = _join(group, tables[i])
        parts = np.arange(steps + 1) / steps
        total = _join(total, np.where((parts >= low_share) & (parts <= high_share), group, -np.inf))
    return float(total[-1])


def minimal_conflicts(problem: cm.AllocationProblem) -> set[frozenset[str]]:
    """All minimal sets of rules that cannot hold together, by trying every subset."""
    names = list(dict.fromkeys(row.rule for row in problem.rows))
    found: set[frozenset[str]] = set()
    for size in range(1, len(names) + 1):
        for subset in itertools.combinations(names, size):
            chosen = frozenset(subset)
            if any(smaller <= chosen for smaller in found):
                continue
            if not _has_point(problem, chosen):
                found.add(chosen)
    return found


def is_minimal_conflict(problem: cm.AllocationProblem, rules: Iterable[str]) -> bool:
    """Whether these rules cannot hold together, but could if any one of them were dropped.

    Shares that only nothing has do not hold, but need not be told from a conflict with a rule that asks for something.
    """
    chosen = frozenset(rules)
    return any(
        not holds(problem, chosen) and all(holds(problem, chosen - {rule}) for rule in chosen)
        for holds in (_has_point, _has_shares)
    )


def _has_point(problem: cm.AllocationProblem, rules: frozenset[str]) -> bool:
    return _most_spend(problem, rules) is not None


def _has_shares(problem: cm.AllocationProblem, rules: frozenset[str]) -> bool:
    """Whether something obeys these rules, which nothing does not where shares alone forbid all else."""
    stated = dict(zip(problem.rule_names, (problem.scenario, *problem.constraints), strict=True))
    shares = {name for name in rules if isinstance(stated[name], cm.GroupShare)}
    most = _most_spend(problem, rules)
    return most is not None and (most > 0.0 or not shares or _most_spend(problem, rules - shares) == 0.0)


def _most_spend(problem: cm.AllocationProblem, rules: frozenset[str]) -> float | None:
    """The most that can be spent in all, of a huge budget; 0 if hardly anything, None if nothing obeys the rules."""
    rows = [row for row in problem.rows if row.rule in rules]
    above = [(row.coefficients, row.high) for row in rows if np.isfinite(row.high)]
    below = [(-row.coefficients, -row.low) for row in rows if np.isfinite(row.low)]
    amounts = [abs(side) for _, side in (*above, *below)]
    budget = 1e3 * (max(amounts, default=0.0) or 1.0)
    n = problem.curves.n_cells
    G, h = (np.array(side) for side in zip(*above, *below, (np.ones(n), budget), strict=True))
    spend = linear_program(-np.ones(n), G, h)
    return None if spend is None else float(spend.sum()) if spend.sum() > 1e-6 * budget else 0.0


def random_curves(
    rng: np.random.Generator, cells: int, draws: int = 1, *, family: str = "hill", reach: float = 1.0
) -> cm.ResponseCurves:
    """Curves that matter for spend around `reach` a cell; draws scatter around each cell's own centre."""

    def scatter(centre: Array, spread: float = 0.3) -> Array:
        return np.asarray(centre * np.exp(spread * rng.normal(size=(draws, cells))))

    names = [f"{MARKETS[i % len(MARKETS)]}/{CHANNELS[i // len(MARKETS)]}" for i in range(cells)]
    scale = scatter(rng.uniform(1.0, 10.0, cells))
    place = scatter(reach * np.exp(rng.uniform(-1.5, 1.0, cells)))
    if family == "hill":
        slope = np.clip(scatter(rng.uniform(0.6, 4.0, cells), 0.15), 0.6, 4.0)
        return cm.ResponseCurves.hill(scale, place, slope, names=names)
    if family == "exponential":
        return cm.ResponseCurves.exponential(scale, place, names=names)
    if family == "logistic":
        return cm.ResponseCurves.logistic(scale, 1.0 / place, names=names)
    if family == "power":
        return cm.ResponseCurves.power(scale, rng.uniform(0.3, 0.9, (draws, cells)), names=names)
    if family == "logarithmic":
        return cm.ResponseCurves.logarithmic(scale, place, names=names)
    if family == "capped_linear":
        return cm.ResponseCurves.capped_linear(
            scale, place, 0.2 * place * rng.integers(0, 2, cells), names=names
        )
    if family == "service":
        handled, resolution = rng.uniform(0.0, 1.0, (2, draws, cells))
        return cm.ResponseCurves.service(
            scale,
            place,
            place * rng.uniform(0.03, 0.4, cells),
            handled,
            (1.0 - handled) * rng.uniform(0.0, 1.0, cells),
            resolution=resolution,
            reach=scale * rng.integers(0, 2, cells),
            criticism=scatter(rng.uniform(0.0, 4.0, cells)),
            praise=scatter(rng.uniform(0.0, 1.0, cells)),
            names=names,
        )
    if family != "tabulated":
        raise ValueError(f"no random curves of the family {family}: add them here")
    points = np.concatenate([[0.0], np.cumsum(reach * rng.uniform(0.05, 0.5, 12))])
    rises = rng.gamma(0.5, size=(draws, 12, cells))
    outcome = np.concatenate([np.zeros((draws, 1, cells)), np.cumsum(rises, axis=1)], axis=1)
    return cm.ResponseCurves.tabulated(points, outcome, names=names)


@dataclass(frozen=True)
class RandomProblem:
    """A problem and what it was made of."""

    problem: cm.AllocationProblem
    budget: float
    low: Array
    high: Array
    groups: list[tuple[list[int], float, float]]


def hill_problem(
    rng: np.random.Generator, cells: int, draws: int = 1, *, shares: bool = False, **options: Any
) -> RandomProblem:
    """One budget, bounds on some cells and, with `shares`, a share for every market; always feasible."""
    budget = float(cells * np.exp(rng.uniform(-1.5, 0.5)))
    curves = random_curves(rng, cells, draws, **options)
    low = np.where(rng.random(cells) < 0.25, rng.uniform(0.0, 0.5 / cells, cells), 0.0) * budget
    high = np.where(rng.random(cells) < 0.5, rng.uniform(0.6 / cells, 0.8, cells), 1.0) * budget
    rules: list[Any] = [cm.SpendBounds({n: (low[i], high[i]) for i, n in enumerate(curves.names)})]
    groups: list[tuple[list[int], float, float]] = []
    if shares:
        # A feasible split is drawn first, and every share leaves room around it.
        weight = rng.dirichlet(np.ones(cells))
        inner = low + (budget - low.sum()) * weight
        inner = np.minimum(inner, high)
        for market in dict.fromkeys(name.split("/")[0] for name in curves.names):
            chosen = [i for i, name in enumerate(curves.names) if name.startswith(f"{market}/")]
            part = float(inner[chosen].sum() / inner.sum())
            bottom, top = max(0.0, part - rng.uniform(0.0, 0.15)), min(1.0, part + rng.uniform(0.0, 0.15))
            groups.append((chosen, bottom, top))
            rules.append(cm.GroupShare(market, bottom, top))
    problem = cm.AllocationProblem(curves, scenario=cm.FixedBudget(budget), constraints=rules)
    return RandomProblem(problem, budget, low, high, groups)


def random_rules(
    rng: np.random.Generator, names: tuple[str, ...], inside: Array
) -> list[cm.LinearConstraint]:
    """Rows of any sign and size that all hold at `inside`, some of them with equality."""
    rules = []
    for k in range(int(rng.integers(1, 7))):
        weights = np.where(
            rng.random(len(names)) < 0.5, rng.normal(size=len(names)), 0.0
        ) * 10.0 ** rng.uniform(-5, 5)
        weights[rng.integers(len(names))] += 10.0 ** rng.uniform(-5, 5)
        left = float(weights @ inside)
        width = abs(left) * float(rng.choice([0.0, 0.01, 1.0]))
        low = left - width if rng.random() < 0.5 else None
        high = left + width if low is None or rng.random() < 0.5 else None
        rules.append(
            cm.LinearConstraint(dict(zip(names, weights.tolist(), strict=True)), low, high, name=f"rule{k}")
        )
    return rules


def retold(made: RandomProblem, currency: float, outcome: float, order: list[int]) -> cm.AllocationProblem:
    """The same problem in another currency and unit of outcome, its cells renamed and put in another order."""
    old = made.problem.curves
    markets = {m: f"region {k}" for k, m in enumerate(dict.fromkeys(n.split("/")[0] for n in old.names))}

    def name(i: int) -> str:
        return f"{markets[old.names[i].split('/')[0]]}/way {(7 * i) % 31}"

    taken = old.take(order).rescaled(1.0 / currency, 1.0 / outcome)
    curves = cm.ResponseCurves.concat([type(taken)(tuple(name(i) for i in order), taken.blocks)])
    bounds = {name(i): (made.low[i] * currency, made.high[i] * currency) for i in order}
    rules: list[Any] = [cm.SpendBounds(bounds)]
    for cells, low, high in made.groups:
        rules.append(cm.GroupShare(markets[old.names[cells[0]].split("/")[0]], low, high))
    return cm.AllocationProblem(curves, cm.FixedBudget(made.budget * currency), rules)


def has_rival(made: RandomProblem, one: Array, other: Array) -> bool:
    """Whether two plans lie in different basins: local search from each does not lead to the same place."""
    ends = [best_local(made.problem, np.array([start]))[1] for start in (one, other)]
    return bool(np.abs(ends[0] - ends[1]).max() > 1e-3 * made.budget)
