"""What is open can end: every kind of alert, for each way in which its cause can go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alerts.rules.rules import parse_rules
from alerts.rules.watched import why_unwatched
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.network.file import parse_network
from tests.alerts.rules.test_rules import KINDS
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from alerts.rules.table import AlertRules

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SILENCE = KINDS["silence"].replace('name = "r"', 'name = "r"\nall_stations = 2')
RULES = {
    "hourly value": KINDS["threshold"],
    "native value": KINDS["threshold"].replace("above", 'averaging = "native"\nabove'),
    "forecast": KINDS["forecast"],
    "silence": SILENCE,
    "silence of all": SILENCE,
    "clock": KINDS["operation"] + 'prefix = "clock/"\n',
    "gap": KINDS["operation"] + 'prefix = "gap/"\n',
    "task": KINDS["operation"] + 'prefix = "dag/"\n',
}
KEYS = {
    "hourly value": "r/a/o3",
    "native value": "r/a/o3",
    "forecast": "r/a/o3",
    "silence": "r/a/gas",
    "silence of all": "r/all",
    "clock": "operation/clock/a",
    "gap": "operation/gap/a/g1",
    "task": "operation/dag/qc_hourly/check",
}
NETWORK = network_text(
    *(station(name, instrument("g1", "gas", 60, "o3"), city=city) for name, city in (("a", "210100"), ("b", "210200")))
)
FIRST_STATION, SECOND_STATION = NETWORK.split("[[station]]")[1:]


def opened(kind: str) -> AlertTransition:
    (rule,) = parse_rules(RULES[kind], "f").items
    has_parameter = rule.KIND in {RuleKind.THRESHOLD, RuleKind.FORECAST}
    station_id = {"silence of all": "all", "clock": "system", "gap": "system", "task": "system"}.get(kind, "a")
    return AlertTransition(
        alert_key=KEYS[kind],
        rule="r",
        kind=rule.KIND,
        severity=Severity.WARNING,
        station_id=station_id,
        parameter="o3" if has_parameter else None,
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=NOW,
        since=NOW,
        evidence={"network": "gas"} if rule.KIND is RuleKind.SILENCE else {},
    )


def why(kind: str, rules: AlertRules | str, network: str = NETWORK, at: datetime = NOW) -> EndReason | None:
    parsed = parse_rules(rules, "f") if isinstance(rules, str) else rules
    return why_unwatched(opened(kind), parsed, parse_network(network, "net"), at)


@pytest.mark.parametrize("kind", RULES)
def test_an_alert_whose_rule_and_station_are_there_stays_open(kind: str) -> None:
    assert why(kind, RULES[kind]) is None


OTHER = KINDS["operation"].replace('"r"', '"other"') + 'prefix = "other/"\n'
VALUES, SILENCES, OPERATIONS = (
    ("hourly value", "native value", "forecast"),
    ("silence", "silence of all"),
    ("clock", "gap", "task"),
)
RULE_WAYS = [
    *((kind, OTHER, EndReason.RULE_REMOVED) for kind in (*VALUES, *SILENCES)),
    *((kind, RULES[kind].replace('"r"', '"renamed"'), EndReason.RULE_REMOVED) for kind in (*VALUES, *SILENCES)),
    *((kind, OTHER, None) for kind in OPERATIONS),  # a report without a rule is raised all the same
    *((kind, RULES[kind] + "enabled = false\n", EndReason.RULE_DISABLED) for kind in RULES),
    *((kind, RULES[kind] + "since = 2026-11-23\n", EndReason.RULE_ENDED) for kind in VALUES[:2]),
    *((kind, RULES[kind] + "until = 2026-11-21\n", EndReason.RULE_ENDED) for kind in VALUES[:2]),
    *((kind, RULES[kind].replace('"o3"', '"no2"'), EndReason.RULE_CHANGED) for kind in VALUES),
    *((kind, SILENCE, EndReason.RULE_CHANGED) for kind in VALUES),
    *((kind, KINDS["threshold"], EndReason.RULE_CHANGED) for kind in SILENCES),
    *((kind, RULES[kind] + 'stations = ["b"]\n', EndReason.NOT_COVERED) for kind in (*VALUES, *SILENCES)),
    *((kind, RULES[kind] + 'cities = ["2102*"]\n', EndReason.NOT_COVERED) for kind in (*VALUES, *SILENCES)),
    *((kind, RULES[kind] + 'networks = ["voc"]\n', EndReason.NOT_COVERED) for kind in SILENCES),
]


@pytest.mark.parametrize(("kind", "rules", "reason"), RULE_WAYS)
def test_an_alert_ends_when_its_rule_goes(kind: str, rules: str, reason: EndReason | None) -> None:
    assert why(kind, rules) is reason


STATION_GONE = NETWORK.replace("[[station]]" + FIRST_STATION, "", 1)
RETIRED = NETWORK.replace("cadence_s = 60", "cadence_s = 60\nuntil = 2026-11-22T08:00:00Z", 1)
NOT_YET = NETWORK.replace("cadence_s = 60", "cadence_s = 60\nsince = 2026-11-22T08:00:01Z", 1)
MOVED = NETWORK.replace(FIRST_STATION, FIRST_STATION.replace("g1", "g9"), 1)
OTHER_PARAMETER = NETWORK.replace('parameters = ["o3"]', 'parameters = ["no2"]', 1)
OTHER_NETWORK = NETWORK.replace(FIRST_STATION, FIRST_STATION.replace("gas", "voc").replace("o3", "benzene"), 1)
DATA_SET = NETWORK.replace('city = "210100"', 'city = "210100"\nlate_window_h = 0', 1)
STATION_WAYS = [
    *((kind, STATION_GONE, EndReason.STATION_REMOVED) for kind in (*VALUES, "silence", "clock", "gap")),
    ("silence of all", STATION_GONE, EndReason.NOT_COVERED),
    *((kind, RETIRED, EndReason.OUT_OF_SERVICE) for kind in (*VALUES, "silence", "clock", "gap")),
    ("silence of all", RETIRED, EndReason.NOT_COVERED),
    *((kind, NOT_YET, EndReason.OUT_OF_SERVICE) for kind in (*VALUES, "silence", "clock", "gap")),
    *((kind, MOVED, None) for kind in (*VALUES, "silence", "clock")),  # another instrument has replaced it
    ("gap", MOVED, EndReason.OUT_OF_SERVICE),
    *((kind, OTHER_PARAMETER, EndReason.PARAMETER_REMOVED) for kind in VALUES),
    *((kind, OTHER_NETWORK, EndReason.PARAMETER_REMOVED) for kind in VALUES),
    ("silence", OTHER_NETWORK, EndReason.OUT_OF_SERVICE),
    *((kind, DATA_SET, EndReason.NOT_COVERED) for kind in SILENCES),
    *(("task", network, None) for network in (STATION_GONE, RETIRED, NOT_YET, MOVED, OTHER_PARAMETER, OTHER_NETWORK)),
]


@pytest.mark.parametrize(("kind", "network", "reason"), STATION_WAYS)
def test_an_alert_ends_when_its_station_or_instrument_goes(kind: str, network: str, reason: EndReason | None) -> None:
    assert why(kind, RULES[kind], network) is reason


def test_a_rule_holds_for_the_whole_of_its_last_civil_day() -> None:
    rules = RULES["hourly value"] + "until = 2026-11-22\n"
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # in Shanghai
    assert why("hourly value", rules, at=midnight - timedelta(seconds=1)) is None
    assert why("hourly value", rules, at=midnight) is EndReason.RULE_ENDED
