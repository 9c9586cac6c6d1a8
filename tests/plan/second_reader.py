"""What a second checker of plans reads: a problem's curves, carry-over and rules, as the specification states them.

It follows docs/explanation/plan_document.md, and shares no code with the package.
"""
# ruff: noqa: E731
# mypy: allow-untyped-calls, no-strict-optional
# fmt: off

import base64
import math
from types import SimpleNamespace
from typing import Any

import numpy as np

A = Any
INF, FAR = math.inf, np.array([1e100])
SELECT = {"contact_cap": "promotion", "service_level": "service", "reputation_limit": "service"}


class RefusedError(Exception):
    """The document does not prove what it claims."""


class UnsupportedError(Exception):
    """The document has one of the things that this checker does not know; the specification names them."""


def need(holds: A, why: str, error: type[Exception] = RefusedError) -> None:
    if not holds:
        raise error(why)


def numbers(stored: A) -> A:
    kind = "f4" if "f4" in stored else "f8"
    return np.frombuffer(base64.b64decode(stored[kind]), f"<{kind}").reshape(stored["shape"]).astype(float)


sigma = lambda x: 1.0 / (1.0 + np.exp(-x))


# A curve: outcome at amounts (draws, n); least and largest slope between pairs of them (2, draws, n); its knots.
def curve_of(kind: str, p: A) -> A:
    c = p.get("scale")
    if kind == "exponential":
        slope = lambda s: c / p["rate"] * np.exp(-s / p["rate"])
        return lambda s: -c * np.expm1(-s / p["rate"]), lambda a, b: np.stack([slope(b), slope(a)]), np.empty(0)
    if kind == "hill":
        k, half = p["slope"], p["half_saturation"]
        at, top, first = lambda s: k * (np.log(s) - np.log(half)), np.maximum(k, 1.0), np.where(k == 1.0, c / half, INF)
        start, turn = np.where((k > 1.0) | (c == 0.0), 0.0, first), half * ((top - 1.0) / (top + 1.0)) ** (1.0 / top)
        rise = lambda s: np.where(s > 0.0, c * k * sigma(at(s)) * sigma(-at(s)) / s, start)
        value, across = lambda s: c * sigma(at(s)), lambda a, b: [np.minimum(rise(a), rise(b)), rise(turn) + 0.0 * a]
        curved = lambda a, b: np.where(turn <= a, np.stack([rise(b), rise(a)]), np.stack(across(a, b)))
        return value, lambda a, b: np.where(turn >= b, (value(b) - value(a)) / (b - a), curved(a, b)), np.empty(0)
    if kind == "tabulated":
        x, y = p["points"][:, 0], p["outcome"][:, :, 0].T
        left = lambda s: np.clip(np.searchsorted(x, s, side="right") - 1, 0, len(x) - 2)
        part = lambda s, k: (np.minimum(s, x[-1]) - x[k]) / (x[k + 1] - x[k])
        value = lambda s: y[:, left(s)] + part(s, left(s)) * (y[:, left(s) + 1] - y[:, left(s)])
        return value, lambda a, b: np.stack([(value(b) - value(a)) / (b - a)] * 2), x
    if kind == "opt_outs":
        rate, half = p["rate"], p["half_left"]
        earned = lambda s: -c * np.expm1(-s / rate)
        more = lambda s: c / rate * np.exp(-s / rate)
        both = lambda a, b: more(a) * (b / (b + half)) + earned(b) * (half / (a + half) ** 2)
        return lambda s: earned(s) * (s / (s + half)), lambda a, b: np.stack([both(b, a), both(a, b)]), np.empty(0)
    need(kind == "service", f"family {kind}", UnsupportedError)
    cap, width, reach, blame, praise = (p[k] for k in ("cap", "spread", "reach", "criticism", "praise"))
    mean, solved = cap + width * np.logaddexp(0.0, -cap / width), p["resolution"]
    over = lambda s: sigma((cap - s) / width)
    dense = lambda s: over(s) * sigma((s - cap) / width) / width
    done = lambda s: width * (np.logaddexp(0.0, cap / width) - np.logaddexp(0.0, (cap - s) / width))
    served = lambda s: p["handled"] * done(s) + p["on_time"] * np.maximum(done(s) - s * over(s), 0.0)
    g = lambda s: np.minimum(served(s) / mean, 1.0)
    spared = lambda q: np.exp(-blame * (1.0 - q)) * -np.expm1(-blame * q) - np.expm1(-praise * q)
    heard = lambda a, b: blame * np.exp(-blame * (1.0 - solved * g(a))) + praise * np.exp(-praise * solved * g(b))
    steep = lambda a, b, d: (p["handled"] * over(a) + p["on_time"] * b * d) / mean * (c + reach * solved * heard(b, a))
    lean, fat = lambda a, b: np.minimum(dense(a), dense(b)), lambda a, b: dense(np.clip(cap, a, b))
    slopes = lambda a, b: np.stack([steep(b, a, lean(a, b)), steep(a, b, fat(a, b))])
    return lambda s: c * g(s) + reach * spared(solved * g(s)), slopes, np.empty(0)


def scaled(curve: A, u: float, f: float) -> A:
    value, slopes, knots = curve
    return lambda s: f * value(s / u), lambda a, b: f / u * slopes(a / u, b / u), knots * u


def tiered(curve: A, tiers: A) -> A:
    (value, slopes, knots), starts = curve, np.array([0.0, *(start for start, _ in tiers)])
    per = np.array([1.0, *(1.0 / (1.0 - discount) for _, discount in tiers)])
    tier = lambda s: np.searchsorted(starts, s, side="right") - 1
    buys = lambda s: s + np.diff(per) @ np.maximum(np.add.outer(-starts[1:], s), 0.0)
    k = np.searchsorted(buys(starts), knots, side="right") - 1
    bent = np.union1d(starts[1:], starts[k] + (knots - buys(starts)[k]) / per[k])
    return lambda s: value(buys(s)), lambda a, b: per[tier(a)] * slopes(buys(a), buys(b)), bent


def cells_of(data: A, tiers: A) -> A:
    """Shape, unit and factor of each cell, and the shapes' curves."""
    cells, curves, first, alone = [], {}, {}, len(data["blocks"]) == 1 and not any(tiers)  # type: A, A, A, A
    for number, block in enumerate(data["blocks"]):
        stored = [(s["family"], s["parameters"]) for s in block.get("shapes", [block])]
        shapes = [(kind, {k: numbers(v) for k, v in p.items()}) for kind, p in stored]
        of = block.get("of", range(next(iter(shapes[0][1].values())).shape[-1]))
        units = [numbers(block[k]) if k in block else np.ones(len(of)) for k in ("unit", "factor")]
        for k, unit, factor in zip(of, *units, strict=True):
            own = tiers[len(cells)]
            name = (number, k, unit, factor, str(own)) if own else (number, k)
            u, f = first.setdefault(name, (1.0, 1.0) if alone else (unit, factor))
            (kind, p), column = (shapes[k], 0) if "of" in block else (shapes[0], k)
            if name not in curves:
                curves[name] = scaled(curve_of(kind, {n: v[..., [column]] for n, v in p.items()}), u, f)
                for one in own:
                    curves[name] = tiered(curves[name], one)
            cells.append((name, unit / u, factor / f))
    return cells, curves


def select(names: A, wanted: str) -> A:
    inside = lambda name: all(part in name for part in wanted.split("/"))
    exact = wanted in names and wanted.count("/") == max(name.count("/") for name in names)
    return np.array([wanted in ("all", name) or (not exact and inside(iter(name.split("/")))) for name in names])


def rows_of(rule: A, c: A, aux: A) -> A:
    """Rows (weights of spend, low, high, weights of states) of a rule; its states are put into `aux`."""
    kind, now, eye = rule["kind"], c.current, np.eye(len(c.names))
    mask = lambda wanted: select(c.names, wanted) * c.within
    pick = mask(rule.get("select", SELECT.get(kind, "all")))
    chosen, stated = np.flatnonzero(pick), rule.get("per_spend") or rule.get("spend") or {}
    least = np.array([stated.get(name, stated.get(base, 0.0)) for name, base in zip(c.names, c.bases, strict=True)])
    totals = [pick * (c.periods == t) for t in dict.fromkeys(c.periods) if t and (pick * (c.periods == t)).any()]
    groups = [((base.split("/")[0] if "/" in base else ""), t) for base, t in zip(c.bases, c.periods, strict=True)]

    def state(own: A, fee: float = 0.0, size: float = 0.0) -> str:
        key = f"{c.prefix}{size}{np.flatnonzero(own)}"
        aux[key] = (own > 0, size, fee + (aux[key][2] if key in aux else 0.0))
        return key

    if kind == "each_period":
        own = [(f"{t} ", c.periods == t) for t in dict.fromkeys(c.periods)]
        alike = {**vars(c), "names": c.bases, "periods": 0 * c.periods}
        inner = [SimpleNamespace(**{**alike, "prefix": prefix, "within": within}) for prefix, within in own]
        return [row for one in inner for row in rows_of(rule["rule"], one, aux)]
    if kind == "activation_fee":
        state(pick, rule["amount"])
    if kind in ("activation_fee", "price_tiers"):
        return []
    if kind == "spend_bounds":
        return [(mask(name), *ends, {}) for name, ends in rule["bounds"].items()]
    if kind == "group_share":
        low, high = ((pick - rule[end]) * c.within for end in ("low", "high"))
        return [(low, 0.0, None, {})] * (rule["low"] > 0.0) + [(high, None, 0.0, {})] * (rule["high"] < 1.0)
    if kind == "linear_constraint":
        weights = sum(w * mask(name) for name, w in rule["coefficients"].items())
        return [(weights, rule.get("low"), rule.get("high"), {})]
    if kind == "observed_range":
        return [(mask(rule["cell"]), rule["low"], rule["high"], {})]
    if kind in ("keep_working", "service_level", "reputation_limit"):
        least = rule["floor"] * now if kind == "keep_working" else least
        return [(eye[i], least[i], None, {}) for i in chosen if least[i] > 0.0]
    if kind == "change_limit":
        need(not rule.get("switching_cost"), "switching costs", UnsupportedError)
        share = rule["relative"] * now if "relative" in rule else INF + 0.0 * now
        width = np.minimum(rule.get("absolute", INF), share)
        return [(eye[i], max(0.0, now[i] - width[i]), now[i] + width[i], {}) for i in chosen]
    if kind == "contact_cap":
        found = dict.fromkeys(groups[i] for i in chosen)
        weights = [pick * least * np.array([one == group for one in groups]) for group in found]
        return [(w, None, rule["contacts"], {}) for w in weights if w.any()]
    if kind == "minimum_if_active":
        return [(eye[i], 0.0, None, {state(eye[i]): -rule["amount"]}) for i in chosen]
    if kind == "at_most_active":
        part = ("market", "channel", "purpose", "cell").index(rule["of"])
        kinds = [i if part == 3 else name.split("/")[part] for i, name in enumerate(c.names)]
        counted = [pick * np.array([one == kinds[i] for one in kinds]) for i in chosen]
        return [(0.0 * pick, None, rule["count"], {state(group): 1.0 for group in counted})]
    if kind == "pack_size":
        return [(eye[i], 0.0, 0.0, {state(eye[i], size=rule["size"]): -rule["size"]}) for i in chosen]
    if kind == "pacing":
        steps, up, down = range(1, len(totals)), 1.0 + rule["relative"], 1.0 - rule["relative"]
        both = [[(up, None, 0.0), (down, 0.0, None)]] * len(totals)
        return [(totals[t] - r * totals[t - 1], low, high, {}) for t in steps for r, low, high in both[t]]
    need(kind == "phasing", f"rule {kind}", UnsupportedError)
    shares = np.array(rule["parts"]) / math.fsum(rule["parts"])
    return [(w - share * sum(totals), 0.0, 0.0, {}) for w, share in zip(totals, shares, strict=False)]


def read(problem: A) -> A:
    """Curves and rows of a problem, in the user's units and order."""
    f, bases, ask, rules = SimpleNamespace(), problem["curves"]["names"], problem["scenario"], problem["constraints"]
    timed, n, carry = "carryover" in problem, len(bases), problem.get("carryover", {"periods": 1, "weights": [1.0]})
    T, W, kind = carry["periods"], np.array(carry["weights"]) * np.ones((n, 1)), ask["kind"]
    H, past = T + W.shape[1] - 1, np.array(carry.get("initial", np.zeros((0, 1))))
    P, S, N = len(past), T * n, H * n
    by_cell = lambda k: np.array(carry.get(k, [1.0] * T)).reshape(T, -1) * np.ones((T, n))
    M, price = np.zeros((P + H, n, P + T, n)), np.concatenate([np.ones((P, n)), by_cell("cost")])
    for t, lag, i in np.ndindex(P + T, W.shape[1], n):
        M[t + lag, i, t, i] = W[i, lag] / price[t, i]
    M = M[P:].reshape(N, -1)
    before = (past if past.ndim == 2 else past[:, None]) * np.ones(n)
    M, start = M[:, P * n :], M[:, : P * n] @ before.ravel()
    f.acting, f.start = lambda s: np.cumsum(M * s, axis=1)[:, -1] + start, start
    discount = (1.0 + carry.get("discount", 0.0)) ** -np.arange(H, dtype=float)
    later = np.tile(by_cell("season").mean(axis=0), (H - T, 1))
    season = np.concatenate([by_cell("season"), later]) * discount[:, None]
    priced = [(r["tiers"], select(bases, r["select"])) for r in rules if r["kind"] == "price_tiers"]
    tiers = [[one for one, mask in priced if mask[i]] for i in range(n)]
    gains, curves = cells_of(problem["curves"], tiers)
    lost, losing = cells_of(problem["losses"], tiers) if "losses" in problem else ([], {})
    loses = {name: (value(FAR) > 0.0).any() for name, (value, _, _) in losing.items()}
    none = (lambda s: 0.0 * s, lambda a, b: 0.0 * a, np.empty(0))
    f.D = max(len(curve[0](FAR)) for curve in curves.values())
    f.curves, f.key, f.unit, f.factor = {}, [], np.ones(N), np.ones(N)
    for j, (t, i) in enumerate(np.ndindex(H, n)):
        (name, f.unit[j], k), other = gains[i], none
        f.factor[j], key = k * season[t, i], (name,)
        if lost and loses[lost[i][0]]:
            need(f.factor[j] > 0.0, "losses beside a season of 0", UnsupportedError)
            ratio = lost[i][1] / f.unit[j], lost[i][2] * discount[t] / f.factor[j]
            key, other = (name, lost[i][0], *np.round(np.log(ratio), 12)), scaled(losing[lost[i][0]], *ratio)
        f.curves.setdefault(key, (curves[name], other))
        f.key.append(key)
    one = lambda x, j, k: f.curves[f.key[j]][k][0](x[[j]] / f.unit[j])[..., 0] * f.factor[j] + np.zeros(f.D)
    drawn = lambda x, k: np.stack([one(x, j, k) for j in range(N)], axis=1)
    f.gross, f.net = lambda x: drawn(x, 0), lambda x: (drawn(x, 0) - drawn(x, 1)).sum(axis=1)
    # Rows: the scenario's, then the rules'.
    names = [f"{base}/period {t + 1}" if timed else base for t in range(T) for base in bases]
    now, ones = np.array([problem.get("current", {}).get(base, 0.0) for base in bases] * T), np.ones(S)
    cells = SimpleNamespace(names=names, bases=bases * T, current=now, within=ones, prefix="")
    cells.periods = np.repeat(np.arange(T) + 1, n) * timed
    aux: A = {}
    rows = [row for rule in rules for row in rows_of(rule, cells, aux)]
    fees, roi = {key: fee for key, (_, _, fee) in aux.items() if fee}, ask.get("min_roi")
    limit, f.gain = ask.get("amount" if kind == "fixed_budget" else "max_amount"), float(kind != "target_outcome")
    f.price = ask.get("min_marginal_roi", float(kind in ("target_outcome", "max_profit")))
    top: A = [(0.0 * ones, ask["amount"], None, {})] if kind == "target_outcome" else []
    top += [(-roi * ones, 0.0, None, {key: -roi * fee for key, fee in fees.items()})] if roi else []
    rows = [*top, *([] if limit is None else [(ones, None, limit, fees)]), *rows]
    R = np.array([[*w, *(extra.get(key, 0.0) for key in aux)] for w, _, _, extra in rows], dtype=float)
    low, high = (np.array([end if row[k] is None else row[k] for row in rows]) for k, end in ((1, -INF), (2, INF)))
    B, states = (np.arange(len(rows)) < len(top)) * 1.0, list(enumerate(aux.values(), S))
    cost = np.zeros(S + len(aux))
    for name, rate in (problem.get("charge") or {}).items():
        cost[:S] += rate * select(names, name)
    f.R, f.B, f.low, f.high, f.cost, f.aux = R.reshape(len(rows), S + len(aux)), B, low, high, cost, aux
    f.states, f.M, f.timed, f.N, f.S, f.T = states, M, timed, N, S, T
    f.fees = f.price * np.array([*ones, *(a[2] for a in aux.values())])
    return f
