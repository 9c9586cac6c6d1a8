from __future__ import annotations

import copy
import csv
import io
import json
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from channelmix.core.wording import percent, short
from channelmix.core.words import over, say
from channelmix.plan import Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize
from channelmix.report import to_csv, to_terminal
from channelmix.report.terminal import console as console_module
from channelmix.report.terminal import plan as module


def plan_of(content: dict[str, Any]) -> Plan:
    return optimize(CompanyProfile.model_validate(content))


def piped(plan: Plan, **options: Any) -> str:
    file = io.StringIO()
    to_terminal(plan, file, **options)
    return file.getvalue()


def on_terminal(plan: Plan, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of this width is sent, escape sequences included."""
    file = io.StringIO()

    def console(**options: Any) -> Console:
        return Console(
            **{**options, "force_terminal": True, "width": width, "_environ": {"TERM": "xterm-256color"}}
        )

    monkeypatch.setattr(console_module, "Console", console)
    to_terminal(plan, file)
    return file.getvalue()


def changed(plan: Plan, **parts: Any) -> Plan:
    return Plan.from_json(json.dumps(json.loads(plan.to_json()) | parts))


@pytest.fixture(scope="module")
def tall() -> Plan:
    """Two markets and a custom channel, all with difficult names."""
    content = {
        "name": "[bold]北京 Très Long[/] 株式会社 {x} :smile: \\[red]",
        "sector": "retail",
        "country": "FR",
        "currency": "EUR",
        "usd_rate": 0.9,
        "period": 45,
        "periods": 2,
        "scenario": {"kind": "fixed_budget", "amount": 20000.0},
        "purposes": {
            "promotion": {"margin_per_order": 20.0},
            "service": {"inbound_contacts": 500.0, "value_per_resolution": 9.0},
        },
        "markets": [
            {"name": "[red]Île-de-France und ein sehr langer Name einer Region[red]", "customers": 1e5},
            {"name": "北京市朝阳区北京市朝阳区北京市朝阳区", "customers": 3e5},
            {"name": "=SUM(A1)", "customers": 1e4},
        ],
        "channels": {
            "sms": {"reachable": 1e4, "current_spend": {"promotion": 8000.0}},
            "[link=http:x]kiosk de nom très très long": {"like": "im", "reachable": 1e4},
        },
        "rules": [{"kind": "keep_working", "floor": 0.5}],
    }
    return plan_of(content)


def test_into_a_pipe_there_is_plain_text(example_plan: Plan) -> None:
    text = piped(example_plan)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)
    assert lines[0].startswith("Maison Verte   Budget EUR 135,000 a month")
    assert lines[0].endswith("OPTIMAL (proven)")


def test_the_table_says_what_the_plan_says(example_plan: Plan) -> None:
    text = piped(example_plan)
    for row in example_plan.allocation:
        if row.spend or row.current_spend:
            assert f"{row.current_spend:,.0f}" in text
            assert f"{row.spend:,.0f}" in text
            assert row.reason in text
    for warning in example_plan.warnings:
        assert warning in " ".join(text.split())
    assert "No money  advocacy on social, sms, im, app (returns less than the others)" in text
    assert "Over 3 periods" in text


def test_colours_on_a_terminal_only(example_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in on_terminal(example_plan, 120, monkeypatch)
    monkeypatch.undo()
    assert "\x1b[" not in piped(example_plan, color=False)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("which", ["example_plan", "tall", "infeasible_plan"])
def test_any_width(
    which: str, width: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: Plan = request.getfixturevalue(which)
    monkeypatch.setenv("NO_COLOR", "1")
    for line in on_terminal(plan, width, monkeypatch).splitlines():
        plain = line.replace("\x1b[1m", "").replace("\x1b[0m", "")
        for code in ("\x1b[1;32m", "\x1b[1;31m", "\x1b[32m", "\x1b[31m", "\x1b[33m"):
            plain = plain.replace(code, "")
        assert cell_len(plain) <= width
        assert "…" not in plain, "no number is cut"


@pytest.mark.parametrize("width", [80, 100, 140])
def test_names_never_vanish(tall: Plan, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = on_terminal(tall, width, monkeypatch)
    assert "sms" in text
    assert "promotion" in text
    for line in text.splitlines():
        if "=SUM(A1)" in line and "promotion" in line:
            break
    else:
        pytest.fail("a row without its names")


def test_text_is_text(tall: Plan) -> None:
    """What looks like markup, emoji or a format is shown as it was written."""
    text = piped(tall)
    assert "[bold]北京 Très Long[/] 株式会社 {x} :smile: \\[red]" in text
    assert "[link=http:x]kiosk" in text
    assert "per 45 days" in text


def amount(text: str) -> float:
    """Read what a table shows of an amount."""
    for suffix, unit in (("bn", 1e9), ("M", 1e6)):
        if text.endswith(suffix):
            return unit * float(text.removesuffix(suffix))
    return float(text)


@pytest.mark.parametrize("factor", [1e-6 / 2e4, 1e12 / 2e4, 1e-12])
def test_very_small_and_very_large_amounts(small: dict[str, Any], factor: float) -> None:
    small["usd_rate"] *= factor
    small["scenario"]["amount"] *= factor
    small["purposes"]["promotion"]["margin_per_order"] *= factor
    small["purposes"]["service"]["value_per_resolution"] *= factor
    small["purposes"]["advocacy"]["value_per_exposure"] *= factor
    for channel in small["channels"].values():
        channel["current_spend"] = {p: factor * a for p, a in channel["current_spend"].items()}
    text = piped(plan_of(small))
    header = next(line for line in text.splitlines() if line.startswith("channel"))
    assert header.split() == [
        "channel",
        "purpose",
        "now",
        "plan",
        "change",
        "return",
        "(90",
        "%)",
        "next",
        "EUR",
        "why",
    ]
    (row,) = (line for line in text.splitlines() if line.startswith("sms "))
    now, plan, change = row.split()[2:5]
    values = [amount(x) for x in (now, plan, change)]
    assert values[0] > 0.0
    assert values[1] == pytest.approx(values[0] + values[2], rel=0.1)
    assert "…" not in text


def test_rows_are_not_hidden_in_a_small_currency(small: dict[str, Any]) -> None:
    small["usd_rate"] *= 1e-9
    small["scenario"]["amount"] *= 1e-9
    for purpose, worth in (("promotion", "margin_per_order"), ("service", "value_per_resolution")):
        small["purposes"][purpose][worth] *= 1e-9
    for channel in small["channels"].values():
        channel["current_spend"] = {}
    text = piped(plan_of(small))
    assert any(line.startswith("sms ") for line in text.splitlines())


def test_infeasible(infeasible_plan: Plan) -> None:
    text = piped(infeasible_plan)
    assert "INFEASIBLE" in text.splitlines()[0]
    for rule in infeasible_plan.conflicts:
        assert f"  - {rule}" in text
    assert "obeys all rules." in piped(changed(infeasible_plan, conflicts=[]))


@pytest.mark.no_cover
def test_not_certified(small: dict[str, Any]) -> None:
    plan = optimize(CompanyProfile.model_validate(small), gap=1e-13, time_limit=1e-9)
    text = piped(plan)
    assert "NOT CERTIFIED" in text.splitlines()[0]
    assert "OPTIMAL" not in text


def test_the_plan_that_is_the_current_mix(small: dict[str, Any]) -> None:
    small["rules"] = [{"kind": "change_limit", "absolute": 0.0}]
    text = piped(plan_of(small))
    assert "That is what the current mix brings." in text
    assert "better in" not in text


def test_without_spend_today(small: dict[str, Any]) -> None:
    for channel in small["channels"].values():
        channel["current_spend"] = {}
    text = piped(plan_of(small))
    assert " more than the equal split (90 % interval " in " ".join(text.split())
    assert "now       " not in text


def test_csv_parses_back(example_plan: Plan) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(example_plan))))
    assert len(rows) == len(example_plan.allocation)
    for row, cell in zip(rows, example_plan.allocation, strict=True):
        assert (row["market"], row["channel"], row["purpose"]) == (cell.market, cell.channel, cell.purpose)
        assert float(row["spend"]) == cell.spend
        assert float(row["outcome_high"]) == cell.outcome.high
        assert row["reason"] == cell.reason


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_csv_holds_no_formula(small: dict[str, Any], start: str) -> None:
    small["markets"][0]["name"] = f'{start}cmd, "x"'
    (market,) = {row["market"] for row in csv.DictReader(io.StringIO(to_csv(plan_of(small))))}
    assert market == f'\'{start}cmd, "x"'


def test_csv_of_a_slope_without_limit(example_plan: Plan) -> None:
    data = json.loads(example_plan.to_json())
    rows = copy.deepcopy(data["allocation"])
    rows[0]["marginal_return"] = None
    plan = changed(example_plan, allocation=rows)
    first = next(csv.DictReader(io.StringIO(to_csv(plan))))
    assert first["marginal_return"] == ""
    assert "no limit" in piped(plan)


def test_wide_characters_are_counted_as_wide(example_plan: Plan) -> None:
    title = piped(changed(example_plan, name="北京市")).splitlines()[0]
    assert cell_len(title) == 100
    assert title.endswith("OPTIMAL (proven)")


def many_markets(small: dict[str, Any], count: int) -> Plan:
    """Every channel and purpose has money in every market."""
    places = ["Deutschland", "France", "Italia", "Polska", "Portugal", "Suisse"]
    small["markets"] = [{"name": name, "customers": 1e5} for name in places[:count]]
    for channel in small["channels"].values():
        del channel["reachable"]
        channel["reachable_share"] = 0.2
        channel["current_spend"] = {"promotion": 2e4, "service": 1e4, "advocacy": 5e3}
    small["scenario"]["amount"] = 130000.0
    small["rules"] = [{"kind": "keep_working", "floor": 0.5}]
    return plan_of(small)


@pytest.mark.no_cover
def test_three_markets_keep_the_next_unit(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    plan = many_markets(small, 3)
    lines = piped(plan).splitlines()
    header = next(line for line in lines if line.startswith("market"))
    assert "return (90 %)  next EUR  why" in header
    monkeypatch.setenv("NO_COLOR", "1")
    narrow = on_terminal(plan, 80, monkeypatch)
    assert "next EUR" in narrow
    assert "change" not in narrow.split("No money")[0].split("total")[0]


def test_the_total(example_plan: Plan) -> None:
    (line,) = (line for line in piped(example_plan).splitlines() if line.startswith("total "))
    totals = example_plan.totals
    assert totals is not None
    now, then, change, mean, _ = line.split()[1:]
    assert (now, then, change) == (f"{totals.current_spend:,.0f}", f"{totals.spend:,.0f}", "0")
    assert mean in piped(example_plan).splitlines()[1], "the headline's own return"


def test_one_row_has_no_total(small: dict[str, Any]) -> None:
    small["channels"] = {
        "sms": {"reachable": 5e4, "purposes": ["promotion"], "current_spend": {"promotion": 500.0}}
    }
    assert "\ntotal" not in piped(plan_of(small))


@pytest.mark.no_cover
def test_many_rows_are_counted(small: dict[str, Any]) -> None:
    plan = many_markets(small, 6)
    text = piped(plan)
    money = [row for row in plan.allocation if row.spend or row.current_spend]
    assert len(money) == 72
    body = text.split("\nmarket ")[1].split("\ntotal ")[0].splitlines()[1:]
    shown = [line for line in body if any(f" {p} " in line for p in ("promotion", "service", "advocacy"))]
    assert len(shown) == module.ROWS
    assert "\nand 32 more cells (--format json or csv)\n" in text
    largest = max(money, key=lambda row: row.spend)
    assert f"{largest.spend:,.0f}" in "".join(shown)


def test_four_warnings_and_a_count(example_plan: Plan) -> None:
    text = piped(changed(example_plan, warnings=[f"warning {i}" for i in range(7)]))
    assert "warning 3\n          and 3 more (--format json lists them)\n" in text
    assert "warning 4" not in text


def limit(name: str, price: float) -> dict[str, Any]:
    """What a plan says of the price of a limit."""
    kind, _, part = name.partition(" ")
    if kind == "group_share":
        return {
            "constraint": name,
            "price": price,
            "rule": "group_share social",
            "kind": kind,
            "side": "high",
        }
    return {"constraint": name, "price": price, "rule": kind, "kind": kind, "part": part or None}


def test_prices_are_grouped_by_rule(example_plan: Plan) -> None:
    prices = {
        "fixed_budget": 1.25,
        "keep_working FR/app/promotion": -1.18,
        "keep_working FR/sms/service": -0.03,
        "change_limit FR/app/service": -0.5,
        "change_limit FR/im/service": 0.25,
        "group_share social high": 0.111,
        "keep_working FR/sms/service (2)": -0.04,
    }
    stated = [limit(name, price) for name, price in prices.items()]
    text = " ".join(piped(changed(example_plan, shadow_prices=stated)).split())
    assert (
        "is worth: the budget +1.25, keep_working -0.03 to -1.18 (3 cells), "
        "change_limit -0.50 to +0.25 (2 cells), group_share social high +0.11 Warnings"
    ) in text
    alone = [limit("keep_working FR/app/promotion", -1.0)]
    text = piped(changed(example_plan, shadow_prices=alone))
    assert "is worth: keep_working -1.00 (FR/app/promotion)\n" in text


def test_the_headline_does_not_set_a_return_beside_one_of_other_draws(example_plan: Plan) -> None:
    """The plan's own draws may be poorer than the fresh ones: its return is below the baseline's, and it gains."""
    data = json.loads(example_plan.to_json())
    for comparison in data["comparisons"]:
        comparison["outcome"]["mean"] += 1e6
    text = piped(changed(example_plan, comparisons=data["comparisons"]))
    headline, compare = text.split("Compare")
    assert "1.1M" not in headline
    gain = short(example_plan.comparisons[0].gain.mean)
    against = f"Against the nearest mix that obeys your rules it is EUR {gain} more (90 % interval "
    assert against in " ".join(headline.split())
    assert "nearest mix that obeys your rules 1.1M" in compare
    first = example_plan.comparisons[0]
    assert f"plan {short(1e6 + first.outcome.mean + first.gain.mean)}" in compare


def test_word_of_mouth_and_opt_outs_in_plain_words(example_plan: Plan) -> None:
    text = " ".join(piped(example_plan).split())
    told, totals = example_plan.word_of_mouth, example_plan.totals
    assert told is not None
    assert totals is not None
    assert f"less EUR {short(totals.charge)} for customers who opt out." in text
    assert (
        f"Word of mouth adds {short(told.outcome)} a month to what the plan brings ({percent(told.share)} of it). "
        "Assumption: a satisfied customer tells 3 people" in text
    )
    assert told.if_ten is not None
    assert "an unsatisfied one 3,000 in public; a saying (P. Blackshaw), not evidence." in text
    assert f"With 10 in place of 3,000, it would be {percent(told.if_ten.share)}, " in text
    assert f"{short(told.if_ten.moved)} would be spent elsewhere" in text
    assert "Not counted" not in text, "a profile that switches nothing off has everything counted"


def told_in(plan: Plan, **parts: Any) -> str:
    """The report of a plan whose word of mouth is another."""
    assert plan.word_of_mouth is not None
    other = plan.word_of_mouth.model_dump() | parts
    return " ".join(piped(changed(plan, word_of_mouth=other)).split())


def test_numbers_of_the_profile_are_not_called_a_saying(example_plan: Plan) -> None:
    text = told_in(example_plan, told_if_not=40.0)
    assert "Blackshaw" not in text
    assert (
        "Assumption of the profile: a satisfied customer tells 3 people, an unsatisfied one 40 in public."
        in text
    )
    assert "With 10 in place of 40," in text


def test_harm_by_word_of_mouth_is_no_negative_share(example_plan: Plan) -> None:
    text = told_in(example_plan, outcome=-2000.0, share=-1.02)
    assert "Word of mouth takes 2.0k a month from what the plan brings. Assumption:" in text
    assert "-102 %" not in text


def test_rounding_is_not_told_as_money_that_moves(example_plan: Plan) -> None:
    assert example_plan.word_of_mouth is not None
    ten = example_plan.word_of_mouth.if_ten
    assert ten is not None
    text = told_in(example_plan, if_ten=ten.model_dump() | {"moved": 2.9e-11, "regret": 2.9e-11})
    assert "the same plan would be the best." in text
    text = told_in(example_plan, if_ten=ten.model_dump() | {"moved": 0.0, "gap": 0.03})
    assert "(proven to 3 % only)" in text


@pytest.mark.parametrize(
    ("low", "high", "english", "french"),
    [
        (0.0073, 11.25, "no more than EUR 11", "au plus 11 EUR"),
        (40.0, 120.0, "40 to EUR 120", "de 40 à 120 EUR"),
        (5001.0, 5002.0, "EUR 5.0k", "5,0 k EUR"),
        (7.0, None, "at least EUR 7", "au moins 7 EUR"),
    ],
)
def test_a_shortfall_is_told_as_sure_as_it_is_known(
    low: float, high: float | None, english: str, french: str, example_plan: Plan
) -> None:
    heard = example_plan.word_of_mouth
    assert heard is not None
    assert heard.if_ten is not None
    ten = heard.if_ten.model_dump() | {"moved": 500.0, "regret": low, "regret_high": high}
    assert (
        f"EUR 500 would be spent elsewhere, and this plan would fall short of the best by {english}."
        in told_in(example_plan, if_ten=ten)
    )
    plan = changed(example_plan, word_of_mouth=heard.model_dump() | {"if_ten": ten})
    page = plan.to_html(lang="fr").replace("\u00a0", " ").replace("\u202f", " ")
    assert f"il manquerait à ce plan {french} face au meilleur." in page


def test_the_return_of_all_periods_is_not_without_its_opt_outs(example_plan: Plan) -> None:
    totals = example_plan.totals
    assert totals is not None
    assert totals.periods == 3
    said = f"return EUR {short(totals.horizon_outcome)}, less EUR {short(3 * totals.charge)} for customers who opt out."
    assert said in " ".join(piped(example_plan).split())


def test_what_is_left_out_is_not_shown(small: dict[str, Any]) -> None:
    small["switched_off"] = ["fatigue", "word_of_mouth"]
    text = " ".join(piped(plan_of(small)).split())
    assert "opt out" not in text
    assert "Told" not in text
    assert "Not counted: word of mouth, opt-outs." in text


@pytest.mark.parametrize("width", [50, 60, 70, 80, 100])
def test_bars_break_between_items(example_plan: Plan, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = [line.rstrip() for line in on_terminal(example_plan, width, monkeypatch).splitlines()]
    bars = [line for line in lines if "#" in line]
    assert sum(line.count(" %") for line in bars) == 8
    for line in bars:
        assert line.endswith(" %"), "no item is torn"


def test_both_averages_of_spend_with_pauses_are_told(example_plan: Plan) -> None:
    """A column bought in bursts has two averages: a plan on own history states them below its returns."""
    data = json.loads(example_plan.to_json())
    own = data["assumptions"][0] | {
        "name": "return of FR/sms/promotion",
        "basis": "history",
        "note": "on EUR 1",
    }
    for row in data["allocation"]:
        row["evidence"] = "history"
    paces = [
        say(
            "remark.pace", column=f"burst{i}", currency="EUR", per=over("month"), active=8700.0, all=620.0 + i
        )
        for i in range(6)
    ]
    parts = {
        "assumptions": [own],
        "allocation": data["allocation"],
        "remarks": [*map(str, paces), "Another remark."],
        "messages": data["messages"] | {str(pace): pace.data for pace in paces},
    }
    told = piped(changed(example_plan, **parts)).split("History")[1].split("Survey")[0]
    said = " ".join(told.split())
    assert "burst0: EUR 8,700 a month over the periods with spend, 620 over all time in the history." in said
    assert said.count("over the periods with spend") == 4
    assert "and 2 more" in said
    assert "Another remark" not in said
    parts["remarks"] = ["Another remark."]
    assert "periods with spend" not in piped(changed(example_plan, **parts))
