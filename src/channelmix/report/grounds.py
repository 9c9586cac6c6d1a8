"""What a plan rests on, in words: own history as far as it counts, lift tests, published figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from channelmix.core.words import Message, say
from channelmix.plan import CellPlan
from channelmix.plan.grounds import PUBLISHED
from channelmix.profile.fields.fields import DAYS_A_WEEK
from channelmix.report.content import OWN, Content

FEW_WEEKS, MOST_THIN = 26, 4
"""Weeks with spend below which a cell's own history is thin, and how many such cells are named."""


def failed_checks(content: Content) -> Iterator[str]:
    """Say how many checks of own history failed, and what that means for the plan; nothing where none did."""
    failed = len(_failed(content))
    if failed:
        yield content.words("headline.checks", failed=failed)


def grounds(content: Content, *, charged: bool) -> Iterator[str]:
    """Say whether the plan rests on own history or on published figures, which also say what opt-outs cost."""
    words, cells, found = content.words, content.plan.cells, content.grounds
    measured = found.measured_figures()
    rest = found.published(cell.name for cell in cells if cell.evidence == PUBLISHED)
    own = sum(cell.evidence in OWN for cell in cells)
    counted = _counted(content)
    if own and counted < 1.0:
        yield words("facts.unfinished", counted=counted)
    elif own == len(cells):
        outside = charged and any(figure.basis not in OWN for figure in content.plan.assumptions)
        yield words("facts.own_opt_outs" if outside else "facts.own", what=_own(cells))
    elif own:
        yield words("facts.some_own", what=_own(cells), own=own, all=len(cells), others=rest)
    elif {cell.evidence for cell in cells} == {PUBLISHED}:
        yield words(f"facts.{found.how_known}" if measured else "facts.prior", figures=measured, what=rest)
    if own and measured:
        yield words(f"facts.{found.how_known}_too", figures=measured)
    if thin := _thin(content):
        yield words("facts.thin", cells=thin)


def taken(content: Content) -> Iterator[str]:
    """Say in two short lines what published figures do not tell apart, and what rests on one way or is left out."""
    words = content.words
    said = {
        one.code: one for one in map(content.plan.message, content.plan.remarks) if isinstance(one, Message)
    }
    untold = [say("taken.sectors"), say("taken.countries")] if "remark.sector" in said else []
    if unused := said.get("remark.audience_unused"):
        untold.append(say("taken.audiences", channels=unused.values["channels"]))
    if untold:
        yield words("taken.untold", what=untold)
    one_way = [purpose for purpose in ("service", "advocacy") if f"remark.one_way_{purpose}" in said]
    lines = [words(f"taken.{'_'.join(one_way)}")] if one_way else []
    if overlap := said.get("remark.overlap"):
        how = _saying(overlap.values["how"])
        lines.append(words(f"taken.{how['code'].replace('.', '_')}", **how["values"]))
    if lines:
        yield " ".join(lines)


def _own(cells: list[CellPlan]) -> Message:
    """Name what of the company's own the cells rest on."""
    kinds = {cell.evidence for cell in cells if cell.evidence in OWN}
    return say("own.both" if len(kinds) > 1 else f"own.{kinds.pop()}")


def _failed(content: Content) -> list[Mapping[str, Any]]:
    """Values of the warnings of failed checks."""
    said = map(content.plan.message, content.plan.warnings)
    return [one.values for one in said if isinstance(one, Message) and one.code == "warning.check"]


def _counted(content: Content) -> float:
    """Share of the rows' evidence that the fit counted before its time limit ended it."""
    for values in _failed(content):
        saying = _saying(values["message"])
        if saying.get("code") == "finding.time_limit.otherwise":
            return float(saying["values"]["counted"])
    return 1.0


def _saying(found: Any) -> Mapping[str, Any]:
    """Code and values of a message within another, of a plan just made or one that was read; empty for other text."""
    data = found.data if isinstance(found, Message) else found
    return data if isinstance(data, Mapping) else {}


def _short(content: Content, cell: CellPlan) -> str:
    """A cell's name without what all cells have in common."""
    parts = [
        part
        for part, all_of_them in (
            (cell.market, content.markets),
            (cell.channel, ()),
            (cell.purpose, content.purposes),
        )
        if len(all_of_them) != 1
    ]
    return "/".join(parts)


def _thin(content: Content) -> list[Message]:
    """Cells whose own history has spend in less than half a year, and no test, the thinnest first."""
    listed = sorted(
        (cell for cell in content.plan.cells if cell.evidence == "history" and cell.spent_days is not None),
        key=lambda cell: cell.spent_days or 0.0,
    )
    weeks = [(_short(content, cell), round((cell.spent_days or 0.0) / DAYS_A_WEEK)) for cell in listed]
    thin = [say("thin.cell", cell=name, count=max(n, 1)) for name, n in weeks if n < FEW_WEEKS]
    more = len(thin) - MOST_THIN
    return [*thin[:MOST_THIN], say("rows.more", more=more)] if more > 1 else thin
