"""The commands: collect, run and report."""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import importlib.machinery
import inspect
import itertools
import json
import os
import resource
import select
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.mutation.changes import ENGINE, FOLDERS, Mutant, drawn, every_mutant
from tests.mutation.collecting import OPTIONS, WORK, Known, collect

RESULTS = WORK / "results.jsonl"
MEMORY = 4 << 30
ENDS = ("killed", "survived", "crashed", "timeout", "broken")
"""Of a mutant: "crashed" without an exception, and "broken" where it could not be tried."""


@dataclass(frozen=True)
class Attempt:
    """A mutant, and the tests to try on it, quickest first."""

    mutant: Mutant
    tests: list[str]


Note = Callable[[str], None]
Watch = Callable[[Attempt, Callable[[Note], None]], None]


class Loop:
    """In place of pytest's loop over its tests: for each mutant, its own tests in a process of its own."""

    def __init__(self, attempts: list[Attempt], watch: Watch) -> None:
        self.attempts = attempts
        self.watch = watch
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        functions: defaultdict[Any, list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(str(ENGINE)):
                functions[_place(thing.__code__)].append(thing)

        def act(attempt: Attempt, note: Note) -> None:
            for code in _codes(attempt.mutant.code()):
                for function in functions[_place(code)]:
                    function.__code__ = code
            chosen = [items[test] for test in attempt.tests if test in items]
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                note(item.nodeid)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return note("killed")
            return note("survived")

        for attempt in self.attempts:
            self.watch(attempt, functools.partial(act, attempt))
        return True


def _place(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Code of the functions of a module and of its classes, without those inside functions."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from [const] if const.co_flags & inspect.CO_OPTIMIZED else _codes(const)


def _afresh(attempt: Attempt, note: Note) -> None:
    """Try a change outside functions, which needs the package imported with it."""
    loaders: Any = importlib.machinery.SourceFileLoader
    code_of = loaders.get_code

    def get_code(loader: Any, name: str) -> CodeType | None:
        return attempt.mutant.code() if loader.path == str(attempt.mutant.path) else code_of(loader, name)

    loaders.get_code = get_code
    pytest.main([*OPTIONS, *_files(attempt.tests)], plugins=[Loop([attempt], lambda _, act: act(note))])
    note("killed")  # on import; if it came to the tests, their outcome has been noted before


def _files(tests: list[str]) -> list[str]:
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))


def _outcome(act: Callable[[Note], None], usual: Callable[[str], float]) -> tuple[str, str]:
    """What becomes of a mutant in a child process, and in which test; one that takes far too long is stopped."""
    ours, theirs = os.pipe()
    notes = os.fdopen(theirs, "w")
    child = os.fork()
    if not child:
        os.setsid()  # so that a test's signals stay in it
        try:
            for stream in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), stream)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            act(lambda word: print(word, flush=True, file=notes))
        except KeyboardInterrupt:
            print("killed", flush=True, file=notes)
        except BaseException as error:
            print(f"{error!r}\nbroken", flush=True, file=notes)
        finally:
            os._exit(0)
    notes.close()
    words, patience = ["import"], 120.0
    while not set(words).intersection(ENDS):
        if select.select([ours], [], [], patience)[0]:
            words += os.read(ours, 1 << 16).decode().split("\n")[:-1] or ["crashed"]
            patience = 30.0 + 20.0 * usual(words[-1])
        else:
            os.kill(child, signal.SIGKILL)
            words.append("timeout")
    os.close(ours)
    os.waitpid(child, 0)
    end = next(i for i, word in enumerate(words) if word in ENDS)
    return words[end], words[end - 1]


def run(mutants: list[Mutant], again: str, budget: float) -> None:
    """Try the mutants without a result, and again those with the outcome named."""
    known, results = Known.read(), _results()
    left = [m for m in mutants if results.get(m.key, {}).get("outcome", again) == again]
    attempts = [Attempt(mutant, known.tests_of(mutant, budget)) for mutant in left]
    done = itertools.count(1)

    def watch(attempt: Attempt, act: Callable[[Note], None]) -> None:
        start = time.perf_counter()
        how, test = _outcome(act, known.cost) if attempt.tests else ("survived", "no test")
        key, took = attempt.mutant.key, round(time.perf_counter() - start, 2)
        result = {"key": key, "outcome": how, "test": test, "seconds": took, "tests": len(attempt.tests)}
        with RESULTS.open("a") as file:
            file.write(json.dumps(result) + "\n")
        print(f"{next(done)}/{len(left)} {how} {took} s: {key}", flush=True)

    for library in (
        "numpy",
        "scipy.optimize",
        "sklearn",
        "pandas",
        "pydantic",
        "cvxpy",
        "highspy",
        "hypothesis",
    ):
        importlib.import_module(library)  # once, before any fork
    for attempt in attempts:
        if not attempt.mutant.inside:
            watch(attempt, functools.partial(_afresh, attempt))
    inside = [attempt for attempt in attempts if attempt.mutant.inside]
    files = _files([test for attempt in inside for test in attempt.tests])
    pytest.main([*OPTIONS, *files], plugins=[Loop(inside, watch)])


def _results() -> dict[str, dict[str, Any]]:
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else ()
    return {result["key"]: result for result in map(json.loads, lines)}


def report(mutants: list[Mutant]) -> None:
    """Print the outcomes by folder, and the survivors."""
    results = _results()
    for folder in FOLDERS:
        outcomes = [
            results.get(m.key, {}).get("outcome", "not run") for m in mutants if m.path.parent.name == folder
        ]
        print(folder, len(outcomes), dict(Counter(outcomes)))
    for mutant in sorted(mutants, key=lambda m: (m.path, m.lines.start)):
        result = results.get(mutant.key, {})
        if result.get("outcome") == "survived":
            print(f"line {mutant.lines.start}, {result['tests']} tests: {mutant.key}")


def main() -> None:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=main.__doc__)
    parser.add_argument("action", choices=("collect", "run", "report"))
    parser.add_argument("paths", nargs="*", help="tests to collect, beside what is known of the others")
    parser.add_argument("--count", type=int, default=400, help="mutants to draw from all folders")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--whole", choices=FOLDERS, help="every mutant of this folder instead")
    parser.add_argument("--again", choices=ENDS, default="", help="try again those with this outcome")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of tests for a mutant")
    asked = parser.parse_args()
    if asked.action == "collect":
        return collect(asked.paths)
    every = every_mutant()
    whole = [mutant for mutant in every if mutant.path.parent.name == asked.whole]
    mutants = whole or drawn(every, asked.count, asked.seed)
    return report(mutants) if asked.action == "report" else run(mutants, asked.again, asked.budget)


if __name__ == "__main__":
    main()
