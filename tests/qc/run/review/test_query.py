"""Review, gate and scores on a real InfluxDB and a real state database, by the commands that people use."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from console.cli import export, shell
from console.cli.qc import group
from console.cli.review import group as review
from qc.hourly.test.hourly_spike import HourlySpikeLimit
from qc.run.limits import load_thresholds
from schemas.frames import FLAG_COLUMNS
from store.influx.store import Bucket, InfluxStore
from store.state import FindingKind, StateStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
START = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = 240
NETWORK = network_text(*(station(name, instrument("a", "gas", 60, "o3", "pm25")) for name in ("s1", "s2")))
SPIKES = range(10, HOURS, 23)


def hours(station: int) -> pd.DataFrame:
    """Ten days of quiet air; hours of `SPIKES` are too high to be true at s1."""
    rng = np.random.default_rng(station)
    index = pd.date_range(START, periods=HOURS, freq="h", unit="us", name="start")
    frame = pd.DataFrame({"o3": 60 + rng.normal(0, 2, HOURS), "pm25": 30 + rng.normal(0, 1, HOURS)}, index=index)
    flags = np.ones(HOURS, dtype=np.int8)
    if station == 1:
        frame.iloc[list(SPIKES), 0] = 150.0
        flags[list(SPIKES)[:4]] = 3
    return frame.assign(o3__n=60, o3__flag=flags, pm25__n=60, pm25__flag=np.int8(1))


@pytest.fixture
def placed(commands: SharedSettings, store: InfluxStore, monkeypatch: pytest.MonkeyPatch) -> SharedSettings:
    monkeypatch.setattr(shell, "now", lambda: START + timedelta(hours=HOURS))
    for number, name in ((1, "s1"), (2, "s2")):
        store.write_hourly("gas", name, hours(number))
    told = pd.DataFrame(
        [(START + timedelta(hours=at), "s1", None, "o3", "hourly_spike", 3, "high") for at in list(SPIKES)[:4]],
        columns=list(FLAG_COLUMNS),
    )
    store.write_flags(Bucket.HOURLY, "gas", told)
    return commands


def say(*words: str) -> Result:
    app = typer.Typer()
    for command in (group, review, export):
        command.register(app)
    return CliRunner().invoke(app, list(words), env={"SKYGROUND_LANGUAGE": "en"})


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


SPAN = ["--network", "gas", "--from", "2026-06-01T00:00+00:00", "--to", "2026-06-11T00:00+00:00"]
INVALID = ["--verdict", "invalid", "--reason", "instrument_fault", "--who", "li", "--note", "lamp"]


def propose(*words: str) -> list[dict[str, Any]]:
    result = say("review", "propose", *SPAN, *words, "--yes", "--json")
    assert result.exit_code == 0, result.output
    return rows(result)


def test_an_act_on_many_shows_itself_first_and_needs_a_yes(placed: SharedSettings) -> None:
    words = ["review", "propose", *SPAN, "--station", "s1", "--test", "hourly_spike", *INVALID]
    shown = say(*words, "--dry-run", "--json")
    assert rows(shown)[0]["reviews"] == rows(shown)[0]["hours"] == 4
    refused = say(*words)
    assert refused.exit_code == 2
    assert "--yes acts on all of them" in refused.stderr
    assert "s1 o3 2026-06-01T10:00Z" in refused.stderr
    assert StateStore(placed.state_url).reviews.list() == []


def test_three_persons_make_level_2_and_the_export_has_it(placed: SharedSettings, tmp_path: Path) -> None:
    ids = [row["id"] for row in propose("--station", "s1", "--parameter", "o3", "--above", "120", *INVALID)]
    assert len(ids) == len(SPIKES)
    own = say("review", "confirm", *ids, "--who", "li", "--yes")
    assert (own.exit_code, "separation of duties" in own.output) == (1, True)
    assert say("review", "confirm", "--network", "gas", "--who", "wang", "--yes").exit_code == 0
    signed = say("review", "sign", "--network", "gas", "--who", "zhao", "--yes", "--json")
    assert {row["state"] for row in rows(signed)} == {"signed"}
    target = tmp_path / "l2.csv"
    done = say("export", *SPAN, "--level", "L2", "--output", str(target), "--json")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(target, comment="#")
    flagged = table[(table["station_id"] == "s1") & (table["o3__flag"] == 4)]
    assert len(flagged) == len(SPIKES)
    assert flagged["o3"].eq(150).all()
    assert flagged["o3__review"].eq(3).all()
    assert "L2 hourly, reviewed by people" in target.read_text()


def test_a_station_with_one_reviewer_may_switch_separation_off(
    placed: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = propose("--station", "s1", "--parameter", "o3", *INVALID)
    monkeypatch.setenv("SKYGROUND_REVIEW_SEPARATION", "off")
    assert say("review", "confirm", row["id"], "--who", "li").exit_code == 0


@pytest.mark.parametrize("form", ["parquet", "netcdf"])
def test_level_2_goes_into_every_format(placed: SharedSettings, tmp_path: Path, form: str) -> None:
    propose("--station", "s1", "--parameter", "o3", *INVALID)
    done = say("export", *SPAN, "--level", "L2", "--format", form, "--output", str(tmp_path / "f"), "--json")
    assert done.exit_code == 0, done.output


def test_confirming_hours_that_changed_since_names_both(placed: SharedSettings) -> None:
    (row,) = propose("--station", "s2", "--parameter", "o3", *INVALID)
    store = InfluxStore(placed)
    store.write_hourly("gas", "s2", hours(2).iloc[5:6].assign(o3=99.5))
    store.close()
    result = say("review", "confirm", row["id"], "--who", "wang")
    assert result.exit_code == 1
    for word in ("li saw s2 o3", "1 of its hours", "2026-06-01T05:00Z, now 99.5 with flag 1", "before wang looked"):
        assert word in result.output


def test_undo_and_return_leave_their_trace(placed: SharedSettings) -> None:
    (first,) = propose("--station", "s1", "--parameter", "o3", *INVALID)
    assert say("review", "return", first["id"], "--who", "wang", "--note", "look again").exit_code == 0
    (second,) = propose("--station", "s1", "--parameter", "o3", *INVALID)
    assert say("review", "undo", second["id"], "--who", "li", "--note", "mistake").exit_code == 0
    listed = rows(say("review", "list", "--json"))
    assert [row["state"] for row in listed] == ["withdrawn", "returned"]
    assert "look again" in say("review", "list").output
    audit = rows(say("review", "audit", "--json"))[0]
    assert (audit["records"], audit["broken_at"]) == (4, None)
    assert say("review", "audit", "--known", audit["head"]).exit_code == 0
    assert say("review", "audit", "--known", "0" * 64).exit_code == 1


def test_apply_stores_level_2_and_its_completeness(placed: SharedSettings) -> None:
    propose("--station", "s1", "--parameter", "o3", "--above", "120", *INVALID)
    say("review", "confirm", "--network", "gas", "--who", "wang", "--yes")
    first, again = (rows(say("review", "apply", *SPAN, "--json"))[0] for _ in range(2))
    assert first == again
    assert (first["hours"], first["confirmed"], first["changed"]) == (4 * HOURS, len(SPIKES), len(SPIKES))
    store = InfluxStore(placed)
    stored = store.read_product("reviewed_gas", START, START + timedelta(hours=HOURS), "s1")
    store.close()
    assert int((stored["o3__flag"] == 4).sum()) == len(SPIKES)


def test_completeness_is_given_by_station_and_month(placed: SharedSettings) -> None:
    propose("--station", "s1", "--parameter", "o3", "--above", "120", *INVALID)
    say("review", "confirm", "--network", "gas", "--who", "wang", "--yes")
    found = rows(say("review", "completeness", *SPAN, "--json"))
    (row,) = [item for item in found if (item["station_id"], item["parameter"]) == ("s1", "o3")]
    assert (row["period"], row["hours"], row["confirmed"], row["flagged"]) == ("2026-06", HOURS, len(SPIKES), 4)
    assert len(rows(say("review", "completeness", *SPAN, "--station", "s2", "--by-day", "--json"))) == 2 * 11
    assert "2026-06 o3: 4.2%" in say("review", "completeness", *SPAN, "--station", "s1").output


def test_deadlines_are_given_by_rule_with_the_open_hours(placed: SharedSettings) -> None:
    found = [row for row in rows(say("review", "deadlines", *SPAN, "--json")) if row["station_id"] == "s1"]
    days = [row for row in found if row["deadline"]["rule"]["id"] == "hj633-2026-daily"]
    assert [row["state"] for row in days[:5]] == ["overdue"] * 4 + ["done"]
    (month,) = [row for row in found if row["deadline"]["rule"]["id"] == "month-review"]
    assert (month["state"], month["open"], month["deadline"]["rule"]["verified"]) == ("open", 4, False)
    propose("--station", "s1", "--parameter", "o3", "--flag", "3", *INVALID)
    say("review", "confirm", "--network", "gas", "--who", "wang", "--yes")
    assert "left 0" in say("review", "deadlines", *SPAN).output
    assert say("review", "deadlines", *SPAN, "--left").output == ""


def test_reviews_score_the_tests_and_propose_a_limit_that_can_be_loaded(placed: SharedSettings, tmp_path: Path) -> None:
    propose("--station", "s1", "--parameter", "o3", "--above", "120", *INVALID)
    fine = ["--verdict", "valid", "--reason", "routine_check", "--who", "li"]
    propose("--parameter", "o3", "--below", "120", *fine)
    say("review", "confirm", "--network", "gas", "--who", "wang", "--yes")
    target = tmp_path / "proposed.toml"
    result = say("qc", "scores", *SPAN, "--parameter", "o3", "--json", "--write", str(target))
    assert result.exit_code == 0, result.output
    report = rows(result)[0]
    whole = next(row for row in report["scores"] if row["test"] == "hourly_spike" and row["station_id"] == "")
    assert whole["counts"] == {
        "hits": 4,
        "false_alarms": 0,
        "misses": len(SPIKES) - 4,
        "valid": 2 * HOURS - len(SPIKES),
    }
    (spike,) = [item for item in report["proposals"] if item["present"]["test"] == "hourly_spike"]
    assert spike["before"]["hits"] < spike["after"]["hits"] == len(SPIKES)
    assert spike["after"]["false_alarms"] == 0
    known = load_thresholds(target, ["s1", "s2"]).find(HourlySpikeLimit, "o3", network="gas", station_id="s1", month=6)
    assert known is not None
    assert known.ratio == spike["proposed"]["ratio"]
    assert not known.verified
    assert known.source.startswith("learnt from reviews")
    again = say("qc", "scores", *SPAN, "--write", str(target))
    assert again.exit_code == 2
    assert "limits in force are not overwritten" in again.output
    assert "hourly_spike" in say("qc", "scores", *SPAN).output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["review", "propose", *SPAN, "--station", "x", *INVALID], "no such station"),
        (["review", "propose", *SPAN, "--parameter", "benzene", *INVALID], "no instrument of network gas measures"),
        (["review", "propose", *SPAN, "--above", "9000", *INVALID], "no match"),
        (["review", "confirm", "nothere", "--who", "wang"], "there is no review nothere"),
        (["review", "confirm", "--who", "wang"], "choose them by"),
        (["review", "apply", "--network", "gas", "--from", "noon"], "expected ISO 8601"),
        (["qc", "gate", "--from", "2026-06-01", "--product", "x"], "there is no suite for product 'x'"),
        (["qc", "held", "release", "5", "--who", "li", "--note", "n"], "no held batch"),
        (["qc", "held", "show", "5"], "no held batch"),
    ],
)
def test_a_wrong_query_is_answered_with_the_reason(placed: SharedSettings, words: list[str], told: str) -> None:
    result = say(*words)
    assert result.exit_code in {1, 2}
    assert told in result.output


def hold(settings: SharedSettings) -> dict[str, Any]:
    """Hours with a flag that does not exist hold their batch."""
    store = InfluxStore(settings)
    store.write_hourly("gas", "s1", hours(1).iloc[:24].assign(o3__flag=np.int8(7)))
    store.close()
    result = say(
        "qc", "gate", "--network", "gas", "--from", "2026-06-01T00:00+00:00", "--to", "2026-06-02T00:00+00:00", "--json"
    )
    assert result.exit_code == 1, result.output
    return rows(result)[0]


def test_a_held_batch_is_reported_listed_and_released(placed: SharedSettings) -> None:
    summary = hold(placed)
    with StateStore(placed.state_url) as state:
        (finding,) = state.findings.list(kind=FindingKind.GATE)
    assert finding.key == "gate_hold/gas/2026-06-01T00:00Z"
    assert finding.facts["id"] == summary["id"]
    number = str(summary["id"])
    assert "flag_codes" in say("qc", "held", "list").output
    shown = say("qc", "held", "show", number).output
    assert "flags other than 1, 2, 3, 4 and 9: 24 rows" in shown
    assert summary["suite_version"] in shown
    assert say("qc", "held", "reject", number, "--who", "li", "--note", "bad").exit_code == 0
    assert "rejected" in say("qc", "held", "list").output
    assert "analyse coanalysis" in say("qc", "held", "release", number, "--who", "wang", "--note", "mended").output
    assert "no batches are held" in say("qc", "held", "list").output
    (kept,) = rows(say("qc", "held", "list", "--all", "--json"))
    assert [item["ruling"] for item in kept["decisions"]] == ["reject", "release"]
    assert set(kept["detail"]["failures"][0]) == {"id", "severity", "reason", "en", "zh"}
    with StateStore(placed.state_url) as state:
        assert state.findings.list(kind=FindingKind.GATE) == []


def test_a_batch_that_passes_later_is_no_longer_held(placed: SharedSettings) -> None:
    hold(placed)
    store = InfluxStore(placed)
    store.write_hourly("gas", "s1", hours(1).iloc[:24])
    store.close()
    again = say("qc", "gate", "--network", "gas", "--from", "2026-06-01T00:00+00:00", "--to", "2026-06-02T00:00+00:00")
    assert again.exit_code == 0, again.output
    assert "no batches are held" in say("qc", "held", "list").output
    with StateStore(placed.state_url) as state:
        assert state.findings.list() == []


def test_every_hour_can_be_a_batch_and_only_some_get_a_page(placed: SharedSettings) -> None:
    result = say(
        "qc",
        "gate",
        "--network",
        "gas",
        "--from",
        "2026-06-01T00:00+00:00",
        "--to",
        "2026-06-01T05:00+00:00",
        "--hourly",
        "--json",
    )
    found = rows(result)
    assert len(found) == 5
    assert [bool(item["page"]) for item in found] == [False] * 4 + [True]


def test_a_data_set_in_its_own_time_is_not_missed(placed: SharedSettings) -> None:
    archive = """[[station]]
id = "old"
late_window_h = 0
[[station.instrument]]
id = "a"
network = "gas"
cadence_s = 60
parameters = ["so2", "co", "no2", "nox", "no", "pm10"]
"""
    placed.network.write_text(NETWORK + archive)
    result = say("qc", "gate", "--network", "gas", "--from", "2026-06-01T00:00+00:00", "--to", "2026-06-02T00:00+00:00")
    assert "PASS" in result.output
