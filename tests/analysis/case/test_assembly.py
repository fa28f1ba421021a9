"""The case file of an event: kind, span, statements, and what it does with bad data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.case.assembly import case_file
from analysis.case.case_file import Basis, CaseFile, EventKind
from analysis.case.case_input import CaseInput, CaseInputError
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.ordinary import without_doubtful
from analysis.case.kind.probability import kind_of
from analysis.case.kind.weights import weight_file
from analysis.case.registry import Enterprise, Registry
from analysis.case.sources import SHORT_HISTORY_SCORE
from schemas.interval import Interval
from schemas.words import LANGUAGES
from sensors.simulator.labelled import LabelledEvent, labelled_event, noise_event

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = ZoneInfo("Asia/Shanghai")
PLUME, HAZE, OZONE, FAULT = 5, 1, 3, 14
TOPICS = [
    "answer", "what", "kind", "chemistry", "sources", "direction", "place", "enterprises", "similar", "fault", "change", "missing",
]  # fmt: skip


@cache
def event(seed: int) -> LabelledEvent:
    return labelled_event(seed)


def given(seed: int) -> CaseInput:
    return of_event(event(seed))


def of_event(found: LabelledEvent) -> CaseInput:
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_probability_of_the_first_line_is_that_of_the_kind_and_follows_it(language: str) -> None:
    text = computed(PLUME).answer.text(language)
    kind = {"en": "a local plume (", "zh": "局地污染源排放（可能性 "}[language]
    assert kind in text
    assert text.split(kind)[1][: text.split(kind)[1].index("%")].isdecimal()
    assert not text.rstrip(".。").endswith("%")
    assert ("90 %" in text) or ("90%" in text)


def test_no_more_companions_are_named_than_rose() -> None:
    for seed in (PLUME, HAZE, OZONE, FAULT):
        for item in computed(seed).statements:
            if item.key == "case.kind.companions":
                assert len(str(item.figures["names"]).split(",")) <= int(item.figures["risen"] or 0)


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


def short(seed: int, hours: int) -> CaseFile:
    """Case file of an event with so many hours before it."""
    found = given(seed)
    first = found.window.start - timedelta(hours=hours)
    return case_file(replace(found, hourly={name: item[item.index >= first] for name, item in found.hourly.items()}))


@pytest.mark.parametrize("seed", [PLUME, HAZE, OZONE, FAULT])
def test_without_a_usual_level_the_kind_is_unknown(seed: int) -> None:
    case = short(seed, 30)
    assert case.kind is EventKind.UNKNOWN
    assert len({item.probability for item in case.kinds}) == 1
    assert {language: "48" in case.answer.text(language) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, True)
    assert "kind" not in {item.topic for item in case.statements}


@pytest.mark.parametrize(("unrest", "kept"), [(0.05, False), (0.6, True)])
def test_after_a_short_history_rough_readings_count_only_if_they_were_smoother_before(
    unrest: float, *, kept: bool
) -> None:
    features = {name: Feature(value=value, figures={}) for name, value in (("rough", 0.5), ("unrest", unrest))}
    assert ("rough" in without_doubtful(features)) is kept


@pytest.mark.parametrize("seed", range(5, 40, 12))
def test_after_a_short_history_only_a_source_that_agrees_well_is_named(seed: int) -> None:
    named = [item.score for item in short(seed, 72).sources if item.score is not None]
    assert all(score >= SHORT_HISTORY_SCORE for score in named)


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


@pytest.mark.parametrize("field", ["hourly", "minute"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda frame: pd.concat([frame, frame.iloc[-3:]]), "occurs twice, expected each moment once"),
        (lambda frame: frame.tz_localize(None), "expected moments with a time zone, found datetime64"),
        (lambda frame: frame.assign(pm25=np.inf), "pm25 is infinite at .* UTC, expected a number or NaN"),
        (lambda frame: frame.assign(so2=-np.inf), "so2 is infinite at"),
    ],
)
def test_frames_that_cannot_be_used_are_named_with_station_and_moment(
    field: str, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    full = given(HAZE)
    frames = dict(getattr(full, field))
    name = next(iter(frames))
    with pytest.raises(CaseInputError, match=rf"{field}: {name}: .*{message}"):
        replace(full, **{field: frames | {name: spoil(frames[name])}})


@pytest.mark.parametrize("seed", [PLUME, HAZE, FAULT])
@pytest.mark.parametrize("days", [24, 28])
def test_a_window_as_long_as_the_history_leaves_the_kind_unknown(seed: int, days: int) -> None:
    full = given(seed)
    found = case_file(replace(full, window=Interval(full.window.end - timedelta(days=days), full.window.end)))
    assert found.kind is EventKind.UNKNOWN
    assert "history" in found.missing
    assert found.sources == ()
    assert all(np.isfinite(item.probability) for item in found.kinds)
    assert "nan" not in " ".join(item.text("en") for item in found.statements)


def test_a_plume_has_direction_and_source_and_their_shares_add_up() -> None:
    found = computed(PLUME)
    truth = event(PLUME)
    assert found.bearing is not None
    assert truth.bearing_deg is not None
    assert abs((found.bearing.from_deg.value - truth.bearing_deg + 180) % 360 - 180) < 22.5
    assert next(item.kind for item in found.sources if item.kind != "background") == "petrochemical"
    assert sum(item.percent.value for item in found.sources) == pytest.approx(100, abs=3)
    assert all(item.percent.low <= item.percent.value <= item.percent.high for item in found.sources)


@pytest.mark.parametrize("seed", [HAZE, OZONE, FAULT])
def test_an_event_that_is_no_plume_names_neither_direction_nor_source(seed: int) -> None:
    found = computed(seed)
    assert (found.bearing, found.place) == (None, None)
    assert {item.kind for item in found.sources} <= {"background", "unnamed"}


def test_noise_gets_neither_direction_nor_source() -> None:
    found = [case_file(of_event(noise_event(seed))) for seed in range(1200, 1204)]
    assert [item.bearing for item in found] == [None] * 4
    assert {share.kind for item in found for share in item.sources} <= {"background", "unnamed"}


def test_evidence_follows_the_answer_by_topic() -> None:
    topics = [item.topic for item in computed(PLUME).statements]
    assert topics[:2] == ["answer", "what"]
    assert topics == sorted(topics, key=TOPICS.index)
    assert {"kind", "sources", "direction", "fault", "change", "missing"} <= set(topics)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", [PLUME, HAZE, OZONE, FAULT])
def test_every_statement_has_its_figures(seed: int, language: str) -> None:
    for item in computed(seed).statements:
        text = item.text(language)
        assert item.key not in text
        assert "–" not in text


def test_the_weights_of_the_evidence_add_up_to_the_log_odds() -> None:
    kinds = computed(FAULT).kinds
    answer = kind_of({}, None)
    assert answer.features == ()
    assert sum(item.probability for item in answer.shares) == pytest.approx(1.0)
    assert kinds[0].probability <= 1 - weight_file().unsure / 2


def test_what_would_change_the_answer_is_computed_without_the_strongest_evidence() -> None:
    change = next(item for item in computed(PLUME).statements if item.topic == "change")
    assert change.key in {
        "case.change.without",
        "case.change.all_rise",
        "case.change.none_rises",
        "case.change.nothing",
    }


def test_an_enterprise_upwind_of_a_plume_is_a_candidate() -> None:
    full = given(PLUME)
    release = event(PLUME).release
    assert release is not None
    there = Enterprise(
        id="works", name_zh="某厂", name_en="Works", kind="petrochemical", latitude=release.lat, longitude=release.lon
    )
    found = case_file(replace(full, registry=Registry((there,))))
    assert [item.id for item in found.enterprises] == ["works"]
    assert any(item.topic == "enterprises" and "Works" in item.text("en") for item in found.statements)


def test_a_past_event_that_was_alike_is_similar() -> None:
    now = computed(FAULT)
    before = msgspec.structs.replace(
        now,
        key="earlier",
        event=msgspec.structs.replace(
            now.event,
            start=now.event.start - timedelta(days=9),
            peak_at=now.event.peak_at - timedelta(days=9),
            end=now.event.start - timedelta(days=8),
        ),
    )
    found = case_file(replace(given(FAULT), past=(before,)))
    assert [item.key for item in found.similar] == ["earlier"]


def test_stations_without_places_have_no_direction_that_could_be_tested() -> None:
    full = given(PLUME)
    lost = {name: msgspec.structs.replace(item, lon=None, lat=None) for name, item in full.stations.items()}
    found = case_file(replace(full, stations=lost, station=lost[full.station.id]))
    assert (found.bearing, found.place) == (None, None)
    assert [item.key for item in found.statements if item.topic == "direction"] == ["case.direction.unavailable"]


def test_a_case_file_survives_json() -> None:
    found = computed(PLUME)
    assert msgspec.json.decode(msgspec.json.encode(found), type=CaseFile) == found


def test_a_whole_window_of_missing_neighbours_still_gives_an_answer() -> None:
    full = given(PLUME)
    own = full.station.id
    hourly = {name: frame if name == own else frame.iloc[:0] for name, frame in full.hourly.items()}
    found = case_file(replace(full, hourly=hourly, minute={}))
    assert "neighbours" in found.missing
    assert found.bearing is None
