from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL

import channelmix as cm
from channelmix.effectiveness import shifted_value
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.engine.proof.solution import Status
from channelmix.plan import InputEffect, Plan, Sensitivity, Side
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.company_problem import problem_of
from channelmix.recommender.sensitivity.sensitivity import FIELD_FACTOR
from channelmix.report.terminal.sensitivity import parts

DRAWS = 64

OVERLAP = "overlap: customers whom several channels reach"


def content() -> dict[str, Any]:
    made = copy.deepcopy(SMALL)
    del made["channels"]["app"]
    made["channels"]["sms"]["reachable"] = 150000.0
    made["channels"]["sms"]["resolution_share"] = 0.7
    made["channels"]["sms"]["cost_per_contact"] = {"promotion": 0.15}
    made["purposes"]["promotion"]["order_value"] = 50.0  # else it would be taken to follow from the margin
    made["rules"] = [{"kind": "keep_working", "floor": 0.5}]
    return made


@pytest.fixture(scope="module")
def profile() -> CompanyProfile:
    return CompanyProfile.model_validate(content())


@pytest.fixture(scope="module")
def plan(profile: CompanyProfile) -> Plan:
    return cm.optimize(profile, n_draws=DRAWS, seed=5)


@pytest.fixture(scope="module")
def found(profile: CompanyProfile, plan: Plan) -> Sensitivity:
    return cm.sensitivity(profile, plan)


def by_name(found: Sensitivity) -> dict[str, InputEffect]:
    return {effect.name: effect for effect in found.inputs}


def sides(found: Sensitivity) -> list[Side]:
    return [side for effect in found.inputs for side in (effect.low, effect.high)]


def test_every_figure_in_use_is_an_input_unless_it_is_certain(plan: Plan, found: Sensitivity) -> None:
    # What an audience is judged to matter is part of the effects' own uncertainty, and no input of its own.
    figures = [entry for entry in plan.assumptions if not entry.is_stated and "audience" not in entry.name]
    uncertain = {entry.name for entry in figures if entry.high > entry.value}
    assert uncertain < {entry.name for entry in figures}, "penetration is taken as certain"
    assert {effect.name for effect in found.inputs if effect.kind == "figure"} == uncertain
    listed = {entry.name: entry for entry in plan.assumptions}
    for effect in found.inputs:
        if effect.kind == "figure":
            entry = listed[effect.name]
            assert (effect.assumed, effect.unit, effect.basis) == (entry.value, entry.unit, entry.basis)
            assert effect.facts == entry.facts
            assert effect.low.value == pytest.approx(entry.low)


def test_what_the_profile_states_is_a_field_and_no_figure(found: Sensitivity) -> None:
    effects = by_name(found)
    assert effects["channels.sms.resolution_share"].kind == "profile"
    effect = effects["channels.sms.resolution_share"]  # odds of 7 to 3, twice as high or half as high
    assert (effect.low.value, effect.high.value) == pytest.approx((7.0 / 13.0, 14.0 / 17.0))
    assert effect.factor == pytest.approx(math.sqrt(14.0 / 17.0 / (7.0 / 13.0)))
    assert effects["markets[0].customers"].factor == FIELD_FACTOR, "which counts as stated"
    assert effects["channels.sms.cost_per_contact.promotion"].kind == "profile"
    assert not any(
        name.startswith(("resolution of sms", "cost per contact of sms promotion")) for name in effects
    )
    assert any(name.startswith("resolution of im") for name in effects)


def test_the_plan_itself(plan: Plan, found: Sensitivity) -> None:
    assert found.spend == {row.name: row.spend for row in plan.allocation}
    assert found.current_spend == {row.name: row.current_spend for row in plan.allocation}
    assert (found.budget, found.baseline) == (20000.0, "current mix at this budget")
    assert (found.seed, found.draws) == (5, DRAWS)
    fresh = next(comparison for comparison in plan.comparisons if comparison.is_baseline).gain
    assert fresh.low < found.gain < fresh.high


def test_sides_hold_together(found: Sensitivity) -> None:
    assert {side.stands for side in sides(found)} == {True, False}
    for side in sides(found):
        assert sum(side.spend.values()) <= found.budget * (1.0 + 1e-9)
        assert side.best_gain == pytest.approx(side.kept_gain + side.regret)
        if side.stands:
            assert (side.spend, side.regret, side.moved, side.gap) == (found.spend, 0.0, 0.0, None)
        else:
            assert side.regret > 0.0
            assert side.gap is not None
            assert side.gap <= found.requested_gap
            change = [side.spend[cell] - found.spend[cell] for cell in found.spend]
            assert side.moved == pytest.approx(
                max(sum(c for c in change if c > 0), -sum(c for c in change if c < 0))
            )


def test_the_most_influential_come_first(found: Sensitivity) -> None:
    influence = [
        max(max(abs(side.kept_gain - found.gain), side.regret) for side in (effect.low, effect.high))
        for effect in found.inputs
    ]
    assert influence == sorted(influence, reverse=True)
    assert influence == [effect.influence for effect in found.inputs]


@pytest.mark.parametrize("quantity", ["opt_out_per_message", "cost_per_contact", "saturation_frequency"])
def test_figures_against_a_prior_with_shifted_ranges(
    profile: CompanyProfile, plan: Plan, found: Sensitivity, quantity: str
) -> None:
    """The draws that `PublishedPrior` makes of a range of one's own, solved afresh, give the same answer.

    Shares are left out whose draws reach 1: the prior cuts a draw after its range has moved, not before.
    """
    cells = profile.cells()
    assumed = PublishedPrior(n_draws=DRAWS, seed=5).fit().draws(cells)
    planned = np.array(list(found.spend.values()))
    tested = 0
    for figure in assumed.figures:
        r = figure.range
        if r.quantity != quantity or r.basis.startswith("regression"):
            continue
        effect = next(
            e
            for e in found.inputs
            if e.facts == list(r.fact_ids)
            and e.assumed == r.typical
            and e.unit == r.unit
            and e.name.endswith(f"of {_place(figure.cells)}")
        )
        for side, factor in ((effect.low, 1.0 / r.uncertainty_factor), (effect.high, r.uncertainty_factor)):
            own = dataclasses.replace(r, low=factor * r.low, typical=factor * r.typical, high=factor * r.high)
            prior = PublishedPrior(n_draws=DRAWS, seed=5).fit([own])
            problem = problem_of(profile, prior.draws(cells))
            best = cm.solve(problem, gap=1e-4)
            assert side.value == pytest.approx(shifted_value(figure, factor))
            assert side.regret == pytest.approx(best.value - problem.value(planned), abs=2e-4 * best.value)
            assert (
                max(
                    abs(side.spend[name] - spent)
                    for name, spent in zip(problem.curves.names, best.spend.tolist(), strict=True)
                )
                <= 2e-3 * found.budget
                or side.stands
            )
            tested += 1
    assert tested


def _place(cells: tuple[str, ...]) -> str:
    parts = list(zip(*(name.split("/") for name in cells), strict=True))
    return " ".join(", ".join(dict.fromkeys(part)) for part in parts[1:])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            "purposes.promotion.margin_per_order",
            lambda c, to: c["purposes"]["promotion"].update(margin_per_order=to),
        ),
        ("channels.sms.reachable", lambda c, to: c["channels"]["sms"].update(reachable=to)),
        (
            "purposes.service.inbound_contacts",
            lambda c, to: c["purposes"]["service"].update(inbound_contacts=to),
        ),
    ],
)
def test_fields_against_a_plan_of_the_changed_profile(
    found: Sensitivity, name: str, change: Callable[[dict[str, Any], float], None]
) -> None:
    effect = by_name(found)[name]
    assert effect.low.value < effect.assumed < effect.high.value
    for side in (effect.low, effect.high):
        other = content()
        change(other, side.value)
        plan = cm.optimize(CompanyProfile.model_validate(other), n_draws=DRAWS, seed=5)
        spend = {row.name: row.spend for row in plan.allocation}
        assert max(abs(side.spend[cell] - spend[cell]) for cell in spend) <= 5e-3 * found.budget


def test_overlap_against_plans_of_the_profile_that_states_it(plan: Plan, found: Sensitivity) -> None:
    effect = by_name(found)[OVERLAP]
    # Social media, SMS and instant messages reach a half, three quarters and a twentieth of all customers.
    assert effect.assumed == pytest.approx(2.0 * (0.5 + 0.75 + 0.05) / 6.0)
    assert (effect.low.value, effect.high.value) == (0.0, 1.0)
    base = next(one for one in plan.comparisons if one.is_baseline)
    for side in (effect.low, effect.high):
        assert not side.stands
        stating = CompanyProfile.model_validate(content() | {"overlap": side.value})
        other = cm.optimize(stating, n_draws=DRAWS, seed=5)
        spend = {row.name: row.spend for row in other.allocation}
        assert max(abs(side.spend[cell] - spend[cell]) for cell in spend) <= 5e-3 * found.budget
        there = cm.AllocationProblem.from_dict(other.problem)
        kept, before = (
            there.value([split[name] for name in there.cells.names]) for split in (found.spend, base.spend)
        )
        assert side.kept_gain == pytest.approx(kept - before)
        assert side.best_gain == pytest.approx((other.certificate.value or 0.0) - before, abs=2e-4 * kept)
    assert effect.low.kept_gain != effect.high.kept_gain


@pytest.mark.parametrize(
    ("own", "moved"),
    [({}, [(0.0, 1.0)]), ({"overlap": 0.5}, [(0.4, 0.625)]), ({"overlap": 0.0}, [])],
    ids=["not stated", "a half", "none"],
)
def test_a_stated_overlap_moves_as_other_fields_do(
    own: dict[str, Any], moved: list[tuple[float, float]]
) -> None:
    """None or all is what remains possible where nothing is stated, and only there."""
    made = content()
    made["purposes"] = {"promotion": made["purposes"]["promotion"]}
    made["channels"] = {name: made["channels"][name] for name in ("social", "sms")}
    del made["channels"]["sms"]["resolution_share"]
    made["channels"]["social"]["current_spend"] = {"promotion": 6000.0}
    profile = CompanyProfile.model_validate(made | own)
    found = cm.sensitivity(profile, cm.optimize(profile, n_draws=16))
    ends = [
        (effect.low.value, effect.high.value)
        for effect in found.inputs
        if effect.name in ("overlap", OVERLAP)
    ]
    assert ends == [pytest.approx(pair) for pair in moved]


def test_directions(found: Sensitivity) -> None:
    """What a contact costs drives money away, what it brings attracts it, and service money follows its load."""
    effects = by_name(found)

    def spent(name: str, cell: str) -> tuple[float, float, float]:
        effect = effects[name]
        return effect.low.spend[cell], found.spend[cell], effect.high.spend[cell]

    low, planned, high = spent("channels.sms.cost_per_contact.promotion", "FR/sms/promotion")
    assert low > planned > high
    low, planned, high = spent("orders per contact of sms promotion", "FR/sms/promotion")
    assert low < planned < high
    cost = effects["channels.sms.cost_per_contact.promotion"]
    assert cost.low.kept_gain > found.gain > cost.high.kept_gain
    low, planned, high = spent("service share of im service", "FR/im/service")
    assert low < planned < high


def test_what_no_cell_uses_moves_nothing(found: Sensitivity) -> None:
    """Nobody spends on advocacy here, today or in the plan."""
    effect = by_name(found)["saturation frequency of im advocacy"]
    for side in (effect.low, effect.high):
        assert side.stands
        assert side.kept_gain == found.gain
    assert effect.influence == 0.0
    assert not effect.decides


def test_json_and_rows(found: Sensitivity) -> None:
    assert Sensitivity.from_json(found.to_json()) == found
    with pytest.raises(cm.InputError, match="not a sensitivity of channelmix: schema_version"):
        Sensitivity.from_json(found.to_json().replace('"schema_version": 2', '"schema_version": 3'))
    rows = found.rows()
    assert len(rows) == 2 * len(found.inputs) * len(found.spend)
    first = rows[0]
    assert (first["rank"], first["input"], first["side"]) == (1, found.inputs[0].name, "low")
    assert first["spend"] == found.inputs[0].low.spend[first["cell"]]


@pytest.mark.no_cover
def test_markets_keep_todays_spend_and_the_same_gives_the_same() -> None:
    """A market larger than thought has other inbound contacts and reach, but no other accounts."""
    other = content()
    other["channels"] = {"sms": other["channels"]["sms"]}
    other["purposes"].pop("advocacy")
    other["markets"] = [{"name": "A", "customers": 150000.0}, {"name": "B", "customers": 50000.0}]
    two = CompanyProfile.model_validate(other)
    plan = cm.optimize(two, n_draws=16)
    calls: list[tuple[int, int]] = []
    found = cm.sensitivity(two, plan, progress=lambda done, of: calls.append((done, of)))
    assert calls == [(i, len(found.inputs)) for i in range(len(found.inputs))]
    assert cm.sensitivity(two, plan).to_json() == found.to_json()
    effect = by_name(found)["markets[1].customers"]
    assert effect.high.value == 62500.0
    floors = {cell: 0.5 * now for cell, now in found.current_spend.items()}
    for side in sides(found):
        assert all(side.spend[cell] >= floors[cell] - 1e-6 * found.budget for cell in floors)


def test_a_plan_of_something_else(profile: CompanyProfile, plan: Plan) -> None:
    other = content() | {"sector": "banking"}
    with pytest.raises(cm.InputError, match="not of this profile"):
        cm.sensitivity(CompanyProfile.model_validate(other), plan)
    certificate = plan.certificate.model_copy(update={"value": 1.01 * (plan.certificate.value or 0.0)})
    with pytest.raises(cm.InputError, match="not what this version makes"):
        cm.sensitivity(profile, plan.model_copy(update={"certificate": certificate}))
    with pytest.raises(cm.CertificateError, match="its gap is not closed"):
        cm.sensitivity(profile, plan.model_copy(update={"status": Status.NOT_CERTIFIED}))
    with pytest.raises(cm.NoPlanError, match="it is infeasible"):
        cm.sensitivity(profile, plan.model_copy(update={"status": Status.INFEASIBLE}))


@pytest.mark.no_cover
def test_a_plan_over_several_periods_is_looked_at_over_all_of_them() -> None:
    made = content()
    made["purposes"] = {"promotion": made["purposes"]["promotion"]}
    made["channels"] = {name: made["channels"][name] for name in ("social", "sms")}
    made["channels"]["social"]["current_spend"] = {"promotion": 6000.0}
    made["channels"]["sms"].pop("resolution_share")
    made["periods"] = 2
    made["timing"] = {
        "season": {"sms": [1.0, 1.5]},
        "carryover": {"social": {"kind": "geometric", "half_life": 0.5}},
        "spent_before": {"social": [0.5]},
    }
    profile = CompanyProfile.model_validate(made)
    plan = cm.optimize(profile, n_draws=16, gap=1e-3)
    found = cm.sensitivity(profile, plan)
    assert found.span == 2
    assert found.spend == {cell.name: cell.spend for cell in plan.sums}
    effects = by_name(found)
    assert "timing.spent_before.social[0]" not in effects
    base = next(one for one in plan.comparisons if one.is_baseline)
    problem = cm.AllocationProblem.from_dict(plan.problem)
    spend = np.array([row.spend for row in plan.allocation])
    baseline = np.array([base.spend[name] for name in problem.cells.names])
    assert found.gain == pytest.approx(problem.value(spend) - problem.value(baseline))
    # A season of 1.5 times as much in the second period, stated anew and planned anew.
    made["timing"]["season"]["sms"][1] = 1.5 * FIELD_FACTOR
    other = cm.optimize(CompanyProfile.model_validate(made), n_draws=16, gap=1e-3)
    there = cm.AllocationProblem.from_dict(other.problem)
    side = effects["timing.season.sms[1]"].high
    assert side.kept_gain == pytest.approx(there.value(spend) - there.value(baseline))
    assert other.certificate.value is not None
    assert side.best_gain == pytest.approx(
        other.certificate.value - there.value(baseline), abs=2e-3 * other.certificate.value
    )
    assert sum(side.spend.values()) == pytest.approx(40_000.0)


def test_inputs_that_time_left_no_room_for_are_counted(
    profile: CompanyProfile, plan: Plan, found: Sensitivity
) -> None:
    assert found.left_out == 0
    late = cm.sensitivity(profile, plan, time_limit=1e-9)
    assert len(late.inputs) == 1
    assert late.left_out == len(found.inputs) - 1
    assert Sensitivity.from_json(late.to_json()) == late
    said, unsaid = ("\n".join(map(str, parts(one, 100))) for one in (late, found))
    assert f"Time was up: {late.left_out} more inputs" in said
    assert "Time was up" not in unsaid
