"""Values that documents and tables go wrong on, and documents altered by them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

__all__ = ["NUMBERS", "TEXTS", "json_texts", "mutated", "rescaled", "texts_of", "values"]

RAW = "@raw:"
"""Begins a text that is written without its quotes, as numbers that only JSON has."""

AGAIN = "@again:"
"""Begins a key that stands in the same object already."""

NUMBERS: tuple[Any, ...] = (
    *(0, -0.0, 1, -1, 0.5, 1e-12, 5e-324, -1e-300, 1e6, 1e12, 1e18, 1e19, 1e300, 1.7e308, -1.7e308),
    *(2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, float("nan"), float("inf"), float("-inf")),
    *(f"{RAW}1e999", f"{RAW}-1e999", f"{RAW}1{'0' * 400}", f"{RAW}0.{'1' * 400}", f"{RAW}1E+2", f"{RAW}-0"),
)

TEXTS = (
    *(
        "",
        " ",
        "NaN",
        "null",
        "true",
        "12,5",
        "1e5",
        "1.234,5",
        "0x10",
        "-",
        "=1+1",
        "\uff1d1+1",
        "@SUM(1)",
        "+1",
    ),
    *("all", "sms", "FR", "FR/sms", "FR/sms/promotion", "promotion", "a/b/c/d", "/", "//", "fixed_budget"),
    *("2024-01-31", "2024-02-30", "31/12/2023", "2024-W05", "45000", "EUR", "eur", "€", "month", "fortnight"),
    *("\u202eabc", "\u0000", "\x1b[31m", "\x9b31m", "\n", "a\nb", "\r", "\t", "\ud800", "\ufeff", "e\u0301"),
    *("北京", "العربية", "👩‍👩‍👧", "ﬃ", "İ", "ß", "\u200b", "\u2028", "%s", "{x}", "{0!r}", "\\", '"', "'"),
    *("<script>alert(1)</script>", "</style>", "&amp;", "../../etc/passwd", "/dev/zero", "/", ".", "nul"),
    *(
        "keep_working (kept by keep_working (kept by x))",
        "x (kept by " * 40,
        "(" * 60,
        "a" * 3000,
        "a, b; c: d",
    ),
)

TYPOS = st.sampled_from(["s", "_", " ", "X", "\u00e9"])


def values() -> st.SearchStrategy[Any]:
    """A value of any type, of the kind that programs forget."""
    flat = st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(TEXTS),
        st.sampled_from([None, True, False, [], {}, [[]], [None], [{}], {"": None}, {"kind": "x"}]),
        st.floats(width=64),
        st.integers(-(10**20), 10**20),
        st.text(max_size=8),
    )
    deep = st.tuples(st.integers(1, 150), st.booleans()).map(lambda one: _nested(*one))
    return st.one_of(flat, flat, flat, deep, st.lists(flat, max_size=3))


def _nested(levels: int, in_lists: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if in_lists else {"a": value}
    return value


@st.composite
def mutated(draw: DrawFn, documents: st.SearchStrategy[Any], most: int = 4) -> Any:
    """A document with up to so many changes, each anywhere in it."""
    top = [copy.deepcopy(draw(documents))]
    for _ in range(draw(st.integers(1, most))):
        holder, key = _place(draw, top)
        change = draw(st.sampled_from(CHANGES))
        change(draw, holder, key, top)
    return top[0]


@st.composite
def rescaled(draw: DrawFn, documents: st.SearchStrategy[Any], most: int = 3) -> Any:
    """A document with up to so many of its numbers in another unit, so that most remain valid."""
    data = copy.deepcopy(draw(documents))
    places = [(holder, key) for holder, key in _leaves(data) if isinstance(holder[key], float)]
    for _ in range(min(draw(st.integers(0, most)), len(places))):
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        holder[key] *= draw(st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.1, 2.0, 10.0, 1e3, 1e6, 1e-6]))
    return data


def _leaves(node: Any) -> Iterator[tuple[Any, Any]]:
    """What is no object or list, by what holds it and its key."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(inner, dict | list):
            yield from _leaves(inner)
        else:
            yield node, key


def _place(draw: DrawFn, top: list[Any]) -> tuple[Any, Any]:
    """A place in a document, at any depth, by the object or list that holds it and its key."""
    holder: Any = top
    key: Any = 0
    while (isinstance(holder[key], dict | list) and holder[key]) and draw(st.integers(0, 7)) != 7:
        holder = holder[key]
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = keys[draw(st.integers(0, len(keys) - 1))]
    return holder, key


def _delete(_draw: DrawFn, holder: Any, key: Any, top: list[Any]) -> None:
    if holder is not top:
        del holder[key]


def _duplicate(draw: DrawFn, holder: Any, key: Any, top: list[Any]) -> None:
    if isinstance(holder, dict):
        name = draw(st.sampled_from(TEXTS))
        holder[name] = copy.deepcopy(holder[key])
    elif holder is not top:
        many = draw(st.sampled_from([1, 2, 300]))
        holder.extend([holder[key]] * (many if len(repr(holder[key])) < 200 else 1))


def _replace(draw: DrawFn, holder: Any, key: Any, _top: list[Any]) -> None:
    holder[key] = draw(values())


def _retype(draw: DrawFn, holder: Any, key: Any, _top: list[Any]) -> None:
    """Say the same in another type, as people do."""
    value = holder[key]
    if isinstance(value, bool | None.__class__):
        holder[key] = draw(st.sampled_from([int(bool(value)), str(value), "yes", [value]]))
    elif isinstance(value, int | float):
        holder[key] = draw(
            st.sampled_from([str(value), [value], bool(value), f"{value} EUR", {"value": value}])
        )
    elif isinstance(value, str):
        holder[key] = draw(st.sampled_from([[value], {value: 1}, len(value), list(value[:20])]))
    elif isinstance(value, list):
        holder[key] = draw(
            st.sampled_from([{str(i): one for i, one in enumerate(value)}, str(value), value[:1]])
        )
    else:
        holder[key] = draw(st.sampled_from([list(value.values()), list(value), str(value)[:100]]))


def _rescale(draw: DrawFn, holder: Any, key: Any, top: list[Any]) -> None:
    """State a number in another unit, or with another sign."""
    if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] *= draw(st.sampled_from([1000, 100, 0.01, 1e-3, -1, 1e6, 1e-6, 1.01, 1e12, 1e-12, 0]))
    else:
        _replace(draw, holder, key, top)


def _swap(draw: DrawFn, holder: Any, key: Any, top: list[Any]) -> None:
    """Put what stands at another place here, and for half of them this one there."""
    other, at = _place(draw, top)
    this, that = copy.deepcopy(holder[key]), copy.deepcopy(other[at])
    holder[key] = that
    if draw(st.booleans()) and (other is top or other is not holder):
        other[at] = this


def _rename(draw: DrawFn, holder: Any, key: Any, top: list[Any]) -> None:
    if not isinstance(holder, dict):
        _duplicate(draw, holder, key, top)
        return
    typo, any_text = draw(TYPOS), draw(st.sampled_from(TEXTS))
    name = draw(st.sampled_from([key + typo, key[1:], key.upper(), any_text]))
    holder[name] = holder.pop(key)


def _wrap(draw: DrawFn, holder: Any, key: Any, _top: list[Any]) -> None:
    value = holder[key]
    for _ in range(draw(st.sampled_from([1, 2, 20, 120]))):
        value = draw(st.sampled_from([[value], {"rule": value}, {"kind": "each_period", "rule": value}]))
    holder[key] = value


def _insert(draw: DrawFn, holder: Any, key: Any, _top: list[Any]) -> None:
    inner = holder[key]
    if isinstance(inner, dict):
        inner[draw(st.sampled_from(TEXTS))] = draw(values())
    elif isinstance(inner, list):
        inner.insert(draw(st.integers(0, len(inner))), draw(values()))
    else:
        holder[key] = draw(values())


def _again(_draw: DrawFn, holder: Any, key: Any, _top: list[Any]) -> None:
    if isinstance(holder, dict):
        holder[AGAIN + key] = holder[key]


CHANGES = (
    *(_delete, _duplicate, _replace, _replace, _retype, _rescale, _rescale),
    *(_swap, _rename, _wrap, _insert, _again),
)


def texts_of(data: Any, indent: int | None = None) -> str:
    """Write a document as JSON, with what only a text can hold: keys twice, numbers beyond any."""
    text = json.dumps(data, indent=indent)
    text = re.sub(rf'"{RAW}([^"]*)"', r"\1", text)
    return text.replace(f'"{AGAIN}', '"')


@st.composite
def json_texts(draw: DrawFn, documents: st.SearchStrategy[Any]) -> bytes:
    """A document's bytes: for the most part as they should be, else in another encoding, cut, or with bytes changed."""
    data = texts_of(draw(documents), draw(st.sampled_from([None, None, 1]))).encode()
    kind = draw(st.integers(0, 15))
    if kind == 0:
        return data[: draw(st.integers(0, len(data)))]
    if kind == 1:
        at = draw(st.integers(0, len(data)))
        return data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]
    if kind == 2:
        marks = [
            b"\xef\xbb\xbf" + data,
            data.decode().encode("utf-16"),
            data + data,
            data + b",",
            b"[" + data,
        ]
        return draw(st.sampled_from(marks))
    return data
