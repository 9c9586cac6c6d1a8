"""The page: one file that needs nothing else, with the sections that a plan has something to say in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from channelmix.errors import InputError
from channelmix.plan import Frontier, Plan, fits, span_of
from channelmix.plan.wording import over
from channelmix.report.html.allocation import allocation_section
from channelmix.report.html.content import Content
from channelmix.report.html.curves import curves_section
from channelmix.report.html.frontiers import frontier_section
from channelmix.report.html.judged import comparisons_section, evidence_section, survey_section, told_section
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.opening import asked, facts, headline, no_plan, warnings
from channelmix.report.html.periods import periods_section
from channelmix.report.html.proven import assumptions_section, certificate_section, rules_section
from channelmix.report.html.words import Words

__all__ = ["to_html", "write_html"]

STYLE = Path(__file__).with_name("report.css")
SCRIPT = Path(__file__).with_name("report.js")


def to_html(plan: Plan, lang: str = "en", frontier: Frontier | None = None) -> str:
    """Write a plan as one HTML page that works offline.

    Parameters
    ----------
    plan : Plan
    lang : str
        ``en`` or ``fr``.
    frontier : Frontier, optional
        Shown in a section of its own.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the language is unknown, the problem inside the plan is damaged, or the frontier is of another company.
    """
    content = Content(plan, Words(lang, plan.currency), frontier)
    _check(content)
    words = content.words
    sections = [(key, body) for key, body in _sections(content) if body]
    links = [tag("li", tag("a", words(f"section.{key}"), href=f"#{key}")) for key, _ in sections]
    page = tag(
        "html",
        _head(content),
        tag(
            "body",
            tag("a", words("skip"), href="#content", class_="skip"),
            tag(
                "header",
                tag("p", words(f"status.{plan.status}"), class_=f"status {plan.status}"),
                tag("h1", plan.name),
                tag("p", asked(content), class_="asked"),
            ),
            tag("nav", tag("ul", *links), aria_label=words("contents")),
            tag(
                "main",
                _opening(content),
                _filters(content),
                *(_section(content, *part) for part in sections),
                id="content",
            ),
            tag("footer", tag("p", words("made", version=plan.provenance.version))),
            tag("div", id="tip", role="tooltip", hidden=True),
            tag("script", Markup(_script())),
        ),
        lang=lang,
    )
    return f"<!DOCTYPE html>\n{page}\n"


def write_html(plan: Plan, path: str | Path | None, lang: str, frontier: Frontier | None) -> str:
    """Return the page, written to a file where one is named.

    Raises
    ------
    InputError
        As `to_html`, or if the file cannot be written.
    """
    text = to_html(plan, lang, frontier)
    if path is not None:
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    return text


def _check(content: Content) -> None:
    plan, frontier = content.plan, content.frontier
    empty = not plan.allocation and not plan.sums and plan.span == span_of(content.problem)
    if not (empty or fits(plan, content.problem)):
        raise InputError("the allocation's cells are not the problem's cells")
    if frontier is None:
        return
    if (frontier.name, frontier.currency) != (plan.name, plan.currency):
        raise InputError(
            f'the frontier is of "{frontier.name}" in {frontier.currency}, the plan of "{plan.name}" in {plan.currency}'
        )
    if (frontier.period, frontier.span) != (plan.period, plan.span):
        raise InputError(
            f"the frontier's amounts are {over(frontier.period, frontier.span)}, the plan's {content.over}"
        )


def _head(content: Content) -> Markup:
    style = STYLE.read_text(encoding="utf-8")
    # Only this very script and style may run: nothing can be loaded or sent, and no text of the plan can become code.
    policy = (
        f"default-src 'none'; script-src {_digest(_script())}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", content.words("title", name=content.plan.name)),
        tag("style", Markup(style)),
    )


def _script() -> str:
    return SCRIPT.read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _opening(content: Content) -> Markup:
    plan, words = content.plan, content.words
    if plan.totals is None:
        return tag("section", no_plan(content), aria_label=words("section.opening"))
    warned = tag("div", tag("h2", words("section.warnings")), warnings(content), class_="warnings")
    return tag(
        "section",
        tag("p", headline(content, plan.totals), class_="headline"),
        warned if plan.warnings else None,
        *(tag("p", fact, class_="fact") for fact in facts(content, plan.totals)),
        aria_label=words("section.opening"),
    )


def _filters(content: Content) -> Markup | None:
    """Switches of market and purpose, where there is a choice; a script shows and serves them."""
    words = content.words
    choices = {
        "market": {market: market for market in content.markets},
        "purpose": {purpose: words.known(purpose) for purpose in content.purposes},
    }
    controls = [
        tag(
            "label",
            words(f"filter.{key}"),
            tag(
                "select",
                tag("option", words("filter.all"), value=""),
                *(tag("option", shown, value=value) for value, shown in options.items()),
                data_filter=key,
            ),
        )
        for key, options in choices.items()
        if len(options) > 1
    ]
    if not controls:
        return None
    count = tag("output", data_count=True, data_template=words("filter.count"))
    return tag("form", *controls, count, class_="filters", aria_label=words("filter.label"), hidden=True)


def _sections(content: Content) -> Iterator[tuple[str, Markup | None]]:
    plan = content.plan
    if plan.allocation:
        yield "allocation", allocation_section(content)
        if plan.span > 1:
            yield "periods", periods_section(content)
        yield "curves", curves_section(content)
    if content.frontier is not None and content.frontier.points:
        yield "frontier", frontier_section(content, content.frontier)
    yield "rules", rules_section(content) if plan.allocation else None
    yield "evidence", evidence_section(content) if plan.allocation else None
    yield "comparisons", comparisons_section(content) if plan.comparisons else None
    yield "survey", survey_section(content) if plan.survey else None
    yield "told", told_section(content, plan.word_of_mouth) if plan.word_of_mouth is not None else None
    yield "certificate", certificate_section(content)
    yield "assumptions", assumptions_section(content)


def _section(content: Content, key: str, body: Markup | None) -> Markup:
    heading = tag("h2", content.words(f"section.{key}"), id=f"{key}-heading")
    return tag("section", join(heading, body), id=key, aria_labelledby=f"{key}-heading")
