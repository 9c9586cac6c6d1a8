"""Own evidence as data: a history's rows, and the file that holds what was learnt from them."""

from __future__ import annotations

from channelmix.profile.evidence.columns import check_columns, covered, table_of
from channelmix.profile.evidence.evidence import (
    Check,
    Column,
    Evidence,
    Fitted,
    FittedMarket,
    Range,
)
from channelmix.profile.evidence.history import History
from channelmix.profile.evidence.lift_test import LiftTest

Experiment = LiftTest
"""What a file of evidence calls a lift test."""

__all__ = [
    "Check",
    "Column",
    "Evidence",
    "Experiment",
    "Fitted",
    "FittedMarket",
    "History",
    "LiftTest",
    "Range",
    "check_columns",
    "covered",
    "table_of",
]
