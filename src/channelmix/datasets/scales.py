"""Scales of the regressions on published figures, estimated once and stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from channelmix.datasets.files import read_rows


@cache
def load_scales() -> Mapping[str, tuple[float, ...]]:
    """Return the stored scales by quantity: of the year's slope, of the effects of each column, and of the noise.

    They follow from `facts.csv`: a test recomputes them, and with CHANNELMIX_UPDATE_SCALES=1 writes them anew.
    """
    rows = read_rows("scales.csv")
    return MappingProxyType({row["quantity"]: tuple(map(float, row["scales"].split())) for row in rows})
