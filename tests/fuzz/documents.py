"""Valid documents of every kind, as data, and what a reader does with the bytes of one."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.conftest import SMALL
from tests.fuzz.bounds import answer_or_error
from tests.fuzz.by_schema import by_schema, made_by_schema
from tests.fuzz.hostile import json_texts, mutated
from tests.own_evidence import returns, written
from tests.random_problems import random_problem
from tests.random_profiles import random_content

import channelmix as cm
from channelmix import report
from channelmix.core.documents import Document
from channelmix.core.errors import ChannelMixError
from channelmix.plan import verify_plan
from channelmix.profile import json_schema
from channelmix.profile.evidence import Evidence
from channelmix.profile.evidence.evidence import digest
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.notes import many_contacts, unknown_countries, unused_audiences
from channelmix.profile.other_periods import budget_question
from channelmix.recommender.optimize.size import check_size

__all__ = ["READERS", "bytes_of", "documents", "examples", "profile_of", "small_plan"]

EXAMPLES = Path(__file__).parents[2] / "examples"

FEW_DRAWS = 8

RICH: dict[str, Any] = {
    **SMALL,
    "$schema": "profile.schema.json",
    "schema_version": 1,
    "notes": {"of": ["anything"]},
    "periods": 3,
    "switched_off": ["word_of_mouth"],
    "markets": [
        {"name": "FR", "customers": 200000.0},
        {"name": "BE", "customers": 50000.0, "country": "BE", "channels": {"sms": {"reachable_share": 0.5}}},
    ],
    "rules": [
        {"kind": "spend_bounds", "bounds": {"sms": [100.0, None], "FR/social": [None, 9000.0]}},
        {"kind": "group_share", "select": "social", "low": 0.05, "high": 0.9},
        {"kind": "change_limit", "select": "app", "relative": 2.0},
        {"kind": "keep_working", "floor": 0.1},
        {"kind": "linear_constraint", "name": "fee", "coefficients": {"all": 0.05}, "high": 5000.0},
        {"kind": "minimum_if_active", "select": "im", "amount": 50.0},
        {"kind": "at_most_active", "count": 9},
        {"kind": "activation_fee", "select": "sms", "amount": 20.0},
        {"kind": "price_tiers", "select": "sms", "tiers": [[1000.0, 0.05]]},
        {"kind": "pack_size", "select": "app", "size": 10.0},
    ],
    "risk": {"kind": "safe_improvement", "tail": 0.2},
}
"""A profile with a rule of most kinds."""


@cache
def profile_of(seed: int | None = None) -> cm.CompanyProfile:
    """The small profile, or a random one."""
    return cm.CompanyProfile.model_validate(copy.deepcopy(SMALL) if seed is None else random_content(seed))


@cache
def small_plan(budget: float = 20000.0) -> cm.Plan:
    """Of few draws, which are quick to read."""
    return cm.optimize(profile_of().with_budget(budget), n_draws=FEW_DRAWS, time_limit=2.0)


@cache
def _plans() -> list[Any]:
    """One as most are, one over periods with switches, one that no split obeys, one on the worst draws of two cells."""
    periods = {**SMALL, "periods": 2, "rules": RICH["rules"][3:8]}
    never = {**SMALL, "rules": [{"kind": "spend_bounds", "bounds": {"sms": [30000.0, None]}}]}
    two = {name: {**SMALL["channels"][name], "purposes": ["promotion"]} for name in ("sms", "app")}
    worst = {
        **SMALL,
        "channels": two,
        "purposes": {"promotion": SMALL["purposes"]["promotion"]},
        "risk": RICH["risk"],
    }
    made = [
        cm.optimize(cm.CompanyProfile.model_validate(copy.deepcopy(one)), n_draws=draws, time_limit=2.0)
        for one, draws in ((periods, FEW_DRAWS), (never, FEW_DRAWS), (worst, 1000))
    ]
    return [json.loads(plan.to_json()) for plan in (small_plan(), *made)]


@cache
def _evidence() -> Any:
    columns = {"sms": returns(16), "social": returns(16, seed=1)}
    return json.loads(written(columns).to_json())


@cache
def _answers(kind: type[Document]) -> list[Any]:
    """Real answers, of those that take no time."""
    plan = small_plan()
    made: dict[type[Document], Callable[[], Document]] = {
        cm.Frontier: lambda: cm.frontier(profile_of(), [10000.0, 20000.0], n_draws=FEW_DRAWS, time_limit=2.0),
        cm.InformationValue: lambda: cm.information_value(profile_of(), n_draws=FEW_DRAWS, time_limit=2.0),
        cm.Difference: lambda: cm.compare(plan, small_plan(15000.0)),
    }
    return [json.loads(made[kind]().to_json())] if kind in made else []


LIFT_TESTS: list[dict[str, Any]] = [
    {
        "channel": "social",
        "start": "2024-02-26",
        "end": "2024-04-01",
        "spend_change": -15519,
        "lift": -569,
        "standard_error": 90,
        "rows": "without_change",
    },
    {
        "channel": ["sms", "im"],
        "start": "2024-05-06",
        "end": "2024-06-02",
        "spend_change": [9000.0, 100.0],
        "lift": 630.0,
        "standard_error": 120.0,
        "market": "FR",
        "held_out": 0.1,
    },
]


@cache
def _problems() -> list[Any]:
    made = [random_problem(seed).to_dict() for seed in range(12)]
    return [*made, *(plan["problem"] for plan in _plans())]


@cache
def documents(kind: str) -> st.SearchStrategy[Any]:
    """Valid documents of a kind, or such as a schema allows."""
    if kind == "profile":
        shipped = [json.loads(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.json"))]
        return st.one_of(
            _one_of([SMALL, RICH, *shipped]),
            st.integers(0, 10_000).map(random_content),
            by_schema(json_schema()),
        )
    if kind == "plan":
        return _one_of(_plans())
    if kind == "evidence":
        return _one_of([_evidence()])
    if kind == "lift tests":
        return st.just(LIFT_TESTS)
    if kind == "problem":
        return _one_of(_problems())
    of = ANSWERS[kind]
    of_schema = by_schema(of.model_json_schema()).map(lambda data: {**data, **_of_plan(data)})
    real = _answers(of)
    return st.one_of(of_schema, _one_of(real)) if real else of_schema


def _one_of(made: list[Any]) -> st.SearchStrategy[Any]:
    """One of several; Hypothesis would write all of them out in its messages."""
    return st.integers(0, len(made) - 1).map(lambda i: made[i])


def examples(kind: str) -> list[bytes]:
    """Bytes of a few valid documents of a kind."""
    made: dict[str, Callable[[], list[Any]]] = {
        "profile": lambda: [SMALL, RICH],
        "plan": _plans,
        "evidence": lambda: [_evidence()],
        "lift tests": lambda: [LIFT_TESTS],
        "problem": _problems,
    }
    if kind in ANSWERS:
        of = ANSWERS[kind]
        made[kind] = lambda: [*_answers(of), made_by_schema(of.model_json_schema(), 0)]
    return [json.dumps(one).encode() for one in made[kind]()]


def _of_plan(data: dict[str, Any]) -> dict[str, Any]:
    """What an answer needs to be shown beside the small plan."""
    plan = small_plan()
    own = {"name": plan.name, "currency": plan.currency, "period": plan.period, "span": plan.span}
    own |= {name: getattr(plan.provenance, name) for name in ("profile_sha256", "company_sha256")}
    return {name: value for name, value in own.items() if name in data}


def bytes_of(kind: str) -> st.SearchStrategy[bytes]:
    """Bytes of altered documents of a kind; a few are of another kind."""
    own = mutated(documents(kind))
    if kind == "evidence":
        own = st.one_of(own, own.map(_sealed))
    other = st.sampled_from(sorted(set(READERS) - {kind})).flatmap(documents)
    return json_texts(st.one_of(*[own] * 15, other))


def _sealed(data: Any) -> Any:
    """Altered evidence with the digest of what it is now, so that not only the digest is looked at."""
    try:
        return {**data, "sha256": digest({k: v for k, v in data.items() if k != "sha256"})}
    except (TypeError, ValueError):
        return data


def read_profile(data: bytes) -> Any:
    """As ``channelmix validate`` does."""
    profile = cm.CompanyProfile.from_json(data, source="p.json", folder=EXAMPLES)
    check_size(profile)
    notes = [budget_question(profile), *many_contacts(profile), *unused_audiences(profile)]
    return profile, [*notes, *unknown_countries(profile)]


def read_plan(data: bytes) -> Any:
    """As the commands that take a plan do: verify, report, compare; a refusal by one says nothing of the others."""
    plan = cm.Plan.from_json(data)
    assert cm.Plan.from_json(plan.to_json()) == plan
    for use in (verify_plan, _page, _printed, report.to_csv, lambda one: cm.compare(small_plan(), one)):
        answer_or_error(partial(use, plan))
    return plan


def _page(plan: cm.Plan) -> str:
    return plan.to_html(lang="fr") if len(plan.warnings) % 2 else plan.to_html()


def _printed(document: Document) -> str:
    shown = io.StringIO()
    report.to_terminal(document, shown)
    text = shown.getvalue()
    assert all(line.isprintable() for line in text.split("\n")), "unprintable text"
    return text


def read_evidence(data: bytes) -> Any:
    """As a profile that names it, and as ``channelmix fit`` shows it."""
    evidence = Evidence.from_json(data)
    assert Evidence.from_json(evidence.to_json()) == evidence
    shown = io.StringIO()
    report.fit_to_terminal(evidence, "month", shown, verbose=True)
    answer_or_error(lambda: evidence.response.mean_value(np.full(len(evidence.columns), 100.0)))
    answer_or_error(lambda: profile_of().with_evidence(evidence).cells())
    return evidence


def read_answer(kind: type[Document]) -> Callable[[bytes], Any]:
    """As Python reads it, and the report where it takes it."""
    beside = {cm.Frontier: "frontier", cm.Explanation: "explanation", cm.InformationValue: "tests"}.get(kind)

    def read(data: bytes) -> Any:
        found = kind.from_json(data)
        assert kind.from_json(found.to_json()) == found
        answer_or_error(lambda: _printed(found))
        answer_or_error(lambda: report.to_csv(found))
        if beside is not None:
            answer_or_error(lambda: small_plan().to_html(**{beside: found}))  # type: ignore[arg-type]
        return found

    return read


def read_problem(data: bytes) -> Any:
    """What a plan carries: its curves and rows are worked out, nothing is searched."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise ChannelMixError("not JSON") from None
    problem = cm.AllocationProblem.from_dict(content)
    answer_or_error(lambda: problem.response.n_draws)
    answer_or_error(lambda: problem.standard)
    return problem


ANSWERS: dict[str, type[Document]] = {
    "frontier": cm.Frontier,
    "explanation": cm.Explanation,
    "information value": cm.InformationValue,
    "sensitivity": cm.Sensitivity,
    "difference": cm.Difference,
}

READERS: dict[str, Callable[[bytes], Any]] = {
    "profile": read_profile,
    "plan": read_plan,
    "evidence": read_evidence,
    "lift tests": lambda data: read_experiments(data, "tests.json"),
    "problem": read_problem,
    **{kind: read_answer(of) for kind, of in ANSWERS.items()},
}
"""By kind of document, what reads its bytes."""
