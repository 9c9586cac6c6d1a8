"""Where a company stands beside the companies of the survey: a comparison of use, not of effect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channelmix.datasets import SERVICE_USE, USE, use_standard_error
from channelmix.plan import SurveyRow
from channelmix.profile import Cell


def beside_the_survey(cells: Sequence[Cell], plan: NDArray[np.float64]) -> list[SurveyRow]:
    """Compare the company's use of each surveyed channel, at all and for service, with that of surveyed companies.

    Parameters
    ----------
    cells : sequence of Cell
    plan : ndarray of shape (n_cells,)
        Spend proposed, in the order of the cells.

    Returns
    -------
    list of SurveyRow
        Surveyed channels first for any purpose, then for service; channels of the company's own are not in the survey.
    """
    rows = []
    for purpose, use in (("all", USE), ("service", SERVICE_USE)):
        inside = [i for i, cell in enumerate(cells) if purpose in ("all", cell.purpose)]
        now = sum(cells[i].current_spend for i in inside)
        proposed = float(plan[inside].sum())
        for channel, share in use.items():
            own = [i for i in inside if cells[i].channel == channel]
            spent = sum(cells[i].current_spend for i in own)
            rows.append(
                SurveyRow(
                    channel=channel,
                    purpose=purpose,
                    companies=share,
                    standard_error=use_standard_error(share),
                    used_now=spent > 0.0,
                    share_now=spent / now if now > 0.0 else 0.0,
                    share_planned=float(plan[own].sum()) / proposed if proposed > 0.0 else 0.0,
                )
            )
    return rows
