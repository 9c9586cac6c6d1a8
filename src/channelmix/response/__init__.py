"""Response curves and their rigorous bounds, in NumPy."""

from __future__ import annotations

from channelmix.response.curves import ResponseCurves
from channelmix.response.envelope import Envelope
from channelmix.response.families import Family
from channelmix.response.service import Service

__all__ = ["Envelope", "Family", "ResponseCurves", "Service"]
