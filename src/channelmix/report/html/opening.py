"""What stands first: the answer, and what to look at before following it."""

from __future__ import annotations

from channelmix.report.content import Content
from channelmix.report.html.inline import rule_name, said
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.no_plan import no_plan


def no_plan_section(content: Content) -> Markup:
    """What is in the way where there is no plan, and what would help."""
    found = no_plan(content)
    first, *others = found.said
    items = [tag("li", tag("code", name), by) for name, by in found.relaxed]
    return join(
        tag("p", first, class_="headline"),
        *(tag("p", sentence) for sentence in others),
        _list([tag("li", rule_name(name)) for name in found.rules]),
        tag("p", found.own) if found.own else None,
        *(tag("p", said(content, warning)) for warning in found.warnings),
        tag("p", found.remedy) if found.remedy else None,
        _list(items),
    )


def _list(items: list[Markup]) -> Markup | None:
    return tag("ul", *items) if items else None


def warnings(content: Content) -> Markup:
    """Everything that the plan warns of."""
    return tag("ul", *(tag("li", said(content, warning)) for warning in content.plan.warnings))
