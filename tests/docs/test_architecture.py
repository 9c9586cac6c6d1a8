"""The picture of the rooms shows the imports that the code has today."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))


def reachable(room: str, arrows: set[tuple[str, str]]) -> set[str]:
    direct = {b for a, b in arrows if a == room}
    return direct.union(*(reachable(b, arrows) for b in direct))


def test_the_picture_is_up_to_date() -> None:
    picture = SCRIPT["PICTURE"].read_text(encoding="utf-8")
    assert picture == SCRIPT["drawn"](), "run python docs/draw_architecture.py"


def test_arrows_point_down_only() -> None:
    layer = {room: k for k, names in enumerate(SCRIPT["layers"]()) for room in names}
    assert len(layer) == 9
    assert layer.keys() == {path.parent.name for path in SCRIPT["PACKAGE"].glob("*/__init__.py")}
    assert all(layer[room] < layer[other] for room, other in SCRIPT["imports"]())


def test_arrows_left_out_follow_from_those_drawn() -> None:
    arrows = SCRIPT["imports"]()
    drawn = SCRIPT["without_implied"](arrows)
    assert drawn < arrows
    rooms = {room for room, _ in arrows}
    assert {room: reachable(room, drawn) for room in rooms} == {
        room: reachable(room, arrows) for room in rooms
    }
    titles = re.findall(r"<title>(\w+) imports (\w+)</title>", SCRIPT["drawn"]())
    assert sorted(titles) == sorted(drawn)


def test_every_arrow_ends_below_its_start_and_crosses_no_room() -> None:
    order = SCRIPT["layers"]()
    rooms, lanes = SCRIPT["rooms_of"](order), SCRIPT["Lanes"]()
    for a, b in sorted(SCRIPT["without_implied"](SCRIPT["imports"]())):
        corners = SCRIPT["route"](rooms[a], rooms[b], lanes, order)
        assert corners[0][1] < corners[-1][1]
        for (x0, y0), (x1, y1) in pairwise(corners):
            for room in rooms.values():
                inside = room.left < max(x0, x1) and min(x0, x1) < room.right
                assert not (
                    inside and room.top < max(y0, y1) and min(y0, y1) < room.top + SCRIPT["BOX_HEIGHT"]
                )


def test_the_page_names_classes_that_exist() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPT["PACKAGE"].rglob("*.py"))
    named = re.findall(r"`([A-Z]\w+)(?:\.(\w+))?`", text)
    assert named
    for name, method in named:
        assert re.search(rf"^class {name}\b", code, re.MULTILINE), name
        assert not method or f"def {method}(" in code, method
    for folder in re.findall(r"^\| `(\w+)/`", text, re.MULTILINE):
        assert (SCRIPT["PACKAGE"] / "engine" / folder).is_dir(), folder
