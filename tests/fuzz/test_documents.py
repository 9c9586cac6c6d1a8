"""Every kind of document, altered or of any bytes, is read or refused in plain words, soon and in little memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from tests.fuzz.bounds import answer_or_error, in_bounds
from tests.fuzz.counting import rounds, tried
from tests.fuzz.documents import READERS, bytes_of
from tests.fuzz.hostile import TEXTS, texts_of, values

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

SHARES = {
    "profile": 0.25,
    "plan": 0.06,
    "evidence": 0.05,
    "lift tests": 0.08,
    "problem": 0.08,
    "frontier": 0.03,
    "explanation": 0.03,
    "information value": 0.03,
    "sensitivity": 0.02,
    "difference": 0.02,
}
"""Of all inputs, how many are documents of each kind: the quicker to read, the more."""

PLACES = {"profile": "p.json: ", "lift tests": "tests.json: ", "problem": ""}
"""What messages begin with, where it is not that this is no document of the kind."""

ANY_SHARE = 0.06


def altered() -> list[Any]:
    return [(kind, k, n) for kind, share in SHARES.items() for k, n in rounds(share)]


@pytest.mark.parametrize(("kind", "number", "count"), altered())
def test_altered_documents(kind: str, number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)
    place = PLACES.get(kind, "not a")

    def check(data: bytes) -> None:
        with in_bounds():
            answer_or_error(lambda: READERS[kind](data), place)

    tried(bytes_of(kind), check, kind, number, count)


def any_text() -> st.SearchStrategy[bytes]:
    """Bytes of no meaning, texts, and JSON of whatever."""
    any_json = st.recursive(
        values(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(TEXTS), inner, max_size=4)
        ),
        max_leaves=12,
    )
    pieces = st.sampled_from([*'{}[],:"', "null", "-1e5", '"a":', "\\u", " ", "NaN", "1", "\ufeff", "\x00"])
    return st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
        any_json.map(lambda value: texts_of(value).encode()),
        st.lists(pieces, max_size=40).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")),
    )


@pytest.mark.parametrize(("number", "count"), rounds(ANY_SHARE))
def test_any_bytes(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(given: tuple[str, bytes]) -> None:
        kind, data = given
        with in_bounds():
            answer_or_error(lambda: READERS[kind](data), PLACES.get(kind, "not a"))

    tried(st.tuples(st.sampled_from(sorted(READERS)), any_text()), check, "any bytes", number, count)
