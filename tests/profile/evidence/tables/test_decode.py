from __future__ import annotations

import codecs

import pytest

from channelmix.core.errors import InputError
from channelmix.profile.evidence.tables.decode import decoded

TEXT = "date;commandes reçues\n2024-01-01;1\n"


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (TEXT.encode(), ""),
        (codecs.BOM_UTF8 + TEXT.encode(), ""),
        (TEXT.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("latin-1"), "Windows-1252"),
        (TEXT.replace("\n", "\r\n").encode(), ""),
        (TEXT.replace("\n", "\r").encode("cp1252"), "Windows-1252"),
    ],
)
def test_text_is_the_same_in_every_encoding(data: bytes, note: str) -> None:
    assert decoded(data, "h.csv") == (TEXT, note)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "h.csv: this is an old or locked Excel workbook: save it as .xlsx or CSV",
        ),
        (b"%PDF-1.4", "a PDF"),
        (b"PAR1\x15", "a Parquet file: read it with pandas or polars"),
        (b"\x1f\x8b\x08", "a compressed file"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "UTF-32: save it as CSV in UTF-8"),
        (b"date;\x81", "in no known encoding: save it as CSV in UTF-8"),
        (b"a,b\n\x00\x01,2", "not a table in text"),
    ],
)
def test_other_files_are_refused_by_kind(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        decoded(data, "h.csv")
