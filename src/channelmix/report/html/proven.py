"""What is proven and on what grounds: rules and their prices, the certificate, assumptions and sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from channelmix.core.tolerances import SAME_AMOUNT
from channelmix.engine.rules.rows import Row
from channelmix.plan import Assumption
from channelmix.report.content import OWN, Content
from channelmix.report.html.inline import rule_name, said
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.tables import Column, Line, table
from channelmix.report.sentences import assumed, claim, missed, not_counted, standing

SHOWN = 60
"""Limits of one rule that are listed; rules on a thousand cells would bury the others."""

FACTS = 6
"""Ids of facts behind a figure that are listed."""


def rules_section(content: Content) -> Markup:
    """Every rule, with the price of each of its limits that binds."""
    words, plan = content.words, content.plan
    target = plan.scenario.get("kind") == "target_outcome"
    head = "rules.price_target" if target else "rules.price"
    columns = [
        Column(words("rules.rule")),
        Column(words("rules.limit")),
        *([Column(words(head, currency=words.currency), numeric=True)] if plan.shadow_prices else []),
    ]
    intro = (
        words("rules.intro_target" if target else "rules.intro")
        if plan.shadow_prices
        else words("rules.unpriced")
    )
    return join(tag("p", intro), table(words("rules.caption"), columns, _rules(content)))


def _rules(content: Content) -> Iterator[Line]:
    problem, words = content.problem, content.words
    prices = {price.constraint: price.price for price in content.plan.shadow_prices}
    for rule in problem.rule_names:
        limits: dict[
            tuple[str | None, str | None], list[Row]
        ] = {}  # the same limit in several periods is one line
        for row in problem.rows:
            if row.rule == rule and row.label in prices:
                limits.setdefault((row.part, row.side), []).append(row)
        listed = [(rows, [prices[row.label] for row in rows]) for rows in limits.values()]
        listed.sort(key=lambda line: -max(map(abs, line[1])))
        for rows, found in listed[:SHOWN]:
            several = words("rules.periods", count=len(rows)) if len(rows) > 1 else ""
            name = _limit(content, rule, rows[0], with_period=not several) or words("rules.itself")
            yield Line([rule_name(rule), f"{name}{several}", _prices(content, found)])
        if len(listed) > SHOWN:
            smallest = words.ratio(max(abs(price) for _, found in listed[SHOWN:] for price in found))
            yield Line([rule_name(rule), words("rules.more", count=len(listed) - SHOWN), f"≤ {smallest}"])
        if not listed:
            yield Line([rule_name(rule), words("rules.free"), *(["0"] if prices else [])])


def _limit(content: Content, rule: str, row: Row, *, with_period: bool) -> str:
    """A limit in the reader's language; names in it stay as they are."""
    words = content.words
    parts = [
        row.part if row.part and not rule.endswith(row.part) else "",
        words(f"limit.{row.side}") if row.side else "",
    ]
    if row.period is not None and with_period:
        parts.append(words("limit.period", period=row.period))
    return " ".join(part for part in parts if part)


def _prices(content: Content, found: Sequence[float]) -> str:
    """A price, or the range of those of several periods."""
    low, high = (content.words.ratio(price) for price in (min(found), max(found)))
    return low if low == high else content.words("range", low=low, high=high)


def certificate_section(content: Content) -> Markup:
    """The proof's numbers, and how to repeat it."""
    words, plan = content.words, content.plan
    claims, made = plan.certificate, plan.provenance
    target = plan.scenario.get("kind") == "target_outcome"
    pairs = [(words("certificate.status"), standing(content))]
    if claims.value is not None and claims.upper_bound is not None and claims.gap is not None:
        pairs += [
            (
                words("certificate.value_target" if target else "certificate.value"),
                f"{words.amount(claims.value)} {content.over}",
            ),
            (words("certificate.bound"), f"{words.amount(claims.upper_bound)} {content.over}"),
            (words("certificate.gap"), words.percent(claims.gap)),
        ]
    pairs.append((words("certificate.asked"), words.percent(claims.requested_gap)))
    if claims.max_violation is not None:
        spent = plan.totals.spend if plan.totals else 0.0
        rounding = claims.max_violation <= SAME_AMOUNT * spent
        found = words("certificate.rounding") if rounding else words.figure(claims.max_violation)
        pairs.append((words("certificate.violation"), found))
    if claims.missed:
        pairs.append((words("certificate.missed"), "; ".join(missed(content))))
    pairs += [
        (words("certificate.draws"), words.figure(made.draws)),
        (words("certificate.seed"), str(made.seed)),
        (words("certificate.version"), made.version),
        (words("certificate.profile"), made.profile_sha256),
    ]
    terms = [tag("div", tag("dt", term), tag("dd", value)) for term, value in pairs]
    return join(
        tag("p", claim(content)),
        tag("dl", *terms),
        tag("p", words("certificate.repeat")),
        tag("pre", tag("code", "channelmix verify plan.json")),
        tag("p", words("certificate.limits")),
    )


def assumptions_section(content: Content) -> Markup:
    """What the plan takes for granted, and every figure with its sources."""
    words, plan = content.words, content.plan
    figures = [figure for figure in plan.assumptions if figure.basis not in OWN and not figure.is_stated]
    return join(
        tag("ul", *(tag("li", said(content, remark)) for remark in plan.remarks)) if plan.remarks else None,
        tag("p", not_counted(content)) if plan.not_counted else None,
        tag(
            "details",
            tag("summary", assumed(content)),
            figures_table(content, words("assumptions.caption"), figures),
        )
        if figures
        else None,
    )


def figures_table(content: Content, caption: str, figures: Sequence[Assumption]) -> Markup:
    """Figures with their ranges, and where they come from."""
    words = content.words
    columns = [
        Column(words("assumptions.name")),
        Column(words("assumptions.value"), numeric=True),
        *(Column(words(f"assumptions.{key}")) for key in ("unit", "basis", "sources", "note")),
    ]
    return table(caption, columns, [Line(_figure(content, figure)) for figure in figures])


def _figure(content: Content, figure: Assumption) -> list[Markup | str]:
    words = content.words
    own = figure.basis in OWN
    value, low, high = map(words.ratio if own else words.figure, (figure.value, figure.low, figure.high))
    facts = ", ".join(figure.facts[:FACTS]) + ", …" * (len(figure.facts) > FACTS)
    sources = [*figure.sources, *([facts] if facts else [])]
    return [
        said(content, figure.name),
        f"{value} ({words('range', low=low, high=high)})",
        said(content, figure.unit),
        words.evidence(figure.basis) if own else said(content, figure.basis),
        _sources(content, sources, own=own) if sources else words("assumptions.no_source"),
        said(content, figure.note),
    ]


def _sources(content: Content, sources: Sequence[str], *, own: bool) -> Markup:
    """Own files are told in words; titles of published sources stay as they are."""
    if own:
        return join(*(said(content, source) for source in sources))
    return tag("span", "; ".join(sources), lang="en" if content.words.language != "en" else None)
