"""The tool that changes the engine and watches its tests: what it changes, and what it draws."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutation.changes import ENGINE, changes, drawn, every_mutant
from tests.mutation.collecting import Known


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a <= b < c", {"a < b < c", "a > b < c", "a <= b <= c", "a <= b >= c"}),
        ("a not in b", {"a in b"}),
        ("a - b", {"a + b"}),
        ("a ** b", {"a * b"}),
        ("a and b", {"a or b"}),
        ("-a", {"a"}),
        ("not a", {"a"}),
        ("True", {"False"}),
        ("2", {"3"}),
        ("0.5", {"1.5"}),
        ("np.minimum", {"np.maximum"}),
        ("any", {"all"}),
        ("a if b else c", {"a if not b else c"}),
        ("a if not b else c", set()),  # the condition has a change of its own
        ("'text'", set()),
        ("a @ b", set()),
    ],
)
def test_what_stands_in_place_of_an_expression(code: str, expected: set[str]) -> None:
    node = ast.parse(code, mode="eval").body
    assert {ast.unparse(new) for new in changes(node)} == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return a", {"return None"}),
        ("return None", set()),
        ("raise a", {"pass"}),
        ("f(a)", {"pass"}),
        ("a.b = c", {"pass"}),
        ("a[b] = c", {"pass"}),
        ("a = b", set()),  # without it the name is missing, which any test notices
        ("a += b", {"a -= b", "pass"}),
        ("if a:\n    b()", {"if not a:\n    b()"}),
    ],
)
def test_what_stands_in_place_of_a_statement(code: str, expected: set[str]) -> None:
    body = ast.parse(f"def f():\n{chr(10).join('    ' + line for line in code.splitlines())}").body[0]
    assert isinstance(body, ast.FunctionDef)
    node = body.body[0]
    assert {ast.unparse(ast.fix_missing_locations(new)) for new in changes(node)} == expected


def test_mutants_have_keys_of_their_own_and_compile() -> None:
    mutants = every_mutant()
    assert len(mutants) > 1000
    assert max(Counter(mutant.key for mutant in mutants).values()) == 1
    for mutant in drawn(mutants, 20, 1):
        plain = compile(mutant.path.read_text(encoding="utf-8"), str(mutant.path), "exec")
        assert mutant.code() != plain
        assert compile(mutant.tree, str(mutant.path), "exec") == plain  # the change is taken back


def test_a_draw_is_its_seeds_and_stays_as_others_go() -> None:
    mutants = every_mutant()
    first = [mutant.key for mutant in drawn(mutants, 50, 1)]
    assert first == [mutant.key for mutant in drawn(mutants, 50, 1)]
    assert first != [mutant.key for mutant in drawn(mutants, 50, 2)]
    fewer = [mutant for mutant in mutants if mutant.key != first[0]]
    assert [mutant.key for mutant in drawn(fewer, 49, 1)] == first[1:]


def test_tests_of_a_line_are_those_that_run_it_or_use_a_fixture_that_does() -> None:
    mutant = next(m for m in every_mutant() if m.inside and len(m.lines) == 1)
    file, line = str(mutant.path.relative_to(ENGINE)), str(mutant.lines.start)
    known = Known(
        lines={file: {line: ["slow", "quick", "case[1]", "case[2]", "fixture plan"], "0": ["elsewhere"]}},
        seconds={"slow": 9.0, "quick": 1.0, "case[1]": 1.5, "case[2]": 1.5, "fixture plan": 2.0},
        fixtures={name: [] for name in ("slow", "quick", "case[1]", "case[2]", "elsewhere")}
        | {"with a plan": ["fixture plan"]},
    )
    order = ["quick", "case[1]", "with a plan", "case[2]", "slow"]
    assert known.tests_of(mutant, 100.0) == order
    assert known.tests_of(mutant, 6.0) == order[:4]
    assert Path(mutant.path).exists()
