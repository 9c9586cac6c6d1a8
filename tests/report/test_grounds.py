"""What the report says a plan rests on: own history as far as its checks and its time let it count."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from tests.own_evidence import returns, written
from tests.recommender.optimize.test_own_history import content

import channelmix as cm
from channelmix.core.words import Message, Words, say
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Check, Evidence
from channelmix.report import to_terminal
from channelmix.report.content import Content
from channelmix.report.sentences import facts, headline

ALL = {"social": 1.0, "sms": 2.0, "im": 1.5}


def check(verdict: Any, code: str, **values: Any) -> Check:
    return Check(
        check=say(f"check.{code}"), verdict=verdict, message=say(f"finding.{code}.otherwise", **values)
    )


def resting_on(means: Mapping[str, float], *checks: Check, tested: tuple[str, ...] = ()) -> Plan:
    """A plan on evidence for these channels; files hold no messages of Python, so it is read back from its text."""
    curves = {name: returns(mean=mean, seed=i) for i, (name, mean) in enumerate(means.items())}
    evidence = written(curves)
    columns = tuple(
        column.model_copy(update={"basis": "experiment" if column.name in tested else "history"})
        for column in evidence.columns
    )
    changes: dict[str, Any] = {"columns": columns} | ({"checks": checks} if checks else {})
    evidence = written(curves, **changes)
    read = Evidence.from_json(evidence.to_json())
    return cm.optimize(CompanyProfile.model_validate(content()).with_evidence(read))


def said(plan: Plan, language: str = "en") -> str:
    assert plan.totals is not None
    report = Content(plan, Words(language, plan.currency, plain=True))
    return " ".join([*headline(report, plan.totals), *facts(report, plan.totals)])


@pytest.mark.parametrize(("failed", "begins"), [(1, "One check of"), (2, "2 checks of")])
def test_failed_checks_stand_at_the_headline(failed: int, begins: str) -> None:
    checks = [
        check("FAIL", "negative_baseline", chance=1.0),
        check("FAIL", "effective_draws", size=2048, worth=65),
    ]
    plan = resting_on(ALL, *checks[:failed])
    assert plan.totals is not None
    assert headline(Content(plan, Words("en", "EUR")), plan.totals)[-1].startswith(
        f"{begins} your own history failed, so that these estimates may be far off: "
    )
    assert f"{begins} your own history failed" in plan.to_html().split('class="headline"')[1].split("</p>")[0]
    assert "de votre historique" in said(plan, "fr")


def test_no_failed_check_is_no_sentence() -> None:
    assert "failed" not in said(resting_on(ALL, check("REVIEW", "negative_baseline", chance=0.1)))


def test_what_opt_outs_cost_rests_on_published_figures() -> None:
    plan = resting_on(ALL)
    assert plan.totals is not None
    assert plan.totals.charge > 0.0
    assert "What channels bring rests on your own history, what opt-outs cost on published figures." in said(
        plan
    )
    assert "All of it" not in said(plan)
    free = plan.model_copy(update={"totals": plan.totals.model_copy(update={"charge": 0.0})})
    assert "All of it rests on your own history." in said(free)


@pytest.mark.parametrize(
    ("tested", "what"),
    [
        (("social", "sms", "im"), "your own experiments (lift tests)"),
        (("social",), "your own history and experiments (lift tests)"),
        ((), "your own history"),
    ],
)
def test_lift_tests_are_called_so_as_in_the_column(tested: tuple[str, ...], what: str) -> None:
    assert f"rests on {what}, " in said(resting_on(ALL, tested=tested))


@pytest.mark.parametrize("counted", [0.0, 0.4])
def test_a_fit_that_ended_early_is_not_own_history(counted: float) -> None:
    plan = Plan.from_json(
        resting_on(ALL, check("FAIL", "time_limit", limit=0.001, counted=counted)).to_json()
    )
    assert f"with {100 * counted:.0f} % of the evidence in your own history counted" in said(plan)
    assert "rests on your own history" not in said(plan)


def test_returns_far_from_what_is_published_are_a_warning() -> None:
    hint = say("contradicted.units", factor=92.0)
    ranges = [say("contradicted.range", column="sms", low=0.02, high=0.4, mean=3.2)]
    told = check("REVIEW", "contradicted", chance=0.0083, ranges=ranges, hint=hint)
    plan = resting_on(ALL, told, check("REVIEW", "negative_baseline", chance=0.1))
    assert isinstance(plan.message(plan.warnings[0]), Message)
    assert plan.warnings[0].startswith("look at own history, published returns: ")
    assert "some 92 times what is published, check the units" in plan.warnings[0]
    assert not any("negative baseline" in warning for warning in plan.warnings)
    shown = io.StringIO()
    to_terminal(plan, shown)
    assert "92 times what is published" in " ".join(shown.getvalue().split())
    assert "regardez l\u2019historique" in plan.to_html(
        lang="fr"
    )  # not English: files of evidence hold codes, too
