from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import matplotlib.image
import msgspec
import pandas as pd
import pytest

from analysis.case.case_file import Basis
from analysis.report.case_chart import CaseChart, case_chart
from analysis.report.case_picture import case_picture
from analysis.report.case_picture.letters import wrapped
from analysis.report.stored_case import StoredCase, case_for, read_case
from analysis.run.to_json import to_json
from schemas.interval import Interval
from schemas.network import Station
from tests.console.build import NOW, stored_case

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
AT = NOW.replace(minute=0)


@pytest.fixture(scope="module")
def stored() -> StoredCase:
    return stored_case("a-1", "pm25", AT)


def chart_of(**frames: pd.DataFrame) -> CaseChart:
    places = {name: Station(id=name, instruments=(), lon=123.4, lat=41.8) for name in frames}
    return case_chart(
        places["a"],
        "so2",
        places,
        hourly={name: frame for name, frame in frames.items() if len(frame)},
        minute={},
        window=Interval(AT - 4 * HOUR, AT),
        basis=Basis.HOURLY,
        unit="ug/m3",
        threshold=None,
        zone=ZONE,
    )


def hours(count: int, value: float = 10.0) -> pd.DataFrame:
    index = pd.date_range(end=AT - HOUR, periods=count, freq="h", name="start")
    return pd.DataFrame({"so2": value, "so2__flag": 1}, index=index)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [True, False])
def test_the_picture_is_as_wide_as_a_phone_and_a_mail_need(stored: StoredCase, language: str, *, dark: bool) -> None:
    assert stored.chart is not None
    drawn = case_picture(stored.case, stored.chart, language, ZONE, dark=dark)
    pixels = matplotlib.image.imread(BytesIO(drawn))
    assert pixels.shape[1] == 1104
    assert bool(pixels[0, 0, 0] < 0.3) is dark


def test_a_case_without_place_wind_or_history_is_drawn(stored: StoredCase) -> None:
    assert stored.chart is not None
    count = len(stored.chart.values)
    empty = (None,) * count
    bare = msgspec.structs.replace(
        stored.chart,
        marks=(),
        values=empty,
        usual_low=empty,
        usual_high=empty,
        neighbours={},
        wind_speed_m_s=empty,
        wind_from_deg=empty,
        threshold=None,
    )
    case = msgspec.structs.replace(stored.case, sources=(), bearing=None, enterprises=())
    assert case_picture(case, bare, "en", ZONE).startswith(b"\x89PNG")


def test_a_station_without_hours_has_an_empty_chart() -> None:
    chart = chart_of(a=hours(0))
    assert set(chart.values) == {None}
    assert chart.marks == ()


def test_few_hours_have_no_usual_range_and_many_have_one() -> None:
    assert set(chart_of(a=hours(20)).usual_low) == {None}
    assert set(chart_of(a=hours(200)).usual_low) == {10.0}


def test_other_stations_are_drawn_and_marked_by_their_excess() -> None:
    high = hours(200)
    high.loc[high.index >= pd.Timestamp(AT - 4 * HOUR), "so2"] = 30.0
    chart = chart_of(a=hours(200), b=high)
    assert list(chart.neighbours) == ["b"]
    assert [(mark.id, mark.excess) for mark in chart.marks] == [("a", 0.0), ("b", 20.0)]


def test_a_long_answer_is_broken_into_lines() -> None:
    assert wrapped("沈阳一号PM2.5升高，很可能是局地污染源排放。", 16) == [
        "沈阳一号PM2.5升",
        "高，很可能是局地",
        "污染源排放。",
    ]
    assert wrapped("", 10) == []


def test_a_stored_case_is_read_back_and_one_of_another_form_is_left_out(stored: StoredCase) -> None:
    body = to_json(stored.case) | {"chart": to_json(stored.chart)}
    found = read_case(body)
    assert found is not None
    assert (found.case.key, found.chart) == (stored.case.key, stored.chart)
    assert read_case(body | {"event": None}) is None
    assert read_case(body | {"statements": []}) is None


def test_an_alert_takes_its_own_case_before_that_of_an_event_that_includes_it(stored: StoredCase) -> None:
    event = msgspec.structs.replace(stored.case.event, stations=("b-1", "a-1"), parameters=("pm10", "pm25"))
    other = StoredCase(case=msgspec.structs.replace(stored.case, station_id="b-1", parameter="pm10", event=event))
    start, end = stored.case.event.start, AT
    assert case_for([other, stored], "a-1", "pm25", start, end) is stored
    assert case_for([other], "a-1", "pm25", start, end) is other
    assert case_for([other], "a-1", "so2", start, end) is None
    assert case_for([stored], "a-1", "pm25", start - 30 * HOUR, start - 20 * HOUR) is None


@pytest.mark.parametrize("change", [{"values": [1.0]}, {"neighbours": {"b": []}}, {"step_s": 0}, {"unit": 3}])
def test_a_chart_that_cannot_be_drawn_leaves_the_case_without_a_picture(
    change: dict[str, object], stored: StoredCase
) -> None:
    body = to_json(stored.case) | {"chart": to_json(stored.chart) | change}
    found = read_case(body)
    assert found is not None
    assert (found.case, found.chart) == (stored.case, None)
