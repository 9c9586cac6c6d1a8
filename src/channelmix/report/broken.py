"""Which rules a split breaks, and whose: those of the profile, or those that own history brings with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from channelmix.core.words import Message, say
from channelmix.engine.rules import FixedBudget, ObservedRange
from channelmix.plan import Comparison, Plan, obeys
from channelmix.report.content import Content

SCENARIOS = ("fixed_budget", "target_outcome")
"""Scenarios that have a word of their own for what they ask for."""

BY_ITSELF = ("remark.safe_own", "remark.range_own")
"""Remarks of plans whose rules on own history nobody stated."""


def keeps_by_itself(plan: Plan) -> bool:
    """Whether the plan has rules that no profile states, since own history and today's mix are known."""
    said = map(plan.message, plan.remarks)
    return any(isinstance(one, Message) and one.code in BY_ITSELF for one in said)


def own_ranges(rules: Sequence[str]) -> list[str]:
    """Return those of some rules that keep a cell within what history has seen, which no profile states."""
    return [rule for rule in rules if rule.startswith(ObservedRange.kind.replace("_", " "))]


def broken_by(content: Content, splits: Sequence[Comparison]) -> list[Message]:
    """Say what does not allow some splits: the scenario, the profile's rules, or rules that the profile does not state.

    Where nothing else is found, it is the profile's rules.
    """
    problem, plan = content.problem, content.plan
    ranges = [rule for rule in problem.constraints if rule.inner.kind == ObservedRange.kind]
    stated = [rule for rule in problem.constraints if rule.inner.kind != ObservedRange.kind]
    found: set[str] = set()
    for split in splits:
        spend = np.array([split.spend.get(name, 0.0) for name in problem.cells.names])
        ample = dataclasses.replace(problem, scenario=FixedBudget(split.money), constraints=[], risk=None)
        parts = {
            "scenario": dataclasses.replace(problem, constraints=[], risk=None),
            "rules": dataclasses.replace(ample, constraints=stated),
            "range": dataclasses.replace(ample, constraints=ranges),
            "safe": dataclasses.replace(ample, risk=problem.risk),
        }
        found |= {name for name, part in parts.items() if not obeys(part, spend)}
    kind = str(plan.scenario.get("kind"))
    own = [name for name in ("safe", "range") if name in found]
    by_itself = bool(own) and keeps_by_itself(plan)
    said = [say(f"broken.{kind}" if kind in SCENARIOS else "broken.scenario")] if "scenario" in found else []
    if "rules" in found or not found:
        said.append(say("broken.rules"))
    names = [say(f"broken.{name}") for name in own]
    return [*said, *([say("broken.own", rules=names)] if by_itself else names)]
