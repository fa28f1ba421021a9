"""What the stored hours say of alerts: rises at other stations, and a verdict that costs nothing when it cannot be given."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from alerts.case.alert import begun
from alerts.run.case_evidence import StoredEvidence
from qc.run.limits import load_thresholds
from qc.verdict.weight import VerdictRule
from tests.alerts.case.build import NETWORK, at, begin, silent

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from store.influx.store import InfluxStore


class Hours:
    """Stored hours of PM2.5 at two stations: one rises in the last three."""

    def __init__(self) -> None:
        self.reads = 0

    def read_hourly_all(
        self, network: str, start: datetime, end: datetime, parameters: list[str]
    ) -> dict[str, pd.DataFrame]:
        self.reads += 1
        if network != "gas":
            return {}
        index = pd.date_range(start, end, freq="h", inclusive="left", name="start", unit="us")
        flat = pd.Series(20.0 + np.arange(len(index)) % 5, index=index)
        risen = flat.where(np.arange(len(index)) < len(index) - 3, 160.0)
        return {"sy-1": flat.to_frame(parameters[0]), "sy-2": risen.to_frame(parameters[0])}

    def read_native_many(self, *_: object) -> dict[tuple[str, str], pd.DataFrame]:
        message = "broken"
        raise RuntimeError(message)


def evidence(hours: Hours, rule: VerdictRule | None = None) -> StoredEvidence:
    return StoredEvidence(cast("InfluxStore", hours), NETWORK, rule)


def test_rises_at_stations_without_an_alert_are_found_and_read_once_an_hour() -> None:
    hours = Hours()
    source = evidence(hours)
    alerts = [begun(begin(1), NETWORK), begun(begin(2, "as-1"), NETWORK)]
    found = source.air(alerts, at(5))
    assert {item.station_id for item in found.rises} == {"sy-2"}
    reads = hours.reads
    assert source.air(alerts, at(5.5)) == found
    assert hours.reads == reads


def test_another_parameter_within_the_hour_is_read_alone() -> None:
    hours = Hours()
    source = evidence(hours)
    alerts = [begun(begin(1), NETWORK), begun(begin(2, "as-1"), NETWORK)]
    source.air(alerts, at(5))
    reads = hours.reads
    more = source.air([*alerts, begun(begin(3, "as-1", parameter="so2"), NETWORK)], at(5))
    assert hours.reads == reads + 1
    assert {item.parameter for item in more.rises} == {"pm25", "so2"}


def test_what_is_local_stays_so_for_as_long_as_the_alert_is_open() -> None:
    class Plume(Hours):
        """PM2.5 at five stations: sy-1 is far above the others from noon on."""

        def read_hourly_all(
            self, network: str, start: datetime, end: datetime, parameters: list[str]
        ) -> dict[str, pd.DataFrame]:
            if network != "gas":
                return {}
            index = pd.date_range(start, end, freq="h", inclusive="left", name="start", unit="us")
            names = ("sy-1", "sy-2", "sy-3", "as-1", "as-2")
            frames = {name: pd.DataFrame({parameters[0]: 40.0}, index=index) for name in names}
            frames["sy-1"].loc[index >= at(0), parameters[0]] = 300.0
            return frames

    alerts = [begun(begin(1), NETWORK), begun(begin(2, "as-3"), NETWORK)]
    for hours in (1, 30, 60):  # of a watch that was started then, too
        assert evidence(Plume()).air(alerts, at(hours)).local == {("pm25-heavy/sy-1/pm25", 1)}


def test_nothing_is_read_for_a_single_alert_or_for_silences() -> None:
    hours = Hours()
    assert evidence(hours).air([begun(begin(1), NETWORK), begun(silent(2, "sy-2"), NETWORK)], at(5)).rises == ()
    assert hours.reads == 0


def test_the_stations_around_are_read_for_a_single_alert_of_ozone() -> None:
    hours = Hours()
    evidence(hours).air([begun(begin(1, parameter="o3"), NETWORK)], at(5))
    assert hours.reads > 0


def test_a_verdict_that_cannot_be_given_leaves_the_alert_undecided() -> None:
    rule = load_thresholds().rule(VerdictRule)
    assert evidence(Hours(), rule).verdicts([begun(begin(1), NETWORK)], at(5)) == {}
    assert evidence(Hours()).verdicts([begun(begin(1), NETWORK)], at(5)) == {}


def test_an_alert_is_neither_fault_nor_event_in_its_first_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    spike = SimpleNamespace(probability=0.01, evidence=())
    monkeypatch.setattr("qc.run.verdict.verdict_of", lambda *_, **__: spike)
    source = evidence(Hours(), load_thresholds().rule(VerdictRule))
    alert = begun(begin(1), NETWORK)
    assert source.verdicts([alert], alert.since + timedelta(minutes=14)) == {}
    (found,) = source.verdicts([alert], alert.since + timedelta(minutes=15)).values()
    assert found.is_fault
