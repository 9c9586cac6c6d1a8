"""What users rely on by name: the library's names, the commands' options, the documents' keys. Names may be added."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import channelmix as cm
from channelmix import plan
from channelmix.cli import main
from channelmix.core.documents import Document
from channelmix.profile import json_schema

LIBRARY = Path(__file__).parents[1] / "docs" / "library.md"

NAMES = """
ActivationFee AllocationProblem AtMostActive Carryover Certificate CertificateError ChangeLimit ChannelMixError
CompanyProfile ContactCap Difference EachPeriod Evidence Explanation FixedBudget FlexibleBudget Frontier GroupShare
InformationValue InputError KeepWorking LiftTest LiftTestDesign LinearConstraint MarketingMixRegressor MaxProfit
MeanCVaR MeanRisk MinimumIfActive NoPlanError Pacing PackSize Phasing Plan PriceTiers Priors ProfileError
PublishedPrior ReachTarget ReputationLimit ResponseCurves SafeImprovement Sensitivity ServiceLevel SimulatedCompany
Solution SpendBounds Status TargetOutcome WorstCase __version__ compare explain fit_history frontier information_value
optimize sensitivity simulated_company solve verify
"""

ATTRIBUTES = {
    "CompanyProfile": """
        from_file from_json model_validate cells own with_budget with_scenario without with_evidence budget
        current_total sha256 company_sha256
    """,
    "Evidence": "from_file from_json to_json response",
    "Plan": """
        from_file from_json to_json to_frame to_html plot_allocation plot_response plot_frontier plot_evidence
    """,
    "Frontier": "from_file from_json to_json plot",
    "ResponseCurves": """
        hill exponential logistic power logarithmic capped_linear service tabulated concat
        names n_draws n_cells value mean_value derivative
    """,
    "SimulatedCompany": "profile curves losses earned",
    "LiftTest": "channel start end spend_change lift standard_error market rows held_out",
    "MarketingMixRegressor": "fit predict predict_interval contributions roi shares curves",
}
"""Public attributes of the names above, as docs/library.md and the examples use them."""

COMMANDS = {
    "compare": "BEFORE AFTER --set --format --output -o --seed --quiet -q",
    "explain": "FILE --format --output -o --time-limit --max-memory --quiet -q",
    "facts": "SELECTOR --format --output -o",
    "fit": """
        HISTORY --profile --outcome-worth --outcome --date --market --control --cost-per-unit --unpaid --ignore
        --experiments
        --draws --published --no-published --timing-days --backtest --time-limit --decimal --date-format --long
        --verbose -v --output -o --seed --quiet -q
    """,
    "frontier": """
        PROFILE --points --from --to --risk --format --output -o --gap --time-limit --seed
        --max-memory --quiet -q
    """,
    "init": """
        FILE --force --name --sector --country --currency --usd-rate --budget --customers --periods
    """,
    "optimize": """
        PROFILE --format --output -o --budget --target --min-roi --max-profit --without --gap --time-limit --seed
        --draws --max-memory --quiet -q
    """,
    "report": "PLAN --output -o --lang --frontier --explanation --tests",
    "schema": "",
    "sensitivity": "PROFILE --top --format --output -o --time-limit --max-memory --quiet -q",
    "test-next": """
        PROFILE --test --noise --test-cost --test-periods --caution --top --draws --format --output -o --time-limit
        --seed --max-memory --quiet -q
    """,
    "validate": "FILE --time-limit --max-memory",
    "verify": "PLAN --profile",
}
"""Arguments and options of each command."""

DOCUMENTS = {
    "Difference": """
        schema_version name_before name_after currency period span spend_before spend_after moved net_before net_after
        net_change net_interval chance certified_low certified_high paired why_unpaired changes cells
    """,
    "Evidence": """
        schema_version currency period_days fitted experiments columns unpaid checks curves sha256
    """,
    "Explanation": """
        schema_version name currency period span scenario next_unit cells rules factor_low factor_high tolerance
        remarks profile_sha256 complete
    """,
    "Frontier": """
        schema_version along name currency period span tail company_sha256 points complete
    """,
    "InformationValue": """
        schema_version name currency period typical_of outcome total total_low total_high channels cells tests
        next_test test_periods spread regret cautious remarks profile_sha256 draws seed complete
    """,
    "Plan": """
        schema_version status standing name currency period span scenario certificate allocation sums totals comparisons
        word_of_mouth not_counted survey assumptions remarks shadow_prices conflicts mends warnings problem proof
        provenance
    """,
    "Sensitivity": """
        schema_version name currency period span budget baseline gain field_factor spend current_spend requested_gap
        inputs left_out profile_sha256 seed draws
    """,
}
"""Top-level keys of each document's JSON."""

PARTS = {
    "Assumption": "name value low high unit basis facts sources note ways measured cells",
    "CellExplanation": "cell evidence reasons ways",
    "InputEffect": "name kind factor assumed unit basis facts low high influence ways",
    "Measured": "figure n beside",
    "MedianRange": "low median high",
    "Ways": """
        figure unit from_clicks from_experiments belief weight figures sources randomised own_channel proxies fact_ids
    """,
}
"""Keys of the parts of documents that say where a figure comes from."""

FACT = """
fact_id quantity channel purpose sector region country continent low typical high unit year kind note source_title
source_url randomised n n_of control treated level standard_error
"""
"""Keys of a published figure in JSON and CSV."""

PROFILE = """
$schema schema_version name sector country currency usd_rate period periods timing scenario purposes markets channels
rules word_of_mouth switched_off risk evidence history notes
"""

HISTORY = """
file outcome_worth outcome date market controls cost_per_unit experiments unpaid ignore published timing_days decimal
date_format long
"""
"""Fields of a profile's history."""


def test_the_library_keeps_its_names() -> None:
    assert set(NAMES.split()) <= set(cm.__all__)
    assert set(NAMES.split()) <= set(dir(cm))
    for name in NAMES.split():
        assert getattr(cm, name) is not None


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_classes_keep_their_public_attributes(name: str) -> None:
    cls = getattr(cm, name)
    assert set(ATTRIBUTES[name].split()) <= {*dir(cls), *getattr(cls, "__annotations__", ())}


def test_every_name_in_the_library_guide_exists() -> None:
    names = set(re.findall(r"\bcm\.(\w+)", LIBRARY.read_text(encoding="utf-8")))
    assert len(names) > 20
    assert names <= set(cm.__all__)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_keep_their_arguments_and_options(name: str) -> None:
    offered: set[str] = set()
    for parameter in main.commands[name].params:
        is_option = isinstance(parameter, click.Option)
        offered |= (
            {*parameter.opts, *parameter.secondary_opts} if is_option else {str(parameter.name).upper()}
        )
    assert set(COMMANDS[name].split()) <= offered


def test_documents_keep_their_keys() -> None:
    keys = {name: set(getattr(cm, name).model_fields) for name in DOCUMENTS}
    assert all(issubclass(getattr(cm, name), Document) for name in DOCUMENTS)
    assert {name: set(listed.split()) - keys[name] for name, listed in DOCUMENTS.items()} == {
        name: set() for name in DOCUMENTS
    }


def test_parts_that_say_what_a_figure_rests_on_keep_their_keys() -> None:
    for name, listed in PARTS.items():
        assert set(listed.split()) <= set(getattr(plan, name).model_fields), name


def test_published_figures_keep_their_keys() -> None:
    result = CliRunner().invoke(main, ["facts", "EXP001", "--format", "json"])
    (fact,) = json.loads(result.stdout)
    assert set(FACT.split()) <= set(fact)


def test_profiles_keep_their_fields() -> None:
    schema = json_schema()
    assert set(PROFILE.split()) <= set(schema["properties"])
    assert set(HISTORY.split()) <= set(schema["$defs"]["HistoryFile"]["properties"])
