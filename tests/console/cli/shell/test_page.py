"""Lists end at a limit and say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from console.cli import build_app
from console.cli.shell.page import print_page
from schemas.alert import AlertState
from schemas.calibration import CheckKind, CheckResult
from schemas.interval import Interval
from schemas.message import NetworkCode, RawMessage, parse_topic
from schemas.network import Instrument, Network, Station
from schemas.reading import Rejection, RejectReason
from schemas.review import ReviewAction, ReviewDraft, ReviewReason, ReviewState, ReviewTarget, ReviewVerdict
from sensors.network_file import network_toml
from store.state import Before, Gap, GateOutcome, GateResult, Revision, StateStore
from tests.alerts.rules.test_watched import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNT = 5
COMMANDS = {
    "revisions": "received_at",
    "gaps list": "start",
    "review list": "start",
    "qc calibration list": "at",
    "quarantine list": "received_at",
    "qc held list": "start",
    "alerts list": "since",
}


@pytest.fixture
def state(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateStore]:
    gas1 = Instrument(id="gas1", network=NetworkCode.GAS, cadence_s=60, parameters=("so2",))
    path = tmp_path / "network.toml"
    path.write_text(
        network_toml(Network(zone="Asia/Shanghai", station_list=(Station(id="st-1", instruments=(gas1,)),)))
    )
    monkeypatch.setenv("SKYGROUND_NETWORK", str(path))
    monkeypatch.setenv("SKYGROUND_STATE_URL", sqlite_url)
    with StateStore(sqlite_url) as store:
        for number in range(COUNT):
            _fill(store, START + number * HOUR)
        yield store


def _fill(store: StateStore, at: datetime) -> None:
    place = {"network": "gas", "station_id": "st-1", "instrument_id": "gas1"}
    change = Revision(
        **place, first=at, last=at, received_at=at + HOUR, origin="station", readings=1, before=Before({"so2": 1.0})
    )
    store.revisions.add([change], [])
    gap = Gap(**place, start=at, end=at + HOUR, missing=60, found_by="seq", found_at=at, due_at=at)
    store.gaps.add([gap])
    target = ReviewTarget(network="gas", station_id="st-1", parameter="so2", start=at, end=at + HOUR)
    said = ReviewDraft(
        target=target, verdict=ReviewVerdict.INVALID, reason=ReviewReason.INSTRUMENT_FAULT, basis="0" * 16
    )
    store.reviews.add([said], who="li", note="pump", at=at)
    check = CheckResult("gas", "st-1", "gas1", "so2", at, CheckKind.SPAN, 100.0, 99.0)
    store.calibration.add_checks([check], at)
    refused = Rejection(RejectReason.BAD_VALUE, "so2: 'x'", "st-1", "gas1", "so2", Interval(at, at + HOUR))
    topic = parse_topic("obs/v1/gas/st-1/gas1/json")
    store.quarantine.add(RawMessage(str(topic), b"{}", at), topic, [refused])
    store.gate.add_result(GateResult(network="gas", start=at, end=at + HOUR, outcome=GateOutcome.HOLD))
    alert = msgspec.structs.replace(opened("hourly value"), alert_key=f"r/st-1/{at:%H}", at=at, since=at)
    store.alerts.save(alert)


def say(command: str, *words: str) -> tuple[list[dict[str, object]], str]:
    done = CliRunner().invoke(build_app(), [*command.split(), *words, "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_list_is_cut_at_its_limit_newest_first_and_says_so(command: str) -> None:
    rows, words = say(command, "--limit", "2")
    everything, silence = say(command)
    assert len(rows) == 3
    assert rows[-1] == {"more": True, "limit": 2, "rest": rows[-1]["rest"]}
    assert "--limit" in words
    assert rows[:2] == everything[:2]
    assert (len(everything), silence) == (COUNT, "")
    times = [_moment(row, COMMANDS[command]) for row in everything]
    assert times == sorted(times, reverse=True)


def test_open_alerts_come_before_ended_ones_whatever_their_age(state: StateStore) -> None:
    begun = opened("hourly value")
    ended = msgspec.structs.replace(
        begun, alert_key="r/st-1/99", from_state=AlertState.FIRING, to_state=AlertState.OK, at=START + 99 * HOUR
    )
    state.alerts.save(ended)
    rows, _ = say("alerts list", "--limit", str(COUNT))
    assert [row["state"] for row in rows[:-1]] == ["firing"] * COUNT
    rows, words = say("alerts list", "--state", "ok")
    assert ([row["alert_key"] for row in rows], words) == (["r/st-1/99"], "")


@pytest.mark.usefixtures("state")
def test_a_list_that_ends_at_its_limit_says_nothing_of_more() -> None:
    for command in COMMANDS:
        rows, words = say(command, "--limit", str(COUNT))
        assert (len(rows), words) == (COUNT, "")


def test_every_list_command_has_a_limit() -> None:
    found = {
        name.strip(): any("--limit" in item.opts for item in command.params)
        for name, command in _commands(typer.main.get_command(build_app()))
        if name.endswith(" list")
    }
    assert found == dict.fromkeys(
        [*(name for name in COMMANDS if name.endswith("list")), "token list", "analyse model list"], True
    )


def _commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for key, item in inner.items():
        yield from _commands(item, f"{name} {key}")


def _moment(row: dict[str, object], field: str) -> str:
    inner = next((item for item in row.values() if isinstance(item, dict) and field in item), row)
    return str(inner[field])


def test_a_limit_counts_the_reviews_of_the_state_that_is_asked_for(state: StateStore) -> None:
    newest = state.reviews.list(limit=1)
    state.reviews.act([newest[0].id], ReviewAction.CONFIRM, who="wang", note="seen", at=START + 9 * HOUR)
    found = state.reviews.list(states=[ReviewState.PROPOSED], limit=2)
    assert [item.target.start for item in found] == [START + 3 * HOUR, START + 2 * HOUR]


def test_documents_are_read_by_pages_and_none_is_left_out(state: StateStore) -> None:
    for number in range(7):
        state.documents.put("attribution", f"st-1/o3/{number}", {"number": number})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.state.document._PAGE", 3)
        found = [item.body["number"] for item in state.documents.each("attribution", prefix="st-1/")]
    assert sorted(found) == list(range(7))
    assert len(state.documents.list("attribution", limit=2)) == 2


def test_a_note_in_a_list_acts_on_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_page("gaps list", ["\x1b[2Jgone \u202e"], 10, str, as_json=False)
    assert capsys.readouterr().out == "\\x1b[2Jgone \\u202e\n"
