"""A fit's time limit: what is accepted as one, and the finding where it ended a fit."""

from __future__ import annotations

import math
from typing import Any

from channelmix.core.errors import InputError
from channelmix.core.words import say
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.sampling.particles import SamplerReport


def time_limit_of(value: Any) -> float | None:
    """Return a time limit in seconds, None for none.

    Raises
    ------
    InputError
        If it is not a number above 0.
    """
    if value is None:
        return None
    try:
        seconds = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not seconds > 0.0:
        raise InputError(f"time_limit must be a number of seconds above 0, not {value!r}")
    return seconds


def time_limit_findings(report: SamplerReport, limit: float | None) -> tuple[Finding, ...]:
    """Say that a fit ended at its time limit, and how much of the rows' evidence counts; nothing where it did not."""
    if not report.stopped:
        return ()
    counted = report.counted
    if counted == 1.0:
        message = say("finding.time_limit.all", limit=limit)
        return (Finding(say("check.time_limit"), Verdict.REVIEW, 0.0, message),)
    return (Finding.of("time_limit", Verdict.FAIL, 1.0 - counted, limit=limit, counted=counted),)
