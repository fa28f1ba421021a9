"""What was published and rests on hours that changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from analysis.run.report.later_change import LaterCause
from analysis.run.report.outdated import MAIL, PUBLICATIONS, outdated_publications
from schemas.alert import RuleKind, Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState, CaseStep, StepKind
from schemas.interval import Interval
from schemas.network.file import parse_network
from store.state import Before, CaseChange, GateOutcome, GateResult, Revision
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.state import StateStore
    from tests.command import Done

TEXT = network_text(
    station("s1", instrument("gas1", "gas", 3600, "o3", "pm25"), name_en="S1", city="210100"),
    station("s2", instrument("gas1", "gas", 3600, "o3", "pm25"), name_en="S2", city="210200"),
)
NETWORK = parse_network(TEXT, "test")
DAY = datetime(2026, 6, 1, 16, tzinfo=UTC)  # midnight of 2 June in Asia/Shanghai
HOUR = timedelta(hours=1)
EVENT = {
    "event": {"start": "2026-06-02T01:00:00Z", "end": None, "stations": ["s2", "s1"], "parameters": ["pm25"]},
    "computed_at": "2026-06-02T05:00:00Z",
}


def _revision(station_id: str, hour: int, before: dict[str, float | None] | None, *, later: bool = True) -> Revision:
    at = DAY + hour * HOUR
    received = datetime.now(UTC) + (HOUR if later else -HOUR)
    return Revision(
        network="gas", station_id=station_id, instrument_id="gas1", first=at, last=at, received_at=received, origin="mqtt",
        readings=1, before=None if before is None else Before(values=before),
    )  # fmt: skip


def _mail(state: StateStore, station_id: str, kind: RuleKind = RuleKind.THRESHOLD) -> None:
    at = DAY + 9 * HOUR
    alert = CaseAlert(
        alert_key=f"o3-1h/{station_id}/o3", begin_id=1, rule="o3-1h", severity=Severity.WARNING, station_id=station_id,
        since=at, kind=kind, parameter="o3", extreme=231.4, threshold=200.0, unit="ug/m3",
    )  # fmt: skip
    name = f"case-{station_id}"
    step = CaseStep(case_id=name, number=1, kind=StepKind.OPENED, at=at, recorded_at=at, alerts=(alert,))
    case = AlertCase(
        id=name, kind=CaseKind.POLLUTION, audience=Audience.DUTY, state=CaseState.OPEN, severity=Severity.WARNING,
        since=at, opened_at=at, version=1, alerts=(alert,), steps=(step,),
    )  # fmt: skip
    now = datetime.now(UTC)
    state.cases.append([CaseChange(case=case)])
    state.notices.want(name, "li-na", "mail", version=1, due_at=now)
    (claim,) = state.notices.claim("a", "mail", now=now)
    state.notices.finish_sent(claim.id, "a", message_id="<1@x>", now=now)


@pytest.fixture
def published(state: StateStore) -> StateStore:
    for kind, key, body in (
        ("report", "210100/2026-06-02/zh", {}),
        ("report", "210200/2026-06-02/zh", {}),
        ("report", "province/2026-06/zh", {}),
        ("report", "beijing/2016-12/zh", {}),
        ("assessment", "s1/2027-06", {}),
        ("copollution", "s1/2026-06-02/2026-06-03", {}),
        ("copollution", "of/another/form/of/key", {}),
        ("chemistry", "s1/2026-04-01/2026-05-01", {}),
        ("cocontrol", "210100/2026-06-01", {}),
        ("joint", "s1/2026-03-01", {}),
        ("case", "s2/pm25/2026-06-02T01:00Z", EVENT),
    ):
        state.documents.put(kind, key, body)
    _mail(state, "s1")
    return state


def _keys(state: StateStore, **given: object) -> set[str]:
    return {f"{item.kind} {item.key}" for item in outdated_publications(state, NETWORK, **given)}  # type: ignore[arg-type]


def test_nothing_is_listed_without_a_later_change(published: StateStore) -> None:
    published.revisions.add([_revision("s1", 9, {"o3": 90.0}, later=False)], [])
    assert outdated_publications(published, NETWORK) == []


def test_a_correction_lists_all_that_rests_on_its_hour_and_nothing_else(published: StateStore) -> None:
    published.revisions.add([_revision("s1", 9, {"o3": 231.4})], [])
    assert _keys(published) == {
        "report 210100/2026-06-02/zh",
        "report province/2026-06/zh",
        "assessment s1/2027-06",  # the year before
        "copollution s1/2026-06-02/2026-06-03",
        "cocontrol 210100/2026-06-01",
        "mail o3-1h/s1/o3",
    }
    (mail,) = outdated_publications(published, NETWORK, kinds=(MAIL,))
    (change,) = mail.changes
    assert (mail.stated, mail.unit, change.cause) == (231.4, "ug/m3", LaterCause.CORRECTION)
    assert [(item.parameter, item.start, item.value) for item in change.former] == [("o3", DAY + 9 * HOUR, 231.4)]


def test_a_late_reading_counts_for_what_its_instrument_measures(published: StateStore) -> None:
    published.revisions.add([_revision("s1", 10, None)], [])
    found = _keys(published)
    assert "case s2/pm25/2026-06-02T01:00Z" in found  # an event that s1 is part of, until its newest data
    assert "mail o3-1h/s1/o3" not in found  # its hour is another


def test_station_span_and_kind_narrow_the_list(published: StateStore) -> None:
    published.revisions.add([_revision("s1", 9, {"o3": 90.0}), _revision("s2", 30, {"o3": 90.0})], [])
    assert _keys(published, station_id="s2") == {"report province/2026-06/zh"}
    assert _keys(published, span=Interval(DAY + 20 * HOUR, DAY + 40 * HOUR)) == {"report province/2026-06/zh"}
    assert _keys(published, kinds=("report",), station_id="s1") == {
        "report 210100/2026-06-02/zh",
        "report province/2026-06/zh",
    }


def test_a_batch_that_is_held_later_lists_what_rests_on_its_hours(published: StateStore) -> None:
    held = GateResult(network="gas", start=DAY, end=DAY + 24 * HOUR, outcome=GateOutcome.HOLD)
    published.gate.add_result(held)
    (found,) = outdated_publications(published, NETWORK, kinds=("copollution",))
    assert [(item.cause, item.count, item.station_id) for item in found.changes] == [(LaterCause.GATE, 1, "")]
    assert _keys(published, kinds=("copollution",), station_id="s1") == set()


def test_a_new_version_is_off_the_list(published: StateStore) -> None:
    revision = _revision("s1", 9, {"o3": 90.0})
    published.revisions.add([msgspec.structs.replace(revision, received_at=datetime.now(UTC))], [])
    assert "report 210100/2026-06-02/zh" in _keys(published)
    published.documents.put("report", "210100/2026-06-02/zh", {"x": 1})
    assert "report 210100/2026-06-02/zh" not in _keys(published)


def test_what_was_made_again_unchanged_is_off_the_list_until_the_next_change(published: StateStore) -> None:
    revision = _revision("s1", 9, {"o3": 90.0})
    published.revisions.add([msgspec.structs.replace(revision, received_at=datetime.now(UTC))], [])
    published.documents.put("report", "210100/2026-06-02/zh", {})
    found = _keys(published)
    assert "report province/2026-06/zh" in found
    assert "report 210100/2026-06-02/zh" not in found
    published.revisions.add([_revision("s1", 10, {"o3": 80.0})], [])
    assert "report 210100/2026-06-02/zh" in _keys(published)


def test_the_command_lists_them_in_lines_and_as_json(
    published: StateStore, sqlite_url: str, tmp_path: Path, command: Callable[..., Done]
) -> None:
    path = tmp_path / "network.toml"
    path.write_text(TEXT, encoding="utf-8")
    published.revisions.add([_revision("s1", 9, {"o3": 231.4})], [])
    given = {"network": path, "state_url": sqlite_url, "language": "en"}
    shown = command("revisions", "--published", "--kind", "mail", **given)
    assert "mail         o3-1h/s1/o3  issued" in shown.stdout
    assert "stated 231.4 µg/m³" in shown.stdout
    assert "corrected: 1 reading of s1 (O3;" in shown.stdout
    assert "formerly o3 06-02 09:00 231.4" in shown.stdout
    rows = [json.loads(line) for line in command("revisions", "--published", "--json", **given).stdout.splitlines()]
    assert {row["kind"] for row in rows} == {"report", "assessment", "copollution", "cocontrol", "mail"}
    assert command("revisions", "--published", "--kind", "leaflet", **given).returncode == 2
    assert command("revisions", "--published", "--corrections", **given).returncode == 2
    assert command("revisions", "--kind", "mail", **given).returncode == 2
    assert command("revisions", "--published", "--station", "s9", **given).returncode == 2
    assert set(PUBLICATIONS) >= {"report", "case"}
