"""Own evidence as data: a history's rows, and the file that holds what was learnt from them."""

from __future__ import annotations

from channelmix.evidence.columns import covered, table_of
from channelmix.evidence.document import Check, Column, Evidence, Experiment, Fitted, Range
from channelmix.evidence.rows import History

__all__ = ["Check", "Column", "Evidence", "Experiment", "Fitted", "History", "Range", "covered", "table_of"]
