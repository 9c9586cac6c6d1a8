"""The plan compared with today's spend and with its baseline, in words: what a reader takes the gain to be against."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from channelmix.core.wording import amount_change
from channelmix.core.words import Message, say
from channelmix.engine.rules import FixedBudget
from channelmix.plan import Comparison, obeys
from channelmix.plan.split_names import how_made, split_name
from channelmix.report.content import Content

SAME_MONEY = 1e-3
"""Share of a split's money up to which the plan takes as much: what moving a mix onto the rules leaves of it."""


def called(content: Content, split: Comparison) -> str:
    """Return what a reader calls a split, in the reader's language."""
    name = split_name(content.plan, split)
    if name == split.name or not isinstance(name, Message):
        return content.said(split.name)
    return content.words.said(name) or name


def compared(content: Content, money: float) -> Iterator[str]:
    """Compare the plan, which takes some money, with today's spend where its baseline is another, and with that."""
    base = content.baseline
    if base is None:
        return
    today = next((other for other in content.plan.comparisons if other.name == say("split.today")), None)
    if today is not None:
        yield _with_today(content, today, base, money)
    yield _with_baseline(content, base, money, alone=today is None)


def _breaks_rules(content: Content, today: Comparison, base: Comparison) -> bool:
    """Whether today's spend breaks a rule, whatever money the scenario allows."""
    if today.feasible or how_made(content.plan, base) != "how.moved":
        return False
    ample = dataclasses.replace(content.problem, scenario=FixedBudget(today.money))
    return not obeys(ample, np.array([today.spend.get(name, 0.0) for name in ample.cells.names]))


def _with_today(content: Content, today: Comparison, base: Comparison, money: float) -> str:
    words, gain = content.words, today.gain
    values = {"low": gain.low, "high": gain.high}
    rules = words("headline.today_breaks") if _breaks_rules(content, today, base) else ""
    if not _is_fixed(content):
        profit = gain.mean + today.money - money
        return words(
            "headline.today_profit", money=today.money, gain=gain.mean, profit=profit, rules=rules, **values
        )
    if gain.low == gain.mean == gain.high == 0.0:
        return words("headline.same_today")
    key = "headline.today_more" if gain.mean >= 0.0 else "headline.today_less"
    return words(key, gain=abs(gain.mean), money=_other_money(content, today, money), rules=rules, **values)


def _with_baseline(content: Content, base: Comparison, money: float, *, alone: bool) -> str:
    words, gain = content.words, base.gain
    values = {"baseline": called(content, base), "low": gain.low, "high": gain.high}
    if gain.low == gain.mean == gain.high == 0.0:
        return words("headline.same", **values)
    if not _is_fixed(content):  # its money may be another
        profit = gain.mean + base.money - money
        return words("headline.gain_profit", money=base.money, gain=gain.mean, profit=profit, **values)
    key = ("headline.gain" if gain.mean >= 0.0 else "headline.loss") + ("" if alone else "_beside")
    other = _other_money(content, base, money)
    return words(key, gain=abs(gain.mean), money=other, chance=base.chance, **values)


def _other_money(content: Content, split: Comparison, money: float) -> str:
    """How much more or less the plan takes than a split, as part of a sentence; empty where amounts look alike."""
    change = amount_change(split.money, money)
    if abs(change) <= SAME_MONEY * split.money:
        return ""
    said = content.words(f"headline.with_{'more' if change > 0.0 else 'less'}", money=abs(change))
    fees = (
        split.money - math.fsum(split.spend.values()),
        money - math.fsum(cell.spend for cell in content.plan.cells),
    )
    return content.words("fees.included", what=said) if max(fees) > SAME_MONEY * split.money else said


def _is_fixed(content: Content) -> bool:
    return content.plan.scenario.get("kind") == "fixed_budget"
