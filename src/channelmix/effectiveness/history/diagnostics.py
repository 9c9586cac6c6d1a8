"""What to know before a fit is used, as data: a verdict and a sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.history.fitting import PRIOR_DRAWS, Fit
from channelmix.effectiveness.history.model.families import NO_EFFECT
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.sampling.sampler import ENOUGH, GREATEST_K, Draws
from channelmix.profile.evidence import LiftTest

SHAPES = 2
"""Parameters of a channel's shape: saturation and half-life."""


class Verdict(StrEnum):
    """How serious a finding is."""

    PASS = "PASS"  # noqa: S105  no password
    REVIEW = "REVIEW"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One check: its name, the verdict, the figure that it rests on, and what to do about it."""

    check: str
    verdict: Verdict
    figure: float
    message: str


def diagnose(
    fit: Fit,
    tests: Sequence[LiftTest] = (),
    markets: int = 1,
) -> tuple[Finding, ...]:
    """Check a fit: its data, its draws, and what they say.

    Parameters
    ----------
    fit : Fit
    tests : sequence of LiftTest
    markets : int
        Number of markets that share the channels' shapes.
    """
    window, posterior, draws = fit.window, fit.posterior, fit.draws
    n = len(window.outcome)
    media, lifts = fit.media[:, :n], fit.media[:, n:]
    linear = posterior.linear(window.periods, window.controls)
    left = window.outcome - linear.mean(axis=0) - media.mean(axis=0)
    order = np.argsort(window.periods)
    rows = order[window.known[order]]
    residual, weight = left[rows], window.weight[rows]
    return (
        *_sampling(draws),
        _rows(window, posterior, markets),
        _gaps(window),
        _unknown(window),
        *_spend(window),
        _collinear(window),
        _autocorrelation(residual * np.sqrt(weight)),
        *_followers(window, posterior, left),
        _outliers(residual, weight),
        _negative_baseline(linear),
        *_learnt(window, draws, fit.mix),
        *_beliefs(draws.held),
        *_contradictions(tests, lifts),
    )


def _graded(check: str, figure: float, review: float, fail: float, good: str, bad: str) -> Finding:
    """A finding about a figure that should be small."""
    verdict = Verdict.FAIL if figure > fail else Verdict.REVIEW if figure > review else Verdict.PASS
    return Finding(check, verdict, figure, good if verdict is Verdict.PASS else bad)


def _sampling(draws: Draws) -> list[Finding]:
    size = len(draws.log_margin)
    worth = draws.effective / size
    return [
        _graded(
            "effective draws",
            1.0 - worth,
            1.0 - ENOUGH,
            0.9,
            f"{size} draws are worth {draws.effective:.0f} independent ones.",
            f"{size} draws are worth {draws.effective:.0f} independent ones only: fit with more draws.",
        ),
        _graded(
            "importance weights",
            draws.khat,
            GREATEST_K,
            1.0,
            "The weights on the way to the posterior can be trusted.",
            f"Pareto k-hat of the weights on the way reached {draws.khat:.2f}: fit with more draws.",
        ),
    ]


def _rows(window: Window, posterior: Posterior, markets: int) -> Finding:
    parameters = (1 + SHAPES / markets) * len(window.names) + posterior.trend.fixed(
        window.periods, window.controls
    ).shape[1]
    each = int(window.known.sum()) / parameters
    return _graded(
        "rows per parameter",
        1.0 / each,
        1.0 / 5.0,
        1.0 / 2.0,
        f"{each:.1f} rows for each parameter.",
        f"Only {each:.1f} rows for each parameter: priors decide much; add rows, or join channels.",
    )


def _gaps(window: Window) -> Finding:
    missing = int(np.ptp(window.periods)) + 1 - len(window.periods)
    return _graded(
        "gaps",
        missing / len(window.periods),
        0.0,
        0.2,
        "No period is missing.",
        f"{missing} periods have no row: they count as periods without spend; fill them if money was spent.",
    )


def _unknown(window: Window) -> Finding:
    missing = int((~window.known).sum())
    return _graded(
        "unknown outcomes",
        missing / len(window.periods),
        0.0,
        0.2,
        "The outcome of every row is known.",
        f"The outcome of {missing} rows is not known or has no weight: they tell nothing, but their spend acts.",
    )


def _spend(window: Window) -> list[Finding]:
    found = []
    for name, column in zip(window.names, window.spend.T, strict=True):
        if not column.any():
            continue  # of several markets, this one has none of it
        variation = float(column.std() / column.mean())
        found.append(
            _graded(
                f"variation of {name}",
                -variation,
                -0.1,
                -1e-9,
                f"Spend on {name} varies enough (coefficient of variation {variation:.2f}).",
                f"Spend on {name} hardly varies (coefficient of variation {variation:.2f}): its effect cannot be told "
                "from the level; test it by an experiment.",
            )
        )
        reach = float(column.max() / column[column > 0.0].mean())
        found.append(
            _graded(
                f"range of {name}",
                -reach,
                -1.5,
                -1.0,
                f"Spend on {name} was seen up to {reach:.1f} times its mean.",
                f"Spend on {name} was seen only up to {reach:.1f} times its mean: what more would bring is the model's "
                "assumption; limit changes to the range seen.",
            )
        )
    return found


def _collinear(window: Window) -> Finding:
    spend = window.spend
    varying = spend.std(axis=0) > 1e-12 * spend.mean(axis=0)
    names = [name for name, kept in zip(window.names, varying, strict=True) if kept]
    if len(names) < 2:
        return Finding("collinearity", Verdict.PASS, 0.0, "There are not two channels that vary.")
    related = np.abs(np.corrcoef(spend[:, varying].T))
    np.fill_diagonal(related, 0.0)
    i, j = np.unravel_index(int(related.argmax()), related.shape)
    most = float(related[i, j])
    return _graded(
        "collinearity",
        most,
        0.8,
        0.95,
        f"No two channels' spend moves together closely (largest correlation {most:.2f}).",
        f"Spend on {names[i]} and {names[j]} moves together (correlation {most:.2f}): the data hardly tell their "
        "effects apart; vary one of them alone.",
    )


def alike_in_markets(windows: Sequence[Window]) -> tuple[Finding, ...]:
    """Whether a channel's spend goes up and down together in all markets: a finding each channel that several have.

    What all markets share in a period is told from media by how markets differ within it.
    """
    periods = np.concatenate([window.start + window.periods for window in windows])
    place = np.unique(periods, return_inverse=True)[1]
    found = []
    for c, name in enumerate(windows[0].names):
        spends = [window.spend[:, c] for window in windows]
        bought = np.repeat([spend.any() for spend in spends], [len(spend) for spend in spends])
        off = np.concatenate([spend / max(float(spend.mean()), 1e-300) - 1.0 for spend in spends]) * bought
        number = np.bincount(place, bought)
        shared = bought & (number[place] > 1)
        total = float((off[shared] ** 2).sum())
        if total == 0.0:
            continue
        squares, sums = np.bincount(place, off**2), np.bincount(place, off)
        several = number > 1
        n = number[several]
        own = float(((squares[several] - sums[several] ** 2 / n) * n / (n - 1.0)).sum()) / total
        own = min(max(own, 0.0), 1.0)
        found.append(
            _graded(
                f"own movement of {name}",
                1.0 - own,
                0.95,
                0.99,
                f"Spend on {name} moves in each market on its own ({own:.0%} of its variation).",
                f"Spend on {name} moves alike in all markets (all but {own:.1%} of its variation): what it brings is "
                "hardly told from what all markets share; vary it by market, or fit their sum as one market.",
            )
        )
    return tuple(found)


def _autocorrelation(residual: Array) -> Finding:
    lag = float(residual[1:] @ residual[:-1] / max(float(residual @ residual), 1e-300))
    limit = 2.0 / np.sqrt(len(residual))
    return _graded(
        "residual autocorrelation",
        abs(lag),
        max(limit, 0.2),
        0.5,
        f"What is left does not carry over from row to row (autocorrelation {lag:.2f}).",
        f"What is left carries over from row to row (autocorrelation {lag:.2f}): something that moves the outcome "
        "is missing; name it as a control.",
    )


def _followers(window: Window, posterior: Posterior, left: Array) -> list[Finding]:
    """Does spend follow demand? Its part that its own past and the baseline do not explain, against the row before."""
    order = np.argsort(window.periods)
    before, now = order[:-1], order[1:]
    pairs = (window.periods[now] - window.periods[before] == 1) & window.known[before]
    before, now = before[pairs], now[pairs]
    mean = window.spend.mean(axis=0)
    level = np.log1p(window.spend / np.where(mean > 0.0, mean, 1.0))
    fixed = posterior.columns(window.periods[now], window.controls[now])
    if len(now) < 2 * fixed.shape[1] or not left[before].any():
        return []
    found = []
    for c, name in enumerate(window.names):
        if not mean[c]:
            continue
        known = np.column_stack([fixed, level[before, c]])
        own, ahead = (
            v - known @ np.linalg.lstsq(known, v, rcond=None)[0] for v in (level[now, c], left[before])
        )
        size = float(np.linalg.norm(own) * np.linalg.norm(ahead))
        related = (
            float(own @ ahead) / size if np.linalg.norm(own) > 1e-9 * np.linalg.norm(level[now, c]) else 0.0
        )
        found.append(
            _graded(
                f"demand before {name}",
                abs(related),
                max(3.0 / np.sqrt(len(now)), 0.2),
                0.6,
                f"Spend on {name} does not follow what the outcome did the row before (correlation {related:.2f}).",
                f"Spend on {name} follows what the outcome did the row before (correlation {related:.2f}): where money "
                "follows demand, its effect is misjudged; name what drives both as a control, or run an experiment.",
            )
        )
    return found


def _outliers(residual: Array, weight: Array) -> Finding:
    spread = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
    off = np.abs(residual) / spread if spread > 0.0 else np.zeros(len(residual))
    row = int(off.argmax())
    worst, worth = float(off[row]), float(weight[row] / np.median(weight))
    # Rows far off count little; one that still pulls as much as an ordinary row that far off misleads.
    return _graded(
        "outliers",
        worst,
        5.0,
        10.0 if worst * worth > 5.0 else np.inf,
        f"No row is out of line (worst: {worst:.1f} standard deviations).",
        f"A row is {worst:.1f} standard deviations off and counts {worth:.0%} of an ordinary one: name its event as "
        "a control, or leave it out.",
    )


def _negative_baseline(linear: Array) -> Finding:
    chance = float((linear.mean(axis=1) < 0.0).mean())
    return _graded(
        "negative baseline",
        chance,
        0.05,
        0.5,
        "Without media the outcome would be above 0.",
        f"With probability {chance:.2f} the outcome without media would be below 0: media are credited too much.",
    )


def _beliefs(held: float) -> list[Finding]:
    """Whether the rows bear out what was believed of ROIs before; NaN where nothing was."""
    if np.isnan(held):
        return []
    return [
        _graded(
            "ROI believed before",
            1.0 - held,
            0.5,
            np.inf,
            f"The ROI that was believed before the rows fits them (probability {held:.0%}).",
            f"The ROI that was believed before the rows hardly fits them (probability {held:.0%}) and counts "
            "little: check the unit and the worth of the outcome.",
        )
    ]


def _contradictions(tests: Sequence[LiftTest], lifts: Array) -> list[Finding]:
    """How far history pulls the model away from what each test measured."""
    found = []
    for test, predicted in zip(tests, lifts.T, strict=True):
        off = abs(float(predicted.mean()) - test.lift) / test.standard_error
        found.append(
            _graded(
                f"lift test of {test.channel} from {test.start}",
                off,
                2.0,
                4.0,
                f"History and the lift test of {test.channel} agree ({off:.1f} standard errors apart).",
                f"History pulls {test.channel} {off:.1f} standard errors away from what its lift test measured: "
                "something moves both spend and outcome, or the test is off; its interval is too narrow.",
            )
        )
    return found


def _learnt(window: Window, draws: Draws, mix: Mix) -> list[Finding]:
    """How much narrower log ROI is than before the data, and whether a channel brings anything."""
    before = mix.draw_log_roi(PRIOR_DRAWS, np.random.default_rng(0)).std(axis=0)
    found = []
    for c, name in enumerate(window.names):
        acts = draws.family[:, c] < NO_EFFECT
        left = float(draws.log_roi[acts, c].std() / before[c]) if acts.sum() > 1 else 0.0
        found.append(
            _graded(
                f"evidence on {name}",
                left,
                0.7,
                np.inf,
                f"The data narrowed the ROI of {name} to {left:.0%} of its prior spread.",
                f"The data hardly narrowed the ROI of {name} ({left:.0%} of its prior spread is left): the prior "
                "speaks; an experiment would tell most.",
            )
        )
        none = 1.0 - float(acts.mean())
        found.append(
            _graded(
                f"effect of {name}",
                none,
                0.25,
                np.inf,
                f"The probability that {name} brings nothing is {none:.0%}.",
                f"The probability that {name} brings nothing is {none:.0%}: test it before you rely on it or drop it.",
            )
        )
    return found
