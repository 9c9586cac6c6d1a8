"""Columns that copy a channel: impressions, clicks or messages that its money buys, as controls or without a bill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from channelmix.core.arrays import Array, Indices
from channelmix.core.tolerances import CONSTANT_COLUMN
from channelmix.core.words import Message, say
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.model.families import LAGS
from channelmix.effectiveness.history.model.shapes import lagged_rows
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.engine.response.adstock import geometric_adstock

HALF_LIVES = np.array([0.5, 1.0, 2.0, 4.0])
"""Carry-over of spend that a control may copy, in rows."""

ALIKE, COPY = 0.9, 0.97
"""Correlation of a control with a channel from which on it is to be looked at, and from which on it is a copy."""

ALIKE_BY_NAME, COPY_BY_NAME = 0.6, 0.8
"""The same where its name says so, or where it is nothing exactly when the channel is."""

IN_CHANGES, IN_CHANGES_BY_NAME = 0.9, 0.6
"""Correlation of their changes from row to row that a copy has too: demand over seasons that spend follows has less."""

MOVES_ALONE, FEWEST_IDLE, LATER = 0.15, 4, 4
"""Part of a control's standard deviation that it keeps in rows without spend, from which on it is no copy; fewest such
rows; and rows after spend in which it may still count what was bought."""

VOLUMES = {
    "impression", "impressions", "imps", "click", "clicks", "view", "views", "visits", "sends", "sent", "grp", "grps",
    "trp", "reach", "contacts", "opens", "deliveries", "delivered", "spend", "cost", "budget",
}  # fmt: skip
"""Words for what money buys."""

SWITCHED = 0.1
"""Least part of the rows with spend, and without, that on and off are compared over."""


@dataclass(frozen=True, eq=False)
class Source:
    """Spend on a channel, or on all together, in each row of a market."""

    name: str
    spend: Array
    periods: Indices

    @cached_property
    def forms(self) -> NDArray[np.float64]:
        """Spend in each row, then with carry-over, (n_forms, n_rows)."""
        carried = geometric_adstock(HALF_LIVES, LAGS) @ lagged_rows(self.periods, self.spend).T
        return np.concatenate([self.spend[np.newaxis], carried])

    @cached_property
    def standard(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The forms in standard deviations from their means, and so their logarithms."""
        return _standard(self.forms), _standard(_logs(self.forms))

    @cached_property
    def idle(self) -> Indices:
        """Rows in which nothing is spent, nor was in those before."""
        recent = lagged_rows(self.periods, self.spend)[:, : LATER + 1]
        return np.flatnonzero(recent.sum(axis=1) == 0.0)


@dataclass(frozen=True, eq=False)
class Compared:
    """A column of a market, the name of its check, and the channels that it may copy."""

    code: str
    name: str
    column: Array
    sources: Sequence[Source]

    @cached_property
    def constant(self) -> bool:
        """Whether it never changes."""
        return _constant(self.column)

    @cached_property
    def standard(self) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """The column in standard deviations, and so its logarithms, where it has any that say more."""
        amounts = bool(self.column.min() >= 0.0) and len(np.unique(self.column)) >= 3
        return _standard(self.column), _standard(_logs(self.column)) if amounts else None


@dataclass(frozen=True)
class Likeness:
    """How close a column comes to one channel.

    Parameters
    ----------
    channel : str
    verdict : Verdict
        A copy, one that may be, or none.
    related, changes : float
        Correlation of the amounts, and of their changes from row to row.
    above : float
        Correlation above that of a copy.
    alone : Message or None
        Rows in which the column moves while nothing is spent.
    """

    channel: str
    verdict: Verdict
    related: float
    changes: float
    above: float
    alone: Message | None = None

    def finding(self, code: str, control: str) -> Finding:
        """Say it of a control."""
        values = {"control": control, "channel": self.channel, "related": self.related}
        if self.alone is not None:
            told = say(f"finding.{code}.alone", **values, rows=self.alone)
        elif self.verdict is Verdict.REVIEW:
            told = say(f"finding.{code}.unclear", **values, changes=self.changes)
        else:
            return Finding.of(code, self.verdict, self.related, **values)
        return Finding(say(f"check.{code}", **values), self.verdict, self.related, told)


def copies(window: Window, markets: Sequence[Window] = ()) -> Iterator[Finding]:
    """Compare each control with each channel's spend and its carry-over, and media without a bill with bought ones.

    A control that moves while nothing is spent in any market is a cause of its own, however closely spend follows it.

    Parameters
    ----------
    window : Window
    markets : sequence of Window
        All markets with the same columns; this one alone if there are none.
    """
    others = [(each, list(_columns(each))) for each in markets or [window]]
    for compared in _columns(window):
        if compared.constant:
            continue
        found = [
            _likeness(window, compared, source, others)
            for source in compared.sources
            if source.spend.any() and not _constant(source.spend)
        ]
        if any(one.alone is not None for one in found):
            # What it has in common with all spend together, it has from this channel.
            found = [one for one in found if one.channel != say("copy.all")]
        if found:
            closest = max(found, key=lambda one: (list(Verdict).index(one.verdict), one.above))
            yield closest.finding(compared.code, compared.name)


def _columns(window: Window) -> Iterator[Compared]:
    """Columns that may copy channels."""
    sources = [
        Source(name, spend, window.periods) for name, spend in zip(window.names, window.spend.T, strict=True)
    ]
    bought = sources[: window.bought]
    total = Source(say("copy.all"), window.spend[:, : window.bought].sum(axis=1), window.periods)
    for name, column in zip(window.control_names, window.controls.T, strict=True):
        yield Compared("copy", name, column, [*sources, total] if len(bought) > 1 else sources)
    for source in sources[window.bought :]:
        yield Compared("copy_unpaid", source.name, source.spend, bought)


def _likeness(
    window: Window, compared: Compared, source: Source, markets: Sequence[tuple[Window, Sequence[Compared]]]
) -> Likeness:
    """Compare a column with one channel."""
    channel, control, column = source.name, compared.name, compared.column
    each = _correlations(source, compared)
    best = int(np.argmax(each))
    related = float(each[best])
    named, switched = _says_so(control, channel), _switches_alike(source.spend, column)
    review, fail = (ALIKE_BY_NAME, COPY_BY_NAME) if named or switched else (ALIKE, COPY)
    if related < review:
        return Likeness(channel, Verdict.PASS, related, 0.0, related - fail)
    counts = named and _counts(control)
    if not counts and (alone := _moves_alone(compared, channel, markets)) is not None:
        return Likeness(channel, Verdict.PASS, related, 0.0, related - fail, alone)
    needs = -1.0 if counts or switched else IN_CHANGES_BY_NAME if named else IN_CHANGES
    changes = _in_changes(window, source.forms[best], column)
    verdict = Verdict.FAIL if related >= fail and changes >= needs else Verdict.REVIEW
    return Likeness(channel, verdict, related, changes, related - fail)


def _in_changes(window: Window, form: Array, column: Array) -> float:
    """Correlation of changes of changes over successive rows, of the amounts or their logarithms; 0 without any.

    A season hardly changes its pace from row to row: what is left are the turns of single rows.
    """
    order = np.argsort(window.periods)
    successive = np.diff(window.periods[order], 2) == 0
    successive &= np.diff(window.periods[order])[1:] == 1
    pair = np.stack([form, column])
    turns = [
        np.diff(each[:, order], 2)[:, successive]
        for each in ([pair, _logs(pair)] if column.min() >= 0.0 else [pair])
    ]
    return max([0.0, *(float(one @ other) / len(one) for one, other in map(_standard, turns) if len(one))])


def _moves_alone(
    compared: Compared, channel: str, markets: Sequence[tuple[Window, Sequence[Compared]]]
) -> Message | None:
    """Say in which rows of a market a column moves by itself, without any spend."""
    for window, columns in markets:
        for one in columns:
            if (one.code, one.name) != (compared.code, compared.name) or one.constant:
                continue
            (idle,) = (source.idle for source in one.sources if source.name == channel)
            if len(idle) >= FEWEST_IDLE and one.column[idle].std() >= MOVES_ALONE * one.column.std():
                rows = window.spans(idle)[0]
                return rows if window.market is None else say("rows.of", market=window.market, rows=rows)
    return None


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
        if not _constant(column) and outcome.std() > 0.0:
            ranks = [rankdata(each) for each in (column, outcome)]
            both = (np.corrcoef(column, outcome)[0, 1], np.corrcoef(*ranks)[0, 1])
            related = min(abs(float(one)) for one in both)
            yield Finding.graded("copy_outcome", related, COPY, np.inf, control=control, related=related)


def _constant(column: Array) -> bool:
    return bool(column.std() <= CONSTANT_COLUMN * np.abs(column).max(initial=0.0))


def _logs(columns: Array) -> NDArray[np.float64]:
    """Logarithms of amounts, of which small ones count little; (..., n_rows)."""
    return np.asarray(np.log1p(columns / columns.mean(axis=-1, keepdims=True)))


def _standard(columns: Array) -> NDArray[np.float64]:
    """Columns in standard deviations from their means, (..., n_rows); 0 where they do not change."""
    off = columns - columns.mean(axis=-1, keepdims=True)
    length = np.sqrt((off**2).mean(axis=-1, keepdims=True))
    return np.asarray(np.divide(off, length, out=np.zeros_like(off), where=length > 0.0))


def _correlations(source: Source, compared: Compared) -> Array:
    """Of each form's amounts, or of their logarithms: a single large one must not decide."""
    (amounts, logs), (column, log) = source.standard, compared.standard
    related = amounts @ column / len(column)
    if log is not None:
        related = np.maximum(related, logs @ log / len(column))
    return np.minimum(related, 1.0)


def _says_so(control: str, channel: str) -> bool:
    """Whether the name of a control holds the channel's, begins with the same word, or says what money buys of it."""
    said, named = (re.findall(r"[a-z]+", name.lower()) for name in (control, channel.split("/")[0]))
    if not said or not named:
        return False
    shared = set(said) & set(named)
    return set(named) <= set(said) or said[0] == named[0] or bool(shared and _counts(control))


def _counts(control: str) -> bool:
    """Whether a name says that money buys what the column counts."""
    return bool(VOLUMES & set(re.findall(r"[a-z]+", control.lower())))


def _switches_alike(spend: Array, column: Array) -> bool:
    """Whether the control is nothing in the very rows without spend."""
    on, off = spend > 0.0, spend == 0.0
    return bool(min(on.mean(), off.mean()) >= SWITCHED and ((column != 0.0) == on).mean() >= 0.98)
