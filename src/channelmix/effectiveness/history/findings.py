"""Findings of checks: a verdict, the figure behind it and a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from channelmix.core.words import say


class Verdict(StrEnum):
    """How serious a finding is; in ascending order."""

    PASS = "PASS"  # noqa: S105  no password
    REVIEW = "REVIEW"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One check: its name, the verdict, the figure that it rests on, and what to do about it."""

    check: str
    verdict: Verdict
    figure: float
    message: str

    @classmethod
    def of(cls, check: str, verdict: Verdict, figure: float, **values: object) -> Finding:
        """State a verdict in the catalogue's words for `check`, filled in with `values`."""
        told = "pass" if verdict is Verdict.PASS else "otherwise"
        return cls(say(f"check.{check}", **values), verdict, figure, say(f"finding.{check}.{told}", **values))

    @classmethod
    def graded(cls, check: str, figure: float, review: float, fail: float, **values: object) -> Finding:
        """Grade a figure that should be small: above `review` it is to be looked at, above `fail` it fails."""
        verdict = Verdict.FAIL if figure > fail else Verdict.REVIEW if figure > review else Verdict.PASS
        return cls.of(check, verdict, figure, **values)


def worst_findings(by_market: Mapping[str | None, Sequence[Finding]]) -> tuple[Finding, ...]:
    """Of each check the worst finding over markets, with the market's name."""
    rank = list(Verdict)
    by_check: dict[str, list[tuple[str | None, Finding]]] = {}
    for name, findings in by_market.items():
        for finding in findings:
            by_check.setdefault(finding.check, []).append((name, finding))
    worst = []
    for found in by_check.values():
        name, finding = max(found, key=lambda one: (rank.index(one[1].verdict), one[1].figure))
        alike = sum(other.verdict is finding.verdict for _, other in found)
        if finding.verdict is not Verdict.PASS and len({other.message for _, other in found}) > 1:
            code = "finding.market_more" if alike > 1 else "finding.market"
            message = say(code, market=name, more=alike - 1, message=finding.message)
            finding = replace(finding, message=message)
        worst.append(finding)
    return tuple(worst)
