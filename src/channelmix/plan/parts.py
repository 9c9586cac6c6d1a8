"""The parts of a plan: rows, sums, comparisons, what is proven and what is assumed."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from channelmix.core.documents import Interval, Part, Said
from channelmix.engine.rules.rows import Row, Side
from channelmix.plan.ways import Measured, Ways


def flat(name: str, interval: Interval | None) -> dict[str, float | None]:
    """Ends and mean of an interval under names of their own, as columns of a table have them."""
    return {
        f"{name}_{side}": None if interval is None else getattr(interval, side)
        for side in ("mean", "low", "high")
    }


class Missed(Part):
    """A limit that the plan misses by more than a millionth of it: its terms are so large that rounding shows."""

    rule: str
    """The limit's name."""
    limit: float
    """The limit, in its own unit."""
    by: float = Field(gt=0.0)
    """By how much it is missed, in the same unit."""
    terms: float = Field(gt=0.0)
    """Sum of the sizes of the terms that are held against it."""


class Certificate(Part):
    """What is proven of the plan; amounts in currency per period."""

    value: float | None
    """Objective reached: outcome less charges, less money where profit counts; minus the money for a target."""
    upper_bound: float | None
    """The objective of no spend within the rules is higher than this."""
    gap: float | None
    """(upper_bound - value) / max(|value|, gross outcome); for a target, / money."""
    max_violation: float | None
    """Largest violation of any rule, in currency per period."""
    requested_gap: float = Field(gt=0.0)
    """The gap that was asked for."""
    missed: list[Missed] = Field(default_factory=list)
    """Limits of rules that are missed by more than a millionth of them, in their own unit."""


class CellPlan(Part):
    """One cell's part of the plan; amounts in currency per period."""

    market: str
    """Market."""
    channel: str
    """Channel."""
    purpose: str
    """Purpose."""
    period: int
    """Period that the row is for; 1 is the typical period where the plan's span is 1, 0 stands for all periods."""
    spend: float
    """Spend proposed."""
    current_spend: float
    """Spend today."""
    outcome: Interval
    """Incremental outcome of the spend proposed; over several periods, what comes in this one of all earlier spend."""
    charge: float
    """What the spend costs beside itself: consents lost to promotion, harm done by advocacy, cost of switching."""
    marginal_return: float | None
    """Expected outcome of the next unit of currency, less its charge; null where it has no limit."""
    evidence: str
    """What the estimate rests on."""
    reason: Said
    """Why, in a few words."""
    most_spent: float | None = Field(default=None, ge=0.0)
    """Most that was ever spent on the cell in a period, by own history, beyond which its outcome is extrapolated; null
    without history."""
    spent_days: float | None = Field(default=None, ge=0.0)
    """Days of the rows with spend on it in own history; null without, or where its file does not say."""

    @property
    def name(self) -> str:
        """The cell's name, ``market/channel/purpose``."""
        return f"{self.market}/{self.channel}/{self.purpose}"


class Totals(Part):
    """Sums over all cells; amounts in currency per period unless said otherwise."""

    budget: float | None
    """Limit of the scenario; null where it sets none."""
    spend: float
    """Spend proposed, without fees."""
    fees: float
    """Activation fees, which count as money spent."""
    current_spend: float
    """Spend today."""
    moved: float
    """Part of the spend that is not where it would be in the current mix scaled to the same total."""
    outcome: Interval
    """Incremental outcome of the plan, before charges."""
    charge: float
    """Sum of the cells' charges."""
    profit: float
    """Mean outcome, less charges, spend and fees."""
    roi: float | None
    """Mean outcome less charges, per unit of spend and fees; null where nothing is spent."""
    periods: int = Field(ge=1)
    """Number of periods in the horizon."""
    horizon_spend: float
    """Spend over the horizon without fees, in currency."""
    after: float = 0.0
    """Part of the mean outcome that comes after the last period, where several are planned."""
    horizon_outcome: float
    """Mean incremental outcome over the horizon, before charges, in currency."""
    next_unit: float | None
    """Worth of one more unit of budget; null where no budget binds."""


class Comparison(Part):
    """Another split on the same draws; amounts in currency per period."""

    name: Said
    """Which split it is."""
    description: Said
    """How it was made."""
    feasible: bool
    """Whether it obeys the rules."""
    is_baseline: bool
    """Whether the plan is judged as a change from it."""
    spend: dict[str, float]
    """Spend by cell."""
    money: float
    """What it takes: spend and fees."""
    outcome: Interval
    """Its incremental outcome, less its charges."""
    gain: Interval
    """Outcome of the plan less its outcome, both less their charges, draw by draw."""
    chance: float = Field(ge=0.0, le=1.0)
    """Share of draws in which the plan brings more."""
    tail_loss: float = Field(ge=0.0)
    """Average loss against it over the worst tenth of draws; 0 where even these gain."""
    standard_error: dict[str, float] | None
    """Sampling error of each channel's surveyed share; null unless it comes from a survey."""


class IfTen(Part):
    """The answer if an unsatisfied customer tells ten people, with the plan's money; amounts per period."""

    value: float
    """Objective of the best plan then."""
    gap: float = Field(ge=0.0)
    """No split within the rules is worth more by over this share then."""
    share: float
    """Word of mouth's share of its net outcome."""
    moved: float = Field(ge=0.0)
    """Money that would sit elsewhere than in this plan."""
    regret: float = Field(ge=0.0)
    """What following this plan would lose then, in objective, at least."""
    regret_high: float | None = None
    """The same, at most, by the proof of the best plan then; null where it is not known."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.regret_high is not None and self.regret_high < self.regret:
            raise PydanticCustomError("crossed", "Input should lose at most no less than at least")
        return self


class WordOfMouth(Part):
    """What customers tell others, at the plan's spend; means over the draws, in currency per period."""

    told_if_satisfied: float = Field(ge=0.0)
    """People whom a satisfied customer tells, if he tells anyone."""
    told_if_not: float = Field(ge=0.0)
    """People whom an unsatisfied customer tells where everybody listens: a quoted figure, not evidence."""
    outcome: float
    """Part of the net outcome that word of mouth makes: against unanswered contacts, and against no contact."""
    share: float
    """The same as a share of the net outcome."""
    praise: float
    """Worth of the praise that people hear."""
    criticism: float
    """Loss by the criticism that people still hear."""
    balance: float
    """Praise less criticism; negative for a loss."""
    if_ten: IfTen | None
    """What changes if ten are told in place of `told_if_not`; null where the worst draws count, or none was found."""


class SurveyRow(Part):
    """Use of one channel by surveyed companies and by this one: use, not effect."""

    channel: str
    """Channel."""
    purpose: Literal["all", "service"]
    """What it is used for: service, or all for any purpose."""
    companies: float
    """Share of the 798 surveyed companies that use it so (Economist Intelligence Unit, 2012)."""
    standard_error: float
    """Sampling error of that share."""
    used_now: bool
    """Whether this company spends on it today."""
    share_now: float
    """Its share of today's spend on the purpose."""
    share_planned: float
    """Its share of the plan's spend on the purpose."""


class Assumption(Part):
    """A figure that the plan rests on and does not know for certain, and where it comes from."""

    name: Said
    """What the figure is."""
    value: float
    """Typical value; of a stated figure what is stated."""
    low: float
    """Lower end of its 90 % interval."""
    high: float
    """Upper end of its 90 % interval."""
    unit: Said
    """Unit."""
    basis: Said
    """Kind of basis; "judgement" means that no source states it."""
    facts: list[str]
    """Ids of the published facts behind it."""
    sources: list[Said]
    """The first few sources of these facts."""
    note: Said
    """Remark."""
    ways: Ways | None = None
    """What both ways say of it, where experiments and returns speak of it; else null."""
    measured: Measured | None = None
    """That the company measured it, and on how many; null where it does not say so."""
    cells: list[str] = Field(default_factory=list)
    """Cells that rest on it, where it has `ways` or was `measured`; else empty."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        # The mean of what own rows say may lie outside the interval of skewed draws.
        inside = self.low <= self.value <= self.high or self.basis in ("history", "experiment")
        if self.low > self.high or not inside:
            raise PydanticCustomError(
                "crossed", "Input should have its value between its low and its high end"
            )
        return self

    @property
    def is_stated(self) -> bool:
        """Whether the company states it of itself."""
        return self.basis.startswith("stated by the company")


class Limit(Part):
    """The limit that a figure is about, as data; empty in plans of the first format."""

    kind: str = ""
    """The rule's kind."""
    part: str | None = None
    """What the limit is on, where the rule has several: a cell, a market or a selector; null for all of the rule."""
    period: int | None = None
    """Its period, from 1; null for all."""
    side: Literal["low", "high", "up", "down"] | None = None
    """Which limit it is, where the rule has several on the same amount."""


def limit_of(row: Row, side: Side | None = None) -> dict[str, Any]:
    """Return the fields of a `Limit` for a row, or for one side of a row that is about both."""
    return {"kind": row.kind, "part": row.part, "period": row.period, "side": row.side or side}


class ShadowPrice(Limit):
    """What one more unit of a rule's limit is worth, in the plan's basin."""

    constraint: str
    """The limit's name."""
    price: float
    """Outcome per unit of currency of the limit."""
    rule: str = ""
    """The rule's name."""


class Mend(Limit):
    """By how much a rule must give way, so that all can hold; together the mends are the least there is."""

    rule: str
    """The limit's name."""
    amount: float
    """By how much, in the limit's own unit: currency or outcome per period, contacts, cells, outcome per currency."""


class Provenance(Part):
    """What made the plan. It holds no clock times."""

    profile_sha256: str
    """Digest of the validated profile."""
    company_sha256: str = ""
    """Digest of the profile without its scenario; empty where it is not known."""
    version: str
    """Version of channelmix."""
    seed: int = Field(ge=0)
    """Seed of the draws."""
    draws: int = Field(ge=1)
    """Number of draws planned on."""
    fresh_draws: int = Field(ge=1)
    """Number of other draws that comparisons are computed on."""
