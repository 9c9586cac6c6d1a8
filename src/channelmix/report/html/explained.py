"""Why each cell gets what it gets, how wrong its curve may be, and what each rule costs, from an explanation."""

from __future__ import annotations

import math

from channelmix.engine.proof.solution import Status
from channelmix.plan import BreakEven, CellExplanation, Explanation, RulePrice
from channelmix.report.content import Content
from channelmix.report.html.inline import cell_data, rule_name, said
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.svg import range_bar
from channelmix.report.html.tables import Column, Line, table

SHOWN = 60
"""Cells that are explained, those with the most money, and rules whose cost is listed."""


def reasons_section(content: Content, explanation: Explanation) -> Markup:
    """Every cell with its break-even factors and its reasons."""
    words, cells = content.words, explanation.cells
    factors = any(cell.break_evens for cell in cells)
    columns = [Column(words("allocation.cell"))]
    if factors:
        columns += [
            Column(words("reasons.chart"), chart=True),
            Column(words("reasons.lower"), numeric=True),
            Column(words("reasons.higher"), numeric=True),
        ]
    columns.append(Column(words("allocation.why"), text=True))
    chosen = content.largest(SHOWN)
    # Why a cell never gets money is said above already, unless a better estimate would change that.
    told = [i for i in chosen if cells[i].higher is not None or not content.is_idle(content.plan.cells[i])]
    lines = [_line(content, explanation, i, factors=factors) for i in told]
    left = len(cells) - len(chosen)
    # What holds for the plan as a whole stands among its assumptions.
    remarks = [remark for remark in explanation.remarks if remark not in content.plan.remarks]
    return join(
        tag("p", words("reasons.intro")) if factors else None,
        table(words("reasons.caption", per=content.over), columns, lines),
        tag("p", words("frontier.more", count=left)) if left else None,
        tag("ul", *(tag("li", said(content, remark)) for remark in remarks)),
        None if explanation.complete else tag("p", words("reasons.interrupted")),
    )


def _line(content: Content, explanation: Explanation, place: int, *, factors: bool) -> Line:
    cell = explanation.cells[place]
    reasons = [part for reason in cell.reasons for part in (said(content, reason), " ")]
    view = content.plan.cells[place]
    stands = [_range(explanation, cell), *_factors(content, cell)] if factors else []
    return Line([content.title(view), *stands, join(*reasons)], cell_data(view))


def _range(explanation: Explanation, cell: CellExplanation) -> Markup | str:
    """Factors up to which the plan stands, as logarithms around none."""
    if not cell.break_evens:
        return ""
    ends = math.log(explanation.factor_low), math.log(explanation.factor_high)
    low, high = (
        end if found is None else math.log(found.factor)
        for end, found in zip(ends, (cell.lower, cell.higher), strict=True)
    )
    return range_bar(low, high, ends)


def _factors(content: Content, cell: CellExplanation) -> list[str]:
    if not cell.break_evens:
        return ["-", "-"]
    return [_factor(content, found) for found in (cell.lower, cell.higher)]


def _factor(content: Content, found: BreakEven | None) -> str:
    words = content.words
    return words("reasons.any") if found is None else words("evidence.times", ratio=words.ratio(found.factor))


def costs_of_rules(content: Content, explanation: Explanation) -> Markup | None:
    """What the plan loses to each rule, and to keeping single cells."""
    words, rules = content.words, explanation.rules
    if not rules:
        return None
    columns = [
        Column(words("rules.rule")),
        Column(words("costs.of")),
        Column(words("costs.least"), numeric=True),
        Column(words("costs.most"), numeric=True),
        Column(words("costs.moved"), numeric=True),
    ]
    lines = [Line(_cost(content, rule)) for rule in rules[:SHOWN]]
    left = len(rules) - len(lines)
    target = explanation.scenario == "target_outcome"
    return join(
        tag("h3", words("costs.heading")),
        tag("p", words("costs.intro_target" if target else "costs.intro")),
        table(words("costs.caption", per=content.over), columns, lines),
        tag("p", words("costs.more", count=left)) if left else None,
    )


def _cost(content: Content, rule: RulePrice) -> list[Markup | str]:
    words = content.words
    view = None if rule.cell is None else content.by_name.get(rule.cell)
    of = words("costs.whole") if view is None else words(f"costs.{rule.change}", cell=content.title(view))
    if rule.status is Status.INFEASIBLE:
        return [rule_name(rule.rule), of, words("costs.impossible"), "", ""]
    most = words("costs.unknown") if rule.high is None else words.short(rule.high)
    if rule.status is Status.UNBOUNDED:
        most = words("costs.unbounded")
    return [rule_name(rule.rule), of, words.short(rule.low), most, words.short(rule.moved)]
