"""A second checker of plans, as docs/explanation/certificate.md specifies it; it shares no code with the package."""
# ruff: noqa: E731
# mypy: allow-untyped-calls, no-strict-optional
# fmt: off

import itertools
import json
import math
from typing import Any

import numpy as np
from tests.plan.second_reader import RefusedError, UnsupportedError, need, read

__all__ = ["RefusedError", "UnsupportedError", "verify"]
A = Any
INF, EPS, TINY, SMALL, FAR = math.inf, 2.0**-52, 1e-9, 1e-6, 1e100
power_of_two = lambda size: 2.0 ** round(math.log2(size)) if size > 0.0 else 1.0


def tighten(w: A, most: float, lo: A, hi: A) -> None:
    """Shrink a box in place by ``w @ v <= most``."""
    least = np.where(w > 0.0, w * lo, np.where(w < 0.0, w * hi, 0.0))
    loose = ~np.isfinite(least)
    if math.isinf(most) or loose.sum() > 1:
        return
    rounding = 4.0 * EPS * (np.abs(least[~loose]).sum() + abs(most))
    limit = (most + rounding - least[~loose].sum() + np.where(loose, 0.0, least)) / np.where(w == 0.0, 1.0, w)
    use = loose if loose.any() else w != 0.0
    np.minimum(hi, limit, out=hi, where=use & (w > 0.0))
    np.maximum(lo, limit, out=lo, where=use & (w < 0.0))


def shrink(rows: A, low: A, high: A, lo: A, hi: A) -> None:
    for _ in range(4):
        before = [*lo, *hi]
        for w, least, most in zip(rows, low, high, strict=True):
            tighten(w, most, lo, hi)
            tighten(-w, -least, lo, hi)
            if (lo > hi + SMALL * np.abs(hi))[w != 0.0].any():
                return
        if before == [*lo, *hi]:
            return


def form_of(problem: A) -> A:
    """The problem with the box and links that its rows imply, and the units and order of the proof."""
    f = read(problem)
    R, B, low, high, cost, aux, states, S, N = f.R, f.B, f.low, f.high, f.cost, f.aux, f.states, f.S, f.N
    # The box that they imply.
    on, lo, hi, size = B == 0.0, np.zeros(S), np.full(S, INF), S + len(aux)
    ends = np.where((R[:, S:] > 0.0).any(axis=1), -INF, low)[on], np.where((R[:, S:] < 0.0).any(axis=1), INF, high)[on]
    shrink(R[on, :S], *ends, lo, hi)
    f.limited, f.most, f.charges, f.floor = np.isfinite(hi).all(), np.maximum(hi, 0.0), cost[:S], None
    if not f.limited:
        return f
    if aux:
        lo, hi = np.zeros(size), np.full(size, INF)
    for _ in range(2 if aux else 0):
        for i, (own, pack, _) in states:
            room = [v[:S][own].sum() / pack for v in (lo, np.maximum(lo, hi))] if pack else [0.0, 1.0]
            lo[i], hi[i] = max(lo[i], np.ceil(room[0] - TINY)), min(hi[i], np.floor(room[1] + TINY))
        shrink(R[on], low[on], high[on], lo, hi)
        for i, (own, pack, _) in states:
            lo[i] = np.ceil(max(lo[i], float(not pack and (lo[:S][own] > 0.0).any())) - TINY)
            hi[i] = np.floor(hi[i] + TINY)
            hi[:S][own & (not pack and hi[i] <= 0.0)] = 0.0
    unit = np.where(np.arange(size) < S, np.max(hi[:S], initial=0.0), 1.0)
    hi = np.where((lo > hi) & (lo <= hi + TINY * unit), lo, hi)
    # Links of states to spend, except of disjoint ones, which are bounded with their cells.
    f.states, most, taken = {}, np.maximum(lo, hi), np.zeros(S, dtype=bool)
    for i, (own, _, _) in (one for one in states if not one[1][1]):
        if not (taken & own).any():
            taken, f.states[i] = taken | own, np.flatnonzero(own)
            continue
        link = np.append(own * 1.0, -most[:S][own].sum() * (np.arange(S, size) == i))
        R, low, high, B = np.vstack([R, link]), np.append(low, -INF), np.append(high, 0.0), np.append(B, 0.0)
    R, charge, f.offset, f.first, none = R - np.outer(B, cost), f.gain * cost + f.fees, np.zeros(f.D), 0, np.zeros(N)
    if f.timed:
        f.offset, f.first, ends = f.net(f.start), N, tuple(f.acting(np.maximum(end, 0.0)[:S]) for end in (lo, most))
        R = np.block([[np.zeros((len(R), N)), R], [np.eye(N), -f.M, np.zeros((N, len(aux)))]])
        low, high, B = np.append(low + B * f.offset.mean(), f.start), np.append(high, f.start), np.append(B, none)
        cost, charge, hi = np.append(none, cost), np.append(none, charge), np.append(ends[1] * (1.0 + 1e-12), hi)
        lo = np.append(np.maximum(ends[0] - 1e-12 * ends[1], 0.0), lo)
        f.states = {i + N: own + N for i, own in f.states.items()}
    # Units and order of the proof.
    reach, V, last = np.maximum(np.maximum(lo, hi), 0.0), len(lo), [i + f.first for i, _ in states]
    full, half = (f.gross(part * reach[:N]).mean(axis=0) for part in (1.0, 0.5))
    f.O, f.su = power_of_two(full.sum()), power_of_two(reach[:N].max())
    order = np.lexsort((np.arange(N), lo[:N], reach[:N], half / f.O, full / f.O))
    f.places = np.concatenate([order, *([N + order[order < S]] if f.timed else []), last]).astype(int)
    f.whole = np.isin(np.arange(V), last)
    f.u, f.delayed = np.where(f.whole, 1.0, f.su), (np.arange(V) >= f.first) & ~f.whole & f.timed
    at, free = (np.max(np.abs(R) * size, axis=1, initial=0.0) for size in (reach, f.u))
    f.z = np.array([power_of_two(b * f.O or a or c) for a, b, c in zip(at, B, free, strict=True)])
    f.crumbs = np.maximum(1e-12 * hi, 1e-15 * hi[:N].max())
    f.R, f.B, f.low, f.high, f.lo, f.hi, f.cost, f.charge, f.twin = R, B, low, high, lo, hi, cost, charge, np.arange(V)
    shared = lambda j: [own[j] for own, _, _ in aux.values()] if not f.timed else [j]
    same = lambda j: (f.key[j], f.unit[j], f.factor[j], lo[j], hi[j], charge[j], *R[:, j], *shared(j))
    for a, b in itertools.pairwise(order):
        f.twin[b] = f.twin[a] if same(a) == same(b) else b
    return f


def implied(f: A, lo: A, hi: A, first: int) -> None:
    """Shrink a box in place by what a change of one variable implies through states and rows."""
    start, waiting = (lo.copy(), hi.copy()), [first]
    for _ in range(50):
        if not waiting or (lo > hi + TINY * f.u).any():
            break
        i, old = waiting.pop(), (lo.copy(), hi.copy())
        if hi[i] <= 0.0 and i in f.states:
            hi[f.states[i]] = 0.0
        for k in np.flatnonzero((f.R[:, i] != 0.0) & (f.B == 0.0) & (f.whole[i] | f.delayed[i] | (i != first))):
            tighten(f.R[k], f.high[k], lo, hi)
            tighten(-f.R[k], -f.low[k], lo, hi)
        for state, own in f.states.items():
            lo[state] = max(lo[state], float((lo[own] > 0.0).any()))
        lo[f.whole], hi[f.whole] = np.ceil(lo[f.whole] - TINY), np.floor(hi[f.whole] + TINY)
        moved = (f.whole & ((lo != old[0]) | (hi != old[1]))) | (f.delayed & (hi <= 0.0) & (old[1] > 0.0))
        moved |= (hi - lo <= f.crumbs) & (old[1] - old[0] > f.crumbs)
        waiting += [int(p) for p in f.places if moved[p] and p != i]
    touching = (lo > hi) & (lo <= hi + TINY * f.u)
    lo[touching] = hi[touching] = np.clip(lo, *start)[touching]


def leaves_of(f: A, proof: A) -> A:
    rank, stack, leaves = np.argsort(f.places), [(f.lo, f.hi)], []
    for split, at in zip(proof["cell"], proof["threshold"], strict=True):
        need(stack, "nodes outside the root")
        lo, hi = stack.pop()
        if split < 0:
            leaves.append((lo, np.maximum(lo, hi), (lo > hi).any()))
            continue
        need(split < f.N or (split < len(rank) and f.whole[f.places[split]]), "splits what is no cell")
        i, below, above = int(f.places[split]), (lo.copy(), hi.copy()), (lo.copy(), hi.copy())
        at, slack = at * f.u[i], 1e-12 * f.hi[i]
        need(lo[i] - slack <= at <= hi[i] + slack, "a split outside its box")
        twin = (f.twin == f.twin[i]) & ~f.whole[i]
        if f.whole[i]:
            below[1][i], above[0][i] = math.floor(at), math.floor(at) + 1.0
        np.minimum(hi, at, out=below[1], where=twin & (rank >= split))
        np.maximum(lo, at, out=above[0], where=twin & (rank <= split))
        for box in (above, below):
            implied(f, *box, i)
            stack.append(box)
    need(not stack, "a part of the box is not covered")
    return leaves


def bounds_of(f: A, grids: A, leaves: A) -> A:
    """For each curve: amounts in its unit, outcomes there, least and largest slopes between them."""
    order, found = f.places[: f.N], {}
    keys = list(dict.fromkeys(f.key[j] for j in order))
    need(len(grids) in (0, len(keys), f.N), "the grids are not the cells'")
    for k, key in enumerate(keys):
        own = [j for j in range(f.N) if f.key[j] == key]
        boxes = [(f.lo, f.hi), *(leaf[:2] for leaf in leaves)]
        root, *ends = (np.unique([end[own] / f.unit[own] for end in box]) for box in boxes)
        points = [root if len(root) <= 256 else root[[0, -1]], *(one for one in ends if len(one) <= 256)]
        if len(grids) in (0, len(keys)):
            points += [np.array(grids[k]) * f.su] if grids else []
        else:
            own_grids = {j: np.array(grids[r]) * f.su for r, j in enumerate(order) if j in own}
            points += [np.clip(grid, f.lo[j], f.hi[j]) / f.unit[j] for j, grid in own_grids.items()]
        (value, slopes, knots), (lost, losing, bent) = f.curves[key]
        x, bent = np.unique(np.clip(np.concatenate(points), root[0], root[-1])), np.union1d(knots, bent)
        x = np.union1d(x, bent[(bent > x[0]) & (bent < x[-1])])
        low, high = slopes(x[:-1], x[1:]) - losing(x[:-1], x[1:])[::-1] + np.zeros((2, f.D, 1))
        found[key] = x, value(x) - lost(x) + np.zeros((f.D, 1)), low, high
    return found


def corners(x: A, outcome: A, low: A, high: A) -> A:
    """Corners of the piecewise linear bound of a weighted sum of draws."""
    wide, rise, steep = np.diff(x), np.diff(outcome) - low * np.diff(x), high > low
    step = np.clip(np.where(steep, rise / np.where(steep, high - low, 1.0), 0.0), 0.0, wide)
    at, height = np.append(x, x[:-1] + step), np.append(outcome, outcome[1:] - low * (wide - step))
    return at[np.argsort(at, kind="stable")], height[np.argsort(at, kind="stable")]


def bound_of(f: A, bounds: A, lo: A, hi: A, y: A, tilt: A, infeasible: bool) -> float:
    """Weak duality, in the user's units; of an infeasible leaf without the objective."""
    side, priced, rounding = np.where(y > 0.0, f.high, f.low), y != 0.0, EPS * (len(y) + len(lo))
    if np.isinf(side[priced]).any():
        return INF
    gain, charge, y = f.gain * (not infeasible), f.charge * (not infeasible), y * f.O / f.z
    slope, mean, total = y @ f.R + charge, gain * (1.0 - f.weight), y[priced] @ side[priced]
    total += rounding * np.abs(y * side)[priced].sum() - mean * f.offset.mean()
    weights, tilt = np.full(f.D, (mean - y @ f.B) / f.D), None if infeasible and f.floor is None else tilt
    if tilt is not None:
        floor, cost = (0.0, 0.0) if f.floor is None else (f.floor, f.cost)
        weights, total, slope = weights + tilt, total - tilt @ (f.offset + floor), slope + tilt.sum() * cost
    slack = rounding * (np.abs(y) @ np.abs(f.R) + np.abs(charge))
    best, curves = np.maximum(slack * lo - slope * lo, slack * hi - slope * hi), {}
    for j in np.flatnonzero((lo[: f.N] > 0.0) | (hi[: f.N] > f.crumbs[: f.N])) if weights.any() else ():
        if f.key[j] not in curves:
            curves[f.key[j]] = corners(bounds[f.key[j]][0], *(weights @ part for part in bounds[f.key[j]][1:]))
        x, height = (part * size[j] for part, size in zip(curves[f.key[j]], (f.unit, f.factor), strict=True))
        inside, ends = (x > lo[j]) & (x < hi[j]), np.array([lo[j], hi[j]])
        at, height = np.append(x[inside], ends), np.append(height[inside], np.interp(ends, x, height))
        best[j] = (height - (slope - slack)[j] * at).max()
    for state, own in f.states.items():
        on = best[own].sum() - slope[state] if hi[state] > 0.0 else -INF
        off = 0.0 if lo[state] <= 0.0 and (lo[own] <= 0.0).all() else -INF
        best[state], best[own] = max(on, off), 0.0
    return float(total + best.sum())


def proven(f: A, proof: A) -> float:
    """Largest bound of a leaf."""
    leaves, highest = leaves_of(f, proof), -INF
    tilts: A = [None] * len(proof["prices"])
    need(len(proof.get("tilts", ())) == len(leaves) * (f.tail is not None), "the tilts are not the leaves'")
    for k, (places, values, count) in enumerate(proof.get("tilts", ())):
        need(count == f.D, "the tilts are not the draws'")
        tilts[k] = tilt = np.zeros(f.D)
        tilt[places] = values
        most = tilt.sum() * min(1.0, 1.0 / (f.tail * f.D)) * (1.0 + TINY)
        need((tilt >= 0.0).all() and (tilt <= most).all(), "a tilt out of range")
        need(f.floor is not None or abs(tilt.sum() - f.gain * f.weight) <= TINY, "tilts of another sum")
    bounds = bounds_of(f, proof["grids"], leaves)
    for k, ((lo, hi, empty), tilt, infeasible) in enumerate(zip(leaves, tilts, proof["infeasible"], strict=True)):
        y = np.array(proof["prices"][k])
        need(np.isfinite(y).all(), "a price is not finite")
        bound = -INF if infeasible and empty else bound_of(f, bounds, lo, hi, y, tilt, infeasible)
        largest = max(np.abs(y).max(initial=0.0), 0.0 if tilt is None or f.floor is None else tilt.sum())
        need(not infeasible or empty or bound < -TINY * largest * f.O, "a leaf is not infeasible")
        need(not math.isnan(bound), "prices that overflow")
        highest = max(highest, -INF if infeasible else bound)
    return highest


def least_limit(f: A, rate: float, least: float) -> float:
    """Money beyond which profit at this price of money stays below `least`; every curve that is known saturates."""
    parts, most = 1.0 - 2.0 ** -np.arange(1.0, 21.0), f.acting(np.minimum(f.most, FAR))
    rates = ((f.charges + parts[:, None] * rate) / f.M.sum(axis=0)).reshape(len(parts), f.T, -1).min(axis=1)
    total = rates @ f.start.reshape(-1, rates.shape[1]).sum(axis=0) - f.gross(f.start).mean(axis=0).sum() - least
    return float(np.min((total + f.gross(most).mean(axis=0).sum()) / (rate * (1.0 - parts))))


def verify(text: str) -> tuple[float, float, float]:
    """Return a plan's value, the upper bound that its proof shows and the gap to the bound that it claims."""
    try:
        with np.errstate(all="ignore"):
            return verified(json.loads(text))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise RefusedError(f"damaged: {error}") from error


def verified(plan: A) -> tuple[float, float, float]:
    problem, proof, claim, risk = plan["problem"], plan["proof"], plan["certificate"], plan["problem"].get("risk", {})
    free = f = form_of(problem)
    infeasible, spend = plan["status"] == "infeasible", np.array([row["spend"] for row in plan["allocation"]])
    hard = risk.get("kind") == "reach_target" or "witness" in proof or (infeasible and not free.limited)
    need(not hard and plan["status"] != "unbounded", "this kind of claim", UnsupportedError)
    if not free.limited:
        f = form_of({**problem, "scenario": {**problem["scenario"], "max_amount": proof["limit"]}})
    tail, net = risk.get("tail"), lambda s: f.net(f.acting(s)) - f.offset - f.cost[f.first :][: f.S] @ s
    tails = {"mean_cvar": (risk.get("weight"), tail), "worst_case": (1.0, 1.0 / f.D), "safe_improvement": (0.0, tail)}
    f.weight, f.tail = tails.get(risk.get("kind"), (0.0, None))
    most = min(1.0, 1.0 / ((f.tail or 1.0) * f.D))
    worst = lambda y: np.sort(y) @ np.clip(1.0 - most * np.arange(f.D), 0.0, most)
    if risk.get("kind") == "safe_improvement":
        mix = risk.get("current") or problem["current"]
        f.floor = net(np.array([mix.get(name, 0.0) for name in problem["curves"]["names"]] * f.T))
    leaves = sum(cell < 0 for cell in proof["cell"])
    need(np.shape(proof["prices"]) == (leaves, len(f.low)), "the prices are not the rows' at each leaf")
    need(len(proof["infeasible"]) == leaves, "the leaves are not all called feasible or not")
    if infeasible:
        need((f.lo > f.hi).any() or (all(proof["infeasible"]) and proven(f, proof) == -INF), "not infeasible")
        return math.nan, -INF, math.nan
    need((f.lo <= f.hi).all() and spend.shape == (f.S,) and (spend >= 0.0).all(), "no spend of these cells")
    states = [np.round(spend[own].sum() / pack) if pack else spend[own].any() for own, pack, _ in f.aux.values()]
    money = spend.sum() + sum(fee * state for (_, _, fee), state in zip(f.aux.values(), states, strict=True))
    draws, v = net(spend), np.concatenate([f.acting(spend)] * f.timed + [spend, np.array(states, dtype=float)])
    gross = f.gross(f.acting(spend)).mean(axis=0).sum() - f.gross(f.start).mean(axis=0).sum()
    value = f.gain * (draws.mean() + (f.weight * (worst(draws) - draws.mean()) if f.weight else 0.0)) - f.price * money
    left = f.R @ v + f.B * f.net(v[: f.N]).mean()
    for past, limit in ((f.low - left, f.low), (left - f.high, f.high)):
        room = np.where((f.B > 0.0) | (limit == 0.0), f.z, np.minimum(f.z, np.maximum(np.abs(limit), 1e-3 * f.z)))
        need((past <= SMALL * room)[np.isfinite(limit)].all(), "the spend breaks a rule")
    need(f.floor is None or worst(draws - f.floor) >= -SMALL * f.O, "the spend is not safe")
    aims = [(f.price, value), (problem["scenario"].get("min_roi", 0.0), 0.0)] if f.gain and not free.limited else []
    limits = [least_limit(free, rate, aim) for rate, aim in aims if rate > 0.0] or [money]
    need(free.limited or proof["limit"] >= min(limits) * (1.0 - TINY), "more money might pay")
    size, bound = max(abs(value), f.gain * gross), proven(f, proof)
    scale, missing = max(size, f.gain * TINY * f.O), max(claim["upper_bound"] - value, 0.0)
    size = size if size > 0.0 and not free.limited else scale
    gap = missing / size if size else (INF if missing else 0.0)
    need(abs(claim["value"] - value) <= TINY * max(scale, 1e-300), "the value is another")
    need(claim["upper_bound"] >= bound - TINY * max(scale, abs(bound)), "the proof shows less")
    worth = f.O * f.gain + np.abs(f.charge) @ (f.hi - f.lo)
    need(bound >= value - 10.0 * SMALL * max(scale, worth), "a bound below the value")
    need(abs(claim["gap"] - gap) <= TINY * max(1.0, gap), "the gap is another")
    need(plan["status"] != "optimal" or gap <= claim["requested_gap"], "the gap is larger than was asked for")
    return float(value), bound, float(gap)
