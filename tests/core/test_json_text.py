"""JSON is read strictly: what parsers read each in its own way is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channelmix.core.errors import InputError
from channelmix.core.json_text import DEEPEST_NESTING, LARGEST_INTEGER, read_json

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
