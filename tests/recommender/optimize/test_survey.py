from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from channelmix.core.errors import CertificateError
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize
from channelmix.recommender.optimize.survey import beside_the_survey


def test_shares_are_of_the_purpose_and_errors_of_798_companies(small: dict[str, Any]) -> None:
    cells = CompanyProfile.model_validate(small).cells()
    plan = np.array([1.0 if cell.channel == "sms" else 0.0 for cell in cells])
    rows = {(row.channel, row.purpose): row for row in beside_the_survey(cells, plan)}
    assert len(rows) == 7
    social = rows["social", "all"]
    assert social.companies == 0.48
    assert social.share_now == pytest.approx(8 / 20)
    assert social.share_planned == 0.0
    assert social.standard_error == pytest.approx(np.sqrt(0.48 * 0.52 / 798))
    assert rows["sms", "all"].share_planned == 1.0
    assert rows["im", "service"].share_now == pytest.approx(4 / 6)
    assert not rows["sms", "service"].used_now
    assert rows["sms", "service"].share_planned == 1.0


def test_without_money_there_are_no_shares(small: dict[str, Any]) -> None:
    cells = CompanyProfile.model_validate(small).cells()
    rows = beside_the_survey(cells, np.zeros(len(cells)))
    assert {row.share_planned for row in rows} == {0.0}


@pytest.mark.no_cover
def test_a_forged_share_is_noticed(small: dict[str, Any]) -> None:
    plan = optimize(CompanyProfile.model_validate(small))
    verify_plan(plan)
    for change in ({"share_now": 0.9}, {"share_planned": 0.9}, {"used_now": False}):
        rows = [plan.survey[0].model_copy(update=change), *plan.survey[1:]]
        with pytest.raises(CertificateError, match="survey"):
            verify_plan(Plan.model_validate({**plan.model_dump(), "survey": rows}))
