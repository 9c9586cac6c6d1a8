"""Sizes, controls and intervals of the published figures: consistent, and those of one experiment recomputed."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.datasets.effects import load_effects
from channelmix.datasets.facts import COUNTED, Fact, load_facts
from channelmix.effectiveness import published_draws
from channelmix.effectiveness.published import promotion
from channelmix.effectiveness.published.pooled_effects import EffectSetting, PooledEffects

FACTS: Mapping[str, Fact] = {fact.fact_id: fact for fact in load_facts()}

Z = {0.9: 1.6449, 0.95: 1.9600}
"""Normal quantiles of the levels that sources state."""


def test_sizes_are_positive_and_say_what_they_count() -> None:
    sized = [fact for fact in FACTS.values() if fact.n is not None]
    assert len(sized) > 130
    for fact in sized:
        assert fact.n is not None
        assert fact.n > 0
        assert fact.n_of in COUNTED
    assert {fact.n_of for fact in FACTS.values() if fact.n is None} == {""}


def test_a_size_is_one_that_the_row_states() -> None:
    """As it stands there, or as the sum or a multiple of numbers there: the arms of an experiment."""
    words = {"two": 2, "three": 3, "four": 4, "six": 6, "nine": 9, "one": 1, "million": 1_000_000}
    # Their rows say "same experiment", or are of another arm of it.
    of_another_row = {"EXP058", "EXP059", "EXP116", "EXP125", "EXP126", "RET087", "SVC146"}
    for fact in FACTS.values():
        if fact.n is None or fact.fact_id in of_another_row:
            continue
        text = re.sub(r"(?<=\d),(?=\d{3})", "", f"{fact.source_title} {fact.unit} {fact.note}").lower()
        stated = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
        stated |= {float(value) for word, value in words.items() if word in text}
        if "million" in text:
            stated |= {number * 1e6 for number in stated}
        sums = stated | {a + b for a in stated for b in stated}
        assert fact.n in sums or fact.n in {a + b for a in sums for b in stated}, fact.fact_id


def test_a_figure_is_the_difference_of_its_arms_or_the_level_of_the_treated() -> None:
    both = [fact for fact in FACTS.values() if fact.control is not None and fact.treated is not None]
    assert len(both) > 15
    for fact in both:
        assert fact.control is not None
        assert fact.treated is not None
        difference = fact.treated - fact.control
        assert fact.value == fact.treated or fact.value == pytest.approx(difference, rel=0.011), fact.fact_id


def test_levels_of_the_arms_are_those_of_the_row() -> None:
    for fact in FACTS.values():
        text = f"{fact.unit} {fact.note}"
        numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
        if "per thousand" in text:
            numbers |= {number / 1000.0 for number in numbers}
        for value in (fact.control, fact.treated):
            if value is not None and value != fact.value:
                assert any(math.isclose(value, number) for number in numbers), fact.fact_id


def test_intervals_and_standard_errors_agree() -> None:
    with_level = [fact for fact in FACTS.values() if fact.level is not None]
    assert len(with_level) > 25
    for fact in with_level:
        assert fact.level is not None
        assert fact.low is not None
        assert fact.high is not None
        assert fact.standard_error is not None
        assert fact.standard_error > 0.0
        half = (fact.high - fact.low) / 2.0
        assert fact.standard_error == pytest.approx(half / Z[fact.level], rel=0.1), fact.fact_id
        assert re.search(f"{100 * fact.level:.0f}[- ]percent|interval|low/high", fact.note), fact.fact_id
    assert all(fact.standard_error is None for fact in FACTS.values() if fact.level is None)
    assert FACTS["EXP029"].level is None, "its ends are the range of four experiments"


def test_what_is_called_not_randomised_is_not() -> None:
    for fact in FACTS.values():
        if re.search(
            r"not randomised|difference-in-differences|natural experiment|quasi-experiment", fact.note, re.I
        ):
            assert fact.randomised is not True, fact.fact_id
        elif re.match(r"randomised", fact.note):
            assert fact.randomised is True, fact.fact_id
    known = [fact.randomised for fact in FACTS.values()]
    assert known.count(True) > 100
    assert known.count(False) > 25


def test_what_is_randomised_is_called_an_experiment() -> None:
    another_figure_of_the_study = {"EXP033", "EXP075", "EXP122", "RSP139", "RSP140", "RSP141"}
    words = re.compile(r"random|experiment|trial|\bRCT|A/B|same test|megastudy", re.IGNORECASE)
    titles = {
        fact.source_title for fact in FACTS.values() if words.search(f"{fact.source_title} {fact.note}")
    }
    for fact in FACTS.values():
        if fact.randomised and fact.fact_id not in another_figure_of_the_study:
            assert words.search(f"{fact.source_title} {fact.note}"), fact.fact_id
    for fact_id in {"EXP033", "EXP075", "EXP122"}:
        assert FACTS[fact_id].source_title in titles


@pytest.fixture(scope="module")
def customers() -> Mapping[str, Array]:
    """Rows of an e-mail experiment on 64,000 customers, where they stand beside the repository."""
    for parent in Path(__file__).resolve().parents:
        path = parent / "shared" / "data" / "hillstrom_email" / "hillstrom.csv"
        if path.is_file():
            rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            return {key: np.array([row[key] for row in rows]) for key in rows[0]}
    pytest.skip("no rows of the experiment beside the repository")


@pytest.mark.parametrize(
    ("fact_id", "outcome", "arms", "among"),
    [
        ("EXP001", "visit", ["mens"], "all"),
        ("EXP002", "visit", ["womens"], "all"),
        ("EXP003", "conversion", ["mens"], "all"),
        ("EXP004", "conversion", ["womens"], "all"),
        ("EXP005", "spend", ["mens"], "all"),
        ("EXP006", "spend", ["womens"], "all"),
        ("EXP007", "conversion", ["mens", "womens"], "all"),
        ("EXP142", "conversion", ["mens"], "buyers of men's goods only"),
        ("EXP143", "conversion", ["womens"], "buyers of men's goods only"),
        ("EXP144", "conversion", ["mens"], "spent over 500"),
        ("EXP145", "conversion", ["mens"], "bought 8 or more months ago"),
    ],
)
def test_effects_of_an_email_are_those_of_its_rows(
    customers: Mapping[str, Array], fact_id: str, outcome: str, arms: list[str], among: str
) -> None:
    fact = FACTS[fact_id]
    chosen = {
        "all": np.full(64_000, True),
        "buyers of men's goods only": (customers["mens"] == "1") & (customers["womens"] == "0"),
        "spent over 500": customers["history"].astype(float) > 500.0,
        "bought 8 or more months ago": customers["recency"].astype(float) >= 8.0,
    }[among]
    scale = 1.0 if outcome == "spend" else 100.0
    y = scale * customers[outcome].astype(float)
    treated = y[chosen & np.isin(customers["arm"], arms)]
    control = y[chosen & (customers["arm"] == "none")]
    error = math.sqrt(treated.var(ddof=1) / len(treated) + control.var(ddof=1) / len(control))
    effect = treated.mean() - control.mean()
    assert fact.randomised
    assert fact.value == pytest.approx(effect, abs=0.0051)
    assert fact.control == pytest.approx(control.mean(), abs=0.0051)
    assert fact.standard_error == pytest.approx(error, rel=0.02)
    assert (fact.low, fact.high) == pytest.approx(
        (effect - Z[0.9] * error, effect + Z[0.9] * error), abs=0.0101
    )
    if fact.treated is not None:
        assert fact.treated == pytest.approx(treated.mean(), abs=0.0051)
    if fact.n is not None:
        assert fact.n == len(treated) + len(control)


def of_the_email(customers: Mapping[str, Array]) -> tuple[list[float], float]:
    """Orders that one e-mail of either version won, and US dollars of an order."""
    bought, money = (customers[name].astype(float) for name in ("conversion", "spend"))
    control = bought[customers["arm"] == "none"].mean()
    won = [float(bought[customers["arm"] == arm].mean() - control) for arm in ("mens", "womens")]
    return won, float(money.sum() / bought.sum())


def regression(held_out: bool) -> PooledEffects:
    """The regression of orders of a message; held out, without anything of this experiment."""
    effects = [effect for effect in load_effects() if effect.measure == "orders_per_contact"]
    own = {effect.source for effect in effects if effect.fact.fact_id == "EXP003"}
    return PooledEffects([effect for effect in effects if not (held_out and effect.source in own)])


@pytest.mark.parametrize("channel", ["email", "sms", "im"])
@pytest.mark.parametrize("held_out", [False, True])
def test_experiments_with_messages_lead_to_expect_the_effects_of_an_email(
    customers: Mapping[str, Array], channel: str, held_out: bool
) -> None:
    """E-mail stands in for messages, and messages for e-mail: what the other sources say holds what its rows say."""
    won, order_value = of_the_email(customers)
    found = regression(held_out).predict([EffectSetting(channel, "loyal", order_value)])
    low, high = (math.exp(found.quantile(level, 0)) for level in (0.05, 0.95))
    for effect in won:
        assert 0.003 < effect < 0.007
        assert low < effect < high


@pytest.mark.parametrize("channel", ["sms", "im"])
@pytest.mark.parametrize("held_out", [False, True])
def test_the_belief_in_messages_holds_the_effects_of_an_email(
    customers: Mapping[str, Array], monkeypatch: pytest.MonkeyPatch, channel: str, held_out: bool
) -> None:
    """Both ways together, for a company whose orders and customers are like those of the experiment."""
    won, order_value = of_the_email(customers)
    without = regression(held_out)
    monkeypatch.setattr(promotion, "pooled_effects", lambda _: without)
    profile = cm.CompanyProfile.model_validate(
        {
            "name": "Catalogue", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
            "scenario": {"kind": "fixed_budget", "amount": 1000.0},
            "purposes": {"promotion": {"margin_per_order": 40.0, "order_value": order_value}},
            "markets": [{"name": "all customers", "customers": 64000.0}],
            "channels": {channel: {"reachable_share": 1.0, "audience": "loyal"}},
        }
    )  # fmt: skip
    draws = published_draws(profile.cells(), 2048)
    low, high = np.quantile(draws.quantities[0]["orders_per_contact"], [0.05, 0.95])
    for effect in won:
        assert low < effect < high
