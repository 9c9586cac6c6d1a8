"""Arguments and options that several commands share.

An option that is named like an argument of the library's function is passed on to it by the command's ``**options``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

from channelmix.core.errors import LARGEST_AMOUNT


class Number(click.FloatRange):
    """An option that is a finite number in a range."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number; NaN would pass every comparison with a range."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


AMOUNT = Number(min=0, max=LARGEST_AMOUNT)
POSITIVE_AMOUNT = Number(min=0, min_open=True, max=LARGEST_AMOUNT)
POSITIVE = Number(min=0, min_open=True)

profile_argument = click.argument("profile", metavar="PROFILE")
format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    help="Output format. Default: by the ending of --output, else table.",
)
output_option = click.option(
    "--output", "-o", metavar="FILE", help="Write to FILE instead of standard output."
)
gap_option = click.option(
    "--gap",
    type=POSITIVE,
    metavar="SHARE",
    help="Relative gap to prove. Default: 0.0001, or 0.005 for plans on the worst draws or over several periods.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the random draws.",
)
max_memory_option = click.option(
    "--max-memory",
    type=POSITIVE,
    default=4.0,
    show_default=True,
    metavar="GB",
    help="Refuse a plan that is estimated to take more memory than this.",
)
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Show no progress.")


def time_limit_option(seconds: float, text: str) -> Callable[[Any], Any]:
    """Return the option --time-limit with its default and its help."""
    return click.option(
        "--time-limit", type=POSITIVE, default=seconds, show_default=True, metavar="SECONDS", help=text
    )


def top_option(default: int, text: str) -> Callable[[Any], Any]:
    """Return the option --top with its default and its help."""
    return click.option("--top", type=click.IntRange(1), default=default, show_default=True, help=text)
