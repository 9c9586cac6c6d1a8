"""The documents' commands are run and their output compared; their Python is run as doctests.

With CHANNELMIX_UPDATE_DOCS=1 the output in the documents is written anew instead.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

import channelmix as cm
from channelmix.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONSOLE = re.compile(r"^```console\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
WITH_CONSOLE = [path for path in DOCUMENTS if CONSOLE.search(path.read_text(encoding="utf-8"))]
UPDATE = bool(os.environ.get("CHANNELMIX_UPDATE_DOCS"))


pytestmark = pytest.mark.no_cover  # whole commands, slow to measure: what they run has tests of its own


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def run(command: str) -> str:
    """Run one documented command in this process; its output ends in a newline."""
    words = shlex.split(command)
    assert words[0] == "channelmix", f"only channelmix is run from documents, not {command!r}"
    result = CliRunner().invoke(main, words[1:], prog_name="channelmix")
    assert result.exit_code == 0, result.output
    return result.output


def as_locked() -> bool:
    """Whether those versions compute here that the documents were written with."""
    lock = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")
    return all(
        version(name) in re.findall(rf"^{name}==(\S+)", lock, re.MULTILINE)
        for name in ("cvxpy", "highspy", "numpy", "scipy")
    )


def steady(text: str) -> str:
    """Blank what may differ though nothing is wrong.

    With the versions of the lock, that is one number: the gap, where it is far below the bound. Any other solver may
    return another split within the gap, so that last digits differ, and with them the width of a column or a bar, and
    the unit of an amount near a thousand.
    """
    if as_locked():
        return re.sub(r"(gap|over) 0\.00\d+ %", r"\1 0.00 %", text)
    return re.sub(r"\s+", " ", re.sub(r"#+", "#", re.sub(r"\d[\d.,]*(?:(?:k|M|bn)\b)?", "0", text)))


@pytest.mark.parametrize("path", WITH_CONSOLE, ids=name_of)
def test_commands_print_what_the_document_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")

    def rewritten(block: re.Match[str]) -> str:
        commands = [line for line in block[1].splitlines() if line.startswith("$ ")]
        assert commands, "a console block without a command"
        body = "".join(f"{command}\n{run(command[2:])}" for command in commands)
        return f"```console\n{body}```\n"

    actual = CONSOLE.sub(rewritten, text)
    if UPDATE:
        path.write_text(actual, encoding="utf-8")
    else:
        assert steady(actual) == steady(text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_python_in_documents_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    failed, _ = doctest.testfile(str(path), module_relative=False, optionflags=options)
    assert failed == 0


def test_readme_begins_with_one_sentence_and_real_output() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    prose = " ".join(lines[2 : lines.index("", 2)])
    assert prose.count(".") == 1
    assert prose.endswith(".")
    command = next(i for i, line in enumerate(lines) if line.startswith("$ channelmix optimize"))
    assert command < 19
    assert "OPTIMAL (proven)" in lines[command + 1]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_the_citation_and_the_changelog_know_this_version() -> None:
    assert f"\nversion: {cm.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {cm.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in main.commands:
        assert f"$ channelmix {command} --help" in text
