"""Response curves and their rigorous bounds, in NumPy."""

from __future__ import annotations

from channelmix.engine.response.curves import ResponseCurves
from channelmix.engine.response.envelope import Envelope
from channelmix.engine.response.families import Family
from channelmix.engine.response.service import Service

__all__ = ["Envelope", "Family", "ResponseCurves", "Service"]
