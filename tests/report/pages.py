"""Reading the page that a report is."""

from __future__ import annotations

from functools import cache
from xml.etree.ElementTree import Element

import html5lib


@cache
def parsed(text: str) -> Element:
    """Parse as a browser would, and fail at the first error; the tree is for looking at only."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert isinstance(tree, Element)
    return tree


def words_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def by_id(tree: Element, name: str) -> Element:
    found = tree.find(f".//*[@id='{name}']")
    assert found is not None, name
    return found


def rows_of(table: Element) -> list[list[str]]:
    """Text of a table's body, cell by cell, without the labels that narrow screens show."""
    return [
        [words_of(row[0]), *(words_of(cell[1]) for cell in row[1:])] for row in table.findall("./tbody/tr")
    ]
