"""Decode a table's bytes as text, where its encoding is certain."""

from __future__ import annotations

import codecs
import re

from channelmix.core.errors import InputError

SAVE_AS_UTF8 = "save it as CSV in UTF-8"

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHER_FILES = {
    b"\xd0\xcf\x11\xe0": "an old or locked Excel workbook: save it as .xlsx or CSV, without a password",
    b"%PDF": "a PDF: export the table as CSV",
    b"PAR1": "a Parquet file: read it with pandas or polars and pass the table to channelmix.fit_history",
    b"\x1f\x8b": "a compressed file: unpack it first",
    codecs.BOM_UTF32_LE: f"text in UTF-32: {SAVE_AS_UTF8}",
    codecs.BOM_UTF32_BE: f"text in UTF-32: {SAVE_AS_UTF8}",
}


def decoded(data: bytes, source: str) -> tuple[str, str]:
    r"""Text with lines that end in ``\n``, and its encoding where that is not UTF-8.

    Bytes that are no UTF-8 are taken for Windows-1252, of which Latin-1 is a part: digits and separators are the same
    in every such code, so that only names could be misread, and those must agree with names that were stated.

    Raises
    ------
    InputError
        If it is another kind of file, or text in no known encoding.

    >>> decoded(b"caf\xe9\r1", "h.csv") == ("caf\xe9\n1", "Windows-1252")
    True
    """
    for start, kind in _OTHER_FILES.items():
        if data.startswith(start):
            raise InputError(f"{source}: this is {kind}")
    encoding, note = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(f"{source}: the text is in no known encoding: {SAVE_AS_UTF8}") from None
    if "\0" in text:
        raise InputError(f"{source}: this is not a table in text: {SAVE_AS_UTF8}")
    return re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff")), note


def _encoding(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, "" if encoding == "utf-8" else "UTF-16"
    # A table's first letters are ASCII as a rule, so that every second byte of UTF-16 is 0.
    first, second = data[:64:2], data[1:64:2]
    if len(data) >= 4 and not any(second) and all(first):
        return "utf-16-le", "UTF-16"
    if len(data) >= 4 and not any(first) and all(second):
        return "utf-16-be", "UTF-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", "Windows-1252"
    return "utf-8", ""
