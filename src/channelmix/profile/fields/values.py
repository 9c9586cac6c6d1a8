"""The kinds of value that a profile is made of: amounts, shares, names, and rules read strictly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from channelmix.core.described import Described
from channelmix.engine.rules import CONSTRAINTS, RISKS, SCENARIOS, rule_to_dict
from channelmix.profile.faults import Path, Problem, ProblemsError, echo

if TYPE_CHECKING:
    from channelmix.engine.rules import (
        ActivationFee,
        AtMostActive,
        ChangeLimit,
        ContactCap,
        FixedBudget,
        FlexibleBudget,
        GroupShare,
        KeepWorking,
        LinearConstraint,
        MaxProfit,
        MeanCVaR,
        MeanRisk,
        MinimumIfActive,
        Pacing,
        PackSize,
        Phasing,
        PriceTiers,
        ReputationLimit,
        SafeImprovement,
        ServiceLevel,
        SpendBounds,
        TargetOutcome,
        WorstCase,
    )


LARGEST = 1e18
"""Largest amount or count that a profile accepts, so that no sum of them overflows."""
COUNTRY_PATTERN = "^[A-Z]{2}$"
CURRENCY_PATTERN = "^[A-Z]{3}$"

Purpose = Literal["promotion", "service", "advocacy"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
BuiltInChannel = Literal["social", "sms", "im", "app"]
BUILT_IN_CHANNELS: tuple[BuiltInChannel, ...] = get_args(BuiltInChannel)
Mechanism = Literal["word_of_mouth", "answer_on_time", "fatigue"]
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
Sector = Literal[
    "retail",
    "e_commerce",
    "banking",
    "insurance",
    "telecom",
    "travel",
    "hospitality",
    "food",
    "media",
    "entertainment",
    "gaming",
    "health",
    "education",
    "automotive",
    "real_estate",
    "utilities",
    "public",
    "nonprofit",
    "consumer_goods",
    "technology",
    "other",
]


class Record(Described, BaseModel):
    """Base of the profile's models: frozen, no unknown fields, each described by the docstring below it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _name(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable():
        raise ProblemsError(
            (Problem((), echo(value), "a name in printable characters without spaces around it"),)
        )
    if "/" in value or value == "all":
        raise ProblemsError((Problem((), echo(value), 'a name other than "all" and without "/"'),))
    return value


def _file_name(value: str) -> str:
    parts = value.replace("\\", "/").split("/")
    if not value.isprintable() or ":" in value or any(part.strip() in {"", ".", ".."} for part in parts):
        expected = "the name of a file in the profile's folder or below it, without .. and not from the root"
        raise ProblemsError((Problem((), echo(value), expected),))
    return value


def _title(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ProblemsError((Problem((), echo(value), "a name in printable characters"),))
    return value


def _plain_notes(value: Any) -> Any:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise ProblemsError((Problem((), echo(value), "finite numbers and valid Unicode"),)) from None
    return value


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ProblemsError((Problem((), echo(value), "1"),))
    return value


Amount = Annotated[float, Field(strict=True, ge=0.0, le=LARGEST, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0.0, le=LARGEST, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0, allow_inf_nan=False)]
Country = Annotated[str, Field(pattern=COUNTRY_PATTERN)]
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN)]
Period = Literal["day", "week", "month", "quarter", "year"] | Positive
Notes = Annotated[JsonValue, AfterValidator(_plain_notes)]
SchemaVersion = Annotated[Literal[1], BeforeValidator(_no_boolean)]
FileName = Annotated[str, AfterValidator(_file_name), Field(json_schema_extra={"minLength": 1})]
Title = Annotated[str, AfterValidator(_title), Field(json_schema_extra={"minLength": 1})]
Name = Annotated[
    str,
    AfterValidator(_name),
    Field(json_schema_extra={"minLength": 1, "not": {"anyOf": [{"const": "all"}, {"pattern": "/"}]}}),
]


# A profile's rules hold in every period by themselves.
STATED = {kind: rule for kind, rule in CONSTRAINTS.items() if kind != "each_period"}

KINDS: Mapping[str, tuple[str, ...]] = {
    "scenario": tuple(SCENARIOS),
    "rules": tuple(STATED),
    "risk": tuple(RISKS),
}
"""For each field that holds a tagged union, or a list of them, the kinds to choose from."""


def _strict(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Read a rule, and refuse what Pydantic would quietly turn into a number."""
    rule = handler(value)
    if isinstance(value, Mapping) and (
        problems := tuple(_turned_into_numbers(value, rule_to_dict(rule), ()))
    ):
        raise ProblemsError(problems)
    return rule


def _turned_into_numbers(written: Any, read: Any, path: Path) -> Iterator[Problem]:
    if isinstance(written, str | bool) and isinstance(read, int | float):
        yield Problem(path, echo(written), "a number")
    elif isinstance(written, Mapping):
        for key in written.keys() & read.keys():
            yield from _turned_into_numbers(written[key], read[key], (*path, key))
    elif isinstance(written, list | tuple):
        for i, pair in enumerate(zip(written, read, strict=True)):
            yield from _turned_into_numbers(*pair, (*path, i))


def _tagged(kinds: Mapping[str, Any]) -> Any:
    """Make the union of the classes, told apart by the `kind` that each of them must state."""
    return Annotated[reduce(or_, kinds.values()), Field(discriminator="kind"), WrapValidator(_strict)]


if TYPE_CHECKING:
    Scenario = FixedBudget | TargetOutcome | FlexibleBudget | MaxProfit
    Constraint = (
        SpendBounds
        | GroupShare
        | ChangeLimit
        | KeepWorking
        | LinearConstraint
        | MinimumIfActive
        | AtMostActive
        | ActivationFee
        | PackSize
        | PriceTiers
        | ContactCap
        | ServiceLevel
        | ReputationLimit
        | Pacing
        | Phasing
    )
    Risk = MeanRisk | MeanCVaR | WorstCase | SafeImprovement
else:
    Scenario = _tagged(SCENARIOS)
    Constraint = _tagged(STATED)
    Risk = _tagged(RISKS)
