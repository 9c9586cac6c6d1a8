"""Checks of a profile's rules and risk against its cells and their spend today."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from channelmix.core.errors import InputError, escape
from channelmix.engine.rules import Cells, SafeImprovement
from channelmix.profile.cells import Cell
from channelmix.profile.checks.selectors import Selectors
from channelmix.profile.faults import Path, Problem, echo
from channelmix.profile.fields.fields import ProfileFields

# Fields of rules that hold one figure for each cell, not for each selector.
_BY_CELL = ("per_spend", "spend", "current")


def rule_problems(profile: ProfileFields, cells: Sequence[Cell], selectors: Selectors) -> Iterator[Problem]:
    """Report unknown selectors, and rules that need figures which the profile does not state."""
    spend = np.array([cell.current_spend for cell in cells])

    @cache
    def largest(selector: str) -> int | None:
        """Return the selected cell that spends most today."""
        mask = selectors.mask(selector)
        return None if mask is None else int(np.argmax(np.where(mask, spend, -1.0)))

    for i, rule in enumerate(profile.rules):
        path: Path = ("rules", i)
        yield from _figures_by_cell(rule, selectors, path)
        if rule.kind == "reputation_limit" and not any(cell.word_of_mouth for cell in cells):
            expected = "a profile that counts word of mouth: state a value_per_exposure, switch nothing off"
            yield Problem((*path, "kind"), echo(rule.kind), expected)
        selected = list(_selectors(rule))
        # A rule may have as many rows as there are cells: the largest cell of each selector is enough.
        unknown, sample = [], {int(np.argmax(spend))} if selected else set(range(len(cells)))
        for inner, selector, at_key in selected:
            if (cell := largest(selector)) is None:
                unknown.append(selectors.unknown((*path, *inner), selector, at_key))
            else:
                sample.add(cell)
        yield from unknown
        if not unknown:
            names = tuple(selectors.cells.names[cell] for cell in sorted(sample))
            current = spend[sorted(sample)] if spend.any() else None
            found = list(_without_rows(rule, Cells(names, current), path))
            if found and len(names) < len(cells):  # its rows may concern cells that no field of it selects
                everyone = Cells(selectors.cells.names, spend if spend.any() else None)
                found = list(_without_rows(rule, everyone, path))
            yield from found


def risk_problems(profile: ProfileFields, cells: Sequence[Cell], selectors: Selectors) -> Iterator[Problem]:
    """Report a baseline for `safe_improvement` that is unknown or missing."""
    risk = profile.risk
    if isinstance(risk, SafeImprovement):
        yield from _figures_by_cell(risk, selectors, ("risk",))
        if risk.current is None and not any(cell.current_spend for cell in cells):
            expected = "current_spend of at least one channel to improve on"
            yield Problem(("risk",), "this safe_improvement", expected)


def _selectors(rule: Any) -> Iterator[tuple[Path, str, bool]]:
    """List the selectors of a rule: its path within the rule, the selector, and whether it is a key."""
    for field in dataclasses.fields(rule):
        value = getattr(rule, field.name)
        if field.name == "selector":
            yield ("select",), value, False
        elif isinstance(value, Mapping) and field.name not in _BY_CELL:
            yield from (((field.name, selector), selector, True) for selector in value)


def _figures_by_cell(rule: Any, selectors: Selectors, path: Path) -> Iterator[Problem]:
    for field in _BY_CELL:
        yield from selectors.unknown_cells(getattr(rule, field, None) or (), (*path, field))


def _without_rows(rule: Any, cells: Cells, path: Path) -> Iterator[Problem]:
    """Report what keeps a rule from stating its rows."""
    if hasattr(rule, "with_figures"):  # the figures that a profile omits are computed from its draws later
        rule = rule.with_figures(dict.fromkeys(cells.names, 1.0))
    try:
        rule.rows(cells)
    except InputError as error:
        lacks_spend = cells.current is None
        expected = (
            "current_spend of at least one channel to compare with"
            if lacks_spend
            else f"a valid one: {escape(str(error))}"
        )
        yield Problem(path, f"this {rule.kind}", expected)
