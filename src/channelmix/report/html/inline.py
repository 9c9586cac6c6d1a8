"""Small pieces of a page: a document's text, a rule, a channel's colour, a hint at what the page could show."""

from __future__ import annotations

from channelmix.plan import CellPlan
from channelmix.report.content import Content
from channelmix.report.html.markup import Markup, join, tag


def said(content: Content, text: str) -> Markup:
    """Show a text of a document: translated, or marked as English."""
    translated = content.translated(text)
    if translated is None and content.words.language != "en":
        return tag("span", text, lang="en")
    return join(translated or text)


def rule_name(name: str) -> Markup:
    """Show a rule's name as the profile has it."""
    return tag("code", name)


def swatch(content: Content, channel: str) -> Markup:
    """Name of a channel beside its colour."""
    return tag("span", tag("span", class_=f"key hue{content.hue(channel)}"), channel, class_="swatch")


def cell_data(cell: CellPlan) -> dict[str, str]:
    """Attributes by which a script finds what belongs to a market and a purpose."""
    return {"data_market": cell.market, "data_purpose": cell.purpose}


def hint(content: Content, key: str, made_by: str, option: str) -> Markup:
    """Say in a line what the page could show beside, and the commands that make it."""
    words, file = content.words, f"{option}.json"
    commands = [
        tag("code", f"channelmix {made_by} --output {file}"),
        tag("code", f"channelmix report plan.json --{option} {file} --output report.html"),
    ]
    return tag("p", words(key), " ", commands[0], words("more.then"), commands[1], class_="fact")
