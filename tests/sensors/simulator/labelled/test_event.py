from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from schemas.frames import valid_values
from sensors.simulator.labelled import LabelledEvent, LabelledKind, labelled_event, noise_event


@pytest.fixture(scope="module")
def plume() -> LabelledEvent:
    return labelled_event(5)


def test_the_same_seed_gives_the_same_event(plume: LabelledEvent) -> None:
    again = labelled_event(5)
    assert (again.release, again.window, again.station_id) == (plume.release, plume.window, plume.station_id)
    pd.testing.assert_frame_equal(again.hourly["park-01"], plume.hourly["park-01"])


def test_a_plume_has_a_source_a_direction_and_stations_that_it_reaches(plume: LabelledEvent) -> None:
    assert plume.kind is LabelledKind.PLUME
    assert plume.release is not None
    assert plume.bearing_deg is not None
    assert plume.reached
    added = plume.excess[plume.station_id][plume.parameter]
    rise = plume.hourly[plume.station_id][plume.parameter].loc[plume.window.start : plume.window.end]
    assert float(added.max()) > 0.5 * (
        float(rise.max()) - float(plume.hourly[plume.station_id][plume.parameter].median())
    )


def test_frames_hold_a_month_before_the_event_and_no_truth(plume: LabelledEvent) -> None:
    for frame in plume.hourly.values():
        assert frame.index[0] <= pd.Timestamp(plume.interval.start) - pd.Timedelta(days=30)
        assert valid_values(frame, "pm25").notna().all()
        assert not [name for name in frame if "excess" in str(name) or "release" in str(name)]
    assert plume.minute["park-01"].index[1] - plume.minute["park-01"].index[0] == pd.Timedelta(minutes=1)


def test_haze_rises_at_all_stations() -> None:
    event = labelled_event(1)
    assert event.kind is LabelledKind.HAZE
    during = slice(event.window.start, event.window.end)
    rises = [
        float(frame["pm25"].loc[during].mean() / frame["pm25"].loc[: event.window.start].median())
        for frame in event.hourly.values()
    ]
    assert min(rises) > 1.5


def test_an_ozone_episode_exceeds_200_by_day() -> None:
    event = labelled_event(3)
    assert (event.kind, event.parameter) == (LabelledKind.OZONE, "o3")
    assert float(event.hourly[event.station_id]["o3"].loc[event.window.start :].max()) > 200


@pytest.mark.parametrize(("seed", "name"), [(1, "pm25"), (3, "o3")])
def test_a_milder_event_is_at_the_same_place_and_lower(seed: int, name: str) -> None:
    whole, mild = labelled_event(seed), labelled_event(seed, strength=0.3)
    assert (mild.stations, mild.interval) == (whole.stations, whole.interval)

    def mean(event: LabelledEvent) -> float:
        values = event.hourly["park-01"][name]
        inside = (values.index >= event.interval.start) & (values.index < event.interval.end)
        return float(values[inside].mean())

    assert mean(mild) < 0.9 * mean(whole)


def test_the_strength_of_a_fault_or_plume_is_not_changed() -> None:
    whole, mild = labelled_event(4), labelled_event(4, strength=0.3)
    assert mild.hourly[mild.station_id].equals(whole.hourly[whole.station_id])


def test_a_fault_is_in_one_instrument_only() -> None:
    event = labelled_event(9)
    assert event.flaw is not None
    assert (event.station_id, event.parameter) == (event.flaw.station_id, event.flaw.parameters[0])
    assert event.release is None
    assert event.reached == ()
    ratios = {
        station_id: float(frame[event.parameter].loc[event.window.start :].mean() / frame[event.parameter].median())
        for station_id, frame in event.hourly.items()
        if event.parameter in frame
    }
    assert max(ratios, key=lambda name: ratios[name]) == event.station_id


def test_noise_has_no_source_and_does_not_depend_on_the_wind() -> None:
    correlations = []
    for seed in range(6):
        event = noise_event(seed)
        assert event.release is None
        assert event.window.end - event.window.start >= pd.Timedelta(hours=6)
        frame = event.hourly[event.station_id]
        east = frame["wind_speed"] * np.sin(np.radians(frame["wind_direction"]))
        correlations.append(np.corrcoef(east, frame["pm25"])[0, 1])
    assert abs(float(np.mean(correlations))) < 0.15


@pytest.mark.slow
def test_two_of_five_events_are_plumes_and_the_alert_is_well_above_the_history() -> None:
    events = [labelled_event(seed) for seed in range(200, 205)]
    assert sum(event.kind is LabelledKind.PLUME for event in events) == 2
    for event in events:
        values = event.hourly[event.station_id][event.parameter]
        before = values.loc[: pd.Timestamp(event.interval.start) - pd.Timedelta(hours=1)]
        assert float(values.loc[event.window.start : event.window.end].max()) > float(before.quantile(0.75))
