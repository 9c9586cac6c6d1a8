"""How companies use the channels: an Economist Intelligence Unit survey, reported by L'Atelier on 27 June 2012.

These shares measure use, not effect: what companies did, not what works.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

SURVEY_SOURCE = "Economist Intelligence Unit survey of 2012, reported by L'Atelier on 27 June 2012"
"""Citation of the facts F1 to F10."""

SURVEYED_COMPANIES = 798
"""Executives surveyed, in 69 countries (fact F1)."""

USE: Mapping[str, float] = MappingProxyType({"social": 0.48, "sms": 0.30, "im": 0.22, "app": 0.20})
"""Share of companies that communicate with customers over each channel (fact F2)."""

SERVICE_USE: Mapping[str, float] = MappingProxyType({"im": 0.30, "sms": 0.22, "social": 0.06})
"""Share of companies that use each channel for after-sales service (fact F3); none was reported for the app."""


def use_standard_error(share: float) -> float:
    """Return the standard error of a share in the survey, ``sqrt(p (1 - p) / 798)``.

    >>> round(use_standard_error(0.48), 4)
    0.0177
    """
    return math.sqrt(share * (1.0 - share) / SURVEYED_COMPANIES)
