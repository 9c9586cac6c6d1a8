"""The page: one file that needs nothing else, with the sections that a plan has something to say in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from channelmix.core.errors import InputError
from channelmix.core.files import write_whole
from channelmix.core.words import Words
from channelmix.engine.proof.solution import Status
from channelmix.plan import Explanation, Frontier, InformationValue, Plan, is_wide
from channelmix.report.content import Content
from channelmix.report.html.allocation import allocation_section
from channelmix.report.html.belonging import check
from channelmix.report.html.curves import curves_section
from channelmix.report.html.explained import costs_of_rules, reasons_section
from channelmix.report.html.frontiers import frontier_section
from channelmix.report.html.information import tests_section
from channelmix.report.html.inline import hint
from channelmix.report.html.judged import comparisons_section, evidence_section, survey_section, told_section
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.opening import no_plan_section, warnings
from channelmix.report.html.periods import periods_section
from channelmix.report.html.proven import assumptions_section, certificate_section, rules_section
from channelmix.report.sentences import asked, facts, headline, standing

STYLE = Path(__file__).with_name("report.css")
SCRIPT = Path(__file__).with_name("report.js")


def to_html(
    plan: Plan,
    lang: str = "en",
    frontier: Frontier | None = None,
    *,
    explanation: Explanation | None = None,
    tests: InformationValue | None = None,
) -> str:
    """Write a plan as one HTML page that works offline.

    Parameters
    ----------
    plan : Plan
    lang : str
        ``en`` or ``fr``.
    frontier, explanation, tests
        What `frontier`, `explain` and `information_value` found for the same company, each shown in a section of its
        own.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the language is unknown, the problem inside the plan is damaged, or what stands beside it is not of it.
    """
    content = Content(plan, Words(lang, plan.currency), frontier, explanation, tests)
    check(content)
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
                tag("p", standing(content), class_=f"status {_mark(plan)}"),
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


def write_html(text: str, path: str | Path | None) -> str:
    """Return a page, written to a file where one is named.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if path is not None:
        try:
            write_whole(path, text.encode())
        except (OSError, ValueError) as error:
            raise InputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None
    return text


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


def _mark(plan: Plan) -> Status:
    """How the status is coloured: a wide gap like one that was not closed."""
    return Status.NOT_CERTIFIED if is_wide(plan.certificate.gap) else plan.status


def _opening(content: Content) -> Markup:
    plan, words = content.plan, content.words
    if plan.totals is None:
        return tag("section", no_plan_section(content), aria_label=words("section.opening"))
    warned = tag("div", tag("h2", words("section.warnings")), warnings(content), class_="warnings")
    return tag(
        "section",
        tag("p", " ".join(headline(content, plan.totals)), class_="headline"),
        warned if plan.warnings else None,
        *(tag("p", fact, class_="fact") for fact in facts(content, plan.totals)),
        aria_label=words("section.opening"),
    )


def _filters(content: Content) -> Markup | None:
    """Switches of market and purpose, where there is a choice; a script shows and serves them."""
    words = content.words
    choices = {
        "market": {market: market for market in content.markets},
        "purpose": {purpose: words.named("purpose", purpose) for purpose in content.purposes},
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
        beside = (
            None
            if content.explanation is not None
            else hint(content, "reasons.how", "explain plan.json", "explanation")
        )
        yield "allocation", join(allocation_section(content), beside)
        if plan.span > 1:
            yield "periods", periods_section(content)
        if content.explanation is not None:
            yield "reasons", reasons_section(content, content.explanation)
        yield "curves", curves_section(content)
    if content.frontier is not None and content.frontier.points:
        yield "frontier", frontier_section(content, content.frontier)
    if plan.allocation:
        costs = None if content.explanation is None else costs_of_rules(content, content.explanation)
        yield "rules", join(rules_section(content), costs)
        beside = (
            None
            if content.tests is not None
            else hint(content, "tests.how", "test-next profile.json", "tests")
        )
        yield "evidence", join(evidence_section(content), beside)
        if content.tests is not None:
            yield "tests", tests_section(content, content.tests)
    yield "comparisons", comparisons_section(content) if plan.comparisons else None
    yield "survey", survey_section(content) if plan.survey else None
    yield "told", told_section(content, plan.word_of_mouth) if plan.word_of_mouth is not None else None
    yield "certificate", certificate_section(content)
    yield "assumptions", assumptions_section(content)


def _section(content: Content, key: str, body: Markup | None) -> Markup:
    heading = tag("h2", content.words(f"section.{key}"), id=f"{key}-heading")
    return tag("section", join(heading, body), id=key, aria_labelledby=f"{key}-heading")
