from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.own_evidence import POINTS, returns, written

from channelmix.core.errors import InputError
from channelmix.effectiveness import (
    CellDraws,
    PriorResponse,
    observed_ranges,
    prior_response,
    response,
    risk_of,
    with_own,
)
from channelmix.effectiveness.own.overlay import TAIL
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.engine.rules import MeanRisk, SafeImprovement
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Evidence

DAYS, RATE = 365.25 / 12.0, 0.9


def drawn(
    content: dict[str, Any], evidence: Evidence, n_draws: int = 64, *, fresh: bool = False
) -> tuple[CompanyProfile, CellDraws]:
    profile = CompanyProfile.model_validate(content).with_evidence(evidence)
    published = PublishedPrior(n_draws=n_draws).fit().draws(profile.cells())
    return profile, with_own(published, profile, fresh=fresh)


def both(draws: CellDraws) -> tuple[PriorResponse, PriorResponse]:
    return response(draws, DAYS, RATE), prior_response(draws, DAYS, RATE)


def of(brings: PriorResponse, name: str, spend: float) -> NDArray[np.float64]:
    place = brings.curves.names.index(name)
    return brings.curves.take([place]).value([spend])[:, 0]


def test_a_column_of_one_cell_is_its_curve(small: dict[str, Any]) -> None:
    table = returns()
    _, draws = drawn(small, written({"sms/promotion": table}))
    brings, published = both(draws)
    for k, spend in enumerate(POINTS):
        assert of(brings, "FR/sms/promotion", spend) == pytest.approx(table[:64, k])
    assert of(brings, "FR/sms/promotion", 7500.0) == pytest.approx((table[:64, 1] + table[:64, 2]) / 2.0)
    assert of(brings, "FR/im/service", 4000.0) == pytest.approx(of(published, "FR/im/service", 4000.0))
    assert dict(zip(brings.curves.names, draws.evidence, strict=True)) == {
        name: "history" if name == "FR/sms/promotion" else "prior" for name in brings.curves.names
    }


def test_a_column_of_several_cells_is_divided_by_hand(small: dict[str, Any]) -> None:
    table = returns()
    _, draws = drawn(small, written({"social": table}))
    brings, _ = both(draws)
    silent = prior_response(draws.silent, DAYS, RATE)
    names, today = ("FR/social/promotion", "FR/social/service"), (6000.0, 2000.0)
    expected = [of(silent, name, spend) for name, spend in zip(names, today, strict=True)]
    for name, spend, part in zip(names, today, expected, strict=True):
        share = part / (expected[0] + expected[1])
        # 10,000 on the column is 10,000 * today's part on the cell.
        assert of(brings, name, 10000.0 * spend / 8000.0) == pytest.approx(share * table[:64, 2])
    for k, whole in enumerate(POINTS):  # in today's proportion, all of it is what history says, draw by draw
        total = of(brings, names[0], 0.75 * whole) + of(brings, names[1], 0.25 * whole)
        assert total == pytest.approx(table[:64, k])
    assert (
        draws.evidence[draws.cells.index(next(c for c in draws.cells if c.name == names[0]))] == "experiment"
    )


def test_cells_without_spend_today_keep_published_figures(small: dict[str, Any]) -> None:
    _, draws = drawn(small, written({"social": returns()}))
    brings, published = both(draws)
    name = "FR/social/advocacy"  # nothing is spent on it today
    assert draws.own is not None
    assert [draws.cells[i].name for i in draws.own.cells] == ["FR/social/promotion", "FR/social/service"]
    assert of(brings, name, 500.0) == pytest.approx(of(published, name, 500.0))


def test_a_column_without_spend_today_is_divided_equally(small: dict[str, Any]) -> None:
    table = returns()
    small["channels"]["im"]["current_spend"] = {}
    _, draws = drawn(small, written({"im": table}))
    brings, _ = both(draws)
    for purpose in ("promotion", "service", "advocacy"):
        assert of(brings, f"FR/im/{purpose}", 20000.0 / 3.0) == pytest.approx(table[:64, 3] / 3.0)


def test_word_of_mouth_moves_no_history(small: dict[str, Any]) -> None:
    _, draws = drawn(small, written({"social": returns(), "im/service": returns(seed=1)}))
    brings = response(draws, DAYS, RATE)
    for other in (draws.silent, draws.telling(10.0)):
        for name in ("FR/social/promotion", "FR/social/service", "FR/im/service"):
            assert of(response(other, DAYS, RATE), name, 3000.0) == pytest.approx(of(brings, name, 3000.0))


def lost(brings: PriorResponse, name: str, spend: float) -> Any:
    assert brings.losses is not None
    return brings.losses.cell(brings.losses.names.index(name)).value(np.array([[spend]]))[:, 0]


def test_opt_outs_are_charged_and_harm_by_talk_is_not(small: dict[str, Any]) -> None:
    small["channels"]["social"] = {"reachable": 5000.0, "contacts_per_customer": 2.0, "publicness": 1.0}
    small["word_of_mouth"] = {"told_if_not": 1e5, "satisfied_share": 0.0}
    _, draws = drawn(small, written({"sms/promotion": returns(), "social/advocacy": returns(seed=1)}))
    brings, published = both(draws)
    assert lost(published, "FR/social/advocacy", 1000.0).any()
    assert not lost(brings, "FR/social/advocacy", 1000.0).any()
    assert "FR/social/advocacy" not in brings.talk


def test_opt_outs_cost_what_history_says_that_contacts_bring(small: dict[str, Any]) -> None:
    table = returns()
    stated = {
        "reachable": 50000.0,
        "opt_out_per_contact": 0.01,
        "contacts_per_customer": 4.0,
        "cost_per_contact": {"promotion": 0.05},
    }
    small["channels"]["sms"] |= stated
    _, draws = drawn(small, written({"sms/promotion": table}))
    draws = dataclasses.replace(draws, scores=())  # what is stated counts as it stands
    brings, published = both(draws)
    place = brings.curves.names.index("FR/sms/promotion")
    # Today's 5,000 bring so much a month by 50,000 customers, of whom contacts and time make so many leave.
    brought = table[:64, 1]
    for spend in (1000.0, 5000.0, 1e6):
        contacts = spend / 0.05 / 50000.0
        gone = 0.01 * contacts / (0.01 * contacts + 1.0 / draws.quantities[place]["months_consented"])
        assert lost(brings, "FR/sms/promotion", spend) == pytest.approx(brought * gone)
        own, others = (lost(each, "FR/sms/promotion", spend).mean() for each in (brings, published))
        assert own != pytest.approx(others, rel=0.03)
    small["channels"]["sms"]["value_per_consent"] = 2.0  # what is stated stays
    _, draws = drawn(small, written({"sms/promotion": table}))
    brings, published = both(draws)
    own, others = (lost(each, "FR/sms/promotion", 5000.0) for each in (brings, published))
    assert own == pytest.approx(others)


def test_plan_and_comparison_use_different_draws_of_one_half_each(small: dict[str, Any]) -> None:
    table = returns(2048)
    evidence = written({"sms/promotion": table})
    _, plan = drawn(small, evidence, 1024)
    _, fresh = drawn(small, evidence, 1024, fresh=True)
    first, second = (of(response(d, DAYS, RATE), "FR/sms/promotion", 10000.0) for d in (plan, fresh))
    assert first == pytest.approx(table[:1024, 2])
    assert second == pytest.approx(table[1024:, 2])
    _, more = drawn(
        small, evidence, 1500
    )  # more than a half has: it is gone through again, never into the other half
    again = of(response(more, DAYS, RATE), "FR/sms/promotion", 10000.0)
    assert again[1024:] == pytest.approx(table[:476, 2])


def test_intervals_are_narrower_than_the_priors(small: dict[str, Any]) -> None:
    _, draws = drawn(small, written({"sms/promotion": returns(spread=0.1), "social": returns(seed=1)}), 256)
    brings, published = both(draws)

    def width(which: PriorResponse, name: str) -> float:
        low, high = np.quantile(of(which, name, 5000.0), [0.05, 0.95])
        return float(high / low)

    for name in ("FR/sms/promotion", "FR/social/promotion"):
        assert width(brings, name) < 0.7 * width(published, name)


def test_figures_that_no_longer_matter_to_a_cell_are_not_listed_for_it(small: dict[str, Any]) -> None:
    def cells_of(draws: CellDraws, quantity: str) -> set[str]:
        return {
            name for figure in draws.figures if figure.range.quantity == quantity for name in figure.cells
        }

    _, draws = drawn(small, written({"social/promotion": returns(), "im/service": returns(seed=1)}))
    before = PublishedPrior(n_draws=4).fit().draws(draws.cells)
    for quantity, name in [
        ("revenue_per_spend", "FR/social/promotion"),
        ("margin_share", "FR/social/promotion"),
        ("usual_contacts", "FR/social/promotion"),
        ("resolution", "FR/im/service"),
    ]:
        assert name in cells_of(before, quantity)
        assert name not in cells_of(draws, quantity)
    assert "FR/social/service" in cells_of(draws, "resolution")  # others keep theirs
    # What a consent is worth is charged on SMS all the same.
    _, draws = drawn(small, written({"sms/promotion": returns()}))
    assert "FR/sms/promotion" in cells_of(draws, "opt_out_per_message")
    assert "FR/sms/promotion" not in cells_of(
        draws, "conversion_rate"
    )  # what its contacts earn, history says
    small["switched_off"] = ["fatigue"]
    _, draws = drawn(small, written({"sms/promotion": returns()}))
    assert not any("FR/sms/promotion" in figure.cells for figure in draws.figures)


def test_rules_keep_the_figures_that_they_are_worked_out_of(small: dict[str, Any]) -> None:
    small["switched_off"] = ["fatigue"]
    small["rules"] = [{"kind": "contact_cap", "contacts": 4.0, "select": "sms/promotion"}]
    _, draws = drawn(small, written({"sms/promotion": returns()}))
    assert any(
        figure.range.quantity == "cost_per_contact" and "FR/sms/promotion" in figure.cells
        for figure in draws.figures
    )


def test_a_safe_improvement_is_the_default_where_the_mix_and_the_budget_are_known(
    small: dict[str, Any],
) -> None:
    evidence = written({"sms/promotion": returns()})

    def risk(**fields: Any) -> Any:
        profile = CompanyProfile.model_validate(copy.deepcopy(small) | fields)
        assert risk_of(profile) == profile.risk  # without history, as it is
        return risk_of(profile.with_evidence(evidence))

    assert risk() == SafeImprovement(tail=TAIL)
    assert risk(scenario=None) == SafeImprovement(tail=TAIL)
    assert risk(risk={"kind": "mean"}) == MeanRisk()
    assert risk(scenario={"kind": "max_profit"}) is None
    assert risk(channels={"sms": {"reachable": 5e4}}) is None


def limits(content: dict[str, Any], **fields: Any) -> dict[str, tuple[float | None, float | None]]:
    evidence = written({"sms/promotion": returns(), "social": returns(seed=1)})
    profile, draws = drawn(content | fields, evidence)
    return {rule.label: (rule.low, rule.high) for rule in observed_ranges(profile, draws)}


def test_each_cell_stays_within_its_part_of_what_was_seen(small: dict[str, Any]) -> None:
    # 4,000 to 12,000 was seen on each column; social's cells have 6,000 and 2,000 of it today, SMS 5,000.
    assert limits(small) == {
        "observed range FR/sms/promotion": (4000.0, 12000.0),
        "observed range FR/social/promotion": (3000.0, 9000.0),
        "observed range FR/social/service": (1000.0, 3000.0),
    }


def test_todays_mix_scaled_to_the_budget_is_always_within_the_limits(small: dict[str, Any]) -> None:
    # Today 20,000 in all.
    found = limits(small, scenario={"kind": "fixed_budget", "amount": 60000.0})
    assert found["observed range FR/sms/promotion"] == (4000.0, 15000.0)
    found = limits(small, scenario={"kind": "fixed_budget", "amount": 4000.0})
    assert found["observed range FR/sms/promotion"] == (1000.0, 12000.0)


def test_a_stated_risk_switches_the_limits_off(small: dict[str, Any]) -> None:
    assert limits(small, risk={"kind": "mean"}) == {}
    assert limits(small, scenario={"kind": "max_profit"}) != {}


def test_long_names_have_limits_too(small: dict[str, Any]) -> None:
    small["markets"][0]["name"] = market = "M" * 95
    cells = [f"{market}/{cell}" for cell in ("sms/promotion", "social/promotion", "social/service")]
    assert list(limits(small)) == [f"observed range {cell}" for cell in cells]


def test_few_draws_are_refused_where_the_worst_count(small: dict[str, Any]) -> None:
    few = written({"sms/promotion": returns(512)})
    with pytest.raises(InputError, match="512 draws, and a plan by its worst draws needs 2,000"):
        drawn(small, few)
    small["risk"] = {"kind": "mean"}
    assert drawn(small, few)[1].own is not None


def test_without_own_evidence_nothing_changes(small: dict[str, Any]) -> None:
    profile = CompanyProfile.model_validate(small)
    published = PublishedPrior(n_draws=4).fit().draws(profile.cells())
    assert with_own(published, profile, fresh=False) is published
    assert observed_ranges(profile, published) == []
