"""Past events that looked alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from analysis.case.case_file import (
    Basis,
    Bearing,
    CaseFile,
    Estimate,
    EventKind,
    EventPeak,
    EventSpan,
    KindShare,
    SourceShare,
)
from analysis.case.similar import similar_events

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PARAMETERS = ("so2", "no2", "co", "pm25", "pm10", "toluene", "benzene", "ch4", "ethane", "o3", "ammonia", "iron")
SOURCES = ("steel", "coal", "solvent", "petrochemical", "dust", "landfill")


def case(name: str, **changes: object) -> CaseFile:
    """A case file of an event that began ten days ago."""
    at = NOW - timedelta(days=10)
    made = CaseFile(
        key=name,
        station_id="a",
        parameter="so2",
        basis=Basis.HOURLY,
        computed_at=NOW,
        event=EventSpan(
            start=at, peak_at=at, end=at + timedelta(hours=5), parameters=("so2", "co"), stations=("a", "b")
        ),
        peak=EventPeak(unit="ug/m3", value=90.0, mean=60.0, usual=20.0, usual_hours=600, hours=5),
        kind=EventKind.PLUME,
        kinds=(KindShare(kind=EventKind.PLUME, probability=0.9), KindShare(kind=EventKind.FAULT, probability=0.1)),
        sources=(),
        bearing=None,
        place=None,
        enterprises=(),
        similar=(),
        statements=(),
        missing=(),
    )
    return msgspec.structs.replace(made, **changes)


def later(past: CaseFile) -> CaseFile:
    """The same event now."""
    event = msgspec.structs.replace(past.event, start=NOW, peak_at=NOW, end=None)
    return msgspec.structs.replace(past, key="now", event=event)


def keys(now: CaseFile, *past: CaseFile, count: int = 3) -> list[str]:
    return [item.key for item in similar_events(now, past, zone=ZONE, count=count)]


def spanned(item: CaseFile, **changes: object) -> CaseFile:
    return msgspec.structs.replace(item, event=msgspec.structs.replace(item.event, **changes))


def drawn(rng: np.random.Generator, name: str) -> CaseFile:
    """Any event."""
    start = NOW - timedelta(hours=int(rng.integers(100, 8000)))
    sources = rng.dirichlet(np.full(len(SOURCES), 0.4)) * 60
    return case(
        name,
        event=EventSpan(
            start=start,
            peak_at=start,
            end=start + timedelta(hours=int(rng.integers(2, 40))),
            parameters=tuple(map(str, rng.permutation(PARAMETERS)[: rng.integers(1, 7)])),
            stations=tuple(map(str, rng.permutation([*"abcdefg"])[: rng.integers(1, 7)])),
        ),
        peak=EventPeak(
            unit="ug/m3", value=float(np.exp(rng.normal(5, 1))), mean=1.0, usual=20.0, usual_hours=600, hours=5
        ),
        sources=tuple(
            SourceShare(kind=kind, percent=Estimate(value=float(part), low=0.0, high=100.0))
            for kind, part in zip(SOURCES, sources, strict=True)
        ),
        bearing=bearing(float(rng.uniform(0, 360))),
    )


def bearing(angle: float) -> Bearing:
    angle %= 360
    return Bearing(from_deg=Estimate(value=angle, low=angle, high=angle), chance=0.01, hours=9)


def twin(rng: np.random.Generator, of: CaseFile) -> CaseFile:
    """The same source at another time: every figure is another one, some are not known."""
    sources = tuple(
        msgspec.structs.replace(
            item, percent=Estimate(value=item.percent.value * float(rng.uniform(0.7, 1.4)), low=0, high=100)
        )
        for item in of.sources
    )
    assert of.bearing is not None
    angle = of.bearing.from_deg.value + float(rng.normal(0, 15))
    return msgspec.structs.replace(
        spanned(
            of, start=NOW, peak_at=NOW, end=None, parameters=of.event.parameters[: max(1, len(of.event.parameters) - 1)]
        ),
        key="now",
        sources=sources if rng.random() < 0.8 else (),
        bearing=bearing(angle) if rng.random() < 0.8 else None,
        peak=msgspec.structs.replace(of.peak, value=(of.peak.value or 0.0) * float(rng.uniform(0.6, 1.6))),
    )


def test_an_event_finds_its_twin_among_two_hundred() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    past = [drawn(rng, f"event-{number}") for number in range(200)]
    first = [keys(twin(rng, item), *past) for item in past[:60]]
    assert np.mean([item.key in found for item, found in zip(past, first, strict=False)]) >= 0.9
    assert np.mean([item.key == found[0] for item, found in zip(past, first, strict=False)]) >= 0.8


def test_an_event_is_most_like_itself() -> None:
    (found,) = similar_events(later(case("twin")), [case("twin")], zone=ZONE)
    assert found.likeness > 0.97
    assert (found.kind, found.station_id, found.parameter) == (EventKind.PLUME, "a", "so2")


def test_other_parameters_make_an_event_less_like() -> None:
    other = spanned(case("other"), parameters=("ch4", "ethane"), stations=("a", "c"))
    assert keys(later(case("twin")), other, case("twin")) == ["twin", "other"]


def test_features_that_one_lacks_are_left_out_and_not_counted() -> None:
    whole = case("whole", bearing=bearing(90), sources=drawn(np.random.Generator(np.random.PCG64(1)), "x").sources)
    bare = msgspec.structs.replace(case("bare"), kinds=(), peak=msgspec.structs.replace(whole.peak, usual=None))
    now = later(whole)
    compared = {
        item.key: item.compared for item in similar_events(now, [whole, spanned(bare, stations=("a",))], zone=ZONE)
    }
    assert compared == {"whole": 9, "bare": 5}


def test_events_that_go_on_or_are_the_same_one_are_left_out() -> None:
    running = spanned(case("running"), end=None)
    same = spanned(case("same"), start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1))
    assert keys(later(case("twin")), running, same) == []


def test_of_two_case_files_of_one_event_the_more_similar_is_given() -> None:
    other = msgspec.structs.replace(
        case("of co"), parameter="co", peak=msgspec.structs.replace(case("").peak, value=25.0)
    )
    assert keys(later(case("of so2")), other, case("of so2")) == ["of so2"]


def test_at_most_so_many_are_given_and_none_is_refused() -> None:
    past = [
        spanned(case(f"e{day}"), start=NOW - timedelta(days=day), end=NOW - timedelta(days=day - 1))
        for day in range(2, 9)
    ]
    assert len(keys(later(case("twin")), *past)) == 3
    assert keys(later(case("twin"))) == []
    with pytest.raises(ValueError, match="count: expected 1 or more, got 0"):
        keys(later(case("twin")), *past, count=0)
