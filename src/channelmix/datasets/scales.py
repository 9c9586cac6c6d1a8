"""Scales of the regressions of published figures, searched once and stored."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from channelmix.datasets.files import read_rows


@cache
def load_scales() -> Mapping[str, tuple[float, ...]]:
    """Return the stored scales by quantity: of the year's slope, of the effects of each column, and of the noise.

    They follow from `facts.csv`: a test recomputes them, and writes them anew when told to.
    """
    rows = read_rows("scales.csv")
    return MappingProxyType({row["quantity"]: tuple(map(float, row["scales"].split())) for row in rows})


def scales_table(scales: Mapping[str, Sequence[float]]) -> str:
    """Content of the file that holds some scales, to six digits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["quantity", "scales"])
    writer.writerows([name, " ".join(f"{scale:.6g}" for scale in scales[name])] for name in sorted(scales))
    return buffer.getvalue()
