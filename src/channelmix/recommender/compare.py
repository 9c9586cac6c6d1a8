"""From two plans to what is different between them, and why; and from edits of a profile to a second plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, NoPlanError, expect
from channelmix.core.wording import amount
from channelmix.core.words import over
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import NO_SPEND, CellDifference, CellPlan, Difference, Interval, Plan, fits, interval
from channelmix.profile import CompanyProfile
from channelmix.profile.faults import path_text

ROUNDING = 1e-12
"""Difference between two outcomes, as a share of them, that is rounding."""

SPENT_ALIKE = 1e-6
"""Share of spend below which a difference is rounding of the search."""

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
"""One step of a path: a place in a list, or a name."""

LISTED = 3
"""Values of a rule's fields that are quoted when it changes."""


def compare(before: Plan, after: Plan) -> Difference:
    """Say what is different between two plans: money, outcome, and what was asked for.

    Where both rest on the same curves, outcomes are compared draw by draw, and the difference has an interval of its
    own. Otherwise draws cannot be paired: each plan keeps its own interval, and only means are subtracted.

    Parameters
    ----------
    before, after : Plan
        In the same currency and over the same periods; plans over several are compared over all of them together.

    Returns
    -------
    Difference

    Raises
    ------
    InputError
        If they are not in the same currency, or not for as many periods of the same length, or one is damaged.
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
    net = _gain(first.net, second.net) if not why else None
    cells = list(_cells(first, second, paired=not why))
    alike = all(before.problem.get(part) == after.problem.get(part) for part in ("risk", "charge"))
    alike &= (first.problem.scenario.gain, first.problem.scenario.price) == (
        second.problem.scenario.gain,
        second.problem.scenario.price,
    )
    certified = _certified(before, after) if alike and not why else (None, None)
    ups = sum(max(cell.change, 0.0) for cell in cells)
    downs = sum(max(-cell.change, 0.0) for cell in cells)
    return Difference(
        name_before=before.name,
        name_after=after.name,
        currency=before.currency,
        period=before.period,
        span=before.span,
        spend_before=float(first.spend.sum()),
        spend_after=float(second.spend.sum()),
        moved=max(ups, downs),
        net_before=interval(first.net),
        net_after=interval(second.net),
        net_change=float(second.net.mean() - first.net.mean()),
        net_interval=None if net is None else interval(net),
        chance=None if net is None else float((net > 0.0).mean()),
        certified_low=certified[0],
        certified_high=certified[1],
        paired=not why,
        why_unpaired=why,
        changes=list(_changes(before, after)),
        cells=sorted(cells, key=lambda cell: -abs(cell.change)),
    )


class _Side:
    """One plan's problem, spend and draws."""

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
        """Outcome of one cell in every draw."""
        return np.asarray(self.outcomes[:, self.problem.curves.names.index(cell)])


def _gain(before: Array, after: Array) -> Array:
    gain = after - before
    return np.where(np.abs(gain) <= ROUNDING * np.maximum(np.abs(before), np.abs(after)), 0.0, gain)


def _why_unpaired(before: Plan, after: Plan) -> str:
    if before.problem["curves"] == after.problem["curves"]:
        return ""
    if before.provenance.seed != after.provenance.seed or before.provenance.draws != after.provenance.draws:
        return "the plans were made on different draws"
    return "the plans rest on different curves, and draws of different curves have no partner"


def _cells(first: _Side, second: _Side, *, paired: bool) -> Iterator[CellDifference]:
    least = SPENT_ALIKE * max(float(first.spend.sum()), float(second.spend.sum()))
    for name in dict.fromkeys([*first.rows, *second.rows]):
        one, other = first.rows.get(name), second.rows.get(name)
        spends = [row.spend if row else 0.0 for row in (one, other)]
        change = spends[1] - spends[0]
        means = [row.outcome.mean if row else 0.0 for row in (one, other)]
        gain: Interval | None = None
        if paired:
            gain = interval(_gain(first.outcome(name), second.outcome(name)))
        yield CellDifference(
            cell=name,
            before=one.spend if one else None,
            after=other.spend if other else None,
            change=0.0 if abs(change) <= least else change,
            outcome_before=one.outcome if one else None,
            outcome_after=other.outcome if other else None,
            outcome_change=means[1] - means[0],
            outcome_interval=gain,
            reason_before=one.reason if one else "no such cell",
            reason_after=other.reason if other else "no such cell",
        )


def _certified(before: Plan, after: Plan) -> tuple[float | None, float | None]:
    """Interval of the difference between the best objectives, by both proofs."""
    one, other = before.certificate, after.certificate
    if one.value is None or one.upper_bound is None or other.value is None or other.upper_bound is None:
        return None, None
    return other.value - one.upper_bound, other.upper_bound - one.value


def _changes(before: Plan, after: Plan) -> Iterator[str]:
    """What was asked for, and of what, in the second plan and not in the first."""
    one, other = before.problem, after.problem
    for part, word in (("scenario", "scenario"), ("risk", "risk")):
        if one.get(part) != other.get(part):
            yield f"{word}: {_rule(one.get(part))} becomes {_rule(other.get(part))}"
    gone = [rule for rule in one["constraints"] if rule not in other["constraints"]]
    new = [rule for rule in other["constraints"] if rule not in one["constraints"]]
    yield from (f"rule gone: {_rule(rule)}" for rule in gone)
    yield from (f"rule added: {_rule(rule)}" for rule in new)
    names = [plan.problem["curves"]["names"] for plan in (before, after)]
    dropped, added = ([n for n in a if n not in b] for a, b in (names, names[::-1]))
    yield from (f"cell gone: {name}" for name in dropped)
    yield from (f"cell added: {name}" for name in added)
    shared = [name for name in names[0] if name in names[1]]
    curves = [AllocationProblem.from_dict(plan.problem).curves for plan in (before, after)]
    different = [name for name in shared if not _same_curve(name, *curves)]
    if different:
        yield f"curves differ on {len(different)} of {len(shared)} cells: {', '.join(different)}"
    for part, word in (("charge", "charges"), ("current", "today's spend")):
        moved = [
            n for n in shared if (one.get(part) or {}).get(n, 0.0) != (other.get(part) or {}).get(n, 0.0)
        ]
        if moved:
            yield f"{word} differ on {', '.join(moved)}"
    if one.get("carryover") != other.get("carryover"):
        yield "season, carry-over or costs over time differ"
    for what in ("seed", "draws"):
        if getattr(before.provenance, what) != getattr(after.provenance, what):
            yield f"{what}: {getattr(before.provenance, what)} becomes {getattr(after.provenance, what)}"


def _same_curve(name: str, one: Any, other: Any) -> bool:
    a, b = (curves.cell(curves.names.index(name)) for curves in (one, other))
    return type(a) is type(b) and all(
        np.array_equal(array, b.parameters[key]) for key, array in a.parameters.items()
    )


def _rule(rule: Mapping[str, Any] | None) -> str:
    """A rule in a few words."""
    if rule is None:
        return "the mean"
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
    """Return a profile with some of its fields changed, checked anew.

    Parameters
    ----------
    profile : CompanyProfile
    edits : mapping of str to str
        New value by path, such as ``scenario.amount``, ``markets[0].customers`` or ``channels.sms.reachable``, in JSON
        or as plain text; null takes the field away. ``budget`` stands for a fixed budget of that amount.

    Raises
    ------
    InputError
        If a path leads nowhere, or the profile cannot be used with the new values.
    """
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    for path, text in edits.items():
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if path == "budget":
            content["scenario"] = {"kind": "fixed_budget", "amount": value}
        else:
            _set(content, path, value)
    return type(profile).from_json(json.dumps(content), source="edited profile")


def _set(content: dict[str, Any], path: str, value: Any) -> None:
    steps: list[str | int] = [int(m[1]) if m[1] else m[2] for m in STEP.finditer(path)]
    if not steps or path_text(tuple(steps)) != path:
        raise InputError(f'"{path}" is no path into a profile: write it like markets[0].customers')
    holder: Any = content
    for at, step in enumerate(steps[:-1]):
        holder = _inside(holder, step, path_text(tuple(steps[: at + 1])))
    last = steps[-1]
    if isinstance(holder, list):
        _inside(holder, last, path)
    elif not isinstance(holder, dict) or not isinstance(last, str):
        raise InputError(f'the profile has nothing at "{path}"')
    if value is None:
        if isinstance(holder, dict) and last not in holder:
            raise InputError(f'the profile has nothing at "{path}"')
        del holder[last]
    else:
        holder[last] = value


def _inside(holder: Any, step: str | int, path: str) -> Any:
    try:
        return holder[step]
    except (KeyError, IndexError, TypeError):
        raise InputError(f'the profile has nothing at "{path}"') from None
