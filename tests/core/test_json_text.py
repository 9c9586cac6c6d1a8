"""JSON is read strictly: what parsers read each in its own way is refused."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelmix.core.errors import InputError
from channelmix.core.json_text import DEEPEST_NESTING, LARGEST_INTEGER, check_json, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.no_cover
@given(VALUES)
def test_sound_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == read_json(b"\xef\xbb\xbf" + text.encode()) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "the key 'c' stands twice"),
        ('{"a": 1, "\\u0061": 1}', "the key 'a' stands twice"),
        ('{"' + "a" * 1000 + '": 1, "' + "a" * 1000 + '": 1}', "stands twice"),
        (str(LARGEST_INTEGER + 1), "a whole number of 19 digits"),
        (str(-LARGEST_INTEGER - 1), "a whole number of 19 digits"),
        ("1" + "0" * 100_000, "a whole number of 100,001 digits"),
        ("[" * 100_000, "nested deeper than 100"),
        ('{"a":' * 101 + "1" + "}" * 101, "nested deeper than 100"),
        ("NaN", "finite"),
        ("-Infinity", "finite"),
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        (b"\xff", "UTF-8"),
    ],
)
def test_what_is_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_json(text)
    assert len(str(caught.value)) < 200


def test_brackets_in_texts_do_not_nest() -> None:
    assert read_json('["' + "[" * 1000 + '\\"["]') == ["[" * 1000 + '"[']
    assert read_json("[" * DEEPEST_NESTING + "]" * DEEPEST_NESTING)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "b": {"a": [1, 2.5, "x"]}}',
        '{"name": "caf\u00e9 \U0001f600", "caf\u00e9": null}'.encode(),
        b'\xef\xbb\xbf{"a": []}',
        b'{"a": 1, "a": 2}',
        '{"b": [{"\u00e9": 1, "\u00e9": 2}]}'.encode(),
        b"[" * 200,
        '{"\u00e9": 1, "\\u00e9": 2}'.encode(),
        '{"\u00e9": 1, "\\u00c3\\u00a9": 2}'.encode(),
        b'{"\\u00e9": 1, "\\u00E9": 2}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 99999999999999999999}',
        b'{"a": "\xff"}',
        b'{"a": "\xf0\x9f"}',
        b'{"a": }',
        b"",
    ],
)
def test_what_is_checked_without_being_kept_is_what_is_read(text: bytes) -> None:
    faults = []
    for look in (read_json, check_json):
        try:
            look(text)
        except InputError as error:
            faults.append(str(error).split(" ")[:3])
        else:
            faults.append([])
    assert faults[0] == faults[1]


def test_a_large_text_is_checked_with_little_memory() -> None:
    """An emoji takes four bytes, and so would each other character beside it."""
    text = (
        '{"name": "\U0001f600", "parts": [' + ", ".join(['{"f8": "' + 500_000 * "A" + '"}'] * 20) + "]}"
    ).encode()
    tracemalloc.start()
    check_json(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1.5 * len(text)
