"""What the user writes: the profile's fields, each with its unit, and the checks within one part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import Field, StrictBool, ValidationInfo, field_validator, model_validator

from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.timing import Timing
from channelmix.profile.fields.values import (
    PURPOSES,
    Amount,
    BuiltInChannel,
    Constraint,
    Count,
    Country,
    Currency,
    FileName,
    Mechanism,
    Name,
    Notes,
    Period,
    Positive,
    Purpose,
    Record,
    Risk,
    Scenario,
    SchemaVersion,
    Sector,
    Share,
    Title,
)


class Promotion(Record):
    """What promotion is worth to the company."""

    margin_per_order: Amount
    """Margin that one order brings, in the profile's currency."""
    orders_per_click: Share | None = None
    """Share of clicks that become an order, between 0 and 1; without it, a wide published range."""


class Service(Record):
    """What after-sales service is worth to the company, and how much of it customers ask for."""

    inbound_contacts: Amount
    """Contacts that customers start, in contacts per period over the whole company."""
    value_per_resolution: Amount
    """Worth of one resolved contact, in the profile's currency."""


class Advocacy(Record):
    """What image and word of mouth are worth to the company."""

    value_per_exposure: Amount
    """Worth of one positive exposure of one person, in the profile's currency."""


class Purposes(Record):
    """What contacts are for; at least one purpose is stated."""

    promotion: Promotion | None = None
    """Push messages that sell; amounts in the profile's currency."""
    service: Service | None = None
    """Inbound after-sales service; contacts per period, amounts in the profile's currency."""
    advocacy: Advocacy | None = None
    """Image and word of mouth; amounts in the profile's currency."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not self.declared:
            raise ProblemsError((Problem((), "no purpose", f"at least one of {', '.join(PURPOSES)}"),))
        return self

    @property
    def declared(self) -> tuple[Purpose, ...]:
        """The purposes stated, in canonical order."""
        return tuple(purpose for purpose in PURPOSES if getattr(self, purpose) is not None)


class ChannelFigures(Record):
    """What may be stated of a channel, for the whole company or for one market."""

    reachable: Amount | None = None
    """Customers that the channel reaches, as a count; or state reachable_share."""
    reachable_share: Share | None = None
    """Customers that the channel reaches, as a share of all customers between 0 and 1; or state reachable."""
    current_spend: Mapping[Purpose, Amount] = {}
    """Spend today for each purpose, in the profile's currency per period; 0 where it is not stated."""
    cost_per_contact: Mapping[Purpose, Positive] = {}
    """Cost of one contact for each purpose, in the profile's currency: of one delivered message or
    impression, of one handled service contact with all its labour, or, for promotion and advocacy in the app,
    of one active user won. Published figures where it is not stated."""
    publicness: Share | None = None
    """How many others see what is said on the channel: a share from 0 (private) to 1 (fully public)."""
    contacts_per_customer: Positive | None = None
    """Promotional contacts that one customer bears, in contacts per period."""
    opt_out_per_contact: Share | None = None
    """Share of those contacted who withdraw their consent after a promotional contact, between 0 and 1."""
    value_per_consent: Amount | None = None
    """Worth of one customer's consent to be contacted over the rest of its life, in the profile's currency."""
    orders_per_contact: Share | None = None
    """Orders per delivered promotional contact that would not have come without it, a share from 0 to 1."""
    resolution_share: Share | None = None
    """Share of handled service contacts that are resolved, between 0 and 1."""
    on_time_share: Share | None = None
    """Share of handled service contacts that are answered in time, between 0 and 1."""
    service_share: Share | None = None
    """Share of inbound service contacts that come over this channel, between 0 and 1; all channels' sum to at
    most 1."""

    @model_validator(mode="after")
    def _one_reach(self) -> Self:
        if self.reachable is not None and self.reachable_share is not None:
            expected = "either reachable or reachable_share, not both"
            raise ProblemsError((Problem(("reachable_share",), echo(self.reachable_share), expected),))
        return self


class MarketChannel(ChannelFigures):
    """What differs in one market from the channel's company-wide figures; what is stated replaces them."""


class Channel(ChannelFigures):
    """A way to reach and answer customers: social, sms, im, app, or one of the company's own."""

    like: BuiltInChannel | None = None
    """For a channel of the company's own: the built-in channel whose published figures stand in for it."""
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)] | None = None
    """The purposes that the channel is used for; without it, all of the profile's purposes."""
    notes: Notes = None
    """Free notes, read by no one but people."""

    @field_validator("purposes", mode="after")
    @classmethod
    def _no_purpose_twice(cls, value: tuple[Purpose, ...] | None) -> tuple[Purpose, ...] | None:
        _each_once(value or ())
        return value


class Market(Record):
    """A country, region, shop or customer segment with its own customers, reach and costs."""

    name: Name
    """What the market is called in rules and plans; no other market, channel or purpose has this name."""
    customers: Positive
    """Customers of the market, as a count above 0."""
    penetration: Share | None = None
    """Share of the customers who have a mobile phone, between 0 and 1; without it, published figures."""
    country: Country | None = None
    """ISO 3166 code of the market's country, two capital letters; without it, the profile's country."""
    inbound_contacts: Amount | None = None
    """Service contacts that this market's customers start, in contacts per period; without it, the
    market's part of the company's by its number of customers."""
    channels: Mapping[str, MarketChannel] = {}
    """For each channel that differs here, what differs; amounts in the profile's currency."""
    notes: Notes = None
    """Free notes, read by no one but people."""


class WordOfMouth(Record):
    """What customers tell others, and what it is worth that they hear it.

    The defaults, 3 friends and 3,000 strangers, are a much quoted saying and not a measurement.
    """

    told_if_satisfied: Amount = 3.0
    """People whom a satisfied customer tells, if he tells anyone, as a count."""
    told_if_not: Positive = 3000.0
    """People whom an unsatisfied customer tells where everybody listens (publicness 1), as a count."""
    told_in_private: Positive = 10.0
    """People whom an unsatisfied customer tells where nobody else listens (publicness 0), as a count."""
    satisfied_share: Share | None = None
    """Share of all customers who are satisfied, between 0 and 1; without it, a judged range."""
    value_per_exposure: Amount | None = None
    """Worth of one person hearing good of the company, and loss of one hearing ill, in the profile's currency;
    needed only where purposes state no advocacy."""


class HistoryFile(Record):
    """A table of the company's own rows of spend and outcome, from which its channels' effects are estimated."""

    file: FileName
    """Name of a CSV file in the profile's folder: a row for each week or other period, with a date, the outcome, and
    columns of spend in the profile's currency, named by the cells that it is spent on: sms or FR/sms/promotion; with
    market, without it: sms or sms/promotion."""
    outcome_worth: Positive
    """Margin that one unit of the outcome brings, in the profile's currency; 1 where the outcome is margin itself."""
    outcome: Title = "outcome"
    """Name of the column with the outcome."""
    date: Title = "date"
    """Name of the column with dates such as 2024-01-31, or whole numbers of weeks."""
    market: Title | None = None
    """Name of the column with the rows' market, one of the profile's, where each market has rows of its own."""
    controls: tuple[Title, ...] = ()
    """Names of columns with what else moves the outcome: prices, promotions, events."""
    cost_per_unit: Mapping[Title, Positive | Title] = {}
    """Columns that hold a volume, such as messages, in place of spend: what a unit costs in the profile's currency, or
    the name of the column with the money spent on it."""
    experiments: FileName | None = None
    """Name of a CSV or JSON file of lift tests in the profile's folder: channel, start, end, spend_change, lift and
    standard_error of each, and with market its market; the lift in units of the outcome."""
    published: StrictBool = True
    """Whether what published figures expect of the channels is believed before the rows are looked at."""

    @field_validator("controls", mode="after")
    @classmethod
    def _no_control_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _each_once(value)
        return value


def _each_once(values: Iterable[str]) -> None:
    listed = list(values)
    problems = tuple(
        Problem((i,), f"{echo(value)} again", "each only once")
        for i, value in enumerate(listed)
        if value in listed[:i]
    )
    if problems:
        raise ProblemsError(problems)


DAYS_A_YEAR = 365.25
_PERIOD_DAYS = {
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_A_YEAR / 12,
    "quarter": DAYS_A_YEAR / 4,
    "year": DAYS_A_YEAR,
}


class ProfileFields(Record):
    """The fields of a profile, in the order in which they are best written."""

    schema_uri: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    """Where editors find the JSON Schema of profiles; ignored."""
    schema_version: SchemaVersion = 1
    """Version of this format: 1."""
    name: Title
    """The company's name."""
    sector: Sector
    """The company's sector, which chooses the published figures."""
    country: Country
    """ISO 3166 code of the company's country, two capital letters."""
    currency: Currency
    """ISO 4217 code of the currency of every amount, three capital letters."""
    usd_rate: Annotated[Positive | None, Field(validate_default=True)] = None
    """Units of the currency for one US dollar. Needed as soon as a cost comes from published figures, which
    are in US dollars; 1 for USD."""
    period: Period
    """What amounts and counts are per: "day", "week", "month", "quarter", "year", or a number of days."""
    periods: Count = 1
    """Number of periods that the plan covers; every amount is per period."""
    timing: Timing | None = None
    """Plans every period by itself: carry-over, season, dated costs, discount rate; without it, one typical period is
    planned and repeated."""
    scenario: Scenario | None = None
    """What the plan is asked for: fixed_budget, target_outcome, flexible_budget or max_profit, in the profile's
    currency per period; without it, today's total spend as a fixed budget."""
    purposes: Purposes
    """What contacts are for, and what they are worth in the profile's currency."""
    markets: Annotated[tuple[Market, ...], Field(min_length=1)]
    """The markets, with customers as counts."""
    channels: Annotated[Mapping[Name, Channel], Field(min_length=1)]
    """The channels by name: social, sms, im, app, or the company's own; amounts in the profile's currency."""
    rules: tuple[Constraint, ...] = ()
    """Business rules that the plan must keep; amounts in the profile's currency per period."""
    word_of_mouth: WordOfMouth = Field(default_factory=WordOfMouth)
    """What customers tell others; amounts in the profile's currency."""
    switched_off: tuple[Mechanism, ...] = ()
    """Mechanisms of the published prior that the plan leaves out: "word_of_mouth", "answer_on_time", "fatigue"."""
    risk: Risk | None = None
    """How uncertainty counts: mean, mean_cvar, worst_case or safe_improvement; without it, the mean, or, where the
    company's own history and its spend today are known and the budget is fixed, safe_improvement."""
    evidence: FileName | None = None
    """Name of a file in the profile's folder that `channelmix fit` wrote; or state history."""
    history: HistoryFile | None = None
    """The company's own history, fitted anew for every plan; or state evidence."""
    notes: Notes = None
    """Free notes, read by no one but people."""

    @field_validator("usd_rate", mode="after")
    @classmethod
    def _one_for_us_dollars(cls, value: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("currency") != "USD":
            return value
        if value is not None and value != 1.0:
            raise ProblemsError((Problem((), echo(value), "1 (or nothing), since the currency is USD"),))
        return 1.0

    @field_validator("switched_off", mode="after")
    @classmethod
    def _no_mechanism_twice(cls, value: tuple[Mechanism, ...]) -> tuple[Mechanism, ...]:
        _each_once(value)
        return value

    @property
    def value_per_exposure(self) -> float | None:
        """Worth of one person hearing of the company, in the profile's currency; None where it is not stated."""
        advocacy = self.purposes.advocacy
        return self.word_of_mouth.value_per_exposure if advocacy is None else advocacy.value_per_exposure

    def purposes_of(self, channel: str) -> tuple[Purpose, ...]:
        """Return the declared purposes that a channel is used for, in canonical order."""
        restricted = self.channels[channel].purposes
        return tuple(p for p in self.purposes.declared if restricted is None or p in restricted)

    @property
    def period_days(self) -> float:
        """Length of one period, in days."""
        return _PERIOD_DAYS[self.period] if isinstance(self.period, str) else self.period

    @property
    def period_text(self) -> str:
        """The period in words, such as ``month`` or ``45 days``."""
        return self.period if isinstance(self.period, str) else f"{self.period:g} days"
