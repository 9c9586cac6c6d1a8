"""Published figures with their sources: what is known before any data of the company's own."""

from __future__ import annotations

from channelmix.datasets.published import PriorRange, Source, load_ranges, load_sources
from channelmix.datasets.survey import SERVICE_USE, SURVEYED_COMPANIES, USE, use_standard_error

__all__ = [
    "SERVICE_USE",
    "SURVEYED_COMPANIES",
    "USE",
    "PriorRange",
    "Source",
    "load_ranges",
    "load_sources",
    "use_standard_error",
]
