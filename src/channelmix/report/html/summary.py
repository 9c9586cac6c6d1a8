"""A plan in a few lines, for a notebook."""

from __future__ import annotations

from channelmix.core.words import Words
from channelmix.plan import Plan
from channelmix.report.content import Content
from channelmix.report.html.markup import join, tag
from channelmix.report.html.opening import no_plan_section
from channelmix.report.sentences import asked, headline, standing

ROWS = 12
"""Cells that are listed."""


def summary_html(plan: Plan) -> str:
    """Write the headline and the cells with the most money, without any style of its own."""
    words = Words("en", plan.currency)
    content = Content(plan, words)
    title = tag("p", tag("strong", plan.name), f", {asked(content)}: {standing(content)}")
    if plan.totals is None:
        return tag("div", title, no_plan_section(content))
    heads = [words(f"allocation.{key}") for key in ("cell", "now", "plan", "return", "why")]
    money = [cell for cell in content.plan.cells if not content.is_idle(cell)]
    shown = sorted(money, key=lambda cell: -max(cell.spend, cell.current_spend))[:ROWS]
    rows = [
        (
            content.title(c),
            words.amount(c.current_spend),
            words.amount(c.spend),
            words.spread(c.outcome),
            c.reason,
        )
        for c in shown
    ]
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", head) for head in heads))),
        tag("tbody", *(tag("tr", *(tag("td", entry) for entry in row)) for row in rows)),
    )
    more = len(money) - len(shown)
    return tag(
        "div",
        title,
        tag("p", " ".join(headline(content, plan.totals))),
        table,
        tag("p", words("summary.more", count=more)) if more else None,
        join(*(tag("p", warning) for warning in plan.warnings)),
    )
