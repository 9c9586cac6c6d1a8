from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.own_evidence import returns, written

from channelmix.profile import CompanyProfile, ProfileError, own_files
from channelmix.profile.beliefs import beliefs, with_belief_moved
from channelmix.profile.evidence import Evidence, History

ROWS = "date,outcome,sms,social\n2024-01-01,5,1,2\n2024-01-08,6,2,2\n"

HISTORY = {"file": "h.csv", "outcome_worth": 2.0}


@pytest.fixture
def evidence() -> Evidence:
    return written({"sms/promotion": returns(8)})


@pytest.fixture
def folder(tmp_path: Path, evidence: Evidence) -> Path:
    (tmp_path / "below").mkdir()
    (tmp_path / "e.json").write_text(evidence.to_json())
    (tmp_path / "below" / "e.json").write_text(evidence.to_json())
    (tmp_path / "h.csv").write_text(ROWS)
    (tmp_path / "wrong.csv").write_text(
        "channel,start,end,spend_change,lift,standard_error\nsms,2024-01-01,2024-01-08,-1,9,1\n"
    )
    return tmp_path


def read(folder: Path, content: dict[str, Any], **fields: Any) -> CompanyProfile:
    (folder / "profile.json").write_text(json.dumps(content | fields))
    return CompanyProfile.from_file(folder / "profile.json")


def test_evidence_is_read_from_the_folder_of_the_profile(
    folder: Path, small: dict[str, Any], evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")  # not from where the command runs
    assert read(folder, small, evidence="e.json").own == evidence
    assert read(folder, small, evidence="below/e.json").own == evidence
    assert read(folder, small).own is None


def test_a_history_is_read_from_the_folder_of_the_profile(folder: Path, small: dict[str, Any]) -> None:
    own = read(folder, small, history=HISTORY).own
    assert isinstance(own, History)
    assert own.source == "h.csv"
    assert own.spend["social"].tolist() == [2.0, 2.0]
    assert own.outcome_worth == 2.0


def test_what_a_table_leaves_open_is_stated_in_the_profile(folder: Path, small: dict[str, Any]) -> None:
    text = "date;channel;spend;outcome\n03/04/2024;sms;1.234;5\n03/04/2024;social;2.000;5\n04/04/2024;sms;3.000;6\n"
    (folder / "h.csv").write_text(text)
    stated: dict[str, Any] = {**HISTORY, "long": {"channel": "channel", "spend": "spend"}}
    with pytest.raises(ProfileError, match="--date-format dmy"):
        read(folder, small, history=stated)
    with pytest.raises(ProfileError, match="--decimal"):
        read(folder, small, history={**stated, "date_format": "dmy"})
    own = read(folder, small, history={**stated, "date_format": "dmy", "decimal": ","}).own
    assert isinstance(own, History)
    assert own.dates == ("2024-04-03", "2024-04-04")
    assert {name: column.tolist() for name, column in own.spend.items()} == {
        "sms": [1234.0, 3000.0],
        "social": [2000.0, 0.0],
    }
    assert own.read_as[0] == "semicolons"


def test_columns_are_left_out_as_the_profile_says(folder: Path, small: dict[str, Any]) -> None:
    (folder / "h.csv").write_text(ROWS.replace("social", "Notiz"))
    with pytest.raises(ProfileError, match=r'column Notiz: no cell is selected by "Notiz"; .* else --ignore'):
        read(folder, small, history=HISTORY)
    own = read(folder, small, history={**HISTORY, "ignore": ["Notiz"]}).own
    assert isinstance(own, History)
    assert list(own.spend) == ["sms"]
    with pytest.raises(ProfileError, match="each only once"):
        read(folder, small, history={**HISTORY, "ignore": ["Notiz", "Notiz"]})


@pytest.mark.parametrize(
    "name",
    ["../e.json", "/etc/hosts", "below/../../e.json", "C:\\e.json", "", ".", "a\\..\\b", "./e.json", "e\n"],
)
@pytest.mark.parametrize("where", ["evidence", "file", "experiments"])
def test_no_path_leads_out_of_the_folder(folder: Path, small: dict[str, Any], name: str, where: str) -> None:
    fields = {"evidence": name} if where == "evidence" else {"history": {**HISTORY, where: name}}
    place = "evidence" if where == "evidence" else f"history.{where}"
    with pytest.raises(ProfileError) as error:
        read(folder, small, **fields)
    (fault,) = error.value.faults
    assert fault.path == place
    assert fault.line is not None
    assert "in the profile's folder" in fault.expected


def test_no_link_leads_out_of_the_folder(folder: Path, small: dict[str, Any], evidence: Evidence) -> None:
    home = folder / "home"
    home.mkdir()
    (home / "link.json").symlink_to(folder / "e.json")
    (home / "up").symlink_to(folder)
    (home / "real.json").write_text(evidence.to_json())
    (home / "alias.json").symlink_to("real.json")
    for name in ("link.json", "up/e.json"):
        with pytest.raises(ProfileError, match="a link leads out of it"):
            read(home, small, evidence=name)
    assert read(home, small, evidence="alias.json").own == evidence


def test_no_endless_file_is_read(
    folder: Path, small: dict[str, Any], evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(evidence.to_json().encode())
    monkeypatch.setattr(own_files, "LARGEST_EVIDENCE", size)
    assert read(folder, small, evidence="e.json").own == evidence
    monkeypatch.setattr(own_files, "LARGEST_EVIDENCE", size - 1)
    with pytest.raises(ProfileError, match=f"at most {size - 1:,} bytes"):
        read(folder, small, evidence="e.json")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"evidence": "none.json"}, "no such file"),
        ({"evidence": "below"}, "a regular file"),
        ({"evidence": "h.csv"}, "not a file of evidence"),
        ({"evidence": 3}, "expected text"),
        ({"evidence": "e.json", "history": HISTORY}, "either evidence or history"),
        ({"history": {"file": "h.csv"}}, "history.outcome_worth: found nothing"),
        ({"history": {**HISTORY, "outcme": "x"}}, 'did you mean "outcome"'),
        ({"history": {**HISTORY, "date": "week"}}, "there is no column week"),
        ({"history": {**HISTORY, "controls": ["promo"]}}, "there is no column promo"),
        ({"history": {**HISTORY, "cost_per_unit": {"sms": "pay"}}}, "there is no column pay"),
        ({"history": {**HISTORY, "cost_per_unit": {"sms": 0.0}}}, "history.cost_per_unit.sms"),
        ({"history": {**HISTORY, "controls": ["sms", "sms"]}}, "each only once"),
        ({"history": {**HISTORY, "experiments": "h.csv"}}, r"history.experiments: .*unknown field date"),
        ({"history": {**HISTORY, "unpaid": ["posts"]}}, "there is no column posts"),
        ({"history": {**HISTORY, "unpaid": ["sms", "sms"]}}, "each only once"),
        (
            {"history": {**HISTORY, "experiments": "wrong.csv"}},
            r"history.experiments: .*Did you mean a lift of -9",
        ),
        ({"history": {**HISTORY, "outcome": "social"}}, "column outcome: no cell"),
        ({"history": {**HISTORY, "decimal": ";"}}, "history.decimal"),
        ({"history": {**HISTORY, "date_format": "dym"}}, "date_format must be dmy, mdy, ymd or a format"),
        ({"history": {**HISTORY, "long": {"chanel": "sms"}}}, 'did you mean "channel"'),
        ({"history": {**HISTORY, "long": {"channel": "x", "spend": "y"}}}, "there is no column x"),
        ({"evidence": "e.json", "currency": "USD", "usd_rate": 1.0}, "found evidence in EUR"),
        ({"evidence": "e.json", "period": "week"}, "evidence per 30.4375 days, expected evidence per week"),
    ],
)
def test_what_is_wrong_has_its_place(
    folder: Path, small: dict[str, Any], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(ProfileError, match=said) as error:
        read(folder, small, **fields)
    assert all(fault.line is not None for fault in error.value.faults)


def test_media_without_a_bill_have_no_spend_in_the_profile(folder: Path, small: dict[str, Any]) -> None:
    with pytest.raises(
        ProfileError,
        match=r'history\.unpaid\[0\]: found "social".*social has spend in the profile \(.* a month\)',
    ):
        read(folder, small, history={**HISTORY, "unpaid": ["social"]})


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"outcome": "orders"}, "history.outcome"),
        ({"date": "week"}, "history.date"),
        ({"market": "shop"}, "history.market"),
        ({"controls": ["promo"]}, "history.controls[0]"),
        ({"unpaid": ["posts"]}, "history.unpaid[0]"),
        ({"ignore": ["notes"]}, "history.ignore[0]"),
        ({"ignore": ["outcome"]}, "history.ignore[0]"),
        ({"unpaid": ["outcome"]}, "history.unpaid[0]"),
        ({"cost_per_unit": {"sms": "pay"}}, "history.cost_per_unit.sms"),
        ({"cost_per_unit": {"email": 2.0}}, "history.cost_per_unit.email"),
        ({"cost_per_unit": {"outcome": 2.0}}, "history.cost_per_unit.outcome"),
        ({"decimal": ","}, "history.decimal"),
        ({"date_format": "dym"}, "history.date_format"),
        ({"date": "outcome", "outcome": "sms"}, "history.date"),
        ({"long": {"channel": "x"}}, "history.long.channel"),
        ({"long": {}}, "history.long"),
        ({"long": {"channel": "x"}, "controls": ["promo"]}, "history.controls[0]"),
    ],
)
def test_what_is_stated_wrongly_of_a_table_is_found_where_it_is_stated(
    folder: Path, small: dict[str, Any], stated: dict[str, Any], path: str
) -> None:
    (folder / "h.csv").write_text("date,outcome,sms,social\n2024-01-01,5.5,1,2\n2024-01-08,6,1,2\n")
    with pytest.raises(ProfileError) as error:
        read(folder, small, history={**HISTORY, **stated})
    (fault,) = error.value.faults
    assert fault.path == path
    assert fault.expected.startswith("what fits h.csv: ")
    assert fault.line is not None


@pytest.mark.parametrize("date_format", ["mdy", "%Y/%m/%d"])
def test_a_format_that_dates_do_not_have_is_found_where_it_is_stated(
    folder: Path, small: dict[str, Any], date_format: str
) -> None:
    (folder / "h.csv").write_text("date,outcome,sms\n13/01/2024,5,1\n20/01/2024,6,1\n")
    with pytest.raises(
        ProfileError, match=r"history\.date_format: found .*row 1 \(line 2\) has '13/01/2024'"
    ):
        read(folder, small, history={**HISTORY, "date_format": date_format})
    (folder / "h.csv").write_text(ROWS)
    (folder / "t.csv").write_text(
        "channel,start,end,spend_change,lift,standard_error\nsms,13/01/2024,20/01/2024,1,9,1\n"
    )
    with pytest.raises(ProfileError, match=r"history\.experiments: "):
        read(folder, small, history={**HISTORY, "date_format": date_format, "experiments": "t.csv"})


def test_amounts_in_another_currency_are_refused(folder: Path, small: dict[str, Any]) -> None:
    (folder / "h.csv").write_text(ROWS.replace(",1,2", ",$1,2"))
    with pytest.raises(ProfileError, match=r"found amounts are in \$.*expected amounts in EUR"):
        read(folder, small, history=HISTORY)


def test_evidence_of_another_company_names_what_it_does_not_have(folder: Path, small: dict[str, Any]) -> None:
    (folder / "e.json").write_text(written({"smss": returns(8)}).to_json())
    with pytest.raises(ProfileError, match=r'selected by "smss" \(did you mean "sms"\?\)'):
        read(folder, small, evidence="e.json")


def test_a_damaged_file_is_a_fault_of_the_profile(folder: Path, small: dict[str, Any]) -> None:
    text = (folder / "e.json").read_text()
    (folder / "e.json").write_text(text.replace('"outcome_worth": 20.0', '"outcome_worth": 40.0'))
    with pytest.raises(ProfileError, match=r"evidence: .*its sha256 is another"):
        read(folder, small, evidence="e.json")


@pytest.mark.parametrize("fields", [{"evidence": "e.json"}, {"history": HISTORY}])
def test_without_a_folder_no_file_can_be_named(small: dict[str, Any], fields: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="relative to the profile's folder"):
        CompanyProfile.from_json(json.dumps(small | fields))
    with pytest.raises(ValidationError, match="relative to the profile's folder"):
        CompanyProfile.model_validate(small | fields)
    assert CompanyProfile.from_json(json.dumps(small | fields), read_files=False).own is None


def test_the_digest_covers_what_the_file_holds_and_not_its_name(folder: Path, small: dict[str, Any]) -> None:
    one = read(folder, small, evidence="e.json").sha256
    assert read(folder, small, evidence="below/e.json").sha256 == one
    assert read(folder, small).sha256 != one
    (folder / "e.json").write_text(written({"sms/promotion": returns(8, seed=1)}).to_json())
    assert read(folder, small, evidence="e.json").sha256 != one
    rows = read(folder, small, history=HISTORY).sha256
    assert read(folder, small, history={**HISTORY, "outcome_worth": 3.0}).sha256 != rows
    (folder / "h.csv").write_text(ROWS.replace("5,1,2", "5,1,3"))
    assert read(folder, small, history=HISTORY).sha256 != rows


def test_changed_profiles_keep_their_evidence(
    folder: Path, small: dict[str, Any], evidence: Evidence
) -> None:
    profile = read(folder, small, evidence="e.json")
    (folder / "e.json").unlink()
    assert profile.with_budget(100.0).own == evidence
    assert profile.without("fatigue").own == evidence
    assert with_belief_moved(profile, beliefs(profile)[0][0], 1.25)[1].own == evidence
    other = written({"social": returns(8)})
    assert profile.with_evidence(other).own == other
    with pytest.raises(ProfileError, match="no cell is selected"):
        profile.with_evidence(written({"radio": returns(8)}))
    assert not any(
        path[0] in ("evidence", "history") for path, _ in beliefs(read(folder, small, history=HISTORY))
    )
