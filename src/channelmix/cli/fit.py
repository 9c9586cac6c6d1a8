"""``channelmix fit``: from a company's own history to a file of evidence."""

from __future__ import annotations

from functools import partial

import click

from channelmix.cli.input import read_input, read_profile
from channelmix.cli.options import quiet_option, seed_option
from channelmix.cli.output import write_result, write_table
from channelmix.cli.progress import status_line
from channelmix.cli.session import Number, examples


@click.command(
    epilog=examples(
        "channelmix fit history.csv --profile profile.json --outcome-worth 22",
        "channelmix fit h.csv --profile p.json --outcome-worth 22 -o evidence.json",
        "channelmix fit h.csv --profile p.json --outcome sales --outcome-worth 0.35",
        "channelmix fit h.csv --profile p.json --outcome-worth 22 --control promo",
        "channelmix fit h.csv --profile p.json --outcome-worth 22 --experiments t.csv",
        "channelmix fit h.csv --profile p.json --outcome-worth 9 --cost-per-unit im=1",
        "channelmix fit rows.csv --profile p.json --outcome-worth 22 --market market",
        "channelmix fit h.csv --profile p.json --outcome-worth 22 --backtest",
        "channelmix fit - --profile p.json --outcome-worth 22 < history.csv",
    )
)
@click.argument("history", metavar="HISTORY.CSV")
@click.option("--profile", required=True, metavar="FILE", help="The company; its files are not read.")
@click.option(
    "--outcome-worth",
    type=Number(min=0, min_open=True),
    required=True,
    metavar="AMOUNT",
    help="Margin that one unit of the outcome brings, in the profile's currency.",
)
@click.option(
    "--outcome", default="outcome", show_default=True, metavar="COLUMN", help="Column with the outcome."
)
@click.option(
    "--date",
    default="date",
    show_default=True,
    metavar="COLUMN",
    help="Column with dates such as 2024-01-31, or whole numbers of weeks.",
)
@click.option(
    "--market",
    metavar="COLUMN",
    help="Column with the rows' market, one of the profile's, where each has rows of its own.",
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="COLUMN",
    help="Column with what else moves the outcome; may be repeated.",
)
@click.option(
    "--cost-per-unit",
    "costs",
    multiple=True,
    metavar="COLUMN=COST",
    help="A column of volume, such as messages, and what a unit costs, or the column with its spend; may be repeated.",
)
@click.option(
    "--experiments",
    metavar="FILE",
    help="Lift tests in CSV or JSON: channel, start, end, spend_change, lift, standard_error; with --market, market.",
)
@click.option(
    "--draws",
    type=click.IntRange(2000, 100_000),
    metavar="N",
    help="Draws of the posterior: 2048 by default; more where a check asks for more.",
)
@click.option(
    "--published/--no-published",
    default=True,
    show_default=True,
    help="Whether what published figures and the profile expect is believed before the rows are looked at.",
)
@click.option(
    "--backtest",
    is_flag=True,
    help="Backtest: forecast the last two blocks of 13 rows. Takes three times as long.",
)
@click.option("--output", "-o", metavar="FILE", help="Write the evidence to FILE.")
@seed_option
@quiet_option
def fit(
    history: str,
    profile: str,
    outcome_worth: float,
    outcome: str,
    date: str,
    market: str | None,
    controls: tuple[str, ...],
    costs: tuple[str, ...],
    experiments: str | None,
    draws: int | None,
    published: bool,
    backtest: bool,
    output: str | None,
    seed: int,
    quiet: bool,
) -> None:
    """Learn what the channels of the company in a profile bring from its own weekly (or other) rows ("-" reads them
    from standard input).

    Beside date, outcome and controls, every column of HISTORY.CSV is spend in the profile's currency, named by the
    cells that it is spent on: sms, FR/sms or FR/sms/promotion. With --market a date has a row for each market, and
    columns are named without it: sms or sms/promotion. Name the evidence file in the profile, as
    "evidence": "evidence.json", and optimize plans on it.
    """
    import channelmix as cm
    from channelmix import report
    from channelmix.effectiveness.own.fit import DRAWS
    from channelmix.profile.evidence.history import LARGEST_TABLE

    if history == profile == "-":
        raise click.UsageError("Only one of HISTORY.CSV and --profile can be read from standard input.")
    company = read_profile(profile, read_files=False)
    table = read_input(LARGEST_TABLE) if history == "-" else history
    with status_line(quiet):
        evidence = cm.fit_history(
            company,
            table,
            outcome_worth=outcome_worth,
            outcome=outcome,
            date=date,
            market=market,
            controls=controls,
            cost_per_unit=dict(map(_cost, costs)),
            experiments=experiments or (),
            seed=seed,
            published=published,
            backtest=backtest,
            draws=draws or DRAWS,
        )
    if output is not None:
        write_result(evidence.to_json(), output)
    write_table(partial(report.fit_to_terminal, evidence, company.period_text))
    if output is not None:
        click.echo(f'{output} written; name it in the profile: "evidence": "{output}"', err=True)
    failed = sum(check.verdict == "FAIL" for check in evidence.checks)
    if failed:
        click.echo(
            f"{failed} check{'s' * (failed > 1)} failed: read what to do before you plan on this", err=True
        )


def _cost(text: str) -> tuple[str, float | str]:
    """Column and cost of ``sms=0.05``, or column and column of ``sms=sms spend``."""
    column, _, cost = text.rpartition("=")
    if not (column and cost):
        raise click.BadParameter(f"{text!r} is not COLUMN=COST.", param_hint="--cost-per-unit")
    try:
        return column, float(cost)
    except ValueError:
        return column, cost
