"""Files and texts that hold no usable JSON; places found in those that do; nothing but ProfileError ever."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channelmix.profile import CompanyProfile, Fault, ProfileError
from channelmix.profile.faults import Problem
from channelmix.profile.source import LARGEST_FILE, read_document

FaultsOf = Callable[[Any], dict[str, Fault]]


def only_fault(data: str | bytes) -> Fault:
    with pytest.raises(ProfileError) as caught:
        CompanyProfile.from_json(data)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("text", "line", "column", "found", "expected"),
    [
        ("[]", 1, 1, "an empty list", "an object in braces"),
        ("\n  3", 2, 3, "3", "an object in braces"),
        ('{\n "a": tru}', 2, 7, '"tru"', "a value"),
        ("{'a': 1}", 1, 2, '"\'"', "a key in double quotes"),
        ('{"a": 1} x', 1, 10, '"x"', "nothing more after the end of the profile"),
        ('{"a": "b', 1, 7, '"\\""', "a closing double quote"),
        ('{"a" 1}', 1, 6, '"1"', 'a ":" after the key'),
        ('{"a": 1 // why\n}', 1, 9, '"/"', 'a "," or the end of this list or object'),
        ('{"a": "\t"}', 1, 8, '"\\t"', "control characters written as escapes, such as \\n for a new line"),
        ('{"a":\n', 2, 1, "the end of the text", "a value"),
        ('{"a": 0,33}', 1, 7, "Write 0.33, not 0,33", ""),
        ('{"a": -12,5\n}', 1, 7, "Write -12.5, not -12,5", ""),
        ('{"a": 1,\n 33}', 2, 2, '"33"', "a key in double quotes"),
        ('{"a": "\\x"}', 1, 8, '"\\\\"', "valid JSON (invalid \\escape)"),
        ("[" * 101, 1, 101, "nesting deeper than 100", "at most 100 levels of lists and objects"),
        ('{"a":\n[' * 1000000, 51, 2, "nesting deeper than 100", "at most 100 levels of lists and objects"),
    ],
)
def test_texts_that_are_not_json(text: str, line: int, column: int, found: str, expected: str) -> None:
    assert only_fault(text) == Fault("", line, column, found, expected)


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", b"", b"\xef\xbb\xbf"])
def test_empty_texts(text: str | bytes) -> None:
    assert only_fault(text) == Fault("", None, None, "an empty text", "a profile in JSON")


def test_a_hundred_levels_are_read(sketch: dict[str, Any]) -> None:
    notes: Any = "brackets in text do not count: " + "[{" * 200
    for _ in range(99):
        notes = [notes]
    CompanyProfile.from_json(json.dumps(sketch | {"notes": notes}))
    assert only_fault(json.dumps(sketch | {"notes": [notes]})).found == "nesting deeper than 100"


def test_unterminated_text_of_escapes_takes_no_long() -> None:
    assert only_fault('{"a": "' + '\\"' * 2000000).expected == "a closing double quote"


def test_bytes_that_are_not_utf8() -> None:
    fault = only_fault('{\n "é": "'.encode() + b'\xe9"}')
    assert fault == Fault("", 2, 8, "byte 0xe9", "text in UTF-8")
    assert only_fault("{}".encode("utf-16")).expected == "text in UTF-8"
    assert only_fault("\ud800").expected == "text in UTF-8"


def test_byte_order_mark_is_accepted_and_not_counted(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    text = json.dumps(sketch)
    assert CompanyProfile.from_json(text.encode("utf-8-sig")) == CompanyProfile.from_json("\ufeff" + text)
    assert faults_of(b"\xef\xbb\xbf{}")["name"].column == 1


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000])
@pytest.mark.parametrize("place", ["usd_rate", "notes"])
def test_numbers_out_of_range(sketch: dict[str, Any], faults_of: FaultsOf, literal: str, place: str) -> None:
    sketch[place] = "HERE"
    text = json.dumps(sketch, indent=1).replace('"HERE"', literal)
    faults = faults_of(text)
    assert list(faults) == [place]
    fault = faults[place]
    assert fault.found == ("NaN" if literal == "NaN" else "a number out of range")
    assert fault.expected == "a finite number"
    assert fault.line is not None
    assert fault.column is not None
    assert text.splitlines()[fault.line - 1][fault.column - 1 :].startswith(literal)


def test_whole_numbers_of_many_digits_are_read(sketch: dict[str, Any]) -> None:
    assert CompanyProfile.from_json(json.dumps(sketch | {"notes": 10**300})).notes == 10**300


def test_repeated_keys(faults_of: FaultsOf, sketch: dict[str, Any]) -> None:
    text = json.dumps(sketch, indent=1)
    text = text.replace(
        '"sector": "retail",', '"sector": "retial", "name": "a", "sector": "retail", "name": "b",'
    )
    text = text.replace('"reachable": 90000', '"reachable": 90000, "reachable": 5, "reachable": 6')
    faults = faults_of(text)
    assert {path: (fault.line, fault.column) for path, fault in faults.items()} == {
        "name": (5, 22),
        "sector": (5, 35),
        "channels.im.reachable": (54, 24),
    }
    assert all(fault.expected == "each key only once" for fault in faults.values())


def test_faults_of_the_text_are_reported_together_and_before_those_of_fields(faults_of: FaultsOf) -> None:
    faults = faults_of('{"notes": [1, NaN], "name": "a", "name": "b", "name": "c", "period": -1}')
    assert set(faults) == {"notes[1]", "name"}
    assert faults["notes[1]"].column == 15


def test_text_that_is_not_unicode(sketch: dict[str, Any], faults_of: FaultsOf) -> None:
    text = json.dumps(sketch | {"notes": {"\ud800": ["\udfff", "\U0001f600"]}})
    faults = faults_of(text)
    assert {fault.expected for fault in faults.values()} == {
        "a key in valid Unicode",
        "text in valid Unicode",
    }
    assert len(faults) == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"missing\.json: No such file or directory$"):
        CompanyProfile.from_file(tmp_path / "missing.json")
    with pytest.raises(ProfileError, match=r"Is a directory$"):
        CompanyProfile.from_file(tmp_path)
    with pytest.raises(ProfileError, match=r"^a\\x00b: embedded null byte$"):
        CompanyProfile.from_file("a\0b")
    with pytest.raises(ProfileError, match=r"File name too long$"):
        CompanyProfile.from_file(tmp_path / ("x" * 5000))


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProfileError, match=r"profile\.json: Permission denied$"):
        CompanyProfile.from_file(tmp_path / "profile.json")


def test_large_file_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        os.truncate(stream.fileno(), LARGEST_FILE + 1)

    with pytest.raises(ProfileError, match="found more than 10000000 bytes, expected at most"):
        CompanyProfile.from_file(large)


@pytest.mark.parametrize(
    "text", [" " * (LARGEST_FILE + 1), b" " * (LARGEST_FILE + 1), "é" * (LARGEST_FILE // 2 + 1)]
)
def test_large_texts(text: str | bytes) -> None:
    assert only_fault(text).expected == "at most 10000000 bytes (10 MB)"


def test_file_names_are_escaped(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        CompanyProfile.from_file(tmp_path / "\x1b[31m.json")
    assert "\x1b" not in str(caught.value)
    assert caught.value.faults[0].line is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def every_path(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [(path, value), *(found for key, child in children for found in every_path(child, (*path, key)))]


@settings(deadline=None)  # the first profile of a process takes longer
@given(
    st.dictionaries(st.text(max_size=4), json_values, max_size=5),
    st.sampled_from([None, 0, 1, 3]),
    st.booleans(),
)
def test_every_place_is_found(value: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = read_document(text, "any")
    lines = text.split("\n")
    for path, child in every_path(value):
        (fault,) = document.error([Problem(path, "", "")]).faults
        assert fault.line is not None
        assert fault.column is not None
        rest = "\n".join([lines[fault.line - 1][fault.column - 1 :], *lines[fault.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == child
        if path and isinstance(path[-1], str):
            (fault,) = document.error([Problem(path, "", "", at_key=True)]).faults
            assert fault.line is not None
            assert fault.column is not None
            assert json.JSONDecoder().raw_decode(lines[fault.line - 1][fault.column - 1 :])[0] == path[-1]


def read_or_refuse(data: str | bytes) -> None:
    error = None
    try:
        CompanyProfile.from_json(data).cells()
    except ProfileError as refusal:
        error = refusal
    assert error is None or (error.faults and str(error))


@settings(deadline=None)  # the first profile of a process takes longer
@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@settings(deadline=None)  # the first profile of a process takes longer
@given(json_values)
def test_random_json_is_read_or_refused(value: Any) -> None:
    read_or_refuse(json.dumps(value))


@settings(deadline=None)  # the first profile of a process takes longer
@given(st.data())
def test_mutated_text_is_read_or_refused(data: st.DataObject) -> None:
    text = (Path(__file__).parents[2] / "examples" / "maison_verte.json").read_bytes()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    read_or_refuse(text[:start] + data.draw(st.binary(max_size=8)) + text[end:])


odd_values = json_values | st.sampled_from(
    [
        *(
            "all",
            "sms",
            "FR",
            "service",
            "kind",
            "group_share",
            "mean",
            "[key]",
            "",
            "/",
            1e18,
            1e308,
            5e-324,
            10**308,
        ),
        *(
            {"kind": "mean"},
            {"kind": "group_share"},
            {"kind": []},
            {"kind": "spend_bounds", "bounds": {"sms": []}},
        ),
    ]
)


@settings(deadline=None)  # the first profile of a process takes longer
@given(st.data())
def test_mutated_values_are_read_or_refused(data: st.DataObject) -> None:
    text = (Path(__file__).parents[2] / "examples" / "maison_verte.json").read_text()
    profile = json.loads(text)
    for _ in range(data.draw(st.integers(1, 4))):
        path, _ = data.draw(st.sampled_from(every_path(profile)[1:]))
        node = profile
        for part in path[:-1]:
            node = node[part]
        action = data.draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "replace" or (action == "add" and isinstance(node, list)):
            node[path[-1]] = copy.deepcopy(data.draw(odd_values))
        elif action == "delete":
            del node[path[-1]]
        else:
            node[data.draw(st.sampled_from(["all", "sms", "name", "kind", "a/b", "", "group_share"]))] = (
                copy.deepcopy(data.draw(odd_values))
            )
        if len(every_path(profile)) == 1:
            break
    read_or_refuse(json.dumps(profile))
