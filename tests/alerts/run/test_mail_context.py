"""Wind, other instruments, stations near, usual level and failed tests in the mail of a case, read from a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from alerts.case.alert import begun
from alerts.mail.evidence.alert_evidence import alert_view
from alerts.mail.evidence.series import Sources
from alerts.mail.frame.below import conditions, failed_tests
from alerts.mail.line.certainty import grounds_of
from alerts.mail.line.draft import MailDraft
from alerts.mail.view.finding import DataQuality
from alerts.mail.view.plain import plain_case
from alerts.people.people import people_of_addresses
from alerts.rules.rules import load_rules
from alerts.run.mail.context import with_instruments, with_neighbours, with_usual, with_wind
from alerts.run.mail.failed_test import with_failed_tests
from schemas.alert_case import CaseKind
from schemas.flag import Flag
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station
from schemas.reading import Reading
from schemas.reason import reason_text
from store.influx.store import Bucket
from tests.alerts.case.build import begin, end, one, round_of
from tests.alerts.conftest import EXAMPLE

if TYPE_CHECKING:
    from alerts.mail.view.case_mail import CaseMail
    from schemas.alert_case import AlertCase
    from store.influx.store import InfluxStore
    from store.state import StateStore

SINCE = datetime(2026, 11, 22, 4, tzinfo=UTC)
NOW = SINCE + timedelta(hours=1, minutes=2)
MINUTE = timedelta(minutes=1)
PEOPLE = people_of_addresses(["Li Na <li@example.org>"], language="en", zone="Asia/Shanghai")


def instrument(name: str, network: str, *parameters: str) -> Instrument:
    return Instrument(id=name, network=network, cadence_s=60, parameters=parameters)  # type: ignore[arg-type]


def place(name: str, lat: float, *instruments: Instrument) -> Station:
    return Station(id=name, name_en=name.upper(), city="210100", lon=123.4, lat=lat, instruments=instruments)


NETWORK = Network(
    zone="Asia/Shanghai",
    station_list=(
        place("sy-1", 41.8, instrument("gas1", "gas", "pm25"), instrument("gas2", "gas", "pm25")),
        place(
            "sy-2", 41.9, instrument("gas1", "gas", "pm25"), instrument("met1", "met", "wind_speed", "wind_direction")
        ),
        place("sy-3", 42.0, instrument("gas1", "gas", "pm25")),
    ),
)


def say(station: str, name: str, start: datetime, values: dict[str, float], **status: str) -> Reading:
    network = "met" if name.startswith("met") else "gas"
    return Reading(network, station, name, Interval(start, start + MINUTE), values, status)


@pytest.fixture
def sources(influx: InfluxStore) -> Sources:
    return Sources(influx, None, NETWORK, None, "", NOW)  # type: ignore[arg-type]  # neither state nor rules are asked


def case_of() -> AlertCase:
    return one(round_of([], begin(1)))


def view_of(case: AlertCase) -> CaseMail:
    quality = DataQuality(total=1, passed=1, suspect=0, observed=1, expected=1, radius_km=100.0)
    return replace(plain_case(case, NETWORK, PEOPLE, NOW), quality=quality)


def test_the_wind_is_that_of_the_nearest_station_across_north_at_the_begin_and_now(sources: Sources) -> None:
    first = [
        say("sy-2", "met1", SINCE + n * MINUTE, {"wind_speed": 2.0, "wind_direction": 350.0 + n}) for n in range(10)
    ]
    bent = [
        say("sy-2", "met1", NOW - (4 - n) * MINUTE, {"wind_speed": 3.0, "wind_direction": 20.0 * n}) for n in range(3)
    ]
    broken = say("sy-2", "met1", NOW - MINUTE, {"wind_speed": 30.0, "wind_direction": 180.0}, wind_speed="D")
    sources.influx.write_readings([*first, *bent, broken])
    view = with_wind(sources, case_of(), view_of(case_of()))
    assert view.wind_at_begin is not None
    assert view.wind is not None
    assert view.wind_at_begin.from_deg == pytest.approx(354.5, abs=0.1)
    assert view.wind_at_begin.speed_m_s == 2.0
    assert (round(view.wind.from_deg), view.wind.speed_m_s, view.wind.at) == (20, 3.0, NOW - MINUTE)
    begun, present = conditions(MailDraft(view, "en"))
    assert begun.startswith("At the start (12:10): wind from N")
    assert present.startswith("Now (1 min ago)")
    assert present.endswith("(measured at SY-2, 11 km away)")


def test_without_a_wind_nothing_is_said_of_it(sources: Sources) -> None:
    view = with_wind(sources, case_of(), view_of(case_of()))
    assert (view.wind, view.wind_at_begin) == (None, None)
    assert conditions(MailDraft(view, "en")) == []


@pytest.mark.parametrize(("second", "agreeing"), [(150.0, 2), (30.0, 1)])
def test_instruments_of_the_station_are_counted_by_whether_they_agree(
    sources: Sources, second: float, agreeing: int
) -> None:
    hour = [SINCE + n * MINUTE for n in range(60)]
    sources.influx.write_readings(
        [say("sy-1", name, at, {"pm25": value}) for at in hour for name, value in (("gas1", 161.0), ("gas2", second))]
    )
    quality = with_instruments(sources, case_of(), view_of(case_of())).quality
    assert quality is not None
    assert (quality.instruments, quality.agreeing, quality.do_agree) == ((161.0, second), agreeing, agreeing == 2)


def test_of_readings_the_stations_near_are_asked_too(sources: Sources) -> None:
    sources.influx.write_readings(
        [say(name, "gas1", SINCE + 59 * MINUTE, {"pm25": value}) for name, value in (("sy-2", 180.0), ("sy-3", 20.0))]
    )
    view = with_neighbours(sources, case_of(), view_of(case_of()))
    assert view.quality is not None
    assert (view.quality.near_beyond, view.quality.near_total) == (1, 2)
    assert any("1 of 2 stations within 100 km" in item.text for item in grounds_of(MailDraft(view, "en")))


def test_a_station_of_the_case_far_away_is_not_counted_as_near(sources: Sources) -> None:
    far = place("dl-1", 38.9, instrument("gas1", "gas", "pm25"))
    network = Network(zone="Asia/Shanghai", station_list=(*NETWORK.station_list, far))
    case = one(round_of([], begin(1), begin(2, "sy-2")))
    distant = begun(begin(3, "dl-1"), network)
    case = replace(case, alerts=(*case.alerts, distant), stations=(*case.stations, "dl-1"))
    sources.influx.write_readings(
        [say(name, "gas1", SINCE + 59 * MINUTE, {"pm25": 20.0}) for name in ("sy-2", "sy-3", "dl-1")]
    )
    quality = with_neighbours(sources._replace(network=network), case, view_of(case)).quality
    assert quality is not None
    assert (quality.near_beyond, quality.near_total) == (1, 2), "the one in the case of the two within 100 km"


def test_the_stations_near_count_by_their_highest_hour_while_the_alert_was_open(
    sources: Sources, state: StateStore
) -> None:
    hours = pd.date_range(SINCE, periods=6, freq="h", name="start")
    for name, values in {"sy-2": [90, 160, 200, 90, 40, 20], "sy-3": [90, 95, 97, 90, 40, 400]}.items():
        frame = pd.DataFrame({"pm25": np.array(values, float), "pm25__n": 60.0, "pm25__flag": np.int8(1)}, index=hours)
        sources.influx.write_hourly("gas", name, frame)
    rules = load_rules(EXAMPLE)
    over = end(2, begin(1), 5).transition
    seen = alert_view(sources._replace(rules=rules, state=state), 2, over, None)
    assert seen.neighbours == {"sy-2": 200.0, "sy-3": 97.0}


def test_what_is_usual_is_of_this_hour_and_the_days_before_and_says_how_many(sources: Sources) -> None:
    hours = pd.date_range(SINCE - timedelta(days=20), SINCE - timedelta(hours=1), freq="h", name="start")
    local = hours.tz_convert("Asia/Shanghai").hour
    values = np.where(np.isin(local, (11, 12, 13)), 28.0, 90.0)
    flags = np.where(hours < SINCE - timedelta(days=10), Flag.FAIL, Flag.PASS).astype(np.int8)
    sources.influx.write_hourly(
        "gas", "sy-1", pd.DataFrame({"pm25": values, "pm25__n": 60.0, "pm25__flag": flags}, index=hours)
    )
    view = with_usual(sources, case_of(), view_of(case_of()))
    assert view.lead is not None
    assert view.lead.usual is not None
    assert (view.lead.usual.median, view.lead.usual.count) == (28.0, 30)
    (text,) = conditions(MailDraft(view, "en"))
    assert text.startswith("Usual from 11:00 to 14:00: 28 µg/m³"), text
    assert "30 hours of the 30 days before" in text


def test_too_few_hours_are_not_called_usual(sources: Sources) -> None:
    hours = pd.date_range(SINCE - timedelta(days=3), SINCE - timedelta(hours=1), freq="h", name="start")
    columns = {"pm25": 28.0, "pm25__n": 60.0, "pm25__flag": np.ones(len(hours), dtype=np.int8)}
    sources.influx.write_hourly("gas", "sy-1", pd.DataFrame(columns, index=hours))
    lead = with_usual(sources, case_of(), view_of(case_of())).lead
    assert lead is not None
    assert lead.usual is None


def test_of_a_fault_the_failed_tests_have_their_counts_and_what_to_do(sources: Sources) -> None:
    rows = [
        {
            "start": SINCE + n * MINUTE,
            "station_id": "sy-1",
            "instrument_id": "gas1" if n < 30 else "gas2",
            "parameter": "pm25",
            "test": "flat_line",
            "flag": Flag.FAIL,
            "reason": reason_text("hourly_flat", "flat", hours=6, value=47.0),
        }
        for n in range(40)
    ]
    frame = pd.DataFrame(rows).astype({"flag": np.int8})
    frame["start"] = pd.to_datetime(frame["start"], utc=True)
    sources.influx.write_flags(Bucket.NATIVE, "gas", frame)
    case = replace(case_of(), kind=CaseKind.FAULT)
    view = with_failed_tests(sources, case, view_of(case))
    assert view.fault is not None
    assert [(item.test, item.count, item.since) for item in view.fault.failed] == [("flat_line", 30, SINCE)]
    first, last = failed_tests(MailDraft(view, "en"))
    assert first.startswith("Flat line failed (30 readings since 12:00)")
    assert last.startswith("What to do: restart the instrument")
