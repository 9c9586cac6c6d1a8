"""The mutants: every single change to the syntax trees of some folders of the engine, and a draw of them by a seed."""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

ENGINE = Path(__file__).parents[2] / "src" / "channelmix" / "engine"
FOLDERS = ("rules", "problem", "proof", "solver")

COMPARISONS = "< <= >=, <= < >, > >= <=, >= > <, == !=, != ==, is is-not, is-not is, in not-in, not-in in"
SIGNS = {
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq,
    "is": ast.Is, "is-not": ast.IsNot, "in": ast.In, "not-in": ast.NotIn,
}  # fmt: skip
COMPARED = {
    SIGNS[first]: [SIGNS[s] for s in rest] for first, *rest in map(str.split, COMPARISONS.split(", "))
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
PAIRS = [("min", "max"), ("any", "all"), ("minimum", "maximum"), ("argmin", "argmax"), ("floor", "ceil")]
NAMES = dict([*PAIRS, *((b, a) for a, b in PAIRS)])
DELETED = ast.AugAssign | ast.Raise | ast.Continue | ast.Break | ast.Delete


@dataclass(eq=False)
class Mutant:
    """One changed node of a file's syntax tree, in a container of nodes, with the lines of its statement.

    `inside` tells changes within functions from those in what an import runs: classes, constants, defaults.
    """

    path: Path
    tree: ast.Module
    inside: bool
    where: str
    lines: range
    container: Any
    place: Any
    old: ast.AST
    new: ast.AST
    key: str = ""

    def code(self) -> CodeType:
        """Compile the file with the change."""
        self._put(self.new)
        try:
            return compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")
        finally:
            self._put(self.old)

    def _put(self, node: ast.AST) -> None:
        if isinstance(self.place, int):
            self.container[self.place] = node
        else:
            setattr(self.container, self.place, node)

    def __str__(self) -> str:
        old, new = _brief(self.old), _brief(self.new)
        return f"{self.path.relative_to(ENGINE)} {self.where}: {old} -> {new}"


def _brief(node: ast.AST) -> str:
    head = (
        f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
        if isinstance(node, ast.If | ast.While)
        else ""
    )
    return " ".join((head or ast.unparse(node)).split())


def _like(node: ast.AST, **changes: Any) -> ast.AST:
    new = copy.copy(node)
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node: other signs, numbers, conditions and results, or nothing."""
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                for other in COMPARED[type(op)]:
                    yield _like(node, ops=[*ops[:i], other(), *ops[i + 1 :]])
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in COMPUTED:
            yield _like(node, op=COMPUTED[type(op)]())
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.BoolOp(op=op):
            yield _like(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.Constant(value=bool(value)):
            yield _like(node, value=not value)
        case ast.Constant(value=int(value) | float(value)):
            yield _like(node, value=value + 1)
        case ast.Name(id=name) if name in NAMES:
            yield _like(node, id=NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES:
            yield _like(node, attr=NAMES[name])
        case ast.Return(value=ast.expr() as result) if ast.unparse(result) != "None":
            yield _like(node, value=ast.Constant(None))
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            # Where the condition is a comparison or a "not", another change negates it.
            if not isinstance(test, ast.UnaryOp) and not (
                isinstance(test, ast.Compare) and len(test.ops) == 1
            ):
                yield _like(node, test=ast.copy_location(ast.UnaryOp(ast.Not(), test), test))
    match node:
        case ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield ast.copy_location(ast.Pass(), node)
        case _ if isinstance(node, DELETED):
            yield ast.copy_location(ast.Pass(), node)


def _mutants_of(path: Path) -> Iterator[Mutant]:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def visit(node: ast.AST, inside: bool, where: str, lines: range) -> Iterator[Mutant]:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            within, called = inside, where
            if name == "body" and isinstance(node, ast.FunctionDef | ast.ClassDef):
                within = inside or isinstance(node, ast.FunctionDef)
                called = f"{where}.{node.name}".lstrip(".")
            container, children = (
                (value, [*enumerate(value)]) if isinstance(value, list) else (node, [(name, value)])
            )
            for place, child in children:
                if not isinstance(child, ast.AST) or _left_alone(child):
                    continue
                its = _lines(child) if isinstance(child, ast.stmt) else lines
                for new in changes(child):
                    yield Mutant(path, tree, within, called, its, container, place, child, new)
                yield from visit(child, within, called, its)

    return visit(tree, False, "", range(0))


def _left_alone(node: ast.AST) -> bool:
    """Texts of messages, imports for the sake of types, and whether `zip` insists on equal lengths."""
    match node:
        case ast.JoinedStr() | ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.keyword(arg="strict"):
            return True
    return False


def _lines(statement: ast.stmt) -> range:
    """The lines of a statement, of one with a body those before it."""
    body: list[ast.stmt] = getattr(statement, "body", [])
    end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def sources() -> list[Path]:
    """Return the files that are changed."""
    return [path for folder in FOLDERS for path in sorted((ENGINE / folder).glob("*.py"))]


def every_mutant() -> list[Mutant]:
    """All mutants, each with a key that edits elsewhere in its file leave as it is."""
    mutants = [mutant for path in sources() for mutant in _mutants_of(path)]
    seen: Counter[str] = Counter()
    for mutant in mutants:
        text = str(mutant)
        seen[text] += 1
        mutant.key = text if seen[text] == 1 else f"{text} ({seen[text]})"
    return mutants


def drawn(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them: those first by a hash of their keys, so that they stay drawn as other code changes."""
    return sorted(mutants, key=lambda m: hashlib.sha256(f"{seed} {m.key}".encode()).digest())[:count]
