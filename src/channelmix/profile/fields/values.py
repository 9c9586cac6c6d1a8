"""The kinds of value that a profile is made of: amounts, shares, names, and rules by their kind."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from channelmix.core.described import Described
from channelmix.core.errors import LARGEST_AMOUNT
from channelmix.engine import rules
from channelmix.profile.faults import Problem, ProblemsError, echo
from channelmix.profile.fields.tagged import OneOf

COUNTRY_PATTERN = "^[A-Z]{2}$"
CURRENCY_PATTERN = "^[A-Z]{3}$"

Purpose = Literal["promotion", "service", "advocacy"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
BuiltInChannel = Literal["social", "sms", "im", "app"]
BUILT_IN_CHANNELS: tuple[BuiltInChannel, ...] = get_args(BuiltInChannel)
Audience = Literal["loyal", "cold"]
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


Amount = Annotated[float, Field(strict=True, ge=0.0, le=LARGEST_AMOUNT, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0.0, le=LARGEST_AMOUNT, allow_inf_nan=False)]
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


Scenario = Annotated[rules.Scenario, OneOf(rules.Scenario)]
Constraint = Annotated[rules.Constraint, OneOf(rules.Constraint)]
Risk = Annotated[rules.Risk, OneOf(rules.Risk)]
