"""A rule that keeps its name and changes what it means ends its open alerts as changed; a number alone does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest

from alerts.rules.rule import LOOKS_AT, is_changed
from alerts.rules.rules import parse_rules
from alerts.run.evaluation import rehearse
from schemas.alert import AlertState, EndReason
from schemas.interval import Interval, floor_hour
from schemas.reading import Reading
from tests.alerts.conftest import NETWORK
from tests.alerts.rules.test_rules import KINDS, RULE
from tests.alerts.rules.test_watched import opened
from tests.alerts.test_end import HOUR, MINUTE, look, newest, put_hours, put_readings, with_network, with_rules

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
PM25 = RULE.replace('"o3"', '"pm25"').replace("above = 200", "above = 75")
FORECAST = KINDS["forecast"].replace('"o3"', '"pm25"').replace("above = 200", "above = 150")
SILENCE = KINDS["silence"]
KEY = "r/t-01/pm25"


def put_forecast(influx: InfluxStore, now: datetime, middle: float, high: float) -> None:
    index = pd.DatetimeIndex([floor_hour(now) + n * HOUR for n in range(24)], name="start")
    frame = pd.DataFrame({"value": middle, "q10": 10.0, "q90": high}, index=index)
    influx.write_product("forecast_hourly", "t-01", frame, {"parameter": "pm25"})


def ends(state: StateStore, key: str = KEY) -> list[EndReason]:
    found = state.alerts.list(alert_key=key)
    return [item.transition.reason for item in reversed(found) if item.transition.reason is not None]


OTHER_MEANINGS = {
    "side": PM25.replace("above = 75", "below = 20"),
    "side, and its values are beyond the new limit": PM25.replace("above = 75", "below = 400"),
    "averaging": PM25 + 'averaging = "native"\n',
    "network": PM25.replace('network = "gas"', 'network = "pm"'),
    "level": PM25 + "[rule.baseline]\n",
    "kind": FORECAST,
}


@pytest.mark.parametrize("text", OTHER_MEANINGS.values(), ids=OTHER_MEANINGS)
def test_an_alert_whose_rule_means_something_else_ends_as_changed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, text: str
) -> None:
    put_hours(influx, "t-01", floor_hour(now) - 3 * HOUR, [20.0, 190.0, 190.0])
    put_forecast(influx, now, 40.0, 50.0)
    look(with_rules(own, PM25), now)
    assert newest(state, KEY).to_state is AlertState.FIRING
    look(with_rules(own, text), now + 2 * MINUTE)
    assert ends(state) == [EndReason.RULE_CHANGED]
    assert newest(state, KEY).at == floor_hour(now + 2 * MINUTE)
    look(with_rules(own, text), now + 4 * MINUTE)
    assert ends(state) == [EndReason.RULE_CHANGED]  # once


def test_the_new_meaning_begins_with_values_after_the_end_of_the_old_one(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 3 * HOUR, [20.0, 190.0, 190.0])
    look(with_rules(own, PM25), now)
    own = with_rules(own, PM25.replace("above = 75", "below = 400"))
    look(own, now)
    put_hours(influx, "t-01", hour, [180.0])
    look(own, now + HOUR)
    begun = newest(state, KEY)
    assert (begun.to_state, begun.since, begun.value, begun.threshold) == (AlertState.FIRING, hour, 180.0, 400.0)
    assert begun.evidence[LOOKS_AT]["side"] == "below"


def test_a_forecast_alert_ends_as_changed_when_its_rule_looks_at_another_quantile(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    put_forecast(influx, now, 100.0, 210.0)
    look(with_rules(own, FORECAST + 'quantile = "q90"\n'), now)
    assert newest(state, KEY).to_state is AlertState.FIRING
    look(with_rules(own, FORECAST + 'quantile = "q50"\n'), now)
    assert ends(state) == [EndReason.RULE_CHANGED]


def test_the_silence_of_all_ends_as_changed_when_its_rule_takes_in_other_stations(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    for number in range(1, 5):
        at = now - (300 if number < 4 else 2) * MINUTE
        influx.write_readings([Reading("gas", f"t-0{number}", "gas1", Interval(at, at + MINUTE), {"pm25": 20.0})])
    look(with_rules(own, SILENCE + 'stations = ["t-01", "t-02", "t-03"]\n'), now)
    assert newest(state, "r/all").to_state is AlertState.FIRING
    look(with_rules(own, SILENCE), now)
    assert ends(state, "r/all") == [EndReason.RULE_CHANGED]


NUMBERS = [
    PM25.replace("above = 75", "above = 100"),
    PM25.replace("above = 75", "above = 0.1").replace("ug/m3", "mg/m3"),
    PM25 + "for_h = 5\nclear = 60\nclear_for_h = 2\nmax_gap_h = 3\nstale_after_h = 24\n",
    PM25.replace('"warning"', '"critical"').replace("甲", "丙"),
]


@pytest.mark.parametrize("text", NUMBERS)
def test_an_alert_stays_the_same_when_only_a_number_changes(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, text: str
) -> None:
    put_hours(influx, "t-01", floor_hour(now) - 3 * HOUR, [20.0, 190.0, 190.0])
    look(with_rules(own, PM25), now)
    assert look(with_rules(own, text), now) == 0
    assert newest(state, KEY).to_state is AlertState.FIRING


@pytest.mark.parametrize("averaging", ["1h", "native"])
def test_a_limit_raised_over_the_values_invalidates_none_of_them(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, averaging: str
) -> None:
    start = floor_hour(now) - 3 * HOUR
    text = PM25.replace('"pm25"', '"so2"') + f'averaging = "{averaging}"\n'
    put_hours(influx, "t-01", start, [20.0, 20.0, 90.0], code="so2")
    put_readings(influx, "gas1", start + 2 * HOUR, [90.0] * 60)
    look(with_rules(own, text), now)
    own = with_rules(own, text.replace("above = 75", "above = 100"))
    look(own, now)
    assert newest(state, "r/t-01/so2").to_state is AlertState.FIRING  # no value is newer yet
    put_hours(influx, "t-01", start + 3 * HOUR, [90.0], code="so2")
    put_readings(influx, "gas1", start + 3 * HOUR, [90.0] * 60)
    look(own, now + HOUR)
    assert ends(state, "r/t-01/so2") == [EndReason.VALUE_BACK]


def test_values_corrected_below_the_old_and_the_new_limit_still_invalidate_the_alert(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - 3 * HOUR
    put_hours(influx, "t-01", start, [20.0, 20.0, 90.0])
    look(with_rules(own, PM25), now)
    put_hours(influx, "t-01", start, [20.0, 20.0, 30.0])
    look(with_rules(own, PM25.replace("above = 75", "above = 100")), now)
    assert ends(state) == [EndReason.INVALIDATED]


@pytest.mark.parametrize(
    "change",
    [("min_minutes = 15", "min_minutes = 600"), ("cadence_s = 60", "cadence_s = 36000")],
    ids=["rule", "network file"],
)
def test_a_silence_within_a_longer_allowed_time_ends_without_a_reading_that_never_came(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, change: tuple[str, str]
) -> None:
    at, text = now - 300 * MINUTE, SILENCE + "min_minutes = 15\n"
    influx.write_readings([Reading("gas", "t-01", "gas1", Interval(at, at + MINUTE), {"pm25": 20.0})])
    look(with_rules(own, text), now)
    assert newest(state, "r/t-01/gas").to_state is AlertState.FIRING
    own = with_network(with_rules(own, text.replace(*change)), NETWORK.replace(*change, 1))
    look(own, now)
    end = newest(state, "r/t-01/gas")
    assert (end.to_state, end.reason) == (AlertState.OK, EndReason.VALUE_BACK)
    assert now - end.at < MINUTE
    at = now - MINUTE
    influx.write_readings([Reading("gas", "t-01", "gas1", Interval(at, at + MINUTE), {"pm25": 20.0})])
    assert look(own, now) == 0


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("hourly value", KINDS["threshold"], KINDS["threshold"].replace("above", "below")),
        ("hourly value", KINDS["threshold"], KINDS["threshold"] + 'averaging = "native"\n'),
        ("hourly value", KINDS["threshold"], KINDS["threshold"] + "[rule.baseline]\n"),
        ("forecast", KINDS["forecast"], KINDS["forecast"] + 'quantile = "q90"\n'),
        ("silence of all", KINDS["silence"], KINDS["silence"] + 'networks = ["gas"]\n'),
    ],
)
def test_a_transition_stored_before_meanings_were_kept_is_no_changed_one(kind: str, before: str, after: str) -> None:
    (old,), (new,) = parse_rules(before, "f").items, parse_rules(after, "f").items
    transition = opened(kind)
    assert not is_changed(transition, new)
    kept = msgspec.structs.replace(transition, evidence={LOOKS_AT: old.looks_at(transition.station_id)})
    assert not is_changed(kept, old)
    assert is_changed(kept, new)


def test_an_alert_stored_before_meanings_were_kept_goes_on_and_ends_by_its_values(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    own = with_rules(own, PM25)
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 3 * HOUR, [20.0, 20.0, 190.0])
    (begun,) = rehearse(own, now - 48 * HOUR, now, now)
    without = {name: value for name, value in begun.evidence.items() if name != LOOKS_AT}
    state.alerts.save(msgspec.structs.replace(begun, evidence=without))
    assert look(own, now) == 0
    put_hours(influx, "t-01", hour, [20.0])
    look(own, now + HOUR)
    assert ends(state) == [EndReason.VALUE_BACK]
