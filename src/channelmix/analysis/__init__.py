"""Analysis: what explains a solution, as parts of a Plan."""

from __future__ import annotations

from channelmix.analysis.assumptions import assumptions, figure_name
from channelmix.analysis.comparisons import Split, compare
from channelmix.analysis.own_history import history_assumptions, history_remarks, history_warnings
from channelmix.analysis.reasons import reasons, said_of_all_periods
from channelmix.analysis.remarks import not_counted, remarks
from channelmix.analysis.sensitivity import Reference
from channelmix.analysis.splits import splits_of
from channelmix.analysis.survey import beside_the_survey
from channelmix.analysis.warnings import warnings
from channelmix.analysis.word_of_mouth import word_of_mouth

__all__ = [
    "Reference",
    "Split",
    "assumptions",
    "beside_the_survey",
    "compare",
    "figure_name",
    "history_assumptions",
    "history_remarks",
    "history_warnings",
    "not_counted",
    "reasons",
    "remarks",
    "said_of_all_periods",
    "splits_of",
    "warnings",
    "word_of_mouth",
]
