"""What is in the way where there is no plan, and what would help, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channelmix.core.words import Message
from channelmix.engine.proof.solution import Status
from channelmix.engine.rules import ObservedRange
from channelmix.plan import Mend, Plan
from channelmix.report.broken import own_ranges
from channelmix.report.content import Content

LIFTED = '{"kind": "mean"}'
"""The risk in a profile that switches off what own history brings with it."""


@dataclass(frozen=True)
class NoPlan:
    """Why there is no plan.

    Parameters
    ----------
    said : sequence of str
        What is wrong.
    rules : sequence of str
        The rules or cells in the way.
    warnings : sequence of str
        What to look at: the sums that show why rules conflict, and what else the plan warns of.
    remedy : str
        What would help; empty where nothing is known.
    relaxed : sequence of (str, str)
        Each rule to relax, and by how much.
    own : str
        What rules there are that no profile states, and how to lift them; empty where none is in the way.
    """

    said: Sequence[str]
    rules: Sequence[str]
    warnings: Sequence[str]
    remedy: str
    relaxed: Sequence[tuple[str, str]]
    own: str = ""


def no_plan(content: Content) -> NoPlan:
    """Say what is in the way where there is no plan, and what would help."""
    plan, words = content.plan, content.words
    if plan.status is Status.UNBOUNDED:
        return NoPlan([words("unbounded")], plan.conflicts, plan.warnings, words("unbounded.mend"), [])
    said, rules = [words("infeasible")], plan.conflicts
    missed = _out_of_reach(content)
    if missed:
        said.append(missed)
        rules = [] if len(rules) == 1 else rules  # the target alone: it is named already
    if rules:
        said.append(words("infeasible.rules"))
    relaxed = [(mend.rule, relaxed_by(content, mend)) for mend in plan.mends]
    in_the_way = own_ranges([*plan.conflicts, *(mend.rule for mend in plan.mends)])
    own = words("infeasible.own", risk=LIFTED) if in_the_way else ""
    return NoPlan(said, rules, plan.warnings, words("infeasible.mend") if relaxed else "", relaxed, own)


def relaxed_by(content: Content, mend: Mend) -> str:
    """Say by how much a rule must give way, and which of its limits where its name does not say it."""
    told = mend.side in ("low", "high") and not mend.rule.endswith(f" {mend.side}")
    of_scenario = mend.kind == content.plan.scenario.get("kind")
    return content.words(f"mend.{mend.side}" if told and not of_scenario else "mend.by", amount=mend.amount)


def conflict_sums(plan: Plan) -> list[str]:
    """Return the sums that show why rules conflict, among what the plan warns of."""
    said = map(plan.message, plan.warnings)
    return [str(one) for one in said if isinstance(one, Message) and one.code.startswith("conflict.")]


def is_far(plan: Plan) -> bool:
    """Whether the most money that the scenario has is not stated, but as much as makes sense for a far target."""
    said = map(plan.message, plan.remarks)
    return any(isinstance(one, Message) and one.code == "remark.far_target" for one in said)


def _out_of_reach(content: Content) -> str:
    """Say that the scenario asks for more than there is, and what holds it; empty where it does not."""
    plan, words = content.plan, content.words
    kinds = {rule.inner.kind for rule in content.problem.constraints}
    own, stated = ObservedRange.kind in kinds, bool(kinds - {ObservedRange.kind})
    asked = {"target_outcome": "amount", "flexible_budget min_roi": "min_roi"}
    for mend in plan.mends:
        if mend.rule not in asked:
            continue
        wanted = float(plan.scenario[asked[mend.rule]])
        values = {"asked": wanted, "most": wanted - mend.amount}
        if mend.rule != "target_outcome":
            return words(
                "infeasible.roi" if stated else "infeasible.roi_range" if own else "infeasible.roi_channels",
                **values,
            )
        limit = None if is_far(plan) else plan.scenario.get("max_amount")
        if stated and len(plan.conflicts) > 1:
            return words("infeasible.target", **values)
        if own and not stated:
            return words("infeasible.target_range", **values)
        if plan.problem.get("constraints"):
            return words("infeasible.target_without", **values)
        if limit is None:
            return words("infeasible.target_channels", **values)
        return words("infeasible.target_money", limit=float(limit), **values)
    return ""
