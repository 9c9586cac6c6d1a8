"""Sentences below the plan's table: what word of mouth makes, what others do, what rules cost, what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from channelmix.plan import Plan, ShadowPrice, WordOfMouth
from channelmix.plan.wording import per, percent, short

__all__ = ["SHOWN", "assumed", "prices", "proof", "some", "survey", "told"]

SHOWN = 4
"""Entries of a list that are shown; the rest is counted."""


def some(items: list[str], separator: str = ", ") -> str:
    """The first few of some items; the rest is counted."""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return separator.join(items[:SHOWN]) + more


def told(plan: Plan, heard: WordOfMouth) -> str:
    """Word of mouth in plain words, and whether the number of people told decides anything."""
    ten = heard.if_ten
    return (
        f"people hear praise worth {short(heard.praise)} and criticism costing {short(heard.criticism)} "
        f"{per(plan.period)}; word of mouth is {percent(heard.share)} of the plan's worth. It takes "
        f"{heard.told_if_satisfied:g} people told by a happy customer, up to {heard.told_if_not:,.15g} by an angry "
        f"one: a saying (P. Blackshaw), not evidence."
        + (
            f" With 10 in its place, {plan.currency} {short(ten.moved)} would sit elsewhere, and this plan would fall "
            f"short by {short(ten.regret)}."
            if ten is not None
            else ""
        )
    )


def survey(plan: Plan) -> str:
    """What surveyed companies used."""
    rows = [row for row in plan.survey if row.purpose == "all"]
    used = ", ".join(f"{row.channel} {percent(row.companies)}" for row in rows)
    error = 100.0 * max(row.standard_error for row in rows)
    return (
        f"of 798 companies asked in 2012, {used} used the channel (standard error {error:.1f} points at most): "
        "what they did, not what works."
    )


def prices(plan: Plan) -> str:
    """What one more unit in a limit is worth."""
    groups: dict[str, list[ShadowPrice]] = {}
    cells = [row.name for row in plan.allocation]
    for price in sorted(plan.shadow_prices, key=lambda p: -abs(p.price)):
        groups.setdefault(_rule(price.constraint, cells), []).append(price)
    kind = str(plan.scenario.get("kind"))
    if kind == "target_outcome":
        target = groups.pop(kind, [])
        lead = [f"one more {plan.currency} of the target costs {-price.price:.2f}" for price in target]
        what = [_price_of(rule, prices) for rule, prices in groups.items()]
        more = f"one more in another limit saves: {some(what)}" if what else ""
        return "; ".join([*lead, *([more] if more else [])])
    budget = groups.pop(kind, []) if kind == "fixed_budget" else groups.pop(f"{kind} max_amount", [])
    what = [f"the budget {price.price:+.2f}" for price in budget]
    what += [_price_of(rule, prices) for rule, prices in groups.items()]
    return f"one more {plan.currency} in a limit is worth: {some(what)}"


def _rule(label: str, cells: Iterable[str]) -> str:
    """Return the rule of a price's label: a rule with a limit a cell names the cell behind a space."""
    starts = [at for at in (label.find(f" {cell}") for cell in cells) if at > 0]
    return label[: min(starts)] if starts else label


def _price_of(rule: str, prices: Sequence[ShadowPrice]) -> str:
    """Say a rule once, with its price or with the range of its cells' prices, the smallest effect first."""
    ends = [f"{price.price:+.2f}" for price in sorted(prices, key=lambda p: abs(p.price))]
    if min(p.price for p in prices) < 0.0 < max(p.price for p in prices):
        ends = [f"{price:+.2f}" for price in sorted(p.price for p in prices)]
    span = ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}"
    if len(prices) > 1:
        return f"{rule} {span} ({len(prices)} cells)"
    cell = prices[0].constraint[len(rule) :].strip()
    return f"{rule} {span}" + (f" ({cell})" if cell else "")


def assumed(plan: Plan) -> str:
    """How many figures the plan assumes, and what it leaves out."""
    judged = sum(a.basis == "judgement" and not a.facts for a in plan.assumptions)
    return (
        f"{len(plan.assumptions)} published or judged figures, {judged} of them without any source "
        f"(--format json lists them). Not counted: {', '.join(plan.not_counted)}."
    )


def proof(plan: Plan) -> str:
    """What is proven, and how to repeat it."""
    gap = percent(plan.certificate.gap or 0.0)
    claim = {
        "target_outcome": f"no split within the rules reaches the target for over {gap} less",
        "max_profit": f"no split within the rules earns more by over {gap} of what the plan brings",
    }.get(str(plan.scenario.get("kind")), f"no split within the rules is worth over {gap} more")
    return f"{claim}; keep it with --output plan.json, repeat it with: channelmix verify plan.json"
