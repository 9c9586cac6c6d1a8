"""How sure the plan is, and what it is held against: evidence, other splits, surveyed companies, word of mouth."""

from __future__ import annotations

from channelmix.plan import CellPlan, Comparison, MedianRange, SurveyRow, WordOfMouth
from channelmix.report.both_ways import distinct, rests
from channelmix.report.broken import broken_by
from channelmix.report.compared import called
from channelmix.report.content import OWN, Content
from channelmix.report.html.inline import cell_data, said, swatch
from channelmix.report.html.markup import Markup, join, tag
from channelmix.report.html.proven import figures_table
from channelmix.report.html.svg import whisker
from channelmix.report.html.tables import Column, Line, table
from channelmix.report.sentences import word_of_mouth

SURE = 1.96
"""Standard errors on each side of a 95 % interval."""


def evidence_section(content: Content) -> Markup:
    """What each estimate rests on, and how wide it is."""
    words = content.words
    cells = [cell for cell in content.plan.cells if not content.is_idle(cell)]
    most = max((cell.outcome.high for cell in cells), default=0.0)
    columns = [
        Column(words("allocation.cell")),
        Column(words("evidence.rests")),
        Column(words("evidence.chart"), chart=True),
        Column(words("allocation.return"), numeric=True),
        *(
            Column(words(f"evidence.{key}", currency=words.currency), numeric=True)
            for key in ("next_now", "next_plan")
        ),
        Column(words("evidence.beyond"), numeric=True),
        *([Column(words("evidence.highest"), numeric=True)] if content.plan.span > 1 else []),
    ]
    lines = [
        Line(
            [
                content.title(cell),
                content.rests_on(cell),
                whisker(cell.outcome.low, cell.outcome.mean, cell.outcome.high, (0.0, most)),
                words.spread(cell.outcome),
                _ratio(content, content.marginal_now[cell.name]),
                _ratio(content, cell.marginal_return),
                *_beyond(content, cell),
            ],
            cell_data(cell),
        )
        for cell in cells
    ]
    intro = words("evidence.intro")
    if content.plan.span > 1:
        intro += words("evidence.periods")
    own = [figure for figure in content.plan.assumptions if figure.basis in OWN]
    return join(
        tag("p", intro),
        table(words("evidence.caption"), columns, lines),
        figures_table(content, words("evidence.own"), own) if own else None,
        _both_ways(content),
    )


def _both_ways(content: Content) -> Markup | None:
    """What clicks and orders, and what experiments and returns say of each figure that both speak of."""
    words, found = content.words, content.grounds
    listed = distinct(map(found.ways_of, content.plan.cells))
    if not listed:
        return None
    keys = ("clicks", "experiments", "weight", "belief")
    columns = [
        Column(words("ways.figure")),
        *(Column(words(f"ways.{key}"), numeric=True) for key in keys),
        Column(words("ways.facts"), text=True),
    ]
    lines = [
        Line(
            [
                said(content, ways.figure),
                _median(content, ways.from_clicks),
                _median(content, ways.from_experiments),
                words.percent(ways.weight),
                _median(content, ways.belief),
                join(
                    words.said(rests(ways)) or "", tag("span", ", ".join(ways.fact_ids), class_="small-print")
                ),
            ]
        )
        for ways in listed
    ]
    first = listed[0].fact_ids[0]
    return join(table(words("ways.heading"), columns, lines), tag("p", words("ways.look_up", fact=first)))


def _median(content: Content, interval: MedianRange) -> str:
    low, median, high = (
        content.words.format_field(getattr(interval, end), ".3g") for end in ("low", "median", "high")
    )
    return f"{median} ({content.words('range', low=low, high=high)})"


def _ratio(content: Content, value: float | None) -> str:
    return "∞" if value is None else content.words.ratio(value)


def _beyond(content: Content, cell: CellPlan) -> list[str]:
    """The plan's spend as a multiple of today's; over several periods, that of the highest too."""
    words, plan = content.words, content.plan
    spends = [cell.spend] if plan.span == 1 else [cell.spend, plan.span * content.most[cell.name]]
    if cell.current_spend <= 0.0:
        return [words("evidence.new") for _ in spends]
    return [words("evidence.times", ratio=words.ratio(spend / cell.current_spend, 1)) for spend in spends]


def comparisons_section(content: Content) -> Markup:
    """Other splits of the money, draw by draw."""
    words, others = content.words, content.plan.comparisons
    span = min(0.0, *(c.gain.low for c in others)), max(0.0, *(c.gain.high for c in others))
    columns = [
        Column(words("comparisons.split")),
        *(Column(words(f"comparisons.{key}"), numeric=True) for key in ("money", "outcome", "gain")),
        Column(words("comparisons.chart"), chart=True),
        *(Column(words(f"comparisons.{key}"), numeric=True) for key in ("chance", "tail")),
        Column(words("comparisons.rules")),
    ]
    lines = [
        Line(
            [
                _named(content, other),
                words.amount(other.money),
                words.spread(other.outcome),
                words.spread(other.gain),
                whisker(other.gain.low, other.gain.mean, other.gain.high, span),
                words.percent(other.chance),
                words.short(other.tail_loss),
                words("yes")
                if other.feasible
                else words("comparisons.breaks", what=broken_by(content, [other])),
            ],
        )
        for other in others
    ]
    caption = words("comparisons.caption", per=content.over)
    intro = words("comparisons.intro", draws=words.figure(content.plan.provenance.fresh_draws))
    if content.plan.span > 1:
        intro += words("comparisons.periods")
    return join(tag("p", intro), table(caption, columns, lines))


def _named(content: Content, other: Comparison) -> Markup:
    words = content.words
    mark = tag("strong", f" ({words('comparisons.baseline')})") if other.is_baseline else None
    name = called(content, other)
    return join(
        said(content, other.name) if name == content.said(other.name) else name,
        mark,
        tag("span", said(content, other.description), class_="small-print"),
    )


def survey_section(content: Content) -> Markup:
    """Use of channels by surveyed companies beside this one's."""
    words = content.words
    columns = [
        Column(words("allocation.channel")),
        Column(words("survey.for")),
        Column(words("survey.companies"), numeric=True),
        Column(words("survey.chart"), chart=True),
        Column(words("survey.used")),
        *(Column(words(f"survey.{key}"), numeric=True) for key in ("now", "plan")),
    ]
    lines = [Line(_surveyed(content, row)) for row in content.plan.survey]
    return join(tag("p", words("survey.intro")), table(words("survey.caption"), columns, lines))


def _surveyed(content: Content, row: SurveyRow) -> list[Markup | str]:
    words = content.words
    error = SURE * row.standard_error
    purpose = words("survey.all") if row.purpose == "all" else content.words.named("purpose", row.purpose)
    points = words.ratio(100.0 * error, 1)
    return [
        swatch(content, row.channel) if row.channel in content.channels else row.channel,
        purpose,
        words("survey.share", share=words.percent(row.companies), points=points),
        whisker(row.companies - error, row.companies, row.companies + error, (0.0, 1.0)),
        words("yes" if row.used_now else "no"),
        words.percent(row.share_now),
        words.percent(row.share_planned),
    ]


def told_section(content: Content, heard: WordOfMouth) -> Markup:
    """Praise and criticism that people hear at the plan's spend, and what the number of people told decides."""
    words, per = content.words, content.over
    most = max(heard.praise, heard.criticism, abs(heard.balance))
    columns = [
        Column(words("told.what")),
        Column(words("told.amount", per=per), numeric=True),
        Column(words("told.chart"), chart=True),
    ]
    amounts = (("praise", heard.praise), ("criticism", -heard.criticism), ("balance", heard.balance))
    lines = [
        Line(
            [
                words(f"told.{key}"),
                words.short(value),
                whisker(min(0.0, value), value, max(0.0, value), (-most, most)),
            ]
        )
        for key, value in amounts
    ]
    return join(
        table(words("told.caption"), columns, lines),
        *(tag("p", sentence) for sentence in word_of_mouth(content, heard)),
    )
