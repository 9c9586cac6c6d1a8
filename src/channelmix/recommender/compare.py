"""The differences between two plans and their causes; and edits of a profile for a second plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, NoPlanError, expect
from channelmix.core.json_text import read_json
from channelmix.core.wording import amount
from channelmix.core.words import Message, over, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.response import ResponseCurves
from channelmix.plan import NO_SPEND, CellDifference, CellPlan, Difference, Plan, fits, interval
from channelmix.profile import CompanyProfile
from channelmix.profile.faults import path_text
from channelmix.recommender.optimize.comparisons import gain_of
from channelmix.recommender.resolve import moved_money

SPENT_ALIKE = 1e-6
"""Share of the larger total spend below which a change is due to the tolerance of the search."""

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
"""One step of a path: an index in a list, or a name."""

OBJECTIVE = ("risk", "charge", "losses")
"""Parts of a problem beside its curves and its scenario that decide what plans are compared by."""

LISTED = 3
"""Number of a rule's values that are listed when it changes."""


def compare(before: Plan, after: Plan) -> Difference:
    """Report the differences between two plans: money, outcome, and what was asked for.

    If both rest on the same curves, outcomes are compared draw by draw, and the difference has its own interval.
    Otherwise draws cannot be paired: each plan keeps its own interval, and only the means are subtracted.

    Parameters
    ----------
    before, after : Plan
        In the same currency and for the same periods; plans for several are compared over all of them together.

    Returns
    -------
    Difference

    Raises
    ------
    InputError
        If they differ in currency, in the length of a period or in the number of periods, or one is damaged.
    NoPlanError
        If one of them has no allocation.

    Examples
    --------
    >>> import channelmix as cm
    >>> from channelmix.profile import starter_profile
    >>> content = starter_profile() | {"rules": []}
    >>> content["channels"] = {"sms": content["channels"]["sms"]}
    >>> profile = cm.CompanyProfile.model_validate(content)
    >>> found = cm.compare(cm.optimize(profile), cm.optimize(profile.with_budget(50000)))
    >>> found.paired, found.spend_after
    (True, 50000.0)
    """
    for plan, which in ((before, "first"), (after, "second")):
        expect(plan, f"the {which} plan", Plan)
        if plan.status in NO_SPEND or plan.totals is None:
            raise NoPlanError(f"the {which} plan has no allocation: it is {plan.status}")
    sizes = [(plan.currency, plan.period, plan.span) for plan in (before, after)]
    if sizes[0] != sizes[1]:
        one, other = (f"{currency} {over(period, span)}" for currency, period, span in sizes)
        raise InputError(f"plans in {one} and in {other} cannot be compared")
    first, second = _Side(before), _Side(after)
    why = _why_unpaired(before, after)
    net = None if why else gain_of(first.net, second.net)
    cells = [
        _cell(name, first, second, paired=not why) for name in dict.fromkeys([*first.rows, *second.rows])
    ]
    certified_low, certified_high = (None, None) if why else _certified(first, second)
    return Difference(
        name_before=before.name,
        name_after=after.name,
        currency=before.currency,
        period=before.period,
        span=before.span,
        spend_before=float(first.spend.sum()),
        spend_after=float(second.spend.sum()),
        moved=moved_money(np.array([cell.change for cell in cells])),
        net_before=interval(first.net),
        net_after=interval(second.net),
        net_change=float(second.net.mean() - first.net.mean()),
        net_interval=None if net is None else interval(net),
        chance=None if net is None else float((net > 0.0).mean()),
        certified_low=certified_low,
        certified_high=certified_high,
        paired=not why,
        why_unpaired=why,
        changes=list(_changes(first, second)),
        cells=sorted(cells, key=lambda cell: -abs(cell.change)),
    )


class _Side:
    """One of the two plans: its problem, rows, spend and draws."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.problem = AllocationProblem.from_dict(plan.problem)
        if not fits(plan, self.problem):
            raise InputError("the allocation's cells are not the problem's cells")
        self.rows: dict[str, CellPlan] = {row.name: row for row in plan.cells}
        self.spend: Array = np.array([row.spend for row in plan.allocation])
        self.outcomes: Array = self.problem.by_cell(self.problem.outcomes(self.spend))
        self.net: Array = self.problem.net_draws(self.spend)

    def outcome(self, cell: str) -> Array:
        """Outcome of one cell; shape (n_draws,)."""
        return np.asarray(self.outcomes[:, self.problem.curves.names.index(cell)])


def _why_unpaired(before: Plan, after: Plan) -> str:
    if before.problem["curves"] == after.problem["curves"]:
        return ""
    if before.provenance.seed != after.provenance.seed or before.provenance.draws != after.provenance.draws:
        return say("unpaired.draws")
    return say("unpaired.curves")


def _cell(name: str, first: _Side, second: _Side, *, paired: bool) -> CellDifference:
    one, other = first.rows.get(name), second.rows.get(name)
    change = (other.spend if other else 0.0) - (one.spend if one else 0.0)
    least = SPENT_ALIKE * max(float(first.spend.sum()), float(second.spend.sum()))
    return CellDifference(
        cell=name,
        before=one.spend if one else None,
        after=other.spend if other else None,
        change=0.0 if abs(change) <= least else change,
        outcome_before=one.outcome if one else None,
        outcome_after=other.outcome if other else None,
        outcome_change=(other.outcome.mean if other else 0.0) - (one.outcome.mean if one else 0.0),
        outcome_interval=interval(gain_of(first.outcome(name), second.outcome(name))) if paired else None,
        reason_before=first.plan.message(one.reason) if one else say("difference.no_cell"),
        reason_after=second.plan.message(other.reason) if other else say("difference.no_cell"),
    )


def _certified(first: _Side, second: _Side) -> tuple[float | None, float | None]:
    """Proven interval of the difference between the best objectives; None where they are not comparable."""
    objectives = [
        (*(side.plan.problem.get(part) for part in OBJECTIVE), scenario.gain, scenario.price)
        for side in (first, second)
        for scenario in [side.problem.scenario]
    ]
    one, other = first.plan.certificate, second.plan.certificate
    if objectives[0] != objectives[1]:
        return None, None
    if one.value is None or one.upper_bound is None or other.value is None or other.upper_bound is None:
        return None, None
    return other.value - one.upper_bound, other.upper_bound - one.value


def _changes(first: _Side, second: _Side) -> Iterator[Message]:
    """What the second plan was asked for, and its inputs, as far as they differ from those of the first."""
    one, other = first.plan.problem, second.plan.problem
    for part in ("scenario", "risk"):
        if one.get(part) != other.get(part):
            yield say(f"difference.{part}", before=_rule(one.get(part)), after=_rule(other.get(part)))
    gone, new = _apart(one["constraints"], other["constraints"])
    yield from (say("difference.rule_gone", rule=_rule(rule)) for rule in gone)
    yield from (say("difference.rule_added", rule=_rule(rule)) for rule in new)
    names = first.problem.curves.names
    dropped, added = _apart(names, second.problem.curves.names)
    yield from (say("difference.cell_gone", cell=name) for name in dropped)
    yield from (say("difference.cell_added", cell=name) for name in added)
    shared = [name for name in names if name not in dropped]
    different = [name for name in shared if not _same_curve(name, first, second, "curves")]
    if different:
        yield say("difference.curves", number=len(different), all=len(shared), cells=different)
    for part in ("charge", "current"):
        amounts = [problem.get(part) or {} for problem in (one, other)]
        moved = [
            name
            for name in shared
            if amounts[0].get(name, 0.0) != amounts[1].get(name, 0.0)
            or (part == "charge" and not _same_curve(name, first, second, "losses"))
        ]
        if moved:
            yield say(f"difference.{part}", cells=moved)
    if one.get("carryover") != other.get("carryover"):
        yield say("difference.timing")
    for what in ("seed", "draws"):
        made = [getattr(side.plan.provenance, what) for side in (first, second)]
        if made[0] != made[1]:
            yield say(f"difference.{what}", before=made[0], after=made[1])


def _apart(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What is only in the one, and only in the other."""
    return [one for one in before if one not in after], [one for one in after if one not in before]


def _same_curve(name: str, first: _Side, second: _Side, of: str) -> bool:
    """Whether a cell has the same `curves`, or the same `losses`, in both."""
    both: list[ResponseCurves | None] = [getattr(side.problem, of) for side in (first, second)]
    a, b = (None if curves is None else curves.cell(curves.names.index(name)) for curves in both)
    if a is None or b is None:
        return a is b or not any(one.steepest().any() for one in (a, b) if one is not None)
    return type(a) is type(b) and all(
        np.array_equal(array, b.parameters[key]) for key, array in a.parameters.items()
    )


def _rule(rule: Mapping[str, Any] | None) -> str:
    """Describe a rule in a few words."""
    if rule is None:
        return say("difference.mean")
    said = [str(rule.get("name") or rule["kind"])]
    if "select" in rule and rule["select"] != "all":
        said.append(str(rule["select"]))
    numbers = [
        f"{key} {amount(value) if abs(value) >= 1.0 else format(value, 'g')}"
        for key, value in rule.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    pairs = [
        f"{selector} {' to '.join('open' if end is None else amount(end) for end in ends)}"
        for selector, ends in rule.get("bounds", {}).items()
    ]
    return " ".join([*said, ", ".join([*numbers, *pairs][:LISTED])]).strip()


def edited(profile: CompanyProfile, edits: Mapping[str, str]) -> CompanyProfile:
    """Return a profile with some of its fields changed, validated again.

    Parameters
    ----------
    profile : CompanyProfile
    edits : mapping of str to str
        New value by path, such as ``scenario.amount``, ``markets[0].customers`` or ``channels.sms.reachable``, as JSON
        or plain text; null removes the field. ``budget`` stands for a fixed budget of that amount.

    Raises
    ------
    InputError
        If a path leads nowhere, or the profile is not valid with the new values.
    """
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    for path, text in edits.items():
        try:
            value = read_json(text)
        except InputError:
            value = text
        if path == "budget":
            content["scenario"] = {"kind": "fixed_budget", "amount": value}
        else:
            _set(content, path, value)
    return type(profile).from_json(json.dumps(content), source="edited profile")


def _set(content: dict[str, Any], path: str, value: Any) -> None:
    steps: list[str | int] = [int(m[1]) if m[1] else m[2] for m in STEP.finditer(path)]
    if not steps or path_text(tuple(steps)) != path:
        raise InputError(f'"{path}" is not a path into a profile; write it like markets[0].customers')
    holder: Any = content
    try:
        for step in steps[:-1]:
            holder = holder[step]
        last = steps[-1]
        if isinstance(holder, list) or value is None:
            holder[last]  # must exist
        if value is None:
            del holder[last]
        elif isinstance(last, int) == isinstance(holder, list):
            holder[last] = value
        else:
            raise TypeError
    except (KeyError, IndexError, TypeError):
        raise InputError(f'the profile has nothing at "{path}"') from None
