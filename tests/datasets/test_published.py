from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from channelmix.datasets import (
    SERVICE_USE,
    SURVEY_SOURCE,
    SURVEYED_COMPANIES,
    USE,
    PriorRange,
    load_facts,
    load_ranges,
    source_titles,
    use_standard_error,
)
from channelmix.datasets.published import _expanded

PUBLISHED = Path(__file__).parents[2] / "src" / "channelmix" / "datasets" / "published"


@pytest.fixture(scope="module")
def facts() -> Path:
    """The folder of facts that the data were taken from, where it stands beside the repository."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "facts").is_dir():
            return parent / "shared" / "facts"
    pytest.skip("no folder shared/facts beside the repository")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("entry", load_ranges().values(), ids=lambda r: "/".join(r.key))
def test_each_range_is_ordered_and_cited(entry: PriorRange) -> None:
    assert all(map(math.isfinite, (entry.low, entry.typical, entry.high, entry.uncertainty_factor)))
    assert entry.low <= entry.typical <= entry.high
    assert entry.uncertainty_factor >= 1.0
    assert entry.unit
    assert entry.basis
    assert set(entry.fact_ids) <= {fact.fact_id for fact in load_facts()} | {"F4"}
    assert entry.fact_ids or entry.basis == "judgement", "only a bare judgement rests on no fact"


def test_no_range_is_stated_twice() -> None:
    stated = [rows(PUBLISHED / name) for name in ("priors.csv", "judgements.csv")]
    assert len(load_ranges()) == sum(map(len, stated))


def test_sources_are_cited_once_each() -> None:
    titles = source_titles(["CST001", "CST002", "CST051", "F4"])
    assert len(titles) == 3
    assert titles[-1] == SURVEY_SOURCE


def test_a_run_of_facts_is_spelled_out() -> None:
    assert list(_expanded("CST009..CST011 RCH002")) == ["CST009", "CST010", "CST011", "RCH002"]
    assert list(_expanded("")) == []


def test_ranges_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_ranges()["sms", "promotion", "response_rate"] = None  # type: ignore[index]


def test_ranges_are_the_judged_ones(facts: Path) -> None:
    assert rows(PUBLISHED / "priors.csv") == rows(facts / "priors.csv")


def test_survey_is_as_reported(facts: Path) -> None:
    lines = (facts / "survey.md").read_text(encoding="utf-8").splitlines()
    first, second, third = (next(x for x in lines if x.startswith(f"| F{i} ")) for i in (1, 2, 3))
    assert f"{SURVEYED_COMPANIES} executives" in first
    names = {"social": "social media", "sms": "SMS", "im": "instant messaging", "app": "mobile app"}
    for channel, share in USE.items():
        assert f"{names[channel]}: {share:.0%}".replace("%", " %") in second
    for channel, share in SERVICE_USE.items():
        assert f"{names[channel]} {share:.0%}".replace("%", " %") in third


def test_survey_constants() -> None:
    assert SURVEYED_COMPANIES == 798
    assert dict(USE) == {"social": 0.48, "sms": 0.30, "im": 0.22, "app": 0.20}
    assert dict(SERVICE_USE) == {"im": 0.30, "sms": 0.22, "social": 0.06}
    assert use_standard_error(0.5) == pytest.approx(0.5 / math.sqrt(798))
