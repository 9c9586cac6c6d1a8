"""Sentences below the plan's table: what word of mouth makes, what others do, what rules cost, what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from channelmix.core.wording import over, percent, short
from channelmix.plan import IfTen, Plan, ShadowPrice, WordOfMouth

SHOWN = 4
"""Entries of a list that are shown; the rest is counted."""

NOTHING = 1e-7
"""Share of the budget below which money is rounding: the solver's own."""

HARDLY = 0.01
"""Share of an interval's upper end below which its lower end is as good as nothing."""

OWN = ("history", "experiment")
"""Evidence that is the company's own."""

SAYING = (3.0, 3000.0)
"""People told by a happy and by an angry customer, as the saying has it."""


def some(items: list[str], separator: str = ", ") -> str:
    """The first few of some items; the rest is counted."""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return separator.join(items[:SHOWN]) + more


def told(plan: Plan, heard: WordOfMouth) -> str:
    """Word of mouth in plain words, and whether the number of people told decides anything."""
    numbers = heard.told_if_satisfied, heard.told_if_not
    whose = "a saying (P. Blackshaw)" if numbers == SAYING else "numbers of the profile"
    return (
        f"people hear praise worth {short(heard.praise)} and criticism costing {short(heard.criticism)} "
        f"{over(plan.period, plan.span)}; word of mouth {_adds(plan, heard)}. It takes {numbers[0]:,.15g} people told "
        f"by a happy customer, {numbers[1]:,.15g} by an angry one in public: {whose}, not evidence."
        + (
            f" With 10 in place of {numbers[1]:,.15g}, {_with_ten(plan, heard.if_ten)}."
            if heard.if_ten is not None
            else ""
        )
    )


def _adds(plan: Plan, heard: WordOfMouth) -> str:
    """What word of mouth adds to the plan's worth; a share of it says something only where both are gains."""
    if heard.outcome < 0.0:
        return f"takes {short(-heard.outcome)} from the plan's worth"
    share = f" ({percent(heard.share)})" if (plan.certificate.value or 0.0) > 0.0 else ""
    return f"adds {short(heard.outcome)} to the plan's worth{share}"


def _with_ten(plan: Plan, ten: IfTen) -> str:
    """The plan if an angry customer told ten people."""
    share = f"it would be {percent(ten.share)}, " if ten.value > 0.0 and ten.share >= 0.0 else ""
    if plan.totals is not None and ten.moved <= NOTHING * plan.totals.spend:
        gap = f" (proven to {percent(ten.gap)} only)" if ten.gap > plan.certificate.requested_gap else ""
        return f"{share}and the same plan would be the best{gap}"
    return (
        f"{share}{plan.currency} {short(ten.moved)} would sit elsewhere, and this plan would fall short by "
        f"{_shortfall(ten)}"
    )


def _shortfall(ten: IfTen) -> str:
    """What is certain of the plan's shortfall then."""
    if ten.regret_high is None:
        return f"at least {short(ten.regret)}"
    low, high = short(ten.regret), short(ten.regret_high)
    if ten.regret <= HARDLY * ten.regret_high:
        return f"no more than {high}"
    return low if low == high else f"{low} to {high}"


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
    cells = [row.name for row in plan.cells]
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


def history(plan: Plan) -> str:
    """What own history says beside published figures, cell by cell."""
    said = [
        f"{a.name} {a.value:.2f} ({a.low:.2f} to {a.high:.2f}) {a.note}"
        for a in plan.assumptions
        if a.basis in OWN
    ]
    return some(said, "\n")


def assumed(plan: Plan) -> str:
    """How many figures the plan assumes, and what it leaves out."""
    figures = [a for a in plan.assumptions if a.basis not in OWN]
    judged = sum(a.basis == "judgement" and not a.facts for a in figures)
    return (
        f"{len(figures)} published or judged figures, {judged} of them without any source "
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
