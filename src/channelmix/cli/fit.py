"""``channelmix fit``: estimate the channels' effects from a company's own history."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from channelmix.cli.input import read_input, read_profile, say_how_read
from channelmix.cli.options import POSITIVE, quiet_option, seed_option
from channelmix.cli.output import write_result, write_table
from channelmix.cli.progress import status_line
from channelmix.cli.session import command


@command(
    "channelmix fit history.csv --profile profile.json --outcome-worth 22",
    "channelmix fit h.csv --profile p.json --outcome-worth 22 -o evidence.json",
    "channelmix fit h.csv --profile p.json --outcome sales --outcome-worth 0.35",
    "channelmix fit h.csv --profile p.json --outcome-worth 22 --control promo",
    "channelmix fit h.csv --profile p.json --outcome-worth 22 --unpaid newsletter",
    "channelmix fit h.csv --profile p.json --outcome-worth 22 --experiments t.csv",
    "channelmix fit h.csv --profile p.json --outcome-worth 9 --cost-per-unit im=1",
    "channelmix fit rows.csv --profile p.json --outcome-worth 22 --market market",
    "channelmix fit h.csv --profile p.json --outcome-worth 22 --backtest",
    "channelmix fit h.xlsx --profile p.json --outcome-worth 22 --date-format dmy",
    "channelmix fit h.csv --profile p.json --outcome-worth 9 --long channel=spend",
    "channelmix fit - --profile p.json --outcome-worth 22 < history.csv",
)
@click.argument("history", metavar="HISTORY.CSV")
@click.option(
    "--profile",
    required=True,
    metavar="FILE",
    help="Profile of the company; files that it names are not read.",
)
@click.option(
    "--outcome-worth",
    type=POSITIVE,
    required=True,
    metavar="AMOUNT",
    help="Margin per unit of the outcome, in the profile's currency.",
)
@click.option(
    "--outcome", default="outcome", show_default=True, metavar="COLUMN", help="Column with the outcome."
)
@click.option(
    "--date",
    default="date",
    show_default=True,
    metavar="COLUMN",
    help="Column with dates such as 2024-01-31, 2024-W05, 202401 or a spreadsheet's count of days, or whole numbers of "
    "weeks.",
)
@click.option(
    "--market",
    metavar="COLUMN",
    help="Column with the market of each row, if markets have rows of their own.",
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="COLUMN",
    help="Column with another influence on the outcome; may be repeated.",
)
@click.option(
    "--unpaid",
    multiple=True,
    metavar="COLUMN",
    help="Column of media without a bill, such as posts or newsletters, in any unit; may be repeated.",
)
@click.option(
    "--ignore", multiple=True, metavar="COLUMN", help="Column to leave out of the table; may be repeated."
)
@click.option(
    "--cost-per-unit",
    "costs",
    multiple=True,
    metavar="COLUMN=COST",
    help="Column of volume, such as messages, and its cost per unit or the column with its spend; may be repeated.",
)
@click.option(
    "--experiments",
    metavar="FILE",
    help="Lift tests, a table (CSV, .xlsx) or JSON: channel, start, end, spend_change, lift, standard_error; with "
    "--market, market; where they apply, rows and held_out.",
)
@click.option(
    "--draws",
    type=click.IntRange(2000, 100_000),
    metavar="N",
    help="Number of posterior draws. Default: 2048, and more if a check requires it.",
)
@click.option(
    "--published/--no-published",
    default=True,
    show_default=True,
    help="Use published figures and the profile as prior, or ignore them.",
)
@click.option(
    "--backtest",
    is_flag=True,
    help="Backtest: forecast the last two blocks of 13 rows. Takes three times as long.",
)
@click.option(
    "--time-limit",
    type=POSITIVE,
    metavar="SECONDS",
    help="After this time, return what there is; a check says how much of it counts. Default: none.",
)
@click.option(
    "--timing-days",
    type=POSITIVE,
    default=365.25,
    show_default=True,
    metavar="DAYS",
    help="Take the timing of spend within a period from this many days before the last row.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    help="Decimal sign of the numbers, where they do not show it (1.234).",
)
@click.option(
    "--date-format",
    metavar="FORMAT",
    help="Order of day, month and year, where dates do not show it (03/04/2024): dmy, mdy or ymd; or a format such as "
    "%d/%m/%Y.",
)
@click.option(
    "--long",
    is_flag=False,
    flag_value="",
    metavar="[CHANNEL=SPEND]",
    help="Each row is of one channel: the columns of its name and spend; alone, the only ones without another role.",
)
@click.option("--verbose", "-v", is_flag=True, help="List the checks that passed, too.")
@click.option("--output", "-o", metavar="FILE", help="Write the evidence to FILE.")
@seed_option
@quiet_option
def fit(
    history: str,
    profile: str,
    costs: tuple[str, ...],
    experiments: str | None,
    draws: int | None,
    long: str | None,
    output: str | None,
    verbose: bool,
    quiet: bool,
    seed: int,
    backtest: bool,
    time_limit: float | None,
    **options: Any,
) -> None:
    """Estimate what a company's channels bring from its own weekly (or other) rows ("-" reads standard input).

    HISTORY.CSV may be separated by commas, semicolons, tabs or pipes, with decimal points or commas, or be an Excel
    workbook (.xlsx). What is not certain in it is asked about.

    Apart from date, outcome, controls, media without a bill and what is ignored, every column of HISTORY.CSV is spend
    in the profile's currency, named after the cells that it is spent on: sms, FR/sms or FR/sms/promotion. With
    --market, each date has one row per market, and columns are named without the market: sms or sms/promotion. To plan
    on the evidence, name its file in the profile:
    "evidence": "evidence.json".
    """
    from channelmix import report
    from channelmix.effectiveness.own.fit import DRAWS, fitted
    from channelmix.effectiveness.own.rows import read_history
    from channelmix.profile.evidence.tables import LARGEST_TABLE

    if history == profile == "-":
        raise click.UsageError("Only one of HISTORY.CSV and --profile can be read from standard input.")
    company = read_profile(profile, read_files=False)
    table = read_input(LARGEST_TABLE) if history == "-" else history
    rows = read_history(
        table,
        cost_per_unit=dict(map(_cost, costs)),
        experiments=experiments or (),
        long=None if long is None else _long(long),
        **options,
    )
    say_how_read(rows)
    with status_line(quiet):
        evidence = fitted(rows, company, draws or DRAWS, seed, backtest, time_limit)
    if output is not None:
        write_result(evidence.to_json(), output)
    write_table(partial(report.fit_to_terminal, evidence, company.period_text, verbose=verbose))
    if output is not None:
        click.echo(f'{output} written; name it in the profile: "evidence": "{output}"', err=True)
    failed = sum(check.verdict == "FAIL" for check in evidence.checks)
    if failed:
        click.echo(
            f"{failed} check{'s' * (failed > 1)} failed: follow the advice above before you plan on this",
            err=True,
        )


def _long(text: str) -> dict[str, str]:
    """Split ``channel=spend`` into the two columns of a table in long form; nothing states none."""
    if not text:
        return {}
    channel, _, spend = text.rpartition("=")
    if not (channel and spend):
        raise click.BadParameter(f"{text!r} is not CHANNEL=SPEND, two columns.", param_hint="--long")
    return {"channel": channel, "spend": spend}


def _cost(text: str) -> tuple[str, float | str]:
    """Split ``sms=0.05`` into column and cost, or ``sms=sms spend`` into two columns."""
    column, _, cost = text.rpartition("=")
    if not (column and cost):
        raise click.BadParameter(f"{text!r} is not COLUMN=COST.", param_hint="--cost-per-unit")
    try:
        return column, float(cost)
    except ValueError:
        return column, cost
