"""Published figures with their sources: what is known before a company has data of its own."""

from __future__ import annotations

from channelmix.datasets.facts import Fact, facts_frame, find_facts, load_facts, source_titles
from channelmix.datasets.published import PriorRange, load_ranges
from channelmix.datasets.survey import SERVICE_USE, SURVEY_SOURCE, SURVEYED_COMPANIES, USE, use_standard_error

__all__ = [
    "SERVICE_USE",
    "SURVEYED_COMPANIES",
    "SURVEY_SOURCE",
    "USE",
    "Fact",
    "PriorRange",
    "facts_frame",
    "find_facts",
    "load_facts",
    "load_ranges",
    "source_titles",
    "use_standard_error",
]
