from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from qc.hourly.space.flagging import flag_space
from qc.run.limits import parse_thresholds
from schemas.flag import Flag
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station
from schemas.words import sentence

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

START = datetime(2026, 6, 1, tzinfo=UTC)
INDEX = pd.date_range(START, periods=12, freq="h", unit="us", name="start")


def station(number: int) -> Station:
    instrument = Instrument(id="a", network="gas", cadence_s=60, parameters=("pm25",))  # type: ignore[arg-type]
    return Station(id=f"s{number}", instruments=(instrument,), lon=123 + 0.1 * number, lat=41.8, altitude_m=50.0)


STATIONS = [station(number) for number in range(8)]
NETWORK = Network(zone="Asia/Shanghai", station_list=tuple(STATIONS))


def frames(**changed: float) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    found = {}
    for item in STATIONS:
        values = 40 + rng.normal(0, 2, len(INDEX))
        values[5:8] += changed.get(item.id, 0.0)
        found[item.id] = pd.DataFrame({"pm25": values, "pm25__n": 60, "pm25__flag": np.int8(Flag.PASS)}, index=INDEX)
    return found


def test_an_outlier_is_suspect_in_record_and_combined_flag(thresholds: Thresholds) -> None:
    found = flag_space(frames(s3=200.0), NETWORK, "gas", thresholds=thresholds)
    assert set(found.records["test"]) == {"buddy", "spatial_consistency"}
    assert set(found.records["flag"]) == {Flag.SUSPECT}
    assert list(found.hourly) == ["s3"]
    assert found.hourly["s3"]["pm25__flag"].tolist() == [1] * 5 + [3] * 3 + [1] * 4
    assert "from the median" in sentence(found.records["reason"].iloc[0], "en")


def test_a_failed_hour_stays_failed_and_is_excluded_from_comparisons(thresholds: Thresholds) -> None:
    hours = frames(s3=200.0)
    hours["s3"].loc[INDEX[5:8], "pm25__flag"] = np.int8(Flag.FAIL)
    found = flag_space(hours, NETWORK, "gas", thresholds=thresholds)
    assert found.records.empty
    assert found.hourly == {}


def test_an_event_is_exempted_and_counted(thresholds: Thresholds) -> None:
    asked = []

    def is_event(*case: object) -> bool:
        asked.append(case)
        return True

    found = flag_space(frames(s3=200.0), NETWORK, "gas", thresholds=thresholds, is_event=is_event)
    assert found.records.empty
    assert found.exempted == 6
    assert asked == [("s3", "pm25", START + timedelta(hours=5), START + timedelta(hours=8))] * 2


def test_stations_without_neighbours_are_counted_as_unevaluated(thresholds: Thresholds) -> None:
    found = flag_space(dict(list(frames().items())[:3]), NETWORK, "gas", thresholds=thresholds)
    assert found.unevaluated == {"buddy": 36, "spatial_consistency": 36}
    assert found.records.empty


@pytest.mark.parametrize("hours", [{}, {"s0": pd.DataFrame()}])
def test_without_hours_there_are_no_records(hours: dict[str, pd.DataFrame], thresholds: Thresholds) -> None:
    assert flag_space(hours, NETWORK, "gas", thresholds=thresholds).records.empty


def test_without_a_limit_a_parameter_is_not_evaluated() -> None:
    bare = parse_thresholds('[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n', "f")
    found = flag_space(frames(s3=200.0), NETWORK, "gas", thresholds=bare)
    assert (len(found.records), found.unevaluated) == (0, {})


def test_only_hours_of_the_span_are_flagged(thresholds: Thresholds) -> None:
    span = Interval(START + timedelta(hours=6), START + timedelta(hours=7))
    found = flag_space(frames(s3=200.0), NETWORK, "gas", thresholds=thresholds, span=span)
    assert set(found.records["start"]) == {INDEX[6]}
    assert found.hourly["s3"]["pm25__flag"].tolist() == [1] * 6 + [3] + [1] * 5
