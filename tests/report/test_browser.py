"""The page as people meet it: opened in Chromium, with switches, sliders, small screens and dark colours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from tests.report.conftest import HOSTILE

import channelmix.report.html.page as module
from channelmix.core.words import Words
from channelmix.plan import Explanation, Frontier, InformationValue, Plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.frontier import frontier
from channelmix.recommender.optimize.optimize import optimize

pytestmark = pytest.mark.no_cover  # the pages are made, and measured, in the tests of HTML

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

WIDTHS = (1280, 390)

PLANS = ("example_plan", "many_cells", "over_time", "quarter", "infeasible_plan")

CUT_OR_OVERLAID = """() => {
  const found = [];
  for (const chart of document.querySelectorAll("svg.chart")) {
    const box = chart.getBoundingClientRect();
    const texts = [...chart.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([said, a], i) => {
      if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 1)
        found.push(["cut", said]);
      for (const [other, b] of texts.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2)
          found.push(["overlaid", said, other]);
    });
  }
  for (const part of document.querySelectorAll("td, th, p, li, h1, h2, h3, dd, figcaption, output, summary"))
    if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0 && getComputedStyle(part).display !== "inline")
      found.push(["wider than its place", part.textContent]);
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium on PATH ({', '.join(NAMES)}): the page is not opened")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page; in the end, no error was reported and nothing but the file asked for."""
    said: list[str] = []
    asked: list[str] = []
    opened: list[Page] = []

    def open_page(text: str, width: int = 1280, **options: Any) -> Page:
        file = tmp_path / f"{len(opened)}.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        opened.append(page)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_page
    for page in opened:
        page.close()
    assert said == []
    assert len(asked) == len(opened)
    assert all(url.startswith("file:") for url in asked)


@pytest.mark.parametrize("name", [*PLANS, "small_plan"])
def test_nothing_is_cut_or_overlaid(
    name: str,
    show: Callable[..., Page],
    request: pytest.FixtureRequest,
    explained: Explanation,
    valued: InformationValue,
) -> None:
    plan: Plan = request.getfixturevalue(name)
    beside: dict[str, Any] = {}
    if name == "small_plan":
        beside = {"explanation": explained, "tests": valued}
    for width, lang in zip(WIDTHS, ("en", "fr"), strict=True):
        page = show(plan.to_html(lang=lang, **beside), width)
        page.evaluate("document.querySelectorAll('#tests details').forEach((part) => { part.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(CUT_OR_OVERLAID) == []
        charts = page.locator("svg.chart").count()
        assert charts >= {"infeasible_plan": 0, "small_plan": 9}.get(name, 12)


@pytest.mark.parametrize(
    ("name", "part", "width", "colors"),
    [
        ("example_plan", None, 1280, "light"),
        ("example_plan", None, 390, "dark"),
        ("infeasible_plan", None, 390, "light"),
        ("over_time", "#periods", 1280, "dark"),
        ("many_cells", "form", 390, "light"),
    ],
)
def test_axe_finds_no_serious_fault(
    name: str,
    part: str | None,
    width: int,
    colors: str,
    show: Callable[..., Page],
    request: pytest.FixtureRequest,
    example_frontier: Frontier,
) -> None:
    plan: Plan = request.getfixturevalue(name)
    page = show(
        plan.to_html(frontier=example_frontier if name == "example_plan" else None),
        width,
        color_scheme=colors,
    )
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = Axe().run(page, context=part).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize(("width", "colors"), [(1280, "dark"), (390, "light")])
def test_axe_finds_no_serious_fault_in_reasons_and_tests(
    width: int,
    colors: str,
    show: Callable[..., Page],
    small_plan: Plan,
    explained: Explanation,
    valued: InformationValue,
) -> None:
    page = show(small_plan.to_html(explanation=explained, tests=valued), width, color_scheme=colors)
    page.evaluate("document.querySelectorAll('#tests details').forEach((part) => { part.open = true; })")
    for part in ("#reasons", "#rules", "#tests"):
        found = Axe().run(page, context=part).response["violations"]
        assert [
            (v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")
        ] == []


def test_axe_would_find_a_fault(show: Callable[..., Page], infeasible_plan: Plan) -> None:
    page = show(infeasible_plan.to_html())
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in [fault["id"] for fault in Axe().run(page).response["violations"]]


def test_the_slider_moves_along_the_frontier(
    show: Callable[..., Page], example_plan: Plan, example_frontier: Frontier
) -> None:
    page = show(example_plan.to_html(frontier=example_frontier))
    slider = page.get_by_label("Budget", exact=True)
    shown = page.locator("[data-point]:visible strong")
    assert shown.inner_text() == "Budget EUR 135,000"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown.inner_text() == "Budget EUR 180,000"
    assert str(slider.get_attribute("aria-valuetext")).startswith("Budget EUR 180,000: spends EUR 180,000")
    point = example_frontier.points[3]
    assert point.spend is not None
    row = page.locator("[data-point]:visible tr", has_text="sms / promotion")
    assert f"{point.spend['FR/sms/promotion']:,.0f}" in row.inner_text()
    page.locator("[data-dot='1']").click()
    assert shown.inner_text() == "Budget EUR 100,000"
    assert page.locator(".dot.chosen").get_attribute("data-dot") == "1"
    page.locator("[data-dot='3']").hover()
    assert page.locator("#tip").inner_text().startswith("Budget EUR 180,000: spends EUR 180,000")


def test_a_curve_is_read_with_its_slider_and_under_the_pointer(
    show: Callable[..., Page], example_plan: Plan
) -> None:
    page = show(example_plan.to_html())
    figure = page.locator("figure[data-curve]").nth(3)
    assert figure.locator("figcaption").inner_text() == "sms / promotion"
    reading = figure.locator("output")
    (cell,) = (one for one in example_plan.cells if (one.channel, one.purpose) == ("sms", "promotion"))
    words = Words("en", "EUR")
    assert reading.inner_text().startswith(
        f"{words.short(cell.spend)} brings {words.short(cell.outcome.mean)}"
    )
    figure.locator("input").focus()
    page.keyboard.press("Home")
    assert reading.inner_text().startswith("0 brings 0")
    chart = figure.locator("svg")
    box = chart.bounding_box()
    assert box is not None
    chart.hover(position={"x": 0.95 * box["width"], "y": 40.0})
    assert re.match(r"(6\d|7\d)k brings", reading.inner_text())
    assert figure.locator(".cursor").get_attribute("visibility") == "visible"


def test_switches_show_one_market_and_one_purpose(show: Callable[..., Page], many_cells: Plan) -> None:
    page = show(many_cells.to_html())
    assert page.locator("form output").inner_text().startswith("45 of 45 cells shown")
    page.get_by_label("Purpose").select_option("service")
    assert page.locator("form output").inner_text().startswith("15 of 45 cells shown")
    page.get_by_label("Market").select_option("UK&amp;")
    assert page.locator("form output").inner_text().startswith("5 of 45 cells shown")
    assert page.locator("[data-market='FR']:visible").count() == 0
    assert page.locator("[data-purpose='promotion']:visible").count() == 0
    assert page.locator("figure[data-curve]:visible").count() == 5
    assert page.locator("#allocation tr:visible", has_text="Total of all cells").count() == 1
    assert not page.locator(".idle").is_visible()  # every service has money: no heading without a list
    page.get_by_label("Market").select_option("")
    page.get_by_label("Purpose").select_option("")
    assert page.locator("figure[data-curve]:visible").count() == 45


def test_text_of_users_does_not_run(show: Callable[..., Page], many_cells: Plan) -> None:
    page = show(many_cells.to_html())
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title().startswith(HOSTILE)
    assert page.locator("img").count() == 0


def test_even_code_that_got_in_would_not_run(browser: Browser, tmp_path: Path, example_plan: Plan) -> None:
    text = example_plan.to_html().replace(
        "<main", "<script>window.ran = true</script><img src=x onerror='ran = 1'><main"
    )
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("typeof window.ran") == "undefined"
    assert sum("Content Security Policy" in text for text in refused) >= 2
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate("fetch('page.html')")
    assert page.locator("figure[data-curve] input:visible").count() > 0  # the page's own script did run
    page.close()


def test_without_scripts_the_page_still_says_everything(show: Callable[..., Page], many_cells: Plan) -> None:
    page = show(many_cells.to_html(), java_script_enabled=False)
    assert page.locator("figure[data-curve]:visible").count() == 45
    assert page.locator("form:visible, input:visible").count() == 0
    assert page.locator("main section:visible").count() == page.locator("main section").count()


def test_on_paper_everything_is_open_and_light(show: Callable[..., Page], over_time: Plan) -> None:
    page = show(over_time.to_html(), color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open]").count() == page.locator("details").count() == 3
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav:visible, form:visible, input:visible").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert page.pdf().startswith(b"%PDF")


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_have_contrast_in_light_and_dark() -> None:
    style = module.STYLE.read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in style.split("@media", 2)[:2])
    assert set(light) == set(dark)
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    for colors in (light, dark):
        for text in ("ink", "soft", "accent", "good", "bad", "warn-line"):
            assert contrast(colors[text], colors["ground"]) >= 4.5, text
        assert contrast(colors["ink"], colors["warn-ground"]) >= 4.5
        assert contrast(colors["ink"], colors["raised"]) >= 4.5
        for mark in ("now", *(name for name in colors if name.startswith("hue"))):
            assert contrast(colors[mark], colors["ground"]) >= 3.0, mark


def test_the_page_is_small(many_cells: Plan, over_time: Plan, example_plan: Plan) -> None:
    for plan in (many_cells, over_time, example_plan):
        assert len(plan.to_html().encode()) < 6_000_000


def test_very_large_amounts_have_room(show: Callable[..., Page], small: dict[str, Any]) -> None:
    """A budget of 1e15, as no currency has it yet: axes stay readable, and no table is cut."""
    factor = 1e15 / small["scenario"]["amount"]
    small["usd_rate"] *= factor
    small["scenario"]["amount"] *= factor
    small["purposes"]["promotion"]["margin_per_order"] *= factor
    small["purposes"]["service"]["value_per_resolution"] *= factor
    small["purposes"]["advocacy"]["value_per_exposure"] *= factor
    for channel in small["channels"].values():
        channel["current_spend"] = {name: factor * spend for name, spend in channel["current_spend"].items()}
        if "cost_per_contact" in channel:
            channel["cost_per_contact"] = {n: factor * c for n, c in channel["cost_per_contact"].items()}
    profile = CompanyProfile.model_validate(small)
    plan = optimize(profile, n_draws=32, gap=0.01)
    along = frontier(profile, [5e14, 1e15, 2e15], n_draws=32)
    for width, lang in zip(WIDTHS, ("en", "fr"), strict=True):
        page = show(plan.to_html(lang=lang, frontier=along), width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        charts = page.evaluate(CUT_OR_OVERLAID)
        assert [fault for fault in charts if fault[0] != "wider than its place"] == []
        assert "\u00d710\u00b9\u2075" in (page.locator("#frontier svg.chart").text_content() or "")
