"""The splits that a plan is compared with, and the plan against each of them on the same draws."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SAME_AMOUNT, SAME_OUTCOME
from channelmix.core.wording import amount_change
from channelmix.core.words import Message, say
from channelmix.datasets import SERVICE_USE, SURVEYED_COMPANIES, USE, use_standard_error
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import FixedBudget, SafeImprovement
from channelmix.engine.solver.projection import project
from channelmix.plan import Comparison, interval, obeys
from channelmix.profile import Cell, CompanyProfile

LEAST_FACTOR = 1e-3
"""Factor of a mix below which it tells nobody anything: next to nothing is left of the mix."""


def splits_of(profile: CompanyProfile, problem: AllocationProblem, budget: float) -> list[Split]:
    """The baseline first, then what else the plan is compared with; `budget` is per period."""
    cells = profile.cells()
    today = {cell.name: cell.current_spend for cell in cells}
    mix, called = today, say("how.today")
    if isinstance(profile.risk, SafeImprovement) and profile.risk.current is not None:
        mix, called = (
            {**dict.fromkeys(today, 0.0), **profile.risk.current},
            say("how.stated"),
        )
    spent = math.fsum(mix.values())
    splits = []
    if spent > 0.0:
        scaled = {name: amount * (budget / spent) for name, amount in mix.items()}
        how = _scaled(called, spent, budget)
        if math.isclose(spent, budget, rel_tol=1e-9):
            scaled = mix
        splits.append(_within_rules(problem, budget, Split(say("split.current"), how, scaled)))
        if splits[0].description != say("how.today") and any(today.values()):
            splits.append(over_periods(problem, Split(say("split.today"), say("how.unscaled"), today)))
    if budget == 0.0 and problem.scenario.limit is None:
        nothing = Split(say("split.nothing"), say("how.nothing"), dict.fromkeys(today, 0.0), is_baseline=True)
        return [over_periods(problem, nothing)]
    equal = equal_split(cells, budget)
    splits.append(over_periods(problem, equal) if splits else _within_rules(problem, budget, equal))
    surveyed = surveyed_mix(cells, budget)
    return splits if surveyed is None else [*splits, over_periods(problem, surveyed)]


def _scaled(mix: Message, spent: float, budget: float) -> Message:
    """Say that a mix was scaled, unless both amounts look alike."""
    if amount_change(spent, budget) == 0.0:
        return mix
    factor = budget / spent
    if float(f"{factor:.3g}") == 1.0 or factor < LEAST_FACTOR:
        return say("how.scaled_little", mix=mix)
    return say("how.scaled", mix=mix, factor=factor)


def over_periods(problem: AllocationProblem, split: Split) -> Split:
    """Return a typical period's split as one of every period that is planned, the same in each."""
    if problem.delay is None:
        return split
    cells = zip(problem.cells.names, problem.cells.bases, strict=True)
    spend = {name: split.spend.get(base, 0.0) for name, base in cells}
    return dataclasses.replace(split, spend=spend)


def _within_rules(problem: AllocationProblem, budget: float, split: Split) -> Split:
    """Make a split the baseline: it is moved as little as the rules ask."""
    nearest = None
    split = over_periods(problem, split)
    budget *= len(problem.cells) / problem.curves.n_cells
    spending = dataclasses.replace(problem, scenario=FixedBudget(budget))  # a target is no matter of splits
    if spending.violation([split.spend[name] for name in problem.cells.names]) > SAME_AMOUNT * budget:
        nearest = project(spending, split.spend)
    if nearest is None:
        return dataclasses.replace(split, is_baseline=True)
    how = say("how.moved", mix=split.description)
    return dataclasses.replace(split, description=how, spend=nearest, is_baseline=True)


TAIL = 0.1
"""Share of draws that count as the worst tail."""


@dataclass(frozen=True)
class Split:
    """A way to split the budget: spend by cell, and how it was made."""

    name: str
    description: str
    spend: Mapping[str, float]
    is_baseline: bool = False
    standard_error: Mapping[str, float] | None = None


def equal_split(cells: Sequence[Cell], budget: float) -> Split:
    """The same amount on every cell."""
    return Split(say("split.equal"), say("how.equal"), {c.name: budget / len(cells) for c in cells})


def surveyed_mix(cells: Sequence[Cell], budget: float) -> Split | None:
    """Split as surveyed companies use the channels; None if the profile has none of the surveyed channels.

    Money of a market and purpose, in proportion to today's (or equal where nothing is spent today), is split over the
    built-in channels in proportion to the share of companies that use each of them: for service their use for service,
    otherwise their use at all.
    """
    chosen = [cell for cell in cells if cell.channel in _use(cell.purpose)]
    groups = sorted({(cell.market, cell.purpose) for cell in chosen})
    if not groups:
        return None
    today = dict.fromkeys(groups, 0.0)
    for cell in cells:
        if (cell.market, cell.purpose) in today:
            today[cell.market, cell.purpose] += cell.current_spend
    total = sum(today.values())
    part = {group: today[group] / total if total > 0.0 else 1.0 / len(groups) for group in groups}
    weight = dict.fromkeys(groups, 0.0)
    for cell in chosen:
        weight[cell.market, cell.purpose] += _use(cell.purpose)[cell.channel]
    spend = dict.fromkeys((cell.name for cell in cells), 0.0)
    for cell in chosen:
        group = cell.market, cell.purpose
        spend[cell.name] = budget * part[group] * _use(cell.purpose)[cell.channel] / weight[group]
    errors = {channel: use_standard_error(share) for channel, share in USE.items()}
    errors |= {f"{channel}/service": use_standard_error(share) for channel, share in SERVICE_USE.items()}
    return Split(
        say("split.surveyed"),
        say("how.surveyed", companies=SURVEYED_COMPANIES),
        spend,
        standard_error=errors,
    )


def compare(
    problem: AllocationProblem,
    fresh: AllocationProblem,
    plan: NDArray[np.float64],
    splits: Sequence[Split],
) -> list[Comparison]:
    """Judge the plan against each split, draw by draw, on draws that it was not optimized on.

    Parameters
    ----------
    problem : AllocationProblem
        Its rules decide whether a split is feasible.
    fresh : AllocationProblem
        The same problem on other draws.
    plan : ndarray of shape (n_spends,)
        The plan's spend, one period after the other where there are several.
    splits : sequence of Split
    """
    outcome = fresh.net_draws(plan)
    comparisons = []
    for split in splits:
        spend = np.array([split.spend.get(name, 0.0) for name in problem.cells.names])
        other = fresh.net_draws(spend)
        gain = gain_of(other, outcome)
        worst = np.sort(gain)[: max(1, int(TAIL * len(gain)))]
        comparisons.append(
            Comparison(
                name=split.name,
                description=split.description,
                feasible=obeys(problem, spend),
                is_baseline=split.is_baseline,
                spend=dict(zip(problem.cells.names, spend.tolist(), strict=True)),
                money=problem.money(spend),
                outcome=interval(other),
                gain=interval(gain),
                chance=float((gain > 0.0).mean()),
                tail_loss=max(0.0, -float(worst.mean())),
                standard_error=None if split.standard_error is None else dict(split.standard_error),
            )
        )
    return comparisons


def gain_of(before: Array, after: Array) -> Array:
    """Gain draw by draw; the same money on the same cells brings the same, so that rounding is no gain."""
    gain = after - before
    return np.where(np.abs(gain) <= SAME_OUTCOME * np.maximum(np.abs(before), np.abs(after)), 0.0, gain)


def _use(purpose: str) -> Mapping[str, float]:
    return SERVICE_USE if purpose == "service" else USE
