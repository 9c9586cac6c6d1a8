"""Claims of a plan held against what was recomputed."""

from __future__ import annotations

from channelmix.core.documents import Interval
from channelmix.core.errors import CertificateError

RELATIVE_TOLERANCE = 1e-9
"""Difference allowed between a number of the plan and the recomputed one, as a share of the largest number of its
kind: rounding, on another machine too."""


def same_interval(what: str, claimed: Interval, computed: Interval, scale: float) -> None:
    """Raise a CertificateError unless mean and ends of an interval are what was recomputed."""
    for key in ("mean", "low", "high"):
        same(f"{what} ({key})", getattr(claimed, key), getattr(computed, key), scale)


def same(what: str, claimed: float | None, computed: float | None, scale: float) -> None:
    """Raise a CertificateError unless a number is what was recomputed, up to rounding of `scale`."""
    if claimed is None or computed is None:
        if claimed is not computed:
            raise CertificateError(f"{what} claimed {claimed!r}, recomputed {computed!r}")
    elif not abs(claimed - computed) <= RELATIVE_TOLERANCE * abs(scale):
        raise CertificateError(f"{what} claimed {claimed!r}, recomputed {computed!r}")
