"""HTML built of tags: whatever is not markup already is escaped, so that no text of a user becomes code."""

from __future__ import annotations

import html
import json
from typing import Any

VOID = frozenset({"br", "col", "input", "link", "meta"})
"""Elements that have no end tag."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Markup | str | None


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """Write one element.

    Parameters
    ----------
    name : str
        Of the element.
    *children : Markup, str or None
        Content; plain strings are escaped, None is left out.
    **attributes : object
        ``class_`` is class and ``aria_label`` aria-label; None and False are left out, True has no value.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "c"), class_="x")
    '<p class="x">a &lt; b<b>c</b></p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Put content in a row.

    >>> join("a & b", None, Markup("<br>"))
    'a &amp; b<br>'
    """
    return Markup(
        "".join(
            c if isinstance(c, Markup) else html.escape(c, quote=False) for c in children if c is not None
        )
    )


def data_block(name: str, data: Any) -> Markup:
    r"""Embed data for a script. The browser does not run it, and nothing in it can end the element.

    >>> data_block("d", ["</script>"])
    '<script type="application/json" id="d">["\\u003c/script\\u003e"]</script>'
    """
    # Plain ASCII: U+2028 and its like are written as escapes too.
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Markup(text), type="application/json", id=name)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(text)}"'
