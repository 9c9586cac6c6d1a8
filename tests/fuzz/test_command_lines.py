"""Any command line ends with a code of the contract: in process with quick answers, and as a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import strategies as st
from tests.fuzz.bounds import MOST_BYTES, MOST_SECONDS, check_words, in_bounds
from tests.fuzz.command_lines import answers, command_lines, fill, quick_lines
from tests.fuzz.counting import rounds, tried

import channelmix
from channelmix.cli import main
from channelmix.effectiveness.own import fit

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

SHARE, PROCESS_SHARE = 0.06, 0.002

CODES = {0, 2, 3, 4, 5, 130}
"""Of the contract; 130 where an answer is incomplete."""

SOURCE = Path(__file__).parents[2] / "src"

ENVIRONMENTS: list[dict[str, str | None]] = [
    {},
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"HOME": None, "USER": None, "TMPDIR": "/no/such/folder"},
    {"COLUMNS": "1", "TERM": "dumb", "NO_COLOR": "1"},
    {"COLUMNS": "0", "LINES": "x", "TZ": "nowhere"},
]

STREAMS = ("as usual", "as usual", "full", "no input", "no output", "no errors", "nothing open", "no reader")


CLOSED = {"no input": (0,), "no output": (1,), "no errors": (2,), "nothing open": (0, 1, 2)}


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An own folder to run in, and functions that answer at once."""
    for name, answer in answers().items():
        home = fit if name == "fitted" else channelmix
        monkeypatch.setattr(home, name, lambda *_, answer=answer, **__: answer, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("number", "count"), rounds(SHARE))
def test_command_lines(number: int, count: int, answered: Path, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(given: tuple[list[str], bytes, bytes]) -> None:
        line, altered, table = given
        fill(answered, altered, table)
        with in_bounds():
            result = CliRunner().invoke(main, line, prog_name="channelmix", input=altered)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.exit_code in CODES, result.output
        if result.exit_code not in (0, 2, 130):
            check_words(result.stderr.rstrip("\n") if result.exit_code == 3 else "x")
        assert "Traceback" not in result.output

    tried(command_lines(), check, "command lines", number, count)


def _prepared(streams: str) -> Any:
    """What a process does before it starts: bounds on what it may take, and streams that are closed."""

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(MOST_SECONDS), int(MOST_SECONDS) + 5))
        for closed in {"no input": (0,), "no output": (1,), "no errors": (2,), "nothing open": (0, 1, 2)}.get(
            streams, ()
        ):
            os.close(closed)

    return prepare


def _run(
    line: list[str], streams: str, changes: dict[str, str | None], data: bytes, folder: Path
) -> tuple[int, bytes, int]:
    """Exit code, standard error, and most memory in bytes."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        **{k: v for k, v in changes.items() if v is not None},
    }
    for name in [name for name, value in changes.items() if value is None]:
        environment.pop(name, None)
    (folder / "input").write_bytes(data)
    reader, writer = os.pipe()
    os.close(reader)
    outputs = {"full": lambda: os.open("/dev/full", os.O_WRONLY), "no reader": lambda: os.dup(writer)}
    output = outputs.get(streams, lambda: os.open(os.devnull, os.O_WRONLY))()
    with (folder / "input").open("rb") as given, (folder / "errors").open("w+b") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "channelmix", *line],
            stdin=given,
            stdout=output,
            stderr=errors,
            cwd=folder,
            env=environment,
            preexec_fn=_prepared(streams),
        )
        os.close(output)
        os.close(writer)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return child.returncode, errors.read(), 1024 * used.ru_maxrss


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
@pytest.mark.parametrize(("number", "count"), rounds(PROCESS_SHARE))
def test_processes(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)

    def check(given: tuple[tuple[list[str], bytes, bytes], str, dict[str, str | None]]) -> None:
        (line, altered, table), streams, changes = given
        with tempfile.TemporaryDirectory() as name:
            fill(Path(name), altered, table)
            code, errors, memory = _run(line, streams, changes, altered, Path(name))
            left = [path.name for path in Path(name).iterdir() if path.name.startswith(".channelmix-")]
        assert code in CODES, errors
        assert b"Traceback" not in errors
        assert memory < MOST_BYTES
        assert left == []

    tried(
        st.tuples(quick_lines(), st.sampled_from(STREAMS), st.sampled_from(ENVIRONMENTS)),
        check,
        "processes",
        number,
        count,
    )
