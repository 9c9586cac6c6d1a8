"""Which tests run which lines, and how long they take: learnt once, under coverage."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.changes import ENGINE, FOLDERS, Mutant, sources

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "mutants"
TESTS = ("tests/engine", "tests/plan", "tests/profile/test_rules_of_profiles.py", "tests/test_wrong_types.py")
QUIET = [
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
]  # a library loaded before imports one of the plugins
OPTIONS = [
    "-m",
    "not no_cover",
    "-p",
    "no:xdist",
    "-s",
    f"--basetemp={WORK}/tmp",
    f"--rootdir={ROOT}",
    *QUIET,
]


@dataclass
class Known:
    """What is known of tests; a fixture's lines and seconds count for each test that uses it.

    Parameters
    ----------
    lines : mapping of file to mapping of line to names
        Tests and fixtures that run each line.
    seconds : mapping of name to float
        Time of each test and fixture.
    fixtures : mapping of test to names
        What each test uses.
    digest : str
        Digest of the sources.
    """

    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    fixtures: dict[str, list[str]] = field(default_factory=dict)
    digest: str = ""

    @classmethod
    def read(cls) -> Known:
        """Read what `collect` wrote, and collect afresh if the engine is another by now."""
        path = WORK / "tests.json"
        known = cls(**json.loads(path.read_text())) if path.exists() else cls()
        if known.digest == _digest():
            return known
        subprocess.run([sys.executable, "-m", "tests.mutation", "collect"], cwd=ROOT, check=True)
        return cls.read()

    def cost(self, test: str) -> float:
        """Seconds of a test with its fixtures."""
        return sum(self.seconds.get(part, 0.0) for part in (test, *self.fixtures.get(test, ())))

    def tests_of(self, mutant: Mutant, budget: float) -> list[str]:
        """Tests of a mutant's lines, quickest first, as many as usually take no longer than the budget, in seconds.

        Of a test with many parameters the second case counts as twice as slow, the third as thrice, and so on.
        Those of a change outside functions are the tests of any line of the file.
        """
        lines = self.lines.get(str(mutant.path.relative_to(ENGINE)), {})
        names = {
            n for line, ns in lines.items() if not mutant.inside or int(line) in mutant.lines for n in ns
        }
        tests = {
            test
            for test, fixtures in self.fixtures.items()
            if test in names or not names.isdisjoint(fixtures)
        }
        spent, made, chosen = 0.0, set[str](), []
        cases: Counter[str] = Counter()
        ranks: dict[str, float] = {}
        for test in sorted(tests, key=lambda test: (self.cost(test), test)):
            cases[test.partition("[")[0]] += 1
            ranks[test] = self.cost(test) * cases[test.partition("[")[0]]
        for test in sorted(ranks, key=ranks.__getitem__):
            new = {test, *self.fixtures[test]} - made
            spent += sum(self.seconds.get(part, 0.0) for part in new)
            if spent > budget:
                break
            made |= new
            chosen.append(test)
        return chosen


class _Collector:
    """Notes the lines that each test and each fixture runs, and the seconds it takes."""

    def __init__(self) -> None:
        folders = [f"{ENGINE}/{folder}" for folder in FOLDERS]
        self.coverage = coverage.Coverage(data_file=None, config_file=False, source=folders)
        self.known = Known()
        self.failed: set[str] = set()

    def _noted(self, name: str) -> Generator[None, Any, Any]:
        start = time.process_time()
        self.coverage.switch_context(name)
        try:
            return (yield)
        finally:
            self.coverage.switch_context("")
            self.known.seconds[name] = max(self.known.seconds.get(name, 0.0), time.process_time() - start)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        return (yield from self._noted(f"fixture {fixturedef.argname}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.known.fixtures[item.nodeid] = [f"fixture {name}" for name in getattr(item, "fixturenames", ())]
        return (yield from self._noted(item.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.failed.add(report.nodeid)


def collect(paths: Sequence[str]) -> None:
    """Run the tests under coverage, and keep what they ran; some paths alone, beside what is known of other tests."""
    known = Known.read() if paths else Known(digest=_digest())
    collector = _Collector()
    collector.coverage.start()
    pytest.main([*OPTIONS, *(paths or TESTS)], plugins=[collector])
    collector.coverage.stop()
    data = collector.coverage.get_data()
    for file in data.measured_files():
        lines = known.lines.setdefault(str(Path(file).relative_to(ENGINE)), {})
        for line, names in data.contexts_by_lineno(file).items():
            lines[str(line)] = sorted({*lines.get(str(line), ()), *names} - {""})
    files = {test.partition("::")[0] for test in collector.known.fixtures}
    kept = {test: used for test, used in known.fixtures.items() if test.partition("::")[0] not in files}
    known.fixtures = kept | collector.known.fixtures  # without tests that are no more
    known.seconds.update(collector.known.seconds)
    for test in collector.failed:
        known.fixtures.pop(test, None)
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "tests.json").write_text(json.dumps(vars(known)))


def _digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources())).hexdigest()
