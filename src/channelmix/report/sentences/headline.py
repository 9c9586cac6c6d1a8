"""The first lines of a report: what was asked, what is reached, and what is in the way where nothing is."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.core.wording import amount, over, percent, short
from channelmix.engine.proof.solution import Status
from channelmix.plan import Comparison, Mend, Plan, Totals
from channelmix.report.sentences.below_the_table import NOTHING, OWN


def asked(plan: Plan) -> str:
    """What the scenario asks for, with its amounts."""
    scenario, money = plan.scenario, f"{plan.currency} "
    most = scenario.get("max_amount")
    match scenario.get("kind"):
        case "fixed_budget":
            return f"{money}{amount(float(scenario['amount']))} {over(plan.period, plan.span)}"
        case "target_outcome":
            what = f"target {money}{amount(float(scenario['amount']))} {over(plan.period, plan.span)}"
        case "max_profit":
            what = f"highest profit {over(plan.period, plan.span)}"
        case _:
            roi, marginal = scenario.get("min_roi"), scenario.get("min_marginal_roi")
            limits = [f"ROI {roi:g} at least"] if roi is not None else []
            limits += [f"last {plan.currency} returns {marginal:g} at least"] if marginal is not None else []
            what = ", ".join(limits)
    return what if most is None else f"{what}, up to {money}{amount(float(most))}"


def headline(plan: Plan, totals: Totals) -> Iterator[str]:
    """Sentences at the head of a plan."""
    base = next((c for c in plan.comparisons if c.is_baseline), None)
    yield from _reached(plan, totals)
    rests = _rests(plan)
    if base is not None:
        yield _gain(plan, base)
        if base.name == "current mix" and base.description != "today's spend":
            rests += f" The current mix is {base.description}."
    yield rests
    if totals.periods > plan.span:
        yield (
            f"Over {totals.periods} periods: spend {short(totals.horizon_spend)}, "
            f"return {short(totals.horizon_outcome)}{_less(totals, totals.charge * totals.periods)}."
        )


def _rests(plan: Plan) -> str:
    """What the plan rests on, in one sentence."""
    own = sum(row.evidence in OWN for row in plan.cells)
    if not own:
        return "Rests on published figures, not on your data."
    if own == len(plan.cells):
        return "Rests on your own history."
    return f"Rests on your own history for {own} of {len(plan.cells)} cells, on published figures for the others."


def _reached(plan: Plan, totals: Totals) -> Iterator[str]:
    """What the plan comes to, in the scenario's own terms."""
    outcome, money = totals.outcome, totals.spend + totals.fees
    fees = f" (fees {short(totals.fees)} included)" if totals.fees > 0.0 else ""
    returns = (
        f"expected return {short(outcome.mean)} {over(plan.period, plan.span)} "
        f"(90 %: {short(outcome.low)} to {short(outcome.high)}){_less_charges(plan, totals)}"
    )
    kind = plan.scenario.get("kind")
    if kind == "fixed_budget":
        paid = f" Fees take {short(totals.fees)} of the budget." if totals.fees > 0.0 else ""
        yield f"Move {short(totals.moved)}: {returns}.{paid}"
        return
    change = money - totals.current_spend
    beside = (
        f", {short(abs(change))} {'less' if change < 0.0 else 'more'} than today"
        if totals.current_spend
        else ""
    )
    if money == 0.0 and common_reason(plan):
        yield f"Spend nothing ({common_reason(plan)}){beside}; {returns}."
    elif kind == "target_outcome":
        yield f"Least cost for {short(float(plan.scenario['amount']))}: {short(money)}{fees}{beside}; {returns}."
    elif kind == "max_profit":
        yield f"Profit {short(totals.profit)} from spending {short(money)}{fees}{beside}; {returns}."
    else:
        roi = "none" if totals.roi is None else f"{totals.roi:.2f}"
        yield f"ROI {roi}, profit {short(totals.profit)}, from spending {short(money)}{fees}{beside}; {returns}."


def common_reason(plan: Plan) -> str:
    """The reason that all cells have; empty if there are several."""
    said = {row.reason for row in plan.cells}
    return said.pop() if len(said) == 1 else ""


def _gain(plan: Plan, base: Comparison) -> str:
    """The plan held against its baseline, on fresh draws."""
    gain = base.gain
    if gain.low == gain.mean == gain.high == 0.0:
        return f"The plan brings what the {base.name} brings."
    worst = f"; over the worst tenth it loses {short(base.tail_loss)} on average" if _is_safe(plan) else ""
    money = plan.totals.spend + plan.totals.fees if plan.totals else 0.0
    if plan.scenario.get("kind") != "fixed_budget":
        earned = gain.mean + base.money - money
        return (
            f"Beside the {base.name}, which spends {short(base.money)}: return {_signed(gain.mean)} (90 %: "
            f"{_signed(gain.low)} to {_signed(gain.high)}), profit {_signed(earned)}{worst}."
        )
    return (
        f"Gain {short(gain.mean)} (90 %: {short(gain.low)} to {short(gain.high)}) over the {base.name}; "
        f"better in {percent(base.chance)} of draws{worst}."
    )


def _signed(value: float) -> str:
    return f"{'+' * (value > 0.0)}{short(value)}"


def _is_safe(plan: Plan) -> bool:
    risk = plan.problem.get("risk")
    return isinstance(risk, dict) and risk.get("kind") == "safe_improvement"


def _less_charges(plan: Plan, totals: Totals) -> str:
    """What the plan's messages cost beside their price, to follow its return."""
    less = _less(totals, totals.charge)
    harm = any(row.charge > 0.0 and row.purpose == "advocacy" for row in plan.cells)
    return f"{less} for customers who opt out{' or speak ill' * harm}" if less else ""


def _less(totals: Totals, charge: float) -> str:
    return f", less {short(charge)}" if charge > NOTHING * max(totals.spend, totals.current_spend) else ""


def out_of_reach(plan: Plan) -> tuple[Mend, float, float] | None:
    """The limit on outcome that must give way, what the scenario asks for, and the most that the rules allow."""
    asked = {"target_outcome": "amount", "flexible_budget min_roi": "min_roi"}
    for mend in plan.mends:
        if mend.rule in asked:
            wanted = float(plan.scenario[asked[mend.rule]])
            return mend, wanted, wanted - mend.amount
    return None


def no_plan(plan: Plan) -> Iterator[str]:
    """What is in the way where there is no plan, and what would mend it."""
    if plan.status is Status.UNBOUNDED:
        yield f"The plan has no limit: {', '.join(plan.conflicts)} pays however much is spent on it."
        yield "State a max_amount in the scenario, or a rule that limits the cell."
        return
    missed = out_of_reach(plan)
    others = plan.conflicts
    if missed is not None:
        mend, asked, most = missed
        aim = "target" if plan.scenario["kind"] == "target_outcome" else "minimum ROI"
        yield (
            f"The {aim} of {amount(asked)} is out of reach by {amount(mend.amount)}: "
            f"the rules allow {amount(most)} at most."
        )
        others = [rule for rule in others if rule != plan.scenario["kind"]]
        if not others:
            return
        yield "In the way:"
    elif others:
        yield "No split of the budget obeys these rules together; dropping or relaxing any one of them helps:"
    else:
        yield "No split of the budget obeys all rules."
    yield from (f"  - {rule}" for rule in others)
    mends = [mend for mend in plan.mends if missed is None or mend is not missed[0]]
    if mends:
        named = ", ".join(f"{mend.rule} by {amount(mend.amount)}" for mend in mends)
        yield f"The least that mends it: relax {named}."
