"""The case file of an event: kind, span, statements, and what it does with bad data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analysis.case.assembly import case_file
from analysis.case.case_file import Basis, CaseFile, EventKind
from analysis.case.case_input import CaseInput, CaseInputError
from schemas.interval import Interval
from schemas.words import LANGUAGES
from sensors.simulator.labelled import LabelledEvent, labelled_event

ZONE = ZoneInfo("Asia/Shanghai")
PLUME, HAZE, OZONE, FAULT = 5, 1, 3, 14


@cache
def event(seed: int) -> LabelledEvent:
    return labelled_event(seed)


def given(seed: int) -> CaseInput:
    found = event(seed)
    stations = {item.id: item for item in found.stations}
    end = found.window.end
    return CaseInput(
        station=stations[found.station_id],
        parameter=found.parameter,
        stations=stations,
        hourly={name: frame[frame.index < end] for name, frame in found.hourly.items()},
        minute={name: frame[frame.index < end] for name, frame in found.minute.items()},
        window=found.window,
        now=end,
        zone=ZONE,
    )


@cache
def computed(seed: int) -> CaseFile:
    return case_file(given(seed))


@pytest.mark.parametrize(
    ("seed", "kind"),
    [(PLUME, EventKind.PLUME), (HAZE, EventKind.HAZE), (OZONE, EventKind.OZONE), (FAULT, EventKind.FAULT)],
)
def test_each_kind_of_event_is_recognised(seed: int, kind: EventKind) -> None:
    assert computed(seed).kind is kind


def test_probabilities_sum_to_one_and_the_first_is_the_largest() -> None:
    shares = [item.probability for item in computed(PLUME).kinds]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_line_names_parameter_station_and_kind(language: str) -> None:
    text = computed(HAZE).answer.text(language)
    assert "PM2.5" in text
    assert {"en": "regional haze", "zh": "区域性灰霾"}[language] in text
    assert "–" not in text


def test_a_case_file_is_the_same_for_the_same_data() -> None:
    assert case_file(given(FAULT)) == computed(FAULT)


def test_a_plume_lists_what_rose_with_it() -> None:
    assert computed(PLUME).event.parameters[0] == "ethylene"
    assert {"ethane", "propylene"} & set(computed(PLUME).event.parameters)


def test_minutes_stand_in_for_hours_that_are_not_complete() -> None:
    full = given(FAULT)
    start = full.window.start
    early = replace(
        full,
        hourly={name: frame[frame.index < start] for name, frame in full.hourly.items()},
        minute={name: frame[frame.index < start + timedelta(minutes=20)] for name, frame in full.minute.items()},
        window=Interval(start, start + timedelta(minutes=20)),
        now=start + timedelta(minutes=20),
    )
    found = case_file(early)
    assert (found.basis, found.peak.hours, found.event.end) == (Basis.MINUTE, 1, None)


def test_a_lone_station_without_wind_and_minutes_says_what_is_missing() -> None:
    full = given(PLUME)
    own = full.station.id
    frame = full.hourly[own][["ethylene", "ethylene__flag"]]
    found = case_file(replace(full, stations={own: full.station}, hourly={own: frame}, minute={}))
    assert found.missing == ("wind", "neighbours", "channels", "minutes")
    assert "Wind data are missing." in found.statements[-1].text("en") or "风" in found.statements[-1].text("zh")


def test_without_history_there_is_no_usual_level() -> None:
    full = given(PLUME)
    start = full.window.start
    found = case_file(replace(full, hourly={name: frame[frame.index >= start] for name, frame in full.hourly.items()}))
    assert found.peak.usual is None
    assert "history" in found.missing


def test_a_constant_series_gives_a_case_file() -> None:
    full = given(HAZE)
    flat = {name: frame.assign(pm25=20.0) for name, frame in full.hourly.items()}
    assert case_file(replace(full, hourly=flat)).peak.value == 20.0


def test_a_window_without_values_is_an_error_that_names_it() -> None:
    full = given(HAZE)
    gone = {name: frame.assign(pm25=np.nan) for name, frame in full.hourly.items()}
    with pytest.raises(CaseInputError, match=rf"pm25 has no valid value at {full.station.id}"):
        case_file(replace(full, hourly=gone, minute={}))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("parameter", "phlogiston", "parameter: .*phlogiston"),
        ("stations", {}, "stations: .* is missing"),
        ("now", datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001 - the wrong moment
        ("window", Interval(datetime(2026, 1, 2, tzinfo=ZONE), datetime(2026, 1, 1, tzinfo=ZONE)), "must be after"),
    ],
)
def test_input_that_cannot_be_used_is_refused_with_its_field(field: str, value: object, message: str) -> None:
    with pytest.raises(CaseInputError, match=message):
        replace(given(HAZE), **{field: value})
