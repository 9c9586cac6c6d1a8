"""Documents made readable: terminal, HTML, figures and CSV."""

from __future__ import annotations

from channelmix.report.csv import (
    difference_to_csv,
    explanation_to_csv,
    frontier_to_csv,
    information_to_csv,
    sensitivity_to_csv,
    to_csv,
)
from channelmix.report.terminal.difference import difference_to_terminal
from channelmix.report.terminal.explanation import explanation_to_terminal
from channelmix.report.terminal.fit import fit_to_terminal
from channelmix.report.terminal.frontier import frontier_to_terminal
from channelmix.report.terminal.information_value import information_to_terminal
from channelmix.report.terminal.plan import to_terminal
from channelmix.report.terminal.sensitivity import sensitivity_to_terminal

__all__ = [
    "difference_to_csv",
    "difference_to_terminal",
    "explanation_to_csv",
    "explanation_to_terminal",
    "fit_to_terminal",
    "frontier_to_csv",
    "frontier_to_terminal",
    "information_to_csv",
    "information_to_terminal",
    "sensitivity_to_csv",
    "sensitivity_to_terminal",
    "to_csv",
    "to_terminal",
]
