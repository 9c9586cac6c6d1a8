"""A few altered profiles are planned where they are valid: the checker confirms the plan, or that there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from tests.conftest import SMALL
from tests.fuzz.bounds import answer_or_error, in_bounds
from tests.fuzz.counting import rounds, tried
from tests.fuzz.documents import RICH, read_plan, read_profile
from tests.fuzz.hostile import rescaled, texts_of
from tests.random_profiles import random_content

import channelmix as cm
from channelmix.core.errors import CertificateError
from channelmix.plan import verify_plan

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

SHARE = 0.01

DRAWS, TIME_LIMIT = 8, 1.0

OF_TAIL = {name: value for name, value in RICH.items() if name != "risk"}


def plan_of(data: bytes) -> None:
    """As ``channelmix optimize`` does, with all that is done with a plan."""
    profile, _ = read_profile(data)
    plan = cm.optimize(profile, n_draws=DRAWS, time_limit=TIME_LIMIT)
    try:
        verify_plan(plan)
    except CertificateError as error:
        raise AssertionError(f"its own plan is not confirmed: {error}") from error
    read_plan(plan.to_json().encode())


@pytest.mark.parametrize(("number", "count"), rounds(SHARE))
def test_altered_profiles_are_planned(number: int, count: int, record_property: Any) -> None:
    record_property("fuzzed", count)
    contents = st.one_of(
        st.booleans().map(lambda one: SMALL if one else OF_TAIL), st.integers(0, 10_000).map(random_content)
    )

    def check(data: bytes) -> None:
        with in_bounds():
            answer_or_error(lambda: plan_of(data))

    tried(
        rescaled(contents).map(lambda data: texts_of(data).encode()),
        check,
        "planned",
        number,
        count,
    )
