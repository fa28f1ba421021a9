"""The story of the demo: what is staged in it, and whether each part of it was found and named as what it is.

Each check asks the system as an operator would (a command, the stored state, the mails) and compares the answer with the
simulator's truth log. Nothing of the truth reaches the system itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.wording import word
from schemas.alert import AlertState
from schemas.flag import Flag
from schemas.reading import RejectReason
from schemas.review import ReviewState
from schemas.words import LANGUAGES
from store.state import FindingKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from store.state import StateStore

REVIEWS = 5
"""Reviews that wait for their second level."""
REVIEWER = "demo-operator"
_REVIEWED = ("spike", "stuck")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvidence:
    """Input of the checks.

    Attributes
    ----------
    truth : list of dict
        Records of the simulator's truth log.
    health : list of dict
        Of ``skyground health --json``.
    held : list of dict
        Of ``skyground qc held list --json``.
    mails : list of str
        Subject and text of each.
    now : datetime
    """

    truth: list[dict[str, Any]]
    health: list[dict[str, Any]]
    held: list[dict[str, Any]]
    mails: list[str]
    now: datetime
    settings: SharedSettings
    state: StateStore
    store: InfluxStore

    def records(self, kind: str, *, is_open: bool = False) -> list[dict[str, Any]]:
        """Truth of one kind; only what goes on now, if asked for."""
        found = [item for item in self.truth if item.get("kind") == kind]
        return (
            [item for item in found if _moment(item["end"]) > self.now >= _moment(item["start"])] if is_open else found
        )


def load_truth(path: Path) -> list[dict[str, Any]]:
    """Records of a truth log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def review_commands(truth: list[dict[str, Any]], network: Network) -> list[list[str]]:
    """Five proposals about faults of the truth log, as an operator of the first level would make them."""
    records = [item for item in truth if item.get("kind") in _REVIEWED and item.get("parameter")][:REVIEWS]
    commands = []
    for item in records:
        instrument = network.instruments[item["station_id"], item["instrument_id"]]
        start, end = _moment(item["start"]), _moment(item["end"])
        first = start.replace(minute=0, second=0, microsecond=0)
        last = max(end, first + timedelta(hours=1))
        commands.append(
            [
                "review", "propose", "--network", str(instrument.network), "--station", item["station_id"], "--parameter", item["parameter"],
                "--from", first.isoformat(), "--to", last.isoformat(), "--verdict", "invalid", "--reason", "instrument_fault",
                "--who", REVIEWER, "--yes", "--json",
            ]
        )  # fmt: skip
    return commands


def check_story(evidence: StoryEvidence) -> dict[str, str]:
    """Every part of the story: empty words where it was found and named, else what is missing."""
    return {name: check(evidence) for name, check in _CHECKS.items()}


def _silent(evidence: StoryEvidence) -> str:
    (station_id,) = {item["station_id"] for item in evidence.records("outage", is_open=True)}
    rows = {row["station"]: row for row in evidence.health}
    if rows.get(station_id, {}).get("state") != "silent":
        return f"{station_id} is silent, health says {rows.get(station_id, {}).get('state', 'nothing of it')}"
    return ""


def _clock(evidence: StoryEvidence) -> str:
    wrong = {item["station_id"] for item in evidence.records("clock_jump", is_open=True)}
    found = {
        item.station_id or ""
        for item in evidence.state.findings.list(kind=FindingKind.CLOCK)
        if item.facts.get("clock") == "wrong_zone"
    }
    return "" if wrong and wrong <= found else f"clocks of {_named(wrong)} are wrong, found {_named(found)}"


def _misspelt(evidence: StoryEvidence) -> str:
    (record,) = evidence.records("misspelt")
    kept = evidence.state.quarantine.list(limit=100, reason=RejectReason.UNKNOWN_PARAMETER)
    found = {(item.station_id, item.parameter) for item in kept}
    wanted = (record["station_id"], f"{record['parameter']}x")
    return "" if found == {wanted} else f"expected the unknown parameter {wanted} in the quarantine, found {found}"


def _dead(evidence: StoryEvidence) -> str:
    from store.influx.store import Bucket

    (record,) = evidence.records("dead")
    start = _moment(record["start"])
    flags = evidence.store.read_flags(Bucket.NATIVE, "gas", start, evidence.now, record["station_id"])
    own = flags[(flags["parameter"] == record["parameter"]) & flags["test"].isin(["calibration", "target_gas"])]
    failed = own[own["flag"] == int(Flag.FAIL)]
    return "" if len(failed) else f"no failed calibration of {record['station_id']} {record['parameter']}"


def _held(evidence: StoryEvidence) -> str:
    network = {"ghg" for item in evidence.records("declared")}
    found = {item["network"] for item in evidence.held}
    return "" if found == network else f"the gate holds {_named(found)}, expected {_named(network)}"


def _reviews(evidence: StoryEvidence) -> str:
    waiting = evidence.state.reviews.list(states=[ReviewState.PROPOSED])
    return "" if len(waiting) == REVIEWS else f"{len(waiting)} reviews wait, expected {REVIEWS}"


def _plume_now(evidence: StoryEvidence) -> str:
    reached = {item["station_id"]: item for item in evidence.records("plume", is_open=True)}
    target = max(reached, key=lambda name: float(reached[name]["magnitude"]))
    firing = {
        key
        for key, value in evidence.state.alerts.get_states().items()
        if value.state is AlertState.FIRING and target in key and "pm25" in key
    }
    if not firing:
        return f"no PM2.5 alert of {target} under the plume is firing"
    return _not_called_event(evidence, target, min(_moment(item["start"]) for item in reached.values()))


def _not_called_event(evidence: StoryEvidence, station_id: str, since: datetime) -> str:
    """What the verdict calls a plume, where it does not call it an event."""
    from qc.run.verdict import rule_of, verdict_of
    from schemas.interval import Interval

    settings = evidence.settings
    verdict = verdict_of(
        evidence.store,
        settings.stations,
        rule_of(settings.network),
        station_id=station_id,
        parameter="pm25",
        interval=Interval(since, evidence.now.replace(minute=0, second=0, microsecond=0)),
    )
    return "" if verdict.word == "event" else f"the plume at {station_id} is called: {verdict.summary('en')}"


def _plume_past(evidence: StoryEvidence) -> str:
    past = [item for item in evidence.records("plume") if _moment(item["end"]) <= evidence.now]
    target = max(past, key=lambda item: float(item["magnitude"]))["station_id"]
    open_now = {key for key, value in evidence.state.alerts.get_states().items() if value.state is AlertState.FIRING}
    if any(target in key and "pm25" in key for key in open_now):
        return f"the event at {target} is over, and its alert is not"
    name = evidence.settings.stations.stations[target].name_zh
    other = evidence.settings.stations.stations[target].name_en
    ended = [
        text
        for text in evidence.mails
        if any(label in text for label in _ENDED) and any(item and item in text for item in (target, name, other))
    ]
    return "" if ended else f"no mail says that the event at {target} has ended"


_ENDED = tuple(word(key, language) for key in ("label.ended", "label.ended_late") for language in LANGUAGES)
"""Labels in the subject of a mail about the end of an alert."""
_CHECKS: dict[str, Callable[[StoryEvidence], str]] = {
    "silent_station": _silent,
    "wrong_clock": _clock,
    "misspelt_code": _misspelt,
    "dead_channel": _dead,
    "held_batch": _held,
    "waiting_reviews": _reviews,
    "plume_under_way": _plume_now,
    "plume_ended": _plume_past,
}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
