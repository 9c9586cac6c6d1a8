"""Columns that copy a channel: impressions, clicks or messages that its money buys, as controls or without a bill."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONSTANT_COLUMN
from channelmix.core.words import say
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.model.shapes import lagged
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.engine.response.adstock import geometric_adstock

HALF_LIVES = np.array([0.5, 1.0, 2.0, 4.0])
"""Carry-over of spend that a control may copy, in rows."""

ALIKE, COPY = 0.9, 0.97
"""Correlation of a control with a channel from which on it is to be looked at, and from which on it is a copy."""

ALIKE_BY_NAME, COPY_BY_NAME = 0.6, 0.8
"""The same where its name says so, or where it is nothing exactly when the channel is."""

VOLUMES = {
    "impression", "impressions", "imps", "click", "clicks", "view", "views", "visits", "sends", "sent", "grp", "grps",
    "trp", "reach", "contacts", "opens", "deliveries", "delivered", "spend", "cost", "budget",
}  # fmt: skip
"""Words for what money buys."""

SWITCHED = 0.1
"""Least part of the rows with spend, and without, that on and off are compared over."""


def copies(window: Window) -> Iterator[Finding]:
    """Compare each control with each channel's spend and its carry-over, and media without a bill with bought ones.

    Parameters
    ----------
    window : Window
    """
    sources = [
        (name, _forms(window, spend)) for name, spend in zip(window.names, window.spend.T, strict=True)
    ]
    bought, paid = sources[: window.bought], window.spend[:, : window.bought]
    all_paid = [(say("copy.all"), _forms(window, paid.sum(axis=1)))] if window.bought > 1 else []
    columns = [
        *(
            ("copy", *one, [*sources, *all_paid])
            for one in zip(window.control_names, window.controls.T, strict=True)
        ),
        *(
            ("copy_unpaid", name, window.spend[:, c], bought)
            for c, name in enumerate(window.names)
            if c >= window.bought
        ),
    ]
    for code, control, column, others in columns:
        if column.std() <= CONSTANT_COLUMN * np.abs(column).max(initial=0.0) or not others:
            continue
        found = []
        for channel, forms in others:
            if len(forms):
                related = max(_correlation(form, column) for form in forms)
                close = _says_so(control, channel) or _switches_alike(forms[0], column)
                review, fail = (ALIKE_BY_NAME, COPY_BY_NAME) if close else (ALIKE, COPY)
                found.append((related - fail, related, channel, review, fail))
        if not found:
            continue
        _, related, channel, review, fail = max(found)
        verdict = Verdict.FAIL if related >= fail else Verdict.REVIEW if related >= review else Verdict.PASS
        yield Finding.of(code, verdict, related, control=control, channel=channel, related=related)


def copies_of_outcome(window: Window) -> Iterator[Finding]:
    """Name controls that go with the outcome so closely that they follow from it, or from what media bring.

    They do by their ranks, too: a control of the rows without any outcome, or of one peak, is none.

    Parameters
    ----------
    window : Window
    """
    known = window.known
    outcome = window.outcome[known]
    for control, column in zip(window.control_names, window.controls[known].T, strict=True):
        if column.std() > CONSTANT_COLUMN * np.abs(column).max(initial=0.0) and outcome.std() > 0.0:
            ranks = [rankdata(each) for each in (column, outcome)]
            both = (np.corrcoef(column, outcome)[0, 1], np.corrcoef(*ranks)[0, 1])
            related = min(abs(float(one)) for one in both)
            yield Finding.graded("copy_outcome", related, COPY, np.inf, control=control, related=related)


def _forms(window: Window, spend: Array) -> NDArray[np.float64]:
    """Spend in each row, then with carry-over, (n_forms, n_rows); none where it never changes."""
    if spend.std() <= CONSTANT_COLUMN * spend.mean():
        return np.zeros((0, len(spend)))
    full = np.zeros(int(window.periods.max()) + 1)
    full[window.periods] = spend
    carried = geometric_adstock(HALF_LIVES, LAGS) @ lagged(full)[window.periods].T
    return np.concatenate([spend[np.newaxis], carried])


def _correlation(form: Array, column: Array) -> float:
    """Of the amounts, or of their logarithms where none is negative: a single large one must not decide."""
    related = float(np.corrcoef(form, column)[0, 1])
    if (column < 0.0).any() or len(np.unique(column)) < 3:
        return related
    logs = [np.log1p(each / each.mean()) for each in (form, column)]
    return min(max(related, float(np.corrcoef(*logs)[0, 1])), 1.0)


def _says_so(control: str, channel: str) -> bool:
    """Whether the name of a control holds the channel's, begins with the same word, or says what money buys of it."""
    said, named = (re.findall(r"[a-z]+", name.lower()) for name in (control, channel.split("/")[0]))
    if not said or not named:
        return False
    shared = set(said) & set(named)
    return set(named) <= set(said) or said[0] == named[0] or bool(shared and VOLUMES & set(said))


def _switches_alike(spend: Array, column: Array) -> bool:
    """Whether the control is nothing in the very rows without spend."""
    on, off = spend > 0.0, spend == 0.0
    return bool(min(on.mean(), off.mean()) >= SWITCHED and ((column != 0.0) == on).mean() >= 0.98)
