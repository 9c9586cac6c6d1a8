from __future__ import annotations

import sys
from typing import Any

import pytest

from channelmix.core.errors import InputError
from channelmix.plan import Frontier, Plan


def traces(figure: Any) -> list[dict[str, Any]]:
    return [trace.to_plotly_json() for trace in figure.data]


def test_the_allocation_is_drawn_now_and_planned(example_plan: Plan) -> None:
    now, plan = traces(example_plan.plot_allocation())
    rows = [row for row in example_plan.allocation if row.spend or row.current_spend]
    assert (now["name"], plan["name"]) == ("now", "plan")
    assert list(now["x"]) == [row.current_spend for row in rows]
    assert list(plan["x"]) == [row.spend for row in rows]
    assert list(plan["y"]) == [f"{row.channel} / {row.purpose}" for row in rows]


def test_evidence_is_drawn_with_its_interval(example_plan: Plan) -> None:
    [trace] = traces(example_plan.plot_evidence())
    rows = [row for row in example_plan.allocation if row.spend or row.current_spend]
    assert trace["name"] == "prior"
    high = [x + up for x, up in zip(trace["x"], trace["error_x"]["array"], strict=True)]
    low = [x - down for x, down in zip(trace["x"], trace["error_x"]["arrayminus"], strict=True)]
    assert high == pytest.approx([row.outcome.high for row in rows])
    assert low == pytest.approx([row.outcome.low for row in rows])


def test_curves_are_drawn_with_both_points(example_plan: Plan) -> None:
    figure = example_plan.plot_response(["FR/sms/promotion"])
    low, high, mean, now, plan = traces(figure)
    row = next(row for row in example_plan.allocation if row.name == "FR/sms/promotion")
    assert (list(now["x"]), list(plan["x"])) == ([row.current_spend], [row.spend])
    assert list(plan["y"]) == pytest.approx([row.outcome.mean])
    assert all(a <= b for a, b in zip(low["y"], high["y"], strict=True))
    assert len(mean["x"]) == len(low["x"])
    assert len(example_plan.plot_response().data) == 5 * 8 + 5  # nine cells, the ninth without money
    with pytest.raises(InputError, match="did you mean"):
        example_plan.plot_response(["FR/sms/promotions"])
    with pytest.raises(InputError, match="one cell at least"):
        example_plan.plot_response([])


def test_figures_over_several_periods_draw_sums(over_time: Plan, quarter: Plan) -> None:
    now, plan = traces(quarter.plot_allocation())
    rows = [row for row in quarter.sums if row.spend > 1.0 or row.current_spend]
    assert list(plan["x"]) == [row.spend for row in rows]
    assert list(now["x"]) == [row.current_spend for row in rows]
    for figure in (over_time.plot_allocation(), over_time.plot_evidence()):
        assert "over 4 weeks" in figure.layout.title.text
    figure = quarter.plot_response(["FR/sms/promotion"])
    assert "a week, every period alike" in figure.layout.title.text
    row = next(row for row in quarter.sums if row.name == "FR/sms/promotion")
    assert list(traces(figure)[-1]["x"]) == pytest.approx([row.spend / 13])


def test_the_frontier_is_drawn_where_plans_exist(example_frontier: Frontier) -> None:
    mean, tail = traces(example_frontier.plot())
    points = example_frontier.points[1:]
    assert list(mean["x"]) == [point.budget for point in points]
    assert list(mean["y"]) == [point.outcome for point in points]
    assert list(tail["y"]) == [point.tail_outcome for point in points]


def test_a_plan_is_drawn_among_the_points_of_a_frontier(
    example_plan: Plan, example_frontier: Frontier, small_plan: Plan
) -> None:
    mean, _, plan = traces(example_plan.plot_frontier(example_frontier))
    assert example_plan.totals is not None
    assert plan["x"][0] == example_plan.totals.budget == 135_000.0
    at = list(mean["x"]).index(135_000.0)
    assert plan["y"][0] == pytest.approx(mean["y"][at], rel=1e-2)  # on other draws
    with pytest.raises(InputError, match='the frontier is of "Maison Verte"'):
        small_plan.plot_frontier(example_frontier)


def test_names_are_no_tags_in_figures(many_cells: Plan) -> None:
    for figure in (many_cells.plot_allocation(), many_cells.plot_response(), many_cells.plot_evidence()):
        assert "<" not in figure.layout.title.text
        texts = [str(text) for trace in figure.data for text in (trace.y if trace.y is not None else ())]
        assert not any("<" in text for text in texts)
        assert not any("<" in (note.text or "") for note in figure.layout.annotations)


def test_what_cannot_be_drawn_is_said(
    infeasible_plan: Plan, example_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="infeasible has nothing to draw"):
        infeasible_plan.plot_allocation()
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(InputError, match=r"pip install 'channelmix\[figures\]'"):
        example_plan.plot_allocation()
