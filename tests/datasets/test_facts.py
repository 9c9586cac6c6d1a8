"""The published figures: carried over whole, with their sources, and found by name."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from channelmix.core.errors import InputError
from channelmix.datasets.facts import TRUST, Fact, facts_frame, find_facts, load_facts
from channelmix.profile.fields.values import Sector
from channelmix.report import facts as written

SHARED = next(
    (
        folder / "shared" / "facts"
        for folder in Path(__file__).resolve().parents
        if (folder / "shared" / "facts").is_dir()
    ),
    None,
)


def test_every_figure_has_a_source_a_kind_and_known_codes() -> None:
    sectors = {*get_args(Sector), "all"}
    for fact in load_facts():
        assert fact.source_title
        assert fact.source_url.startswith("http")
        assert fact.kind in TRUST
        assert fact.sector in sectors
        assert fact.country == "" or (len(fact.country) == 2 and fact.country.isupper())
        assert fact.year == "n.d." or fact.year.replace("-", "").isdigit()


def test_ids_are_unique_and_ranges_in_order() -> None:
    facts = load_facts()
    assert len({fact.fact_id for fact in facts}) == len(facts) > 1200
    for fact in facts:
        figures = [value for value in (fact.low, fact.typical, fact.high) if value is not None]
        assert figures == sorted(figures), fact.fact_id


NOT_CARRIED_OVER = {"priors.csv"}
"""Files of the collection that hold no rows of `facts.csv`: the judged ranges."""


@pytest.mark.skipif(
    SHARED is None, reason="the collection of facts that they were carried over from is not here"
)
def test_figures_equal_the_collection_they_were_carried_over_from() -> None:
    assert SHARED is not None
    rows = [
        row
        for path in sorted(SHARED.glob("*.csv"))
        if path.name not in NOT_CARRIED_OVER
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    ]
    ours = {fact.fact_id: fact for fact in load_facts()}
    assert set(ours) == {row["fact_id"] for row in rows}
    for row in rows:
        fact = ours[row["fact_id"]]
        theirs = [
            float(row[f"value_{key}"]) if row[f"value_{key}"] else None for key in ("low", "typical", "high")
        ]
        assert [fact.low, fact.typical, fact.high] == theirs
        assert (fact.quantity, fact.channel, fact.purpose) == (
            row["quantity"],
            row["channel"],
            row["purpose"],
        )
        assert (fact.unit, fact.year, fact.region) == (row["unit"], row["year"], row["region"])
        assert (fact.source_title, fact.source_url) == (row["source_title"], row["source_url"])
        kind, _, note = row["note"].removeprefix("kind=").partition(";")
        note = note.replace(", see data/hillstrom_email", "").replace(
            "from data/hillstrom_email", "from its rows"
        )
        assert (fact.kind, fact.note) == (kind.strip(), note.strip())


def test_the_value_of_a_range_is_its_geometric_middle() -> None:
    assert _fact(low=1.0, high=4.0).value == 2.0
    assert _fact(low=1.0, typical=3.0, high=4.0).value == 3.0
    assert _fact(high=4.0).value == 4.0
    assert _fact(low=0.0, high=4.0).value == 4.0
    assert _fact().value is None


def test_the_value_of_a_range_from_below_zero_is_its_middle() -> None:
    assert _fact(low=-9.0, high=31.0).value == 11.0
    assert _fact(low=-9.0, high=-1.0).value == -5.0


def test_a_bound_is_no_figure() -> None:
    bounds = {fact.fact_id for fact in load_facts() if fact.is_bound}
    assert {"EXP120", "EXP063", "CRV044"} <= bounds
    assert not {"EXP145", "EXP001", "RSP136"} & bounds


def test_a_selector_narrows_and_a_typo_gets_a_hint() -> None:
    french = find_facts("FR/sms")
    assert {"CST065"} <= {fact.fact_id for fact in french}
    assert {(fact.country, fact.channel) for fact in french} == {("FR", "sms")}
    assert len(find_facts("all")) == len(load_facts())
    with pytest.raises(InputError, match='did you mean "sms"'):
        find_facts("smss")
    with pytest.raises(InputError, match=r"on all of .* use only some of its parts"):
        find_facts("CST001/social")


def test_listing_names_every_figure_and_source() -> None:
    facts = find_facts("sms/FR")
    table = written.to_table(facts)
    for fact in facts:
        assert fact.fact_id in table
        assert fact.source_title in table
    assert [row["fact_id"] for row in json.loads(written.to_json(facts))] == [fact.fact_id for fact in facts]
    assert [row["fact_id"] for row in csv.DictReader(written.to_csv(facts).splitlines())] == [
        f.fact_id for f in facts
    ]


def test_selectors_take_a_kind_of_source_and_randomised() -> None:
    assert {fact.kind for fact in find_facts("sms/vendor_blog")} == {"vendor_blog"}
    randomised = find_facts("sms/randomised")
    assert {"EXP015", "EXP129"} <= {fact.fact_id for fact in randomised}
    assert all(fact.randomised and fact.channel == "sms" for fact in randomised)


@pytest.mark.parametrize("width", [80, 120])
def test_listing_fits_a_terminal(width: int) -> None:
    lines = written.to_table(find_facts("all"), width).splitlines()
    wide = [line for line in lines if len(line) > width]
    assert [line for line in wide if len(line.split()) > 1] == []
    assert max(map(len, lines)) >= width - 1


def test_listing_says_how_a_figure_was_found() -> None:
    interval = replace(_fact(low=7.1, typical=7.66, high=8.22), level=0.9)
    found = replace(interval, randomised=True, n=42_613, n_of="people", control=10.62, treated=18.28)
    table = written.to_table([found])
    assert "7.66 (7.1 to 8.22 at 90 %) percent" in table
    assert "randomised; n = 42,613 people; control 10.62, treated 18.28\n" in table
    assert "          not randomised\n" in written.to_table([replace(_fact(low=1.0), randomised=False)])
    assert "randomised" not in written.to_table([_fact(low=1.0)])
    assert json.loads(written.to_json([found]))[0]["randomised"] is True
    (row,) = csv.DictReader(written.to_csv([found]).splitlines())
    assert (row["n"], row["n_of"], row["standard_error"]) == ("42613", "people", "")


def test_listing_writes_ranges_and_qualitative_figures() -> None:
    assert "4 (from 1) percent" in written.to_table([_fact(low=1.0, typical=4.0)])
    assert "up to 4 percent" in written.to_table([_fact(high=4.0)])
    assert "1 to 4 percent" in written.to_table([_fact(low=1.0, high=4.0)])
    assert "3 (1 to 4) percent" in written.to_table([_fact(low=1.0, typical=3.0, high=4.0)])
    assert "qualitative: percent" in written.to_table([_fact()])


def test_frame_is_indexed_by_fact() -> None:
    frame = facts_frame("push_opt_in_rate")
    assert frame.index.name == "fact_id"
    assert len(frame) == len(find_facts("push_opt_in_rate"))
    assert {"randomised", "n", "n_of", "control", "treated", "level", "standard_error"} <= set(frame)


def _fact(low: float | None = None, typical: float | None = None, high: float | None = None) -> Fact:
    return Fact(
        "XXX001", "open_rate", "sms", "all", "all", "all", "", "", low, typical, high, "percent", "2020",
        "secondary", "", "A source", "https://example.org",
    )  # fmt: skip
