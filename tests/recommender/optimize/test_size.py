"""The size of a plan is known before it is made: its memory, its time, and its document."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import channelmix as cm
from bench_sizes import profile_of
from channelmix.engine.solver.solve import solve_and_verify
from channelmix.plan.verify import verify_plan
from channelmix.recommender.optimize import optimize as planning
from channelmix.recommender.optimize import time_left
from channelmix.recommender.optimize.company_problem import problem_and_splits
from channelmix.recommender.optimize.size import GB, Size, check_size, usual_draws

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "bench_sizes.py"


def profile(kind: str, count: int) -> cm.CompanyProfile:
    return cm.CompanyProfile.from_json(json.dumps(profile_of(kind, count)))


@pytest.mark.parametrize(("kind", "count"), [("days", 90), ("markets", 120)])
def test_the_estimate_of_memory_holds_within_a_factor_of_2(kind: str, count: int) -> None:
    """In a process of its own, whose most memory the system tells."""
    command = [sys.executable, str(BENCHMARK), "--limit", "3", "--one", kind, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert 0.5 <= found["memory"] / found["estimate"] <= 2.0


def test_what_is_too_large_is_refused_with_its_size_and_the_option() -> None:
    large = profile("markets", 40)
    with pytest.raises(cm.InputError) as refused:
        cm.optimize(large, max_memory=0.05)
    said = str(refused.value)
    for part in (
        "480 cells",
        "40 markets",
        "512 draws",
        "0.05 GB",
        "fewer markets",
        "max_memory",
        "--max-memory",
    ):
        assert part in said
    with pytest.raises(cm.InputError, match="fewer periods, or allow more"):
        check_size(profile("days", 365), max_memory=0.1)
    with pytest.raises(cm.InputError, match="fewer draws, or allow more"):
        check_size(profile("markets", 2), 10_000_000)
    with pytest.raises(cm.InputError, match="max_memory"):
        cm.optimize(large, max_memory=-1.0)
    assert check_size(large).cells == 480


def test_a_year_of_days_is_planned_and_not_refused() -> None:
    size = check_size(profile("days", 365))
    assert (size.cells, size.periods, size.curves) == (12, 365, 4380)
    assert size.bytes < 0.5 * GB
    assert usual_draws(size.curves) == size.draws == 128


def test_size_grows_with_what_makes_it() -> None:
    one, more = Size.of(profile("markets", 50)), Size.of(profile("markets", 100))
    assert one.bytes < more.bytes
    assert Size.of(profile("markets", 50), 4 * one.draws).bytes > one.bytes
    assert usual_draws(12) == usual_draws(2000) == 512
    assert usual_draws(10**6) == 128


@pytest.fixture(scope="module")
def plans() -> dict[int, cm.Plan]:
    """Plans of 12 and of 36 markets."""
    return {count: cm.optimize(profile("markets", count), n_draws=64) for count in (12, 36)}


def test_a_document_stays_in_proportion_to_its_cells(plans: dict[int, cm.Plan]) -> None:
    """Curves that markets share are stored once; what remains is a row a cell and its rules."""
    sizes = {count: len(plan.to_json()) for count, plan in plans.items()}
    a_cell = (sizes[36] - sizes[12]) / (24 * 12)
    assert a_cell < 2000
    stored = {count: len(json.dumps(plan.problem["curves"]["blocks"])) for count, plan in plans.items()}
    assert stored[36] < 1.5 * stored[12]


def test_a_document_of_shared_curves_is_checked_like_any_other(plans: dict[int, cm.Plan]) -> None:
    plan = cm.Plan.from_json(plans[12].to_json())
    assert verify_plan(plan).gap == pytest.approx(plans[12].certificate.gap, rel=1e-9)
    data = json.loads(plan.to_json())
    data["problem"]["curves"]["blocks"][0]["of"][0] = data["problem"]["curves"]["blocks"][0]["of"][1]
    with pytest.raises((cm.CertificateError, cm.InputError)):
        verify_plan(cm.Plan.from_json(json.dumps(data)))


def as_before(plan: cm.Plan) -> cm.Plan:
    """Return a plan as documents held it before curves were shared: a block and a grid for each cell."""
    problem = cm.AllocationProblem.from_dict(plan.problem)
    curves = cm.ResponseCurves.concat(
        [cm.ResponseCurves((name,), (problem.curves.cell(i),)) for i, name in enumerate(problem.curves.names)]
    )
    block, grids = problem.standard.curves.as_shared(), plan.proof["grids"]
    each = [(np.array(grids[k]) * unit).tolist() for k, unit in zip(block.of, block.unit, strict=True)]
    before = plan.problem | {"curves": curves.to_dict()}
    return plan.model_copy(update={"problem": before, "proof": plan.proof | {"grids": each}})


@pytest.mark.no_cover
def test_documents_of_before_are_read_and_prove_the_same(plans: dict[int, cm.Plan]) -> None:
    over_time = cm.optimize(profile("days", 5), n_draws=64, gap=0.02)
    for plan in (plans[12], over_time):
        old = as_before(plan)
        assert len(old.to_json()) > len(plan.to_json())
        one, other = verify_plan(old), verify_plan(plan)
        assert one.value == pytest.approx(other.value, rel=1e-9)
        assert one.upper_bound == other.upper_bound == plan.certificate.upper_bound
        assert one.gap == pytest.approx(other.gap, abs=1e-9)


class Stopwatch:
    """A clock that only planning reads, and that stands still unless a phase moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.mark.parametrize(("limit", "building"), [(5.0, 1.0), (60.0, 1.0), (5.0, 20.0)])
def test_the_search_gets_what_all_else_leaves(
    limit: float, building: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = profile("markets", 1)
    watch, given = Stopwatch(), []
    state, solve = problem_and_splits, solve_and_verify

    def stated(*args: Any) -> Any:
        watch.now += building
        return state(*args)

    def solved(problem: Any, gap: float, seconds: float, **more: Any) -> Any:
        given.append(seconds)
        return solve(problem, gap, 30.0, **more)

    monkeypatch.setattr(planning, "problem_and_splits", stated)
    monkeypatch.setattr(planning, "solve_and_verify", solved)
    for module in (planning, time_left):
        monkeypatch.setattr(module, "time", watch)
    plan = cm.optimize(small, n_draws=64, time_limit=limit)
    assert plan.status is cm.Status.OPTIMAL
    after = time_left.AGAIN * building
    room = max(time_left.ROOM_SECONDS, time_left.ROOM * limit)
    wanted = max(min(limit + room - building - after, limit), time_left.LEAST_PART * limit)
    assert given[0] == pytest.approx(wanted, abs=0.05)


@pytest.mark.no_cover
def test_no_time_at_all_still_gives_a_plan_with_its_honest_gap() -> None:
    began = time.process_time()
    plan = cm.optimize(profile("days", 60), n_draws=64, time_limit=0.01)
    assert time.process_time() - began < 60.0
    assert plan.status in (cm.Status.OPTIMAL, cm.Status.NOT_CERTIFIED)
    assert plan.certificate.gap is not None
    assert verify_plan(cm.Plan.from_json(plan.to_json())).gap == pytest.approx(plan.certificate.gap)


def test_what_takes_longer_than_allowed_is_refused_with_the_limit_that_suffices() -> None:
    large = profile("markets", 2000)
    with pytest.raises(cm.InputError) as refused:
        cm.optimize(large, time_limit=3.0)
    for part in ("24,000 cells", "2,000 markets", "than the 3 s allowed", "fewer markets", "--time-limit"):
        assert part in str(refused.value)
    enough = float(str(refused.value).partition("--time-limit ")[2].split(" ")[0])
    assert check_size(large, time_limit=enough).markets == 2000
    with pytest.raises(cm.InputError, match="--time-limit"):
        check_size(large, time_limit=enough - 1.0)


def test_more_cells_than_are_compared_are_refused_before_anything_is_made() -> None:
    with pytest.raises(
        cm.InputError, match=r"too large: 36,000 cells .* more than the 29,296 .* fewer markets"
    ):
        check_size(profile("markets", 3000), max_memory=100.0)


def test_markets_with_figures_of_their_own_take_more() -> None:
    content = profile_of("markets", 50)
    alike = Size.of(profile("markets", 50))
    for k, market in enumerate(content["markets"]):
        market["channels"] = {"sms": {"cost_per_contact": {"promotion": 0.01 + 1e-4 * k}}}
    apart = Size.of(cm.CompanyProfile.from_json(json.dumps(content)))
    assert (alike.kinds, apart.kinds) == (12, 600)
    assert apart.bytes > alike.bytes
    assert apart.seconds > alike.seconds


def test_a_question_about_a_plan_keeps_to_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    monkeypatch.setattr(time_left, "time", watch)
    clock = time_left.Clock(30.0)
    assert (clock.left, clock.planning, clock.over) == (30.0, 10.0, False)
    watch.now = 12.0
    assert clock.left == pytest.approx(18.0)
    watch.now = 31.0
    assert clock.over
    assert clock.left == pytest.approx(time_left.LEAST_PART * 30.0)
    assert time_left.Clock(1000.0).planning == 60.0
