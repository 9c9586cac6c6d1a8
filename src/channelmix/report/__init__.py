"""Report: plans, frontiers, sensitivities and fits as people read them. It reads their data, and nothing else."""

from __future__ import annotations

from channelmix.report.delimited import (
    difference_to_csv,
    explanation_to_csv,
    frontier_to_csv,
    information_to_csv,
    sensitivity_to_csv,
    to_csv,
)
from channelmix.report.difference import difference_to_terminal
from channelmix.report.explanation import explanation_to_terminal
from channelmix.report.fit import fit_to_terminal
from channelmix.report.frontier import frontier_to_terminal
from channelmix.report.information import information_to_terminal
from channelmix.report.terminal import to_terminal
from channelmix.report.tornado import sensitivity_to_terminal

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
