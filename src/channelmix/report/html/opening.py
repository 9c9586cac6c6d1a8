"""What stands first: the answer in one sentence, and what to look at before following it."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.engine.proof.solution import Status
from channelmix.plan import Comparison, Totals
from channelmix.report.html.content import NOTHING, Content
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.sentences.below_the_table import OWN
from channelmix.report.sentences.headline import common_reason, out_of_reach


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
        case _:
            limits = {
                "asked.min_roi": scenario.get("min_roi"),
                "asked.min_marginal_roi": scenario.get("min_marginal_roi"),
            }
            parts = [
                words(key, ratio=words.figure(float(value)))
                for key, value in limits.items()
                if value is not None
            ]
            what = ", ".join(parts)
    return what if most is None else words("asked.up_to", what=what, money=words.money(float(most)))


def headline(content: Content, totals: Totals) -> str:
    """The answer in one sentence."""
    plan, words = content.plan, content.words
    money = totals.spend + totals.fees
    kind = str(plan.scenario.get("kind"))
    done = words(
        f"headline.{kind}",
        moved=words.about(totals.moved),
        money=words.about(money),
        target=words.about(float(plan.scenario.get("amount") or 0.0)),
        profit=words.about(totals.profit),
        roi="-" if totals.roi is None else words.ratio(totals.roi),
    )
    if kind != "fixed_budget" and money == 0.0 and common_reason(plan):
        done = words("headline.nothing", why=words.known(common_reason(plan)))
    returns = words(
        "headline.return",
        mean=words.about(totals.outcome.mean),
        per=content.over,
        range=words.range(totals.outcome),
    )
    less = ""
    if totals.charge > NOTHING * max(totals.spend, totals.current_spend):
        harm = any(row.charge > 0.0 and row.purpose == "advocacy" for row in plan.cells)
        less = words("headline.less_harm" if harm else "headline.less", charge=words.about(totals.charge))
    return f"{done}{returns}{less}{_beside(content, content.baseline)}."


def _beside(content: Content, base: Comparison | None) -> str:
    """The plan held against its baseline, on fresh draws."""
    words = content.words
    if base is None:
        return ""
    name, gain = words.known(base.name), base.gain
    if content.plan.scenario.get("kind") != "fixed_budget":  # its money may be another
        name = words("headline.spending", baseline=name, money=words.about(base.money))
    if gain.low == gain.mean == gain.high == 0.0:
        return words("headline.same", baseline=name)
    key = "headline.gain" if gain.mean >= 0.0 else "headline.loss"
    return words(
        key,
        gain=words.about(abs(gain.mean)),
        range=words.range(gain),
        baseline=name,
        chance=words.percent(base.chance),
    )


def facts(content: Content, totals: Totals) -> Iterator[str]:
    """Sentences below the headline: what it rests on, and what it comes to over all periods."""
    plan, words = content.plan, content.words
    own = sum(cell.evidence in OWN for cell in plan.cells)
    if own == len(plan.cells):
        yield words("facts.own")
    elif own:
        yield words("facts.some_own", count=own, all=len(plan.cells))
    elif {cell.evidence for cell in plan.cells} == {"prior"}:
        yield words("facts.prior")
    base = content.baseline
    if base is not None and base.description != "today's spend":
        yield words("facts.baseline", baseline=words.known(base.name), how=words.known(base.description))
    risk = plan.problem.get("risk")
    if base is not None and isinstance(risk, dict) and risk.get("kind") == "safe_improvement":
        key = "facts.safe" if base.tail_loss > 0.0 else "facts.safer"
        yield words(key, baseline=words.known(base.name), loss=words.about(base.tail_loss))
    if totals.fees > 0.0:
        yield words("facts.fees", fees=words.about(totals.fees))
    if plan.span > 1:
        yield words("facts.span", per=content.over)
    if totals.after > NOTHING * totals.outcome.mean:
        yield words("facts.after", after=words.about(totals.after))
    if totals.periods > plan.span:
        yield words(
            "facts.horizon",
            count=totals.periods,
            spend=words.about(totals.horizon_spend),
            outcome=words.about(totals.horizon_outcome),
        )


def no_plan(content: Content) -> Markup:
    """What is in the way where there is no plan, and what would mend it."""
    plan, words = content.plan, content.words
    rules = [tag("li", content.rule(rule)) for rule in plan.conflicts]
    if plan.status is Status.UNBOUNDED:
        return join(
            tag("p", words("unbounded"), class_="headline"), _list(rules), tag("p", words("unbounded.mend"))
        )
    mends = [
        tag("li", tag("code", mend.rule), words("mend.by", amount=words.amount(mend.amount)))
        for mend in plan.mends
    ]
    missed = out_of_reach(plan)
    reach = None
    if missed is not None:
        aim = "infeasible.target" if plan.scenario["kind"] == "target_outcome" else "infeasible.roi"
        reach = tag("p", words(aim, asked=words.amount(missed[1]), most=words.amount(missed[2])))
    parts = [
        tag("p", words("infeasible"), class_="headline"),
        reach,
        tag("p", words("infeasible.rules")) if rules else None,
        _list(rules),
        tag("p", words("infeasible.mend")) if mends else None,
        _list(mends),
    ]
    return join(*parts)


def _list(items: list[Markup]) -> Markup | None:
    return tag("ul", *items) if items else None


def warnings(content: Content) -> Markup:
    """Everything that the plan warns of."""
    said = content.words.said
    return tag("ul", *(tag("li", said(warning)) for warning in content.plan.warnings))
