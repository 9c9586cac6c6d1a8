"""Sentences about a plan and what was found beside it, in any language: terminal and page say them alike."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.core.tolerances import SPEND_SHOWN
from channelmix.core.words import Words, say
from channelmix.engine.proof.solution import Status
from channelmix.plan import (
    CautiousPlan,
    IfTen,
    InformationOf,
    InformationValue,
    Totals,
    WordOfMouth,
    standing_of,
)
from channelmix.report.compared import called, compared
from channelmix.report.content import OWN, Content
from channelmix.report.grounds import failed_checks, grounds
from channelmix.report.no_plan import is_far
from channelmix.report.what_to_do import what_to_do

SAYING = (3.0, 3000.0)
"""People told by a happy and by an angry customer, as the saying has it."""

HARDLY = 0.01
"""Share of an interval's upper end below which its lower end is as good as nothing."""


def asked(content: Content) -> str:
    """What the scenario asks for, with its amounts."""
    plan, words = content.plan, content.words
    scenario, per = plan.scenario, content.over
    most = scenario.get("max_amount")
    match scenario.get("kind"):
        case "fixed_budget":
            return words("asked.fixed_budget", money=words.money(float(scenario["amount"])), per=per)
        case "target_outcome":
            what = words("asked.target_outcome", money=words.money(float(scenario["amount"])), per=per)
        case "max_profit":
            what = words("asked.max_profit", per=per)
        case "flexible_budget":
            limits = {key: scenario.get(key) for key in ("min_roi", "min_marginal_roi")}
            parts = (
                words(f"asked.{key}", ratio=words.figure(float(value)))
                for key, value in limits.items()
                if value is not None
            )
            what = ", ".join(parts)
        case kind:
            what = words("asked.other", kind=kind, per=per)
    if most is None or is_far(plan):
        return what
    return words("asked.up_to", what=what, money=words.money(float(most)))


def headline(content: Content, totals: Totals) -> list[str]:
    """The answer: what to do and what it brings, how that compares with the baseline, and whether to trust it."""
    words = content.words
    interval = {"mean": totals.outcome.mean, "low": totals.outcome.low, "high": totals.outcome.high}
    done = what_to_do(content, totals)
    first = words("headline", done=done, per=content.over, less=_charge(content, totals), **interval)
    return [first, *compared(content, totals.spend + totals.fees), *failed_checks(content)]


def _charge(content: Content, totals: Totals, times: float = 1.0) -> str:
    """What opt-outs and harm take from the return, as the end of a sentence; empty where it is rounding."""
    if totals.charge <= SPEND_SHOWN * max(totals.spend, totals.current_spend):
        return ""
    code = "headline.less_harm" if _harms(content) else "headline.less"
    return content.words(code, charge=times * totals.charge)


def after_charges(content: Content, totals: Totals) -> str:
    """Say that amounts are less what opt-outs and harm take, as part of a sentence; empty where these take nothing."""
    if not _charge(content, totals):
        return ""
    return content.words(f"after.{'harm' if _harms(content) else 'opt_outs'}")


def _harms(content: Content) -> bool:
    return any(row.charge > 0.0 and row.purpose == "advocacy" for row in content.plan.cells)


def facts(content: Content, totals: Totals) -> Iterator[str]:
    """Sentences below the headline: what it rests on, and what it comes to over all periods."""
    plan, words = content.plan, content.words
    if words.language != "en" and not plan.messages:
        yield words("facts.english")
    yield from grounds(content, charged=bool(_charge(content, totals)))
    base = content.baseline
    baseline = "" if base is None else called(content, base)
    if base is not None and base.description != say("how.today"):
        yield words("facts.baseline", baseline=baseline, how=content.said(base.description))
    risk = plan.problem.get("risk")
    if base is not None and isinstance(risk, dict) and risk.get("kind") == "safe_improvement":
        key = "facts.safe" if base.tail_loss > 0.0 else "facts.safer"
        yield words(key, baseline=baseline, loss=base.tail_loss)
    if after := after_charges(content, totals):
        yield words("facts.after_charges", currency=words.currency, after=after)
    if totals.fees > 0.0:
        yield words("facts.fees", fees=totals.fees)
    if plan.span > 1:
        yield words("facts.span", per=content.over)
    if totals.after > SPEND_SHOWN * totals.outcome.mean:
        yield words("facts.after", after=totals.after)
    if totals.periods > plan.span:
        less = _charge(content, totals, totals.periods / plan.span)
        values = {"spend": totals.horizon_spend, "outcome": totals.horizon_outcome, "less": less}
        yield words("facts.horizon", periods=totals.periods, **values)


def standing(content: Content) -> str:
    """The plan's status, with the gap where it is wide; from the numbers, not from what the document calls it."""
    plan = content.plan
    return content.words.said(standing_of(plan.status, plan.certificate.gap)) or str(plan.status)


def claim(content: Content) -> str:
    """What is proven."""
    words, plan = content.words, content.plan
    if plan.status is Status.INFEASIBLE:
        return words("claim.infeasible")
    if plan.status is Status.UNBOUNDED or plan.certificate.gap is None:
        return words("claim.unbounded")
    kind = str(plan.scenario.get("kind"))
    key = f"claim.{kind}" if kind in ("target_outcome", "max_profit") else "claim.value"
    more = f" {words('claim.missed', missed=missed(content))}" if plan.certificate.missed else ""
    return f"{words(key, gap=plan.certificate.gap)}{more}"


def missed(content: Content) -> list[str]:
    """Limits that the plan misses by more than a millionth of them, each by how much."""
    return [
        content.words("certificate.missed_by", rule=one.rule, by=one.by, limit=one.limit)
        for one in content.plan.certificate.missed
    ]


def assumed(content: Content) -> str:
    """How many figures the profile leaves open."""
    figures = [
        figure for figure in content.plan.assumptions if figure.basis not in OWN and not figure.is_stated
    ]
    judged = sum(figure.basis == "judgement" and not figure.facts for figure in figures)
    return content.words("assumptions.summary", count=len(figures), judged=judged)


def not_counted(content: Content) -> str:
    """What the plan leaves out."""
    left_out = [content.said(name) for name in content.plan.not_counted]
    return content.words("assumptions.not_counted", what=left_out) if left_out else ""


def word_of_mouth(content: Content, heard: WordOfMouth) -> list[str]:
    """What word of mouth adds to the plan, and what the number of people told decides."""
    words = content.words
    adds = "told.takes" if heard.outcome < 0.0 else "told.added"
    if heard.outcome > 0.0 and heard.share > 0.0:
        adds = "told.added_share"
    numbers = {"satisfied": heard.told_if_satisfied, "unsatisfied": heard.told_if_not}
    whose = "told.numbers" if tuple(numbers.values()) == SAYING else "told.numbers_own"
    said = [
        words(adds, amount=abs(heard.outcome), per=content.over, share=heard.share),
        words(whose, **numbers),
    ]
    if heard.if_ten is not None:
        said.append(_with_ten(content, heard.if_ten, heard.told_if_not))
    return said


def _with_ten(content: Content, ten: IfTen, told: float) -> str:
    """Return the answer if an unsatisfied customer told ten people."""
    words, plan = content.words, content.plan
    share = words("told.ten_share", share=ten.share) if ten.value > 0.0 and ten.share >= 0.0 else ""
    if plan.totals is not None and ten.moved <= SPEND_SHOWN * plan.totals.spend:
        proven = words("told.proven", gap=ten.gap) if ten.gap > plan.certificate.requested_gap else ""
        return words("told.ten_same", unsatisfied=told, share=share, proven=proven)
    return words("told.ten", unsatisfied=told, share=share, moved=ten.moved, regret=_shortfall(words, ten))


def _shortfall(words: Words, ten: IfTen) -> str:
    """What is certain of the plan's shortfall then."""
    if ten.regret_high is None:
        return words("told.at_least", amount=ten.regret)
    if ten.regret <= HARDLY * ten.regret_high:
        return words("told.at_most", amount=ten.regret_high)
    low, high = words.about(ten.regret), words.about(ten.regret_high)
    return low if low == high else words("told.between", low=words.short(ten.regret), high=high)


def next_test(found: InformationValue, words: Words, cell: str) -> str:
    """Return the test to run next; `cell` is its cell as the reader calls it."""
    test = found.next_test
    if test is None:
        return words("tests.none" if found.complete else "tests.unknown")
    return words(
        "tests.add" if test.spend_change > 0.0 else "tests.withhold",
        cell=cell,
        change=abs(test.spend_change),
        per=words.over(found.period),
        weeks=test.weeks,
        detectable=test.detectable_lift,
        expected=test.expected_lift,
        value=test.value,
        cost=test.cost,
        periods=found.test_periods,
        net=test.net,
    )


def counts(found: InformationValue, one: InformationOf) -> bool:
    """Whether the worth of some knowledge is more than rounding."""
    return one.value > SPEND_SHOWN * abs(found.outcome)


def total_value(found: InformationValue, words: Words) -> str:
    """What it would be worth to know every curve."""
    if not counts(found, found.total):
        return words("value.nothing")
    return words(
        "value.total",
        value=found.total.value,
        per=words.over(found.period),
        error=found.total.standard_error,
        draws=found.draws,
        low=found.total_low,
        high=found.total_high,
    )


def regret(found: InformationValue, words: Words) -> str:
    """What the plan would miss if one draw were the truth."""
    one = found.regret
    return words("regret.text", mean=one.mean, per=words.over(found.period), high=one.high, worst=one.worst)


def caution(words: Words, name: str, one: CautiousPlan) -> str:
    """What a plan that minds the worst draws gives up; `name` is what the reader calls it."""
    values = {"low": one.given_up_low, "high": one.given_up_high, "tail": one.tail_gained, "safer": one.safer}
    return words("cautious.text" if one.safer is None else "cautious.text_safer", name=name, **values)
