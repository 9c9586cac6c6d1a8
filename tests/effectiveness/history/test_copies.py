"""Controls that count what a channel's money buys."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from channelmix.effectiveness.history.copies import copies, copies_of_outcome
from channelmix.effectiveness.history.rows.windows import Window

Numbers = NDArray[np.float64]

RNG = np.random.default_rng(16)

SMS = 1600.0 * np.exp(0.35 * RNG.standard_normal(104))

TV = 5000.0 * np.exp(0.35 * RNG.standard_normal(104)) * (np.arange(104) % 6 < 3)


OUTCOME = RNG.standard_normal(104)


def window(control: Numbers, name: str) -> Window:
    return Window(
        names=("tv", "sms"),
        periods=np.arange(104),
        spend=np.column_stack([TV, SMS]),
        controls=control[:, np.newaxis],
        outcome=OUTCOME,
        weight=np.ones(104),
        year=52.18,
        control_names=(name,),
    )


def verdict(control: Numbers, name: str = "x") -> tuple[str, str]:
    (found,) = copies(window(control, name))
    return str(found.verdict), found.message


NOISE = np.random.default_rng(1).standard_normal(104)


@pytest.mark.parametrize(
    ("control", "name", "expected"),
    [
        (25.0 * SMS, "x", "FAIL"),
        (25.0 * SMS * np.exp(0.05 * NOISE), "x", "FAIL"),
        (np.convolve(SMS, 0.5 ** np.arange(10))[:104], "x", "FAIL"),  # what is still remembered
        (SMS * np.exp(0.2 * NOISE), "sms_clicks", "FAIL"),
        (SMS * np.exp(0.4 * NOISE), "x", "PASS"),
        (SMS * np.exp(0.2 * NOISE), "sms_I", "FAIL"),
        (NOISE, "sms_clicks", "PASS"),
        ((TV > 0.0).astype(float), "flight", "FAIL"),
        ((np.arange(104) % 26 < 2).astype(float), "holiday", "PASS"),
        (10.0 - 0.0003 * SMS + 0.1 * NOISE, "price", "PASS"),
        (20.0 + 5.0 * np.sin(np.arange(104) / 8.3) + NOISE, "temperature", "PASS"),
    ],
)
def test_a_copy_is_told_from_another_influence(control: Numbers, name: str, expected: str) -> None:
    found, message = verdict(control, name)
    assert found == expected
    assert name in message
    assert ("--cost-per-unit" in message) == (expected == "FAIL")


def test_a_control_that_is_the_total_or_the_outcome_is_named() -> None:
    found, message = verdict(TV + SMS, "budget")
    assert found == "FAIL"
    assert "spend on all channels together" in message
    assert verdict(OUTCOME)[0] == "PASS"
    (alike,) = copies_of_outcome(window(3.0 * OUTCOME + 0.1 * NOISE, "visits"))
    assert alike.verdict == "REVIEW"
    assert "visits" in alike.message
    (other,) = copies_of_outcome(window(OUTCOME + NOISE, "index"))
    assert other.verdict == "PASS"


def test_the_channel_that_is_copied_is_named() -> None:
    assert "spend on sms" in verdict(SMS)[1]
    assert "spend on tv" in verdict(2.0 * TV)[1]
