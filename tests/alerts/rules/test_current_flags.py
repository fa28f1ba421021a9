"""One value has one flag everywhere: page and API, level L2, the reason of a flag, exports and mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from alerts.mail.evidence.alert_evidence import alert_view
from alerts.mail.evidence.series import Sources
from alerts.rules.rules import load_rules, parse_rules
from console.cli.export import _hours, _reviewed
from console.query.flag_explanation import explain
from console.query.queries import Queries
from console.view.query import parse_series
from schemas.alert import AlertState, AlertTransition, RuleKind, Severity
from schemas.interval import floor_hour
from store.influx.store import Bucket
from tests.alerts.conftest import EXAMPLE
from tests.alerts.rules.test_rules import RULE
from tests.alerts.stream.feed import COMMON
from tests.alerts.stream.test_kinds import RATE
from tests.alerts.test_end import HOUR, MINUTE, look, newest, put_hours, put_readings

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration


def put_flag(influx: InfluxStore, bucket: Bucket, *row: object) -> None:
    columns = ["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"]
    influx.write_flags(bucket, "gas", pd.DataFrame([row], columns=columns).astype({"flag": "int8"}))


def test_a_flag_made_after_the_hour_is_shown_everywhere(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - 4 * HOUR
    hour = start + HOUR
    put_hours(influx, "t-01", start, [20.0, 190.0, 190.0, 190.0])
    put_flag(influx, Bucket.HOURLY, hour, "t-01", None, "pm25", "instrument_drift", 3, "drifts")
    look(own, now)

    given = {"station": "t-01", "parameter": "pm25", "from": start.isoformat(), "to": floor_hour(now).isoformat()}
    source = Queries(own, influx, state)
    for level in ("hourly", "L2"):
        (series,) = source.series(parse_series({**given, "level": level}, own.stations, now))
        assert series.points["flag"].tolist() == [1, 3, 1, 1], level

    span = (start, floor_hour(now))
    exported = [_hours(influx, "gas", ["t-01"], *span), _reviewed(own, influx, "gas", ["t-01"], span)]
    assert [frame["t-01", ""]["pm25__flag"].tolist() for frame in exported] == [[1, 3, 1, 1]] * 2

    why = explain(influx, state, network=own.stations, station_id="t-01", parameter="pm25", at=hour)
    assert [item.flag for item in why.hours] == [3]

    sources = Sources(influx, state, own.stations, load_rules(EXAMPLE), "http://c", now)
    mail = alert_view(sources, 1, newest(state, "pm25-heavy/t-01/pm25"), None)
    assert [point.flag for point in mail.points] == [1, 3]


def test_a_reading_that_quality_control_failed_is_marked_in_the_mail(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - HOUR
    put_readings(influx, "gas1", start, [10.0, 900.0, 900.0])
    put_flag(influx, Bucket.NATIVE, start + MINUTE, "t-01", "gas1", "so2", "gross_range", 4, "beyond the range")
    text = RULE.replace('parameter = "o3"', 'parameter = "so2"\naveraging = "native"')
    change = AlertTransition(
        alert_key="r/t-01/so2",
        rule="r",
        kind=RuleKind.THRESHOLD,
        severity=Severity.WARNING,
        station_id="t-01",
        parameter="so2",
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=start + 3 * MINUTE,
        since=start + MINUTE,
        value=900.0,
    )
    sources = Sources(influx, state, own.stations, parse_rules(text, "f"), "http://c", now)
    assert [point.flag for point in alert_view(sources, 1, change, None).points] == [None, 4, None]


def test_a_sudden_rise_is_shown_by_its_readings(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - HOUR
    put_readings(influx, "gas1", start, [20.0, 21.0, 400.0, 600.0])
    text = COMMON.format(name="r") + RATE
    change = AlertTransition(
        alert_key="r/t-01/so2",
        rule="r",
        kind=RuleKind.RATE,
        severity=Severity.WARNING,
        station_id="t-01",
        parameter="so2",
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=start + 4 * MINUTE,
        since=start + 2 * MINUTE,
        value=600.0,
    )
    sources = Sources(influx, state, own.stations, parse_rules(text, "f"), "http://c", now)
    seen = alert_view(sources, 1, change, None)
    assert [point.value for point in seen.points] == [20.0, 21.0, 400.0, 600.0]
    assert seen.cadence == MINUTE
