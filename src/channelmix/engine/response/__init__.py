"""Response curves and their rigorous bounds, in NumPy."""

from channelmix.engine.response.curves import ResponseCurves as ResponseCurves
from channelmix.engine.response.envelope import Envelope as Envelope
from channelmix.engine.response.families import Family as Family
from channelmix.engine.response.service import Service as Service
