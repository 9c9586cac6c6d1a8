"""Lift tests: what a change of spend on one channel or several was measured to bring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from channelmix.core.described import Described
from channelmix.core.errors import LARGEST_AMOUNT, InputError, echo, nearest_name
from channelmix.core.wording import stated

OPTIONAL = ("market", "rows", "held_out")
"""Fields that a test may leave out, and that are not written where they say nothing."""

WRONG_SIGN = 2.0
"""Standard errors beyond 0 at which a lift against the change of spend is no accident."""


class LiftTestError(InputError):
    """A lift test does not fit the rows, or cannot be meant: the message names the test, whatever table was read."""


@dataclass(frozen=True)
class LiftTest(Described):
    """An experiment: by how much a change of spend moved the outcome, on one channel or on several at once.

    The change counts from `start` to `end`, and its effect after `end` does not. It is spread over these rows in
    proportion to their spend, or evenly where they have none. The lift should come from a comparison with customers or
    regions that were treated otherwise: one that was read off the same rows would count them twice.

    Parameters
    ----------
    channel : str or int, or a sequence of them
        As the regressor names its channels; in evidence, the column whose spend was changed. Several where all were
        changed at once, as in a region that went dark: the lift is that of all together.
    start, end : date or number
        First and last row of the test, both included, by the dates of rows; `end` may be the last day of its row.
    spend_change : float, or a sequence of one number a channel, or None
        Spend added over the whole test, in currency (for a column without a bill, in its own unit); negative where
        spend was withheld. One number for several channels is their total, which is divided in proportion to their
        spend.
    lift : float
        Outcome gained over the whole test, in the history's unit of outcome; negative where it was lost.
    standard_error : float
        Standard error of the lift.
    market : str, optional
        Market that was tested, where the rows are of several.
    rows : {"without_change", "with_change"}, optional
        Whether the rows' spend holds the change. ``without_change``: the rows show the usual spend, since the change
        was made elsewhere or is left out of them. ``with_change``: the rows show what was really spent; without the
        test it would have been their spend less the change. Where nothing is said it is ``without_change``, unless more
        was withheld than the rows hold, which are as low as a test would leave them: then only ``with_change`` can be
        meant.
    held_out : float, optional
        Share of the customers who were held out, between 0 and 1: they got nothing of what was spent in the test on all
        others. Then `spend_change` is either the spend on the others (above 0), and `lift` what it brought from them;
        or the spend that the customers held out were spared (below 0), and `lift` what they bought less; or None for
        all that the rows hold, spent on the others. The lift is a total, in outcome, not per customer. The rows' spend
        holds what was spent, so `rows` is ``with_change``.

    Raises
    ------
    InputError
        If a number is not finite, nothing was changed, the standard error is not above 0, or a text is not printable.

    Examples
    --------
    10 % of the customers got no messages for four weeks, which cost 9,000 for all others; these ordered 630 times more
    than as many customers of the held-out tenth would have:

    >>> test = LiftTest("sms", "2024-05-06", "2024-06-02", 9000.0, 630.0, 120.0, held_out=0.1)
    >>> test.rows
    'with_change'
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    channel: str | int | tuple[str | int, ...] | list[str | int] | list[str]
    start: Any
    end: Any
    spend_change: float | tuple[float, ...] | list[float] | None
    lift: float
    standard_error: float
    market: str | None = None
    rows: Literal["without_change", "with_change"] | None = None
    held_out: float | None = None

    def __post_init__(self) -> None:
        for name in ("channel", "spend_change"):
            several = getattr(self, name)
            if isinstance(several, list | tuple | np.ndarray):
                kept = tuple(several)
                object.__setattr__(self, name, kept[0] if len(kept) == 1 else kept)
        texts = (*self.channels, self.start, self.end, self.market)
        if not all(text.isprintable() for text in texts if isinstance(text, str)):
            raise InputError("lift test: channel, dates and market must be printable text")
        place = f"lift test of {self.named}"
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise InputError(f"{place}: channel must name a channel, or several different ones")
        for name in ("lift", "standard_error"):
            object.__setattr__(self, name, _finite(place, name, getattr(self, name)))
        self._check_changes(place)
        if self.standard_error <= 0.0:
            raise InputError(f"{place}: standard_error must be above 0")
        if self.rows not in ("without_change", "with_change", None):
            raise InputError(f"{place}: rows must be without_change or with_change, not {echo(self.rows)}")
        if self.held_out is not None:
            share = _finite(place, "held_out", self.held_out)
            if not 0.0 < share < 1.0:
                meant = share if 1.0 < share < 100.0 else 10.0
                raise InputError(
                    f"{place}: held_out must be a share between 0 and 1, not {share:g}: for {meant:g} %, write "
                    f"{meant / 100.0:g}"
                )
            object.__setattr__(self, "held_out", share)
            object.__setattr__(self, "rows", "with_change")

    def _check_changes(self, place: str) -> None:
        """Make the changes of spend numbers, none of them 0, one a channel or one in all."""
        if self.spend_change is None:
            if self.held_out is None:
                raise InputError(f"{place}: spend_change is missing; only with held_out it may be left out")
            return
        if isinstance(self.spend_change, tuple):
            if len(self.spend_change) != len(self.channels):
                raise InputError(
                    f"{place}: spend_change must be one number in all or one a channel: {len(self.channels)}, not "
                    f"{len(self.spend_change)}"
                )
            changes = tuple(_finite(place, "spend_change", change) for change in self.spend_change)
            object.__setattr__(self, "spend_change", changes)
        else:
            changes = (_finite(place, "spend_change", self.spend_change),)
            object.__setattr__(self, "spend_change", changes[0])
        if 0.0 in changes:
            raise InputError(f"{place}: spend_change is 0, so that nothing was tested")
        if self.held_out is not None and self.moves_money:
            raise InputError(
                f"{place}: spend_change must have one sign for all channels where customers are held out"
            )

    @property
    def channels(self) -> tuple[str | int, ...]:
        """The channels whose spend was changed."""
        return tuple(self.channel) if isinstance(self.channel, tuple | list) else (self.channel,)

    @property
    def changes(self) -> tuple[float, ...]:
        """The changes of spend: one a channel, or one in all; none where all spend of the rows is meant."""
        if self.spend_change is None:
            return ()
        return (
            tuple(self.spend_change) if isinstance(self.spend_change, tuple | list) else (self.spend_change,)
        )

    @property
    def moves_money(self) -> bool:
        """Whether money was moved from channel to channel: some changes are above 0 and some below."""
        return bool(self.changes) and min(self.changes) < 0.0 < max(self.changes)

    @property
    def raises_spend(self) -> bool:
        """Whether spend was added, or the lift is of those who got it."""
        return not self.changes or self.changes[0] > 0.0

    @property
    def named(self) -> str:
        """The channels in words, such as ``sms+im``."""
        return "+".join(str(channel) for channel in self.channels)

    @property
    def place(self) -> str:
        """The test in words, for messages."""
        market = "" if self.market is None else f" in {self.market}"
        start, end = (_plain(day) for day in (self.start, self.end))
        return f"lift test of {self.named}{market} from {start} to {end}"

    def to_dict(self) -> dict[str, Any]:
        """Write JSON-ready data: dates as text or whole numbers; what need not be stated is left out."""
        data = asdict(self)
        data["channel"] = (
            [str(c) for c in self.channel] if isinstance(self.channel, tuple) else str(self.channel)
        )
        data["spend_change"] = (
            list(self.changes) if isinstance(self.spend_change, tuple) else self.spend_change
        )
        data["start"], data["end"] = _plain(self.start), _plain(self.end)
        return {name: value for name, value in data.items() if value is not None or name == "spend_change"}


def _plain(day: Any) -> int | str:
    return day if isinstance(day, int) else str(day)[:10]


def _finite(place: str, name: str, number: Any) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float | np.number):
        raise InputError(f"{place}: {name} must be a finite number, not {echo(number)}")
    # A whole number may be beyond any float.
    if not -LARGEST_AMOUNT <= number <= LARGEST_AMOUNT:
        raise InputError(
            f"{place}: {name} must be a finite number within {LARGEST_AMOUNT:g}, not {echo(number)}"
        )
    return float(number)


def check_sign(test: LiftTest, source: str = "") -> None:
    """Check that the outcome moved the way of spend, or too little to tell: media do no harm in this model.

    Parameters
    ----------
    test : LiftTest
    source : str
        Prefix of the message.

    Raises
    ------
    LiftTestError
        If the outcome moved against the spend by more than chance allows.
    """
    if test.moves_money:
        return
    raised = test.raises_spend
    off = abs(test.lift) / test.standard_error
    if (test.lift > 0.0) == raised or off <= WRONG_SIGN:
        return
    moved = f"{stated(abs(sum(test.changes)))} of spend" if test.changes else "all spend of the others"
    spend, outcome = ("was added", "fell") if raised else ("was withheld", "rose")
    raise LiftTestError(
        f"{source}{test.place}: {moved} {spend} and the outcome {outcome} by "
        f"{stated(abs(test.lift))}, {off:.1f} standard errors from 0; no channel does harm in this model. Did you mean "
        f"a lift of {stated(-test.lift)}? spend_change is below 0 where spend was withheld, and lift where outcome was "
        "lost; a test that did find harm cannot be used"
    )


def check_size(
    test: LiftTest,
    spent: float,
    outcome: float,
    *,
    unit: str = "outcome",
    worth: float = 1.0,
    source: str = "",
    change: float | None = None,
) -> None:
    """Check that the rows can hold what a test says of its channels: not more than all their outcome.

    Parameters
    ----------
    test : LiftTest
    spent : float
        Spend on the test's channels in all rows whose outcome is known.
    outcome : float
        Outcome of these rows.
    unit : str
        What the outcome is counted in, for the message.
    worth : float
        Margin of one unit of outcome: where it is not 1, the lift may be stated in money.
    source : str
        Prefix of the message.
    change : float, optional
        Spend that was changed, where the test leaves it to its rows.

    Raises
    ------
    LiftTestError
        If at the test's return, less its uncertainty, the channels would have brought more than all outcome.
    """
    changed = sum(test.changes) if test.changes else change
    if not changed or test.moves_money:
        return
    least = abs(test.lift) - WRONG_SIGN * test.standard_error
    if least * spent <= outcome * abs(changed):
        return
    money = (
        f" Is it in money? One unit of {unit} is worth {stated(worth)}, so it would be {stated(test.lift / worth)}."
        if worth != 1.0
        else ""
    )
    brought = abs(test.lift / changed) * spent
    raise LiftTestError(
        f"{source}{test.place}: a lift of {stated(test.lift)} for {stated(changed)} of spend means that "
        f"{test.named} brought {stated(brought)} of the {stated(outcome)} {unit} in all rows, "
        f"more than there is. lift must be in {unit}, and spend_change in the unit of the rows' spend.{money}"
    )


def check_market(test: LiftTest, markets: Iterable[str], source: str = "") -> None:
    """Check that a lift test names its market where the rows do, and only there.

    Parameters
    ----------
    test : LiftTest
    markets : iterable of str
        Markets of the rows; empty where no column names them.
    source : str
        Prefix of the message.

    Raises
    ------
    LiftTestError
        If the test's market is not one of them, or it names one and the rows none.
    """
    known, place = sorted(set(markets)), f"{source}a lift test of {test.named}"
    if not known and test.market is not None:
        raise LiftTestError(
            f"{place} names a market, {test.market}, and the rows none: name their column of markets"
        )
    if known and test.market not in known:
        found = "names no market" if test.market is None else f"is of {test.market}"
        hint = nearest_name(test.market or "", known)
        raise LiftTestError(f"{place} {found}, and rows are of {', '.join(known)}{hint}: name one of them")
