"""Draw the rooms of the package and the imports between them: ``python docs/draw_architecture.py``.

Rooms, their order and their texts come from the contract in ``pyproject.toml`` and the docstrings of the rooms, arrows
from the import statements, late ones included. An arrow means "imports"; imports that a chain of arrows implies are
left out. Only the standard library is needed.
"""

from __future__ import annotations

import ast
import textwrap
import tomllib
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "channelmix"
PICTURE = ROOT / "docs" / "explanation" / "architecture.svg"

WIDTH, MARGIN, GUTTER = 860, 70, 120
BOX_WIDTH, BOX_HEIGHT, GAP = (WIDTH - 2 * MARGIN - GUTTER) // 2, 84, 44
LANE, TOP = 20, 20
"""Distances in pixels: between lines that run side by side, and above the first layer."""

COLOURS = ["#1f5fa8", "#b3541e", "#2b7a4b", "#7a3e9d", "#8a6d00", "#b02a5b", "#00757f", "#555555", "#000000"]
"""One for the arrows of each room, in the order of the layers, all dark enough on white."""


@dataclass
class Room:
    """A room as a box: its layer, its text, and how many lines already end at each of its sides."""

    name: str
    layer: int
    text: str
    left: int
    right: int
    colour: str
    ends: dict[str, int] = field(default_factory=dict)

    @property
    def top(self) -> int:
        """Upper edge, in pixels."""
        return TOP + self.layer * (BOX_HEIGHT + GAP)

    def port(self, side: str) -> int:
        """Height of the next line that leaves the lower half ("out") or enters the upper half ("in") of a side.

        Left sides are a little lower than right ones, so that lines from both do not meet between the columns.
        """
        count = self.ends[side] = self.ends.get(side, -1) + 1
        at = 12 + 12 * count + (6 if side.startswith("left") else 0)
        return self.top + (BOX_HEIGHT - at if side.endswith("out") else at)


def layers() -> list[list[str]]:
    """Rooms of each layer, the highest first, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    order = next(
        c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == ["channelmix"]
    )
    return [[name.strip() for name in layer.split("|")] for layer in order]


def imports() -> set[tuple[str, str]]:
    """Pairs of a room and another one that it imports."""
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    found = set()
    for path in sorted(PACKAGE.glob("*/**/*.py")):
        room = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                package, _, rest = name.partition(".")
                other = rest.partition(".")[0]
                if package == PACKAGE.name and other in rooms - {room}:
                    found.add((room, other))
    return found


def without_implied(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Leave out arrows that a chain of others implies."""
    below = {room: {b for a, b in arrows if a == room} for room, _ in arrows}

    def reached(room: str) -> set[str]:
        direct = below.get(room, set())
        return direct.union(*map(reached, direct))

    return {(a, b) for a, b in arrows if not any(b in reached(other) for other in below[a] - {b})}


def rooms_of(order: list[list[str]]) -> dict[str, Room]:
    """Place the rooms: two columns, and layers of one room across both; the first and the last layer are wider."""
    rooms: dict[str, Room] = {}
    for layer, names in enumerate(order):
        for column, name in enumerate(names):
            source = (PACKAGE / name / "__init__.py").read_text(encoding="utf-8")
            text = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
            left = MARGIN + column * (BOX_WIDTH + GUTTER)
            right = left + BOX_WIDTH
            if len(names) == 1:
                wider = MARGIN - LANE if layer in (0, len(order) - 1) else 0
                left, right = MARGIN - wider, WIDTH - MARGIN + wider
            rooms[name] = Room(name, layer, text, left, right, COLOURS[len(rooms)])
    return rooms


class Lanes:
    """Vertical lanes beside and between the columns, each for one line."""

    def __init__(self) -> None:
        self.used = {"left": 0, "middle": 0, "right": 0}

    def next(self, where: str) -> int:
        """Return the place of the next free lane, in pixels from the left."""
        count = self.used[where] = self.used[where] + 1
        if where == "left":
            return MARGIN - LANE * count
        if where == "right":
            return WIDTH - MARGIN + LANE * count
        return MARGIN + BOX_WIDTH + LANE * count


def route(start: Room, end: Room, lanes: Lanes, order: list[list[str]]) -> list[tuple[int, int]]:
    """Corners of a line: straight down to a neighbour below, else along a lane from side to side."""
    bottom = start.top + BOX_HEIGHT
    if end.layer == start.layer + 1 and start.left < end.right and end.left < start.right:
        narrow = min(start, end, key=lambda room: room.right - room.left)
        x = (narrow.left + narrow.right) // 2
        return [(x, bottom), (x, end.top)]
    one_column = start.left == end.left and start.right == end.right
    passes_wide = any(len(names) == 1 for names in order[start.layer + 1 : end.layer])
    on_the_left = end.right < WIDTH // 2
    where = ("left" if on_the_left else "right") if one_column or passes_wide else "middle"
    lane = lanes.next(where)
    if start.left < lane < start.right:
        first = [(lane, bottom)]
    else:
        side = "right" if lane >= start.right else "left"
        y = start.port(f"{side} out")
        first = [(getattr(start, side), y), (lane, y)]
    if end.left < lane < end.right:
        return [*first, (lane, end.top)]
    side = "right" if lane >= end.right else "left"
    y = end.port(f"{side} in")
    return [*first, (lane, y), (getattr(end, side), y)]


def arrow(corners: list[tuple[int, int]], colour: str, title: str) -> str:
    """Draw a line through corners, with a head at its end and a tooltip."""
    (px, py), (x, y) = corners[-2:]
    dx, dy = (x > px) - (x < px), (y > py) - (y < py)
    base = x - 9 * dx, y - 9 * dy
    head = [(x, y), (base[0] - 5 * dy, base[1] + 5 * dx), (base[0] + 5 * dy, base[1] - 5 * dx)]
    line, triangle = (" ".join(f"{a},{b}" for a, b in points) for points in ([*corners[:-1], base], head))
    return (
        f'<g><title>{title}</title><polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"'
        f' stroke-linejoin="round"/><polygon points="{triangle}" fill="{colour}"/></g>'
    )


def box(room: Room) -> list[str]:
    """Draw a room with its name and its text."""
    middle, width = (room.left + room.right) // 2, room.right - room.left
    lines = textwrap.wrap(room.text, (width - 24) // 7, break_on_hyphens=False)
    y = room.top + (BOX_HEIGHT - 20 - 17 * len(lines)) // 2 + 15
    return [
        f'<rect x="{room.left}" y="{room.top}" width="{width}" height="{BOX_HEIGHT}" rx="8" fill="#f4f6f8"'
        f' stroke="{room.colour}" stroke-width="2"/>',
        f'<text x="{middle}" y="{y}" font-size="17" font-weight="bold">{room.name}</text>',
        *(
            f'<text x="{middle}" y="{y + 20 + 17 * k}" font-size="13">{escape(line)}</text>'
            for k, line in enumerate(lines)
        ),
    ]


def drawn() -> str:
    """Return the picture as SVG, always the same for the same code."""
    order = layers()
    rooms, lanes = rooms_of(order), Lanes()
    pairs = [(rooms[a], rooms[b]) for a, b in without_implied(imports())]
    pairs.sort(key=lambda pair: (pair[0].layer, pair[0].left, pair[1].layer, pair[1].left))
    arrows = [
        arrow(route(start, end, lanes, order), start.colour, f"{start.name} imports {end.name}")
        for start, end in pairs
    ]
    height = TOP + len(order) * (BOX_HEIGHT + GAP) + 4
    legend = "An arrow means: imports. A room may import every room that its arrows lead to, directly or not."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, DejaVu Sans, sans-serif"'
            ' text-anchor="middle" fill="#1a1a1a">',
            "<title>The rooms of channelmix and the imports between them</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *arrows,
            *(line for room in rooms.values() for line in box(room)),
            f'<text x="{WIDTH // 2}" y="{height - 18}" font-size="12" fill="#444444">{legend}</text>',
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
