"""Report: a Plan as people read it. It reads a Plan, and nothing else."""

from __future__ import annotations

from channelmix.report.delimited import to_csv
from channelmix.report.terminal import to_terminal

__all__ = ["to_csv", "to_terminal"]
