"""Why rules cannot hold together, where a sum shows it: shares that do not add up, minimums above the budget."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Mask
from channelmix.core.tolerances import SUM_TOLERANCE
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import Cells, GroupShare
from channelmix.engine.solver.linear_program import LinearProgram

ALL = "all"
"""Selector of all cells, whose share is 1."""


@dataclass(frozen=True, eq=False)
class _Limit:
    """A limit on the share of some cells, of shape (n_cells,)."""

    selector: str
    cells: Mask
    share: float

    @property
    def said(self) -> Message:
        return say("conflict.part", select=self.selector, share=self.share)


def conflict_sums(problem: AllocationProblem, rules: Collection[str], currency: str) -> list[Message]:
    """Return the sums that show why these rules conflict; none where it takes more than a sum.

    Parameters
    ----------
    problem : AllocationProblem
    rules : collection of str
        Names of rules among which a conflict is looked for.
    currency : str
        What money is counted in.
    """
    found = _shares(problem, rules)
    return [*found] if found else [*_minimums(problem, rules, currency)]


def _shares(problem: AllocationProblem, rules: Collection[str]) -> list[Message]:
    """Shares that leave others less than these need, or need more than there is."""
    cells = Cells(problem.curves.names)
    stated = [
        rule.inner
        for name, rule in zip(problem.rule_names[1:], problem.constraints, strict=True)
        if name in rules and isinstance(rule.inner, GroupShare)
    ]
    marked = [(rule, cells.select(rule.selector)) for rule in stated]
    whole = _Limit(ALL, np.ones(len(cells), dtype=bool), 1.0)
    lows = [_Limit(rule.selector, mask, rule.low) for rule, mask in marked if rule.low > 0.0]
    highs = [_Limit(rule.selector, mask, rule.high) for rule, mask in marked if rule.high < 1.0]
    return [
        *(said for top in [whole, *highs] if (said := _too_much(top, lows))),
        *(said for need in [whole, *lows] if (said := _too_little(need, highs))),
    ][:1]


def _too_much(top: _Limit, lows: Sequence[_Limit]) -> Message | None:
    """Lower limits on parts of some cells that add up to more than these may have."""
    parts: list[_Limit] = []
    taken = np.zeros(len(top.cells), dtype=bool)
    for low in sorted(lows, key=lambda limit: -limit.share):
        if not (low.cells & (taken | ~top.cells)).any():
            parts.append(low)
            taken |= low.cells
    if sum(part.share for part in parts) <= top.share + SUM_TOLERANCE:
        return None
    while sum(part.share for part in parts[:-1]) > top.share + SUM_TOLERANCE:
        parts.pop()
    values = _values(parts, lows) | {"share": top.share}
    return say("conflict.low" if top.selector == ALL else "conflict.low_of", whole=top.selector, **values)


def _too_little(need: _Limit, highs: Sequence[_Limit]) -> Message | None:
    """Upper limits on what makes up some cells that add up to less than these must have."""
    parts: list[_Limit] = []
    left = need.cells.copy()
    while left.any():
        covering = [high for high in highs if (high.cells & left).any()]
        if not covering:
            return None
        best = min(covering, key=lambda limit: limit.share / int((limit.cells & left).sum()))
        parts.append(best)
        left &= ~best.cells
    if sum(part.share for part in parts) >= need.share - SUM_TOLERANCE:
        return None
    values = _values(parts, highs) | {"share": need.share}
    return say("conflict.high" if need.selector == ALL else "conflict.high_of", whole=need.selector, **values)


def _values(parts: Sequence[_Limit], stated: Sequence[_Limit]) -> dict[str, Any]:
    """What fills a sentence about some of the limits, in the order in which they are stated."""
    return {
        "parts": [one.said for one in stated if one in parts],
        "sum": float(sum(part.share for part in parts)),
    }


def _minimums(problem: AllocationProblem, rules: Collection[str], currency: str) -> Iterator[Message]:
    """The least money that rules need, where it is more than the scenario allows."""
    limit, scenario = problem.scenario.limit, problem.rule_names[0]
    if scenario not in rules or not limit:
        return
    named = [row for row in problem.rows if row.rule in rules and row.rule != scenario]
    if not named or {row.rule for row in named} | {scenario} < set(rules):
        return
    if any(row.extra or row.outcome for row in named):  # it takes more than a sum
        return
    n = len(problem.cells)
    found = LinearProgram().solve(
        -np.ones(n),
        np.array([np.asarray(row.coefficients) for row in named]),
        np.zeros(n),
        np.full(n, np.inf),
        np.array([row.low for row in named]) / limit,
        np.array([row.high for row in named]) / limit,
    )
    if found is not None and (least := float(found[0].sum())) > 1.0:
        yield say("conflict.money", currency=currency, need=least * limit, limit=float(limit))
