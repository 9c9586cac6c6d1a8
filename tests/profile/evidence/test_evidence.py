from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.own_evidence import returns, written

from channelmix.core.errors import InputError
from channelmix.engine.response import ResponseCurves
from channelmix.profile.evidence import Evidence, FittedMarket, table_of
from channelmix.profile.evidence.evidence import digest


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return written({"sms": returns(8)})


def test_it_is_read_back_unchanged(evidence: Evidence) -> None:
    again = Evidence.from_json(evidence.to_json())
    assert again == evidence
    assert again.to_json() == evidence.to_json()
    assert again.response.value([10000.0]) == pytest.approx(returns(8)[:, [2]])


def test_a_digest_is_that_of_the_shortest_sorted_json() -> None:
    content = {"b": [1, 2.5, "\u00e9"], "a": None, "c": {"z": True, "x": {}}, "d": []}
    text = '{"a":null,"b":[1,2.5,"\\u00e9"],"c":{"x":{},"z":true},"d":[]}'
    assert digest(content) == hashlib.sha256(text.encode()).hexdigest()


def test_a_curves_table_has_its_own_points_and_every_draw() -> None:
    several = ResponseCurves.tabulated(
        [[0.0, 0.0], [1.0, 2.0], [3.0, 5.0]], np.arange(3.0)[:, np.newaxis] * np.ones((4, 1, 2)), names="ab"
    )
    single = ResponseCurves.tabulated([0.0, 7.0], [[0.0], [2.0]], names="c")
    curves = ResponseCurves.concat([several, single])
    for place, spends in enumerate([[0.0, 1.0, 3.0], [0.0, 2.0, 5.0], [0.0, 7.0]]):
        points, outcome = table_of(curves, place)
        assert points.tolist() == spends
        for spend, brought in zip(spends, outcome.T, strict=True):
            np.testing.assert_array_equal(brought, curves.value(np.full(3, spend))[:, place])


def changed(evidence: Evidence, change: Callable[[dict[str, Any]], None]) -> str:
    content = json.loads(evidence.to_json())
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: e["fitted"].update(outcome_worth=40.0), "sha256"),
        (lambda e: e["columns"][0].update(most=1e6), "sha256"),
        (lambda e: e.update(sha256="0" * 64), "sha256"),
        (lambda e: e["curves"]["names"].append("x"), "sha256"),
        (lambda e: e.pop("curves"), "curves: it is missing"),
        (lambda e: e.update(schema_version=3), "schema_version"),
        (lambda e: e.update(more=1), "more"),
    ],
)
def test_a_damaged_file_is_refused(
    evidence: Evidence, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(InputError, match=f"not a file of evidence of channelmix.*{said}"):
        Evidence.from_json(changed(evidence, change))


def test_what_rows_of_markets_add_is_left_out_without_them(evidence: Evidence) -> None:
    """So a file that was written before rows could be of several markets keeps its bytes and its digest."""
    content = json.loads(evidence.to_json())
    assert content.pop("sha256") == digest(content)
    assert "markets" not in content["fitted"]
    assert evidence.fitted.market_of("sms") is None
    france = FittedMarket(name="FR", first=1, last=9, rows=9, noise=3.0)
    of_markets = written(
        {"FR/sms": returns(8)}, fitted=evidence.fitted.model_copy(update={"markets": (france,)})
    )
    again = Evidence.from_json(of_markets.to_json())
    assert again == of_markets
    assert again.fitted.market_of("FR/sms") == france
    assert again.fitted.market_of("DE/sms") is None


def test_evidence_may_be_larger_than_other_documents(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan stays below 200 MB; the curves of 50 markets with 30 channels do not."""
    monkeypatch.setattr("channelmix.core.documents.LARGEST_DOCUMENT", 100)
    text = evidence.to_json()
    (tmp_path / "e.json").write_text(text)
    assert Evidence.from_json(text) == Evidence.from_file(tmp_path / "e.json") == evidence
    monkeypatch.setattr("channelmix.profile.evidence.evidence.LARGEST_EVIDENCE", len(text) - 1)
    with pytest.raises(InputError, match=f"at most {len(text) - 1:,} bytes"):
        Evidence.from_json(text)


def test_it_is_read_from_a_pipe(evidence: Evidence, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=[evidence.to_json()])
    writer.start()
    assert Evidence.from_file(tmp_path / "pipe") == evidence
    writer.join()


def test_a_cut_file_is_refused(evidence: Evidence) -> None:
    with pytest.raises(InputError, match="not a file of evidence"):
        Evidence.from_json(evidence.to_json()[:500])


LINE = np.array([[0.0], [1.0]])


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        ({"names": ["sms"], "blocks": []}, "number of names"),
        (ResponseCurves.hill([1.0], [1.0], [1.0], names=["sms"]).to_dict(), "tabulated"),
        (ResponseCurves.tabulated([0.0, 1.0], LINE, names=["sms"]).to_dict(), "several draws"),
        (ResponseCurves.tabulated([0.0, 1.0], np.stack([LINE, LINE]), names=["im"]).to_dict(), "each column"),
    ],
)
def test_sealed_curves_must_be_draws_of_tables_by_column(curves: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        written({"sms": returns(8)}, curves=curves)
