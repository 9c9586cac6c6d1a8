"""Command lines of every command, with values of its own options that may be of any kind, in a folder of files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.conftest import SMALL
from tests.fuzz.by_schema import made_by_schema
from tests.fuzz.documents import LIFT_TESTS, bytes_of, profile_of, small_plan
from tests.fuzz.hostile import TEXTS
from tests.fuzz.tables import grids, table_texts
from tests.own_evidence import returns, written

import channelmix as cm
from channelmix.cli import main
from channelmix.core.documents import Document

__all__ = ["answers", "command_lines", "fill", "quick_lines"]

READ = (
    "profile.json",
    "plan.json",
    "evidence.json",
    "history.csv",
    "tests.json",
    "frontier.json",
    "value.json",
)

ODD_READ = (
    *("altered.json", "altered.csv", "missing.json", "-", "", ".", "/dev/null"),
    *("a\nb", "\x1b[31m.json", "n" * 300),
)

ODD_WRITTEN = (
    "out.json",
    "out.csv",
    "out.html",
    "out",
    "-",
    "",
    ".",
    "no/such/out.json",
    "/dev/full",
    "/dev/null",
    "n" * 300,
)
"""Never a name that leads out of the folder, but for devices."""

NUMBERS = (
    *(
        "0",
        "1",
        "5",
        "-1",
        "1e3",
        "1e18",
        "1e19",
        "1e300",
        "1e-300",
        "nan",
        "inf",
        "-inf",
        "1,5",
        "",
        " 5",
        "0x10",
    ),
    *(
        "\u0663",
        "1_000",
        "9" * 400,
        "9" * 5000,
        "2000",
        "4294967296",
        "99999999999999999999",
        "abc",
        "0.5",
        "8",
    ),
)

EDITS = (
    *(
        "budget=5",
        "markets[0].customers=8",
        "x",
        "=",
        "a=",
        "=b",
        "markets[9999999999].x=1",
        "a" * 500 + "=1",
    ),
    *(
        "rules[0]=null",
        "name=1e400",
        "name=" + "[" * 300,
        "channels.sms.reachable=-5",
        "scenario.amount=1" + "0" * 400,
    ),
)

DESIGNS = (
    *("FR/sms/promotion:-1000:4", "x", "a:b:c", "FR/sms/promotion:nan:4", "sms:1e400:4:1", ":::", "sms:1:0"),
    *("sms:-5:1e9:0", "FR/sms/promotion:1:1:1e-300", "value.json"),
)

COSTS = ("sms=0.05", "sms=social", "x=", "=", "sms=nan", "sms=-1", "sms=1e300", "sms=sms", "promo=1")

LOOSE = ("--nope", "--", "-x", "--he", "--format", "=", "extra", "\u202e", "-h")

WRITES = {("init", "file")}
"""Arguments that name what is written."""

MANY = {"edits": EDITS, "tests": DESIGNS, "costs": COSTS}

USUAL = {
    "plan": "plan.json",
    "before": "plan.json",
    "after": "plan.json",
    "history": "history.csv",
    "experiments": "tests.json",
    "frontier": "frontier.json",
    "explanation": "altered.json",
    "profile": "profile.json",
    "file": "profile.json",
}
"""What arguments and options that name a file are for."""


@cache
def answers() -> dict[str, Any]:
    """What slow functions of the library answer, by their names."""
    plan, profile = small_plan(), profile_of()
    return {
        "optimize": plan,
        "frontier": cm.frontier(profile, [1e4, 2e4], n_draws=8, time_limit=2.0),
        "information_value": cm.information_value(profile, n_draws=8, time_limit=2.0),
        "explain": cm.explain(plan, time_limit=0.05),
        "sensitivity": cm.Sensitivity.from_json(
            json.dumps({**made_by_schema(cm.Sensitivity.model_json_schema(), 0), "inputs": []})
        ),
        "fitted": written({"sms": returns(16), "social": returns(16, seed=1)}),
    }


def _made(kind: type[Document], **parts: Any) -> Document:
    """An answer that takes long to find: one that its schema allows."""
    return kind.from_json(json.dumps({**made_by_schema(kind.model_json_schema(), 0), **parts}))


@cache
def _files() -> dict[str, bytes]:
    found = answers()
    history = "date,outcome,sms,social,promo\n" + "".join(
        f"2023-{1 + i // 4:02}-{1 + 7 * (i % 4):02},{900 + i},{100 + i},{40 * (i % 3)},{i % 2}\n"
        for i in range(48)
    )
    return {
        "profile.json": json.dumps(SMALL).encode(),
        "plan.json": found["optimize"].to_json().encode(),
        "evidence.json": found["fitted"].to_json().encode(),
        "history.csv": history.encode(),
        "tests.json": json.dumps(LIFT_TESTS[:1]).encode(),
        "frontier.json": found["frontier"].to_json().encode(),
        "value.json": found["information_value"].to_json().encode(),
    }


def fill(folder: Path, altered: bytes, table: bytes) -> None:
    """Write the files that command lines name."""
    for name, data in _files().items():
        (folder / name).write_bytes(data)
    (folder / "altered.json").write_bytes(altered)
    (folder / "altered.csv").write_bytes(table)


@st.composite
def command_lines(draw: DrawFn, names: Sequence[str] = ()) -> tuple[list[str], bytes, bytes]:
    """Arguments, an altered document (also what standard input holds), and an altered table."""
    command = main.commands[draw(st.sampled_from(names or tuple(sorted(main.commands))))]
    line = [str(command.name)]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            if parameter.required or draw(st.booleans()):
                line.append(_value(draw, str(command.name), parameter))
        elif parameter.required or draw(st.integers(0, 4)) == 0:
            assert isinstance(parameter, click.Option)
            line.append(draw(st.sampled_from(parameter.opts)))
            if not parameter.is_flag:
                line.append(_value(draw, str(command.name), parameter))
    if draw(st.integers(0, 9)) == 0:
        line.insert(draw(st.integers(0, len(line))), draw(st.sampled_from(LOOSE)))
    kind = "plan" if line[0] in ("verify", "report", "compare") else "profile"
    return line, draw(bytes_of(kind)), draw(table_texts(grids()))


def _value(draw: DrawFn, command: str, parameter: click.Parameter) -> str:
    name, kind = str(parameter.name), parameter.type
    if name == "output" or (command, name) in WRITES:
        return draw(st.sampled_from(ODD_WRITTEN))
    if isinstance(kind, click.Choice):
        return draw(st.sampled_from([*map(str, kind.choices), *map(str, kind.choices), "other", ""]))
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return draw(st.sampled_from(NUMBERS))
    if name in MANY:
        return draw(st.sampled_from(MANY[name]))
    if name in USUAL:
        altered = "altered.csv" if name == "history" else "altered.json"
        return draw(st.sampled_from([*[USUAL[name], altered] * 4, *READ, *ODD_READ]))
    words = ["sms", "date", "outcome", "promo", "all", *(text for text in TEXTS if "\x00" not in text)]
    return draw(st.sampled_from(words))


QUICK = (
    *("validate", "verify", "report", "schema", "facts", "init", "optimize", "fit"),
    *("frontier", "test-next", "compare"),
)
"""Commands that take no more than seconds with few draws, points and seconds."""

FEW = {"--draws": "8", "--points": "2", "--time-limit": "1"}


def quick_lines() -> st.SearchStrategy[tuple[list[str], bytes, bytes]]:
    """Command lines whose real run takes no more than seconds."""
    return command_lines(QUICK).map(lambda made: (_limited(made[0]), *made[1:]))


def _limited(line: list[str]) -> list[str]:
    kept = [part for part in line if part not in ("--caution", "--backtest")]
    command = main.commands.get(kept[0])
    known = {option for parameter in command.params for option in parameter.opts} if command else set()
    for option, value in FEW.items():
        if option in known and not (option == "--draws" and kept[0] == "fit"):
            kept += [option, value]  # the last one counts
    return kept
