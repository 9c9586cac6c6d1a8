from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL
from tests.own_evidence import POINTS, returns, written

import channelmix as cm
from channelmix import report
from channelmix.core.words import Words
from channelmix.effectiveness import CellDraws, prior_response
from channelmix.effectiveness.own.overlay import TAIL
from channelmix.effectiveness.published import response as prior_responses
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.service import service_shares
from channelmix.engine.rules.risk import tail_mean
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Check, FittedMarket
from channelmix.recommender.optimize.company_problem import drawn, problem_and_splits
from channelmix.report.content import Content
from channelmix.report.sentences import facts


def content(**fields: Any) -> dict[str, Any]:
    """Three cells of promotion: social and SMS with a history, IM without."""
    small = copy.deepcopy(SMALL) | {"scenario": {"kind": "fixed_budget", "amount": 15000.0}}
    small["purposes"] = {"promotion": small["purposes"]["promotion"]}
    spends = {"social": 8000.0, "sms": 5000.0, "im": 2000.0}
    small["channels"] = {
        name: {"reachable": 50000.0, "current_spend": {"promotion": spend}} for name, spend in spends.items()
    }
    return small | fields


EVIDENCE = {"sms/promotion": returns(mean=2.0), "social": returns(mean=1.0, seed=1)}


def company(checks: tuple[Check, ...] = (), **fields: Any) -> CompanyProfile:
    """SMS had spend in nine of the weeks of its history; of social its file does not say."""
    changes: dict[str, Any] = {"checks": checks} if checks else {}
    columns = tuple(
        column.model_copy(update={"spent_days": 63.0}) if column.name == "sms/promotion" else column
        for column in written(EVIDENCE).columns
    )
    changes["columns"] = columns
    return CompanyProfile.model_validate(content(**fields)).with_evidence(written(EVIDENCE, **changes))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return cm.optimize(company())


def test_each_cell_names_its_evidence(plan: Plan) -> None:
    assert [(row.channel, row.evidence) for row in plan.allocation] == [
        ("social", "experiment"),
        ("sms", "history"),
        ("im", "prior"),
    ]


def test_the_plan_is_proven_verified_and_within_what_was_seen(plan: Plan) -> None:
    assert plan.status is cm.Status.OPTIMAL
    again = Plan.from_json(plan.to_json())
    assert verify_plan(again).status is cm.Status.OPTIMAL
    assert plan.problem["risk"]["kind"] == "safe_improvement"
    spend = {row.channel: row.spend for row in plan.allocation}
    for channel in ("social", "sms"):  # 4,000 to 12,000 was seen on each
        assert 4000.0 - 0.1 <= spend[channel] <= 12000.0 + 0.1
    base = plan.comparisons[0]
    assert base.is_baseline
    fresh, _ = problem_and_splits(company(), drawn(company(), 1024, 0, fresh=True))
    planned, kept = (
        fresh.net_draws([split[name] for name in fresh.curves.names])
        for split in (
            {f"{row.market}/{row.channel}/{row.purpose}": row.spend for row in plan.allocation},
            base.spend,
        )
    )
    # Nothing is lost over the worst on the draws planned on; these are others.
    assert tail_mean(planned - kept, TAIL) >= -0.01 * base.outcome.mean


def test_the_outcome_is_that_of_history(plan: Plan) -> None:
    sms = next(row for row in plan.allocation if row.channel == "sms")
    drawn = [np.interp(sms.spend, POINTS, curve) for curve in returns(mean=2.0)[:1024]]
    assert sms.outcome.mean == pytest.approx(np.mean(drawn), rel=1e-6)
    assert [sms.outcome.low, sms.outcome.high] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), rel=1e-6)


def test_intervals_shrink_beside_those_of_published_figures(plan: Plan) -> None:
    profile = CompanyProfile.model_validate(content())
    draws = PublishedPrior(n_draws=1024).fit().draws(profile.cells())
    curves = prior_response(draws, profile.period_days, 0.9).curves
    for i, row in enumerate(plan.allocation[:2]):
        before = curves.take([i]).value([row.spend])[:, 0]
        spread = row.outcome.high / row.outcome.low
        low, high = sorted(before)[51], sorted(before)[-52]
        assert spread < 0.5 * high / low


def test_the_plan_says_what_history_and_published_figures_said(plan: Plan) -> None:
    said = {a.name: a for a in plan.assumptions if a.basis in ("history", "experiment")}
    assert list(said) == ["return of FR/social/promotion", "return of FR/sms/promotion"]
    sms = said["return of FR/sms/promotion"]
    assert sms.value == pytest.approx(returns(mean=2.0)[:1024, 1].mean() / 5000.0)
    assert sms.low < sms.value < sms.high
    assert sms.note.startswith("on EUR 5,000 a month; published figures said ")
    assert sms.sources == ["by_hand.csv, 104 rows from 2023-01-02 to 2024-12-23"]
    remarks = " ".join(plan.remarks)
    assert "History does not speak of FR/im/promotion:" in remarks
    assert 'State "risk": {"kind": "mean"}' in remarks
    assert "One unit of orders is taken to be worth EUR 20." in remarks
    assert "not on the company's own data" not in remarks


def test_the_table_shows_what_each_cell_rests_on(plan: Plan) -> None:
    buffer = io.StringIO()
    report.to_terminal(plan, buffer)
    text = buffer.getvalue()
    assert "rests on" in text
    lines = {
        line.split()[0]: line for line in text.splitlines() if line.startswith(("social ", "sms ", "im "))
    }
    assert "lift test" in lines["social"]
    assert "history" in lines["sms"]
    assert "published" in lines["im"]
    assert "It rests on your own history and experiments (lift tests) for 2 of 3 cells" in text
    assert "History   return of FR/social/promotion" in text


def test_cells_whose_own_history_is_thin_are_named(plan: Plan) -> None:
    """A file without the number of active periods says nothing of it, and a tested cell does not rest on rows alone."""

    def said(language: str = "en", **days: float) -> str:
        rows = [row.model_copy(update={"spent_days": days.get(row.channel)}) for row in plan.allocation]
        assert plan.totals is not None
        thin = Content(plan.model_copy(update={"allocation": rows}), Words(language, "EUR"))
        return " ".join(facts(thin, plan.totals))

    assert [row.spent_days for row in plan.allocation] == [None, 63.0, None]
    assert "is thin" not in said()
    assert "is thin" not in said(sms=200.0, social=60.0)
    assert "That history is thin for sms (9 weeks with spend)." in said(sms=60.9, social=60.9)
    assert "That history is thin for sms (1 week with spend)." in said(sms=7.0)
    assert "Cet historique est mince pour sms (9 semaines avec dépense)." in said("fr", sms=60.9)


@pytest.mark.parametrize(("active", "named"), [(4.0, True), (20.0, False)])
def test_a_channel_bought_in_bursts_is_named_where_a_plan_buys_it_in_every_period(
    active: float, named: bool
) -> None:
    """Of 26 periods since its first spend; a channel launched late had spend in all of them."""
    evidence = written(EVIDENCE)
    columns = tuple(
        column.model_copy(
            update={"active_spend": 6000.0, "active_periods": active, "since_periods": 26.0, "spend": 1000.0}
        )
        if column.name == "sms/promotion"
        else column
        for column in evidence.columns
    )
    profile = CompanyProfile.model_validate(content()).with_evidence(written(EVIDENCE, columns=columns))
    said = [warning for warning in cm.optimize(profile).warnings if "since it began" in warning]
    assert len(said) == named
    if named:
        assert "sms/promotion had spend in 4 of the 26 periods since it began, EUR 923 a period" in said[0]


def warned(code: str, fitted: dict[str, Any] | None = None, **column: Any) -> list[str]:
    """Warnings of a code in the plan of a history; `column` is what it says of SMS."""
    evidence = written(EVIDENCE)
    changes = {
        "columns": tuple(
            one.model_copy(update=column) if one.name == "sms/promotion" else one for one in evidence.columns
        ),
        "fitted": evidence.fitted.model_copy(update=fitted or {}),
    }
    profile = CompanyProfile.model_validate(content()).with_evidence(written(EVIDENCE, **changes))
    return [warning for warning in cm.optimize(profile).warnings if getattr(warning, "code", "") == code]


@pytest.mark.no_cover
def test_a_channel_that_was_stopped_long_ago_is_named_where_a_plan_buys_it() -> None:
    (said,) = warned("warning.long_ago", last_spend="2024-05-27", idle_days=210.0)
    assert "sms/promotion was last bought in the row of 2024-05-27, 30 weeks before own history ends" in said
    assert "its curve rests on rows that old, and the plan spends EUR 8," in said
    assert warned("warning.long_ago", last_spend="2024-10-28", idle_days=56.0) == []


@pytest.mark.parametrize(("unlisted", "named"), [(60, True), (11, True), (2, False), (None, False)])
def test_a_table_that_leaves_out_many_periods_is_told_of_by_the_plan(
    unlisted: int | None, named: bool
) -> None:
    said = warned("warning.unlisted", {"unlisted": unlisted})
    assert len(said) == named
    if named:
        start = (
            f"own history has 104 rows from 2023-01-02 to 2024-12-23 and leaves out {unlisted} between them"
        )
        assert said[0].startswith(start)


@pytest.mark.no_cover
def test_what_each_market_leaves_out_adds_up() -> None:
    market = {"first": "2023-01-02", "last": "2024-12-23", "rows": 52, "noise": 1.0}
    each = tuple(
        FittedMarket(name=name, unlisted=missing, **market) for name, missing in (("FR", 6), ("DE", None))
    )
    assert warned("warning.unlisted", {"markets": each}) == []
    each = (each[0], each[1].model_copy(update={"unlisted": 6}))
    (said,) = warned("warning.unlisted", {"markets": each})
    assert "leaves out 12 between them" in said


def test_curves_of_the_same_draws_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the plan's draws, of the fresh ones, without word of mouth, and with ten people told: four sets of curves."""
    built: list[CellDraws] = []

    def counted(draws: CellDraws) -> Any:
        built.append(draws)
        return service_shares(draws)

    monkeypatch.setattr(prior_responses, "service_shares", counted)
    cm.optimize(CompanyProfile.model_validate(SMALL), n_draws=64)
    assert len(built) == len({id(draws) for draws in built}) == 4


def test_the_same_seed_gives_the_same_bytes(plan: Plan) -> None:
    assert cm.optimize(company()).to_json() == plan.to_json()


def test_the_plan_is_of_the_evidence(plan: Plan) -> None:
    assert plan.provenance.profile_sha256 == company().sha256
    assert CompanyProfile.model_validate(content()).sha256 != company().sha256


def test_a_stated_mean_switches_care_off() -> None:
    plan = cm.optimize(company(risk={"kind": "mean"}))
    assert plan.problem["risk"] == {"kind": "mean"}
    assert plan.provenance.draws == 512
    assert not any(rule["kind"] == "observed_range" for rule in plan.problem["constraints"])
    assert not any("to switch this off" in remark for remark in plan.remarks)


def test_other_scenarios_keep_to_what_was_seen_and_judge_by_the_mean() -> None:
    plan = cm.optimize(company(scenario={"kind": "max_profit"}))
    assert plan.status is cm.Status.OPTIMAL
    assert plan.problem.get("risk") is None
    assert any(rule["kind"] == "observed_range" for rule in plan.problem["constraints"])


def test_a_failed_check_is_a_warning() -> None:
    failed = Check(check="collinearity", verdict="FAIL", message="Two channels move together.")
    plan = cm.optimize(company((failed,), risk={"kind": "mean"}))
    assert plan.warnings[0] == "own history fails a check, collinearity: Two channels move together."


@pytest.mark.no_cover
def test_sensitivity_moves_no_figure_that_history_replaced() -> None:
    profile = company(risk={"kind": "mean"}, switched_off=["fatigue"])
    plan = cm.optimize(profile, n_draws=64)
    figures = {effect.name for effect in cm.sensitivity(profile, plan).inputs if effect.kind == "figure"}
    assert figures
    assert all(" im promotion" in name for name in figures)


def test_a_frontier_rests_on_history() -> None:
    points = cm.frontier(company(risk={"kind": "mean"}), [10000.0, 20000.0], n_draws=64).points
    assert points[0].spend is not None
    assert points[0].spend["FR/sms/promotion"] > 4000.0


def test_what_lies_beyond_the_most_that_was_spent_is_named_and_drawn_with_dashes() -> None:
    free = cm.optimize(company(risk={"kind": "mean"}, scenario={"kind": "fixed_budget", "amount": 60000.0}))
    beyond = [row for row in free.allocation if row.most_spent is not None and row.spend > row.most_spent]
    assert beyond
    for row in free.allocation:
        assert row.most_spent == (None if row.evidence == "prior" else 12000.0)
        named = [warning for warning in free.warnings if warning.startswith(f"{row.name} gets EUR")]
        assert len(named) == (row in beyond)
    page = free.to_html()
    assert "extrapolated" in page
    assert page.count('class="mean beyond"') >= len(beyond)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (34000.0, "more was never spent before: up to EUR 12,000"),
        (40000.0, "no more than today's mix, since more was never spent before: up to EUR 12,000"),
    ],
)
def test_a_cell_that_stops_at_the_most_that_was_spent_says_so(amount: float, reason: str) -> None:
    """12,000 was the most on SMS; today's mix scaled to 40,000 has 13,333."""
    stated = {"kind": "flexible_budget", "min_marginal_roi": 0.2, "max_amount": amount}
    little = {"kind": "spend_bounds", "bounds": {"im": [0.0, 2000.0]}}
    rows = cm.optimize(company(scenario=stated, rules=[little])).allocation
    assert [row.reason for row in rows if row.channel == "sms"] == [reason]


def test_months_of_a_plan_over_time_have_their_own_timing() -> None:
    """The first of two months brings nine tenths of what a usual one does, by its timing a year ago."""
    plain = written(EVIDENCE)
    factors = (0.9, *[1.0] * 11)
    columns = tuple(
        column.model_copy(update={"months_ahead": factors, "timing": ("2024-01-01", "2024-12-23")})
        for column in plain.columns
    )
    content_over_time = content(periods=2, timing={}, risk={"kind": "mean"})
    parts = {
        name: getattr(plain, name) for name in type(plain).model_fields if name not in ("sha256", "messages")
    }
    evidence = cm.Evidence.sealed(**{**parts, "columns": columns})
    profile = CompanyProfile.model_validate(content_over_time).with_evidence(evidence)
    problem = problem_and_splits(profile, drawn(profile, 64, 0))[0]
    spend = np.full(problem.curves.n_cells * 2, 5000.0)
    first, second = problem.outcomes(spend).mean(axis=0).reshape(2, -1)[:, :2]
    assert first == pytest.approx(0.9 * second)
    assert any("the timing of that month" in remark for remark in cm.optimize(profile, n_draws=64).remarks)
