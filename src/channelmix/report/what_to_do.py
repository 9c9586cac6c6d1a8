"""What a plan does with the money, in words whose amounts stand in its table."""

from __future__ import annotations

import numpy as np

from channelmix.core.tolerances import SPEND_KEPT
from channelmix.core.wording import amount_change
from channelmix.plan import Plan, Totals
from channelmix.report.content import Content

TIMES = 1.5
"""How many times today's money a plan spends from where on the factor says more than the difference."""

KNOWN = ("target_outcome", "max_profit", "flexible_budget")
"""Scenarios that choose the money, with words of their own."""


def what_to_do(content: Content, totals: Totals) -> str:
    """Return what to do with the money, as the beginning of the headline."""
    plan, words = content.plan, content.words
    kind = str(plan.scenario.get("kind"))
    money = totals.spend + totals.fees
    if money == 0.0:
        return _nothing(content, totals)
    if kind == "fixed_budget":
        return _fixed(content, totals)
    return words(
        f"headline.{kind}" if kind in KNOWN else "headline.other",
        money=_beside_today(content, totals),
        target=float(plan.scenario.get("amount") or 0.0),
        profit=totals.profit,
        roi="-" if totals.roi is None else words.ratio(totals.roi),
    )


def _nothing(content: Content, totals: Totals) -> str:
    """Say that nothing is spent, and that this ends what is spent today."""
    code = "headline.stop" if totals.current_spend > 0.0 else "headline.nothing"
    why = common_reason(content.plan)
    if why:
        return content.words(f"{code}_since", why=content.said(why))
    return content.words(code)


def _fixed(content: Content, totals: Totals) -> str:
    """Say how the money of a fixed budget is moved; with more or less of it than today, what is cut and what added."""
    words, spend, today = content.words, totals.spend, totals.current_spend
    same = abs(amount_change(today, spend)) <= SPEND_KEPT * spend
    if totals.moved <= SPEND_KEPT * spend:  # today's mix, or all of it by one factor
        if same:
            return words("headline.keep")
        if today > 0.0 and spend >= TIMES * today:
            return words("headline.times", money=words.about(spend), factor=float(f"{spend / today:.3g}"))
        return words("headline.in_proportion", money=_beside_today(content, totals))
    if today == 0.0:
        return words("headline.other", money=words.about(spend + totals.fees))
    changes = np.array([cell.spend - cell.current_spend for cell in content.plan.cells])
    cut, added = -float(changes[changes < 0.0].sum()), float(changes[changes > 0.0].sum())
    if same:
        # Over several periods money may move in time alone, which no sum over them shows.
        timed = totals.moved - added > SPEND_KEPT * spend
        return words("headline.move_periods" if timed else "headline.fixed_budget", moved=totals.moved)
    code = "headline.cut_and_add"
    if cut <= SPEND_KEPT * spend:
        code = "headline.add"
    elif added <= SPEND_KEPT * spend:
        code = "headline.cut"
    return words(code, money=_beside_today(content, totals), cut=cut, added=added)


def _beside_today(content: Content, totals: Totals) -> str:
    """The plan's money, and how much more or less that is than today's; both with the fees that they take."""
    words, money = content.words, totals.spend + totals.fees
    problem, plan = content.problem, content.plan
    each = np.array([cell.current_spend for cell in plan.cells]) / plan.span
    today = problem.money(problem.each_period(each)) if totals.fees else totals.current_spend
    change = amount_change(today, money)
    said = words.about(money)
    if totals.current_spend and change:
        code = "headline.less_than_today" if change < 0.0 else "headline.more_than_today"
        said = words(code, money=money, change=abs(change))
    return words("fees.included", what=said) if totals.fees else said


def common_reason(plan: Plan) -> str:
    """Return the reason that all cells have; empty if there are several."""
    said = {row.reason for row in plan.cells}
    return said.pop() if len(said) == 1 else ""
