"""Draws of each cell's quantities from published evidence.

`PublishedPrior` is the estimator; it stands apart since scikit-learn's import takes longer than a plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtri

from channelmix.core.arrays import Array
from channelmix.datasets import PriorRange, load_ranges
from channelmix.effectiveness.alike import AlikeChannels
from channelmix.effectiveness.draws import CellDraws, Figure, Promoted
from channelmix.effectiveness.kinds import kinds_of
from channelmix.effectiveness.published.counterparts import (
    COUNTERPARTS,
    Counterpart,
    described,
    published_regression,
    regressed,
    setting_of,
)
from channelmix.effectiveness.published.effect_draws import (
    NEGLIGIBLE,
    believed,
    log_normal,
    shown_effects,
)
from channelmix.effectiveness.published.meta_regression import Setting
from channelmix.effectiveness.published.promotion import effect_of
from channelmix.effectiveness.published.quantities import OF_COMPANY, ORDERS, SHARES, wanted
from channelmix.effectiveness.published.sobol import MOST_DIMENSIONS, sobol
from channelmix.effectiveness.stated import Scope, Score, scores_of, statements
from channelmix.profile import BUILT_IN_CHANNELS, Cell

Key = tuple[str, str, str]

FIGURES = tuple(field.name for field in fields(Cell) if str(field.type).startswith("float"))
"""Numbers that a profile may state of a cell."""


@dataclass(frozen=True)
class _Use:
    """The source of one quantity of a cell: a range, or the regression of a counterpart for a setting.

    `channel` is empty for quantities that are drawn once for the whole company.
    """

    channel: str
    range: PriorRange
    regression: tuple[Counterpart, Setting] | None = None

    @property
    def block(self) -> tuple[str, Key]:
        """Key of what is drawn jointly: a channel's range, or a published quantity for all purposes and countries."""
        key = ("regression", self.regression[0].quantity, "") if self.regression else self.range.key
        return self.channel, key

    @property
    def setting(self) -> Setting | None:
        return self.regression[1] if self.regression else None


def published_draws(
    cells: Sequence[Cell],
    n_draws: int = 512,
    seed: int = 0,
    own: Iterable[PriorRange] = (),
    regression: bool = True,
    ranked_as: Sequence[Cell] | None = None,
) -> CellDraws:
    """Draw the quantities of a profile's cells, as `PublishedPrior` describes.

    Parameters
    ----------
    cells : sequence of Cell
        From `CompanyProfile.cells`.
    n_draws : int
        Number of joint draws, at least 1; a power of two keeps the sequence balanced.
    seed : int
        Seed of the scrambling.
    own : iterable of PriorRange
        Ranges that replace published ones, and regressions, of the same channel, purpose and quantity.
    regression : bool
        Whether regressions are used; else every quantity is drawn from its range.
    ranked_as : sequence of Cell, optional
        Cells of the same channels whose draws are to be the same ones; the cells themselves if not given.
    """
    replaced = {r.key: r for r in own}
    ranges = {**load_ranges(), **replaced}
    judged_only = replaced.keys() if regression else ranges.keys()
    kinds = kinds_of(cells)
    leading = [cells[i] for i in kinds.leading]
    uses = [[_use(cell, _find(ranges, cell, name), judged_only) for name in wanted(cell)] for cell in leading]
    alike = cells if ranked_as is None else ranked_as
    ranked = _ranked(alike)
    of_both = {cell.channel for cell in leading if regression and effect_of(cell)}
    channels = [channel for channel in ranked if channel in of_both]
    stated = [statements(cell) for cell in leading]
    table, scores, normal = _drawn_all(
        {use for of_cell in uses for use in of_cell},
        {scope for of_cell in stated for scope in of_cell.values()},
        (ranked, _ranked_markets(alike), channels),
        {cell.channel: cell.basis for cell in alike},
        (n_draws, seed),
    )
    own_scores = [{name: scores[scope] for name, scope in of_cell.items()} for of_cell in stated]
    promoted = Promoted(tuple(channels), normal, replaced)
    quantities, of_leading = believed(
        leading,
        [{use.range.quantity: table[use] for use in of_cell} for of_cell in uses],
        own_scores,
        promoted,
    )
    of = kinds.of.tolist()
    effects = {
        cell.name: of_leading[leading[k].name]
        for cell, k in zip(cells, of, strict=True)
        if leading[k].name in of_leading
    }
    users: dict[tuple[Key, str], tuple[_Use, list[str]]] = {}
    for cell, k in zip(cells, of, strict=True):
        name = cell.name
        for use in uses[k]:
            if name in effects and use.range.quantity in ORDERS:
                continue  # the effect that they come to is listed, with what both ways say of it
            country = use.setting.country if use.setting else ""
            users.setdefault((use.range.key, country), (use, []))[1].append(name)
    figures = [
        Figure(_presented(use), tuple(names), country)
        for (_, country), (use, names) in sorted(users.items(), key=lambda item: item[0])
    ]
    figures += shown_effects(cells, effects, promoted)
    figures.sort(key=lambda figure: (figure.range.key, figure.country))
    drawn = CellDraws(
        tuple(cells),
        tuple(quantities[k] for k in of),
        tuple(figures),
        ("prior",) * len(cells),
        n_draws,
        scores=tuple(own_scores[k] for k in of),
        promoted=promoted,
    )
    drawn.__dict__["kinds"] = kinds  # cells of one kind have the very same draws
    return drawn


def _drawn_all(
    uses: set[_Use],
    scopes: set[Scope],
    ranked: tuple[Sequence[str], Sequence[str], Sequence[str]],
    kinds: Mapping[str, str | None],
    how: tuple[int, int],
) -> tuple[dict[_Use, Array], dict[Scope, Score], Array]:
    """Draw everything that is used: published quantities, what is stated, and effects of promotion.

    `ranked` are the channels, the markets and the channels of promotion that have an effect, of which each gets a
    column of standard normal numbers; `kinds` names the built-in channel whose figures a channel uses, if any; `how`
    is the number of draws and the seed.
    """
    # A custom channel that borrows figures has draws of them that are like those it borrows from. Ranking the channels
    # and markets makes the draws independent of the order in which the profile states them, and of the names it makes
    # up.
    channels, markets = ({name: i for i, name in enumerate([*names, ""])} for names in ranked[:2])
    blocks: dict[tuple[str, Key], list[_Use]] = {}
    for use in uses:
        blocks.setdefault(use.block, []).append(use)
    of_kind: dict[tuple[str, Key], set[Setting]] = {}
    for (channel, key), of_block in blocks.items():
        kind = kinds.get(channel) or channel, key
        of_kind.setdefault(kind, set()).update(use.setting for use in of_block if use.setting)
    settings = {
        (channel, key): sorted(of_kind[kinds.get(channel) or channel, key], key=_place)
        for channel, key in blocks
    }
    # What is drawn jointly comes first: the sequence's first dimensions are the evenest together.
    order = sorted(blocks, key=lambda block: (not settings[block], channels[block[0]], block[1]))
    said = sorted(
        scopes.union(scope.common for scope in scopes if scope.common),
        key=lambda scope: (channels[scope.channel], markets[scope.market], scope.figure, scope.measured),
    )
    n_draws, seed = how
    published = sum(len(settings[block]) or 1 for block in order)
    normal = ndtri(_uniform(n_draws, published + len(said) + len(ranked[2]), seed))
    stated, effects = np.split(normal[:, published:], [len(said)], axis=1)
    table, done, alike = {}, 0, AlikeChannels()
    for block in order:
        own = normal[:, done : done + (len(settings[block]) or 1)]
        done += own.shape[1]
        own = alike.mixed((kinds.get(block[0]) or block[0], block[1]), own)
        logs = _joint(block[1][1], settings[block], own) if settings[block] else {}
        for use in blocks[block]:
            table[use] = _drawn(use, logs, own)
    return table, scores_of(stated, said, kinds), effects


def _use(cell: Cell, judged: PriorRange, judged_only: Collection[Key]) -> _Use:
    counterpart = COUNTERPARTS.get((cell.basis or "", cell.purpose, judged.quantity))
    if counterpart is None or judged.key in judged_only:
        return _Use("" if judged.quantity in OF_COMPANY else cell.channel, judged)
    return _Use(cell.channel, judged, (counterpart, setting_of(published_regression(), counterpart, cell)))


def _find(ranges: Mapping[Key, PriorRange], cell: Cell, quantity: str) -> PriorRange:
    own = cell.basis or "all"
    for channel, purpose in ((own, cell.purpose), (own, "all"), ("all", cell.purpose), ("all", "all")):
        if (channel, purpose, quantity) in ranges:
            return ranges[channel, purpose, quantity]
    raise KeyError((cell.name, quantity))


def _uniform(n_draws: int, dimensions: int, seed: int) -> Array:
    """Draw points of the unit cube; shape (n_draws, dimensions)."""
    # The sequence is balanced over powers of two only: a number between is the beginning of the next one. Quantities
    # beyond what one sequence can draw together take further ones, shuffled: the first digits of the same dimension of
    # two sequences are equal, or all of them differ.
    exponent = (n_draws - 1).bit_length()
    parts = []
    for start, rng in zip(range(0, dimensions, MOST_DIMENSIONS), _generators(seed), strict=False):
        points = sobol(min(MOST_DIMENSIONS, dimensions - start), exponent, rng)
        parts.append(points if start == 0 else rng.permutation(points))
    return np.hstack([part[:n_draws] for part in parts] or [np.empty((n_draws, 0))])


def _joint(quantity: str, settings: Sequence[Setting], normal: Array) -> dict[Setting, Array]:
    """Draws of the logarithm of a published quantity, correlated over settings."""
    mean, covariance = regressed(published_regression(), quantity, settings)
    # Effects add up: what purposes and countries make of a price is of lower rank than there are pairs of them.
    covariance[np.diag_indices_from(covariance)] += NEGLIGIBLE * covariance.diagonal().max()
    draws = mean + normal @ np.linalg.cholesky(covariance).T
    return {setting: draws[:, j] for j, setting in enumerate(settings)}


def _drawn(use: _Use, logs: Mapping[Setting, Array], normal: Array) -> Array:
    if use.regression:
        draws: Array = use.regression[0].factor * np.exp(logs[use.regression[1]])
    else:
        draws = log_normal(use.range, normal[:, 0])
    return np.minimum(draws, 1.0) if use.range.quantity in SHARES else draws


def _presented(use: _Use) -> PriorRange:
    return described(published_regression(), *use.regression, use.range) if use.regression else use.range


def _place(setting: Setting) -> tuple[str, ...]:
    return setting.purpose, setting.variant, setting.sector, setting.country


def _ranked(cells: Iterable[Cell]) -> list[str]:
    """Order channels: built-in ones by name, then the others by what is stated of them, and by name between equals."""
    built_in = {cell.channel for cell in cells} & set(BUILT_IN_CHANNELS)
    stated: dict[str, list[tuple[str | float, ...]]] = {}
    for cell in cells:
        if cell.channel not in built_in:
            figures = (getattr(cell, name) for name in FIGURES)
            statement = cell.purpose, cell.basis or "", *(-1.0 if f is None else f for f in figures)
            stated.setdefault(cell.channel, []).append(statement)
    return [*sorted(built_in), *sorted(stated, key=lambda channel: (sorted(stated[channel]), channel))]


def _ranked_markets(cells: Iterable[Cell]) -> list[str]:
    """Order markets by what is stated of them, and by name between equals."""
    stated: dict[str, list[tuple[str | float, ...]]] = {}
    for cell in cells:
        if cell.own:  # others share what is stated of the company and its channels
            figures = (getattr(cell, name) for name in FIGURES)
            statement = cell.purpose, cell.basis or "", *(-1.0 if f is None else f for f in figures)
            stated.setdefault(cell.market, []).append(statement)
    return sorted(stated, key=lambda market: (sorted(stated[market]), market))


def _generators(seed: int) -> Iterator[np.random.Generator]:
    """Make one generator after the other; the first is that of the seed alone."""
    yield np.random.default_rng(seed)
    yield from (np.random.default_rng([seed, part]) for part in itertools.count(1))
