"""No text of a plan makes a renderer slow, or fail: ten thousand characters anywhere, and messages within others."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from channelmix import report
from channelmix.core.errors import ChannelMixError
from channelmix.core.words import PLAIN, Saying
from channelmix.plan import Plan

LENGTH = 10_000
MOST_SECONDS = 20.0
"""Of work for one renderer; some hundredths are usual, and a pattern that backtracks takes minutes."""

RENDERERS: dict[str, Callable[[Plan], object]] = {
    "terminal": lambda plan: report.to_terminal(plan, io.StringIO()),
    "page": lambda plan: plan.to_html(),
    "French page": lambda plan: plan.to_html(lang="fr"),
    "note": lambda plan: plan._repr_html_(),
    "table": report.to_csv,
}

TEXTS = {
    "kept by": "kept by ",
    "no blanks": "x",
    "blanks": " ",
    "wide": "北",
    "combining": "e\u0301",
    "French stops": " :;?!» «",
    "contraction": "par rapport à le ",
    "powers": "1e-0000000000",
    "digits": "e+0",
    "templates": "{a:short}{rows:# row|# rows}%s",
    "markup": "[red]<b>&amp;[link=x]",
    "quotes": "\"'`\\",
}

NAMES = ("market", "channel", "purpose")
"""Texts that name cells: those of another problem are refused by a page."""


def texts(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(node, str):
        yield path
    elif isinstance(node, dict | list):
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            if path or key not in ("problem", "proof", "messages", "provenance", "status", "scenario"):
                yield from texts(inner, (*path, key))


def filled(data: dict[str, Any], text: str, *, names: bool) -> dict[str, Any]:
    """Put a text in the place of every other."""
    changed = copy.deepcopy(data)
    for *parents, last in texts(data):
        if last in ("kind", "side") or (last in NAMES and not names):
            continue
        node: Any = changed
        for key in parents:
            node = node[key]
        node[last] = text
    return changed


def render_soon(data: dict[str, Any]) -> int:
    """Render a plan in every way, each within the time; return in how many it could be."""
    plan, done = Plan.from_json(json.dumps(data)), 0
    for name, render in RENDERERS.items():
        began = time.process_time()
        try:
            render(plan)
            done += 1
        except ChannelMixError:
            pass
        assert time.process_time() - began < MOST_SECONDS, name
    return done


@pytest.fixture(scope="module")
def data(small_plan: Plan) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(small_plan.to_json())
    return content


@pytest.mark.no_cover
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_long_texts(data: dict[str, Any], text: str) -> None:
    survey = copy.deepcopy(data["survey"])
    long = (text * LENGTH)[:LENGTH]
    changed = filled(data, long, names=False)
    changed["survey"] = survey  # its purposes are two words
    assert render_soon(changed) == len(RENDERERS)
    named = filled(data, long, names=True)
    named["survey"] = survey
    render_soon(named)


def nested(levels: int, width: int) -> dict[str, Any]:
    """A message within messages; with a width, lists of them at each level."""
    saying: dict[str, Any] = {"code": "reason.kept", "values": {"rule": "x"}}
    for _ in range(levels):
        saying = {"code": "reason.kept", "values": {"rule": [saying] * width if width > 1 else saying}}
    return saying


@pytest.mark.no_cover
@pytest.mark.parametrize(("levels", "width"), [(7, 1), (8, 1), (30, 1), (3, 12), (2, 40), (3, 3), (1, 1500)])
def test_messages_within_messages(data: dict[str, Any], levels: int, width: int) -> None:
    saying = nested(levels, width)
    text = PLAIN.said(cast(Saying, saying)) or "kept by " * levels + "x"
    changed = filled(data, text, names=False)
    changed["survey"] = copy.deepcopy(data["survey"])
    changed["messages"] = {text: saying}
    assert render_soon(changed) == len(RENDERERS)


@pytest.mark.parametrize(
    "values",
    [
        {"rule": [[["x"] * 100] * 100]},
        {"rule": 10**18},
        {"rule": {"code": "money", "values": {"amount": 1e308, "currency": "x" * LENGTH}}},
        {"rule": {"code": {"a": 1}, "values": []}},
        {"rule": {"values": {"code": "x"}}},
        {"rule": None, "self": 1, "code": "x"},
        {"rule": True},
        [],
        None,
    ],
)
def test_odd_values_of_a_message(data: dict[str, Any], values: Any) -> None:
    text = data["allocation"][0]["reason"]
    changed = copy.deepcopy(data)
    changed["messages"][text] = {"code": "reason.kept", "values": values}
    try:
        plan = Plan.from_json(json.dumps(changed))
    except ChannelMixError:
        return
    for render in RENDERERS.values():
        render(plan)


@pytest.mark.parametrize("kind", ["amount", "percent", "short", "ratio", "figure", "chance"])
def test_numbers_at_the_ends_of_their_range(kind: str) -> None:
    for value in (1e308, -1e308, 5e-324, 2**63 - 1, -(2**63) + 1):
        assert len(getattr(PLAIN, kind)(value)) < 1000
