"""The fields of a profile, each with its unit, and the checks within one part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, ValidationInfo, field_validator, model_validator

from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.estimates import StatedAmount, StatedPositive, StatedRate, StatedShare
from channelmix.profile.fields.timing import Timing
from channelmix.profile.fields.values import (
    PURPOSES,
    Amount,
    Audience,
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

MOST_PURCHASES = 1000.0
"""Most orders of one customer in a year that are believed: three a day."""


class Promotion(Record):
    """What promotion is worth to the company."""

    margin_per_order: StatedAmount
    """Margin of one order, in the profile's currency."""
    orders_per_click: StatedRate | None = None
    """Share of clicks that become an order, between 0 and 1, attributed to them unless it says incremental; without it,
    a wide published range."""
    order_value: StatedPositive | None = None
    """What a customer pays for one order, in the profile's currency; without it, the margin's share of it is a wide
    assumed range."""
    purchases_per_year: StatedPositive | None = None
    """Orders of one customer in a year, as a count of at most 1,000; only what the app's promotion brings depends on
    it. Without it, a wide assumed range."""

    @model_validator(mode="after")
    def _possible_orders(self) -> Self:
        problems = []
        if self.order_value is not None and self.order_value < self.margin_per_order:
            expected = f"at least the margin of an order, {float(self.margin_per_order):.15g}"
            problems.append(Problem(("order_value",), echo(float(self.order_value)), expected))
        if self.purchases_per_year is not None and self.purchases_per_year > MOST_PURCHASES:
            expected = f"at most {MOST_PURCHASES:,.0f}, the orders of one customer and not of all"
            problems.append(Problem(("purchases_per_year",), echo(float(self.purchases_per_year)), expected))
        if problems:
            raise ProblemsError(tuple(problems))
        return self


class Service(Record):
    """What after-sales service is worth to the company, and how much of it customers demand."""

    inbound_contacts: StatedAmount
    """Service contacts that customers start, per period, for the whole company."""
    value_per_resolution: StatedAmount
    """Value of one resolved contact, in the profile's currency."""


class Advocacy(Record):
    """What image and word of mouth are worth to the company."""

    value_per_exposure: StatedAmount
    """Value of one person hearing something good about the company, in the profile's currency."""


class Purposes(Record):
    """The purposes of contacts; at least one is stated."""

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
    """Figures of a channel, for the whole company or for one market."""

    reachable: StatedAmount | None = None
    """Number of customers that the channel reaches, as a count; or state reachable_share."""
    reachable_share: StatedShare | None = None
    """Share of all customers that the channel reaches, between 0 and 1; or state reachable."""
    current_spend: Mapping[Purpose, Amount] = {}
    """Spend today for each purpose, in the profile's currency per period; 0 if not stated."""
    cost_per_contact: Mapping[Purpose, StatedPositive] = {}
    """Cost of one contact for each purpose, in the profile's currency: of one delivered message or impression, of one
    handled service contact including labour or, for promotion and advocacy in the app, of one new active user;
    published figures if not stated."""
    publicness: StatedShare | None = None
    """How public the channel is: the share of others who see what is said on it, from 0 (private) to 1 (public)."""
    contacts_per_customer: StatedPositive | None = None
    """Promotional contacts that one customer accepts, per period."""
    opt_out_per_contact: StatedShare | None = None
    """Share of contacted customers who withdraw their consent after a promotional contact, between 0 and 1."""
    value_per_consent: StatedAmount | None = None
    """Value of one customer's consent to be contacted, for as long as it lasts, in the profile's currency."""
    audience: Audience | None = None
    """Whom promotion on the channel reaches: "loyal" customers or a "cold" list; without it, loyal customers for sms,
    im and app, and both for social."""
    orders_per_contact: StatedRate | None = None
    """Orders per delivered promotional contact, a share from 0 to 1, attributed to it unless it says incremental."""
    resolution_share: StatedShare | None = None
    """Share of handled service contacts that are resolved, between 0 and 1."""
    on_time_share: StatedShare | None = None
    """Share of handled service contacts that are answered on time, between 0 and 1."""
    service_share: StatedShare | None = None
    """Share of inbound service contacts that arrive on this channel, between 0 and 1; over all channels, at most 1."""

    @model_validator(mode="after")
    def _one_reach(self) -> Self:
        if self.reachable is not None and self.reachable_share is not None:
            expected = "either reachable or reachable_share, not both"
            raise ProblemsError((Problem(("reachable_share",), echo(self.reachable_share), expected),))
        return self


class MarketChannel(ChannelFigures):
    """Figures of a channel in one market; they replace the company-wide ones."""


class Channel(ChannelFigures):
    """A way to reach and answer customers: social, sms, im, app, or a channel of the company's own."""

    like: BuiltInChannel | None = None
    """For a channel of the company's own: the built-in channel whose published figures are used for it."""
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)] | None = None
    """The purposes that the channel is used for; without it, all of the profile's purposes."""
    notes: Notes = None
    """Free notes for human readers."""

    @field_validator("purposes", mode="after")
    @classmethod
    def _no_purpose_twice(cls, value: tuple[Purpose, ...] | None) -> tuple[Purpose, ...] | None:
        _each_once(value or ())
        return value


class Market(Record):
    """A country, region, shop or customer segment with its own customers, reach and costs."""

    name: Name
    """The market's name in rules and plans; no other market, channel or purpose may have it."""
    customers: Positive
    """Number of customers in the market, as a count above 0."""
    penetration: StatedShare | None = None
    """Share of the customers who have a mobile phone, between 0 and 1; without it, published figures."""
    country: Country | None = None
    """ISO 3166 code of the market's country, two capital letters; without it, the profile's country."""
    inbound_contacts: StatedAmount | None = None
    """Service contacts that this market's customers start, per period; without it, a part of the company's in
    proportion to its customers."""
    channels: Mapping[str, MarketChannel] = {}
    """Figures of the channels that differ in this market; amounts in the profile's currency."""
    notes: Notes = None
    """Free notes for human readers."""


class WordOfMouth(Record):
    """What customers tell others about the company, and what it is worth.

    The defaults, 3 friends and 3,000 strangers, are a popular saying, not a measurement.
    """

    told_if_satisfied: Amount = 3.0
    """Number of people that a satisfied customer tells, if any, as a count."""
    told_if_not: Positive = 3000.0
    """Number of people that a dissatisfied customer tells on a public channel (publicness 1), as a count."""
    told_in_private: Positive = 10.0
    """Number of people that a dissatisfied customer tells on a private channel (publicness 0), as a count."""
    satisfied_share: StatedShare | None = None
    """Share of all customers who are satisfied, between 0 and 1; without it, an assumed range."""
    value_per_exposure: StatedAmount | None = None
    """Value of one person hearing something good about the company, and loss from one hearing something bad, in the
    profile's currency; needed only if purposes state no advocacy."""


class LongForm(Record):
    """Columns of a table in long form, in which each row is of one channel in one period."""

    channel: Title | None = None
    """Name of the column with the channel, or cells, of each row; without it, the only column of words."""
    spend: Title | None = None
    """Name of the column with what was spent, in the profile's currency; without it, the only column of amounts."""


class HistoryFile(Record):
    """The company's own history of spend and outcome, from which the effects of its channels are estimated."""

    file: FileName
    """Name of a CSV file or Excel workbook (.xlsx) in the profile's folder: a row for each week or other period, with a
    date, the outcome, and columns of spend in the profile's currency, named after cells: sms or FR/sms/promotion, or,
    where there is a column of markets, sms or sms/promotion."""
    outcome_worth: Positive
    """Margin of one unit of the outcome, in the profile's currency; 1 if the outcome is itself a margin."""
    outcome: Title = "outcome"
    """Name of the column with the outcome."""
    date: Title = "date"
    """Name of the column with dates such as 2024-01-31, or with week numbers."""
    market: Title | None = None
    """Name of the column with the market of each row, one of the profile's, if there are rows for each market."""
    controls: tuple[Title, ...] = ()
    """Names of columns with other influences on the outcome: prices, promotions, events."""
    cost_per_unit: Mapping[Title, Positive | Title] = {}
    """For columns that hold a volume, such as messages, instead of spend: the cost of a unit in the profile's currency,
    or the name of the column with the money spent."""
    experiments: FileName | None = None
    """Name of a CSV or JSON file of lift tests in the profile's folder, each with channel, start, end, spend_change,
    lift and standard_error, its market if there is a column of markets, and if need be rows and held_out; lifts are in
    units of the outcome."""
    unpaid: tuple[Title, ...] = ()
    """Names of columns with media without a bill, such as posts or newsletters, in any unit."""
    ignore: tuple[Title, ...] = ()
    """Names of columns to leave out."""
    published: StrictBool = True
    """Whether published figures on the channels are used as the prior."""
    timing_days: Positive = 365.25
    """Days back from the last row whose periods with spend show when a period's money is spent; without it, a year."""
    decimal: Literal[".", ","] | None = None
    """The decimal sign of the file's numbers, needed where they do not show it, such as 1.234."""
    date_format: Title | None = None
    """Order of day, month and year, needed where dates do not show it, such as 03/04/2024: dmy, mdy or ymd; or a format
    such as %d/%m/%Y."""
    long: LongForm | None = None
    """For a file with a row for each channel of a period: its columns of channels and of spend, or {}."""

    @field_validator("controls", "unpaid", "ignore", mode="after")
    @classmethod
    def _no_column_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
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


DAYS_A_WEEK, DAYS_A_YEAR = 7.0, 365.25
PERIOD_DAYS = {
    "day": 1.0,
    "week": DAYS_A_WEEK,
    "month": DAYS_A_YEAR / 12,
    "quarter": DAYS_A_YEAR / 4,
    "year": DAYS_A_YEAR,
}
"""Length of each period that has a name, in days."""


class ProfileFields(Record):
    """The fields of a profile, in the order in which they are usually written."""

    schema_uri: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    """Where editors find the JSON Schema of profiles; ignored."""
    schema_version: SchemaVersion = 1
    """Version of the profile's format: 1."""
    name: Title
    """The company's name."""
    sector: Sector
    """The company's sector, which determines the published figures."""
    country: Country
    """ISO 3166 code of the company's country, two capital letters."""
    currency: Currency
    """ISO 4217 code of the currency of all amounts, three capital letters."""
    usd_rate: Annotated[Positive | None, Field(validate_default=True)] = None
    """Units of the currency for one US dollar; needed if a cost comes from published figures, which are in US dollars;
    1 for USD."""
    period: Period
    """The period of amounts and counts: "day", "week", "month", "quarter", "year", or a number of days."""
    periods: Count = 1
    """Number of periods that the plan covers; every amount is per period."""
    timing: Timing | None = None
    """Plans each period separately, with carry-over, season, costs by period and a discount rate; without it, one
    typical period is planned and repeated."""
    scenario: Scenario | None = None
    """What is asked of the plan, in the profile's currency per period; without it, today's total spend is a fixed
    budget."""
    purposes: Purposes
    """The purposes of contacts, and their value in the profile's currency."""
    markets: Annotated[tuple[Market, ...], Field(min_length=1)]
    """The markets, each with its customers as a count."""
    channels: Annotated[Mapping[Name, Channel], Field(min_length=1)]
    """The channels by name: social, sms, im, app, or the company's own; amounts in the profile's currency."""
    rules: tuple[Constraint, ...] = ()
    """Business rules that the plan must obey; amounts in the profile's currency per period."""
    overlap: Share | None = None
    """Share of those whom a channel's promotion reaches that each other channel's reaches too, between 0 and 1; without
    it, channels reach customers independently of each other."""
    word_of_mouth: WordOfMouth = Field(default_factory=WordOfMouth)
    """What customers tell others about the company; amounts in the profile's currency."""
    switched_off: tuple[Mechanism, ...] = ()
    """Mechanisms of the published prior to leave out of the plan: "word_of_mouth", "answer_on_time", "fatigue"."""
    risk: Risk | None = None
    """How plans are compared under uncertainty; without it, by the mean, or, if the company's own history and today's
    spend are known and the budget is fixed, by safe_improvement."""
    evidence: FileName | None = None
    """Name of a file in the profile's folder, written by `channelmix fit`; or state history."""
    history: HistoryFile | None = None
    """The company's own history, fitted again for every plan; or state evidence."""
    notes: Notes = None
    """Free notes for human readers."""

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
        """Value of one person hearing about the company, in the profile's currency; None if not stated."""
        advocacy = self.purposes.advocacy
        return self.word_of_mouth.value_per_exposure if advocacy is None else advocacy.value_per_exposure

    def purposes_of(self, channel: str) -> tuple[Purpose, ...]:
        """Return the declared purposes that a channel is used for, in canonical order."""
        restricted = self.channels[channel].purposes
        return tuple(p for p in self.purposes.declared if restricted is None or p in restricted)

    @property
    def period_days(self) -> float:
        """Length of one period, in days."""
        return PERIOD_DAYS[self.period] if isinstance(self.period, str) else self.period

    @property
    def period_text(self) -> str:
        """The period in words, such as ``month`` or ``45 days``."""
        if isinstance(self.period, str):
            return self.period
        return f"{self.period:g} day{'s' * (self.period != 1.0)}"
