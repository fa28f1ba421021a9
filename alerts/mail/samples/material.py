"""Stations, people, links and series that the made-up cases share; deterministic, marked synthetic."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerts.mail.view.finding import MailRule
from alerts.mail.view.mail_value import ForecastPoint, LeadValue, MailValue, Name, SeriesPoint, UsualLevel
from alerts.mail.view.people import CaseLinks, CasePeople, NotifiedPerson
from alerts.mail.view.station import CaseStation, StationState
from schemas.city import cities
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.mail.view.case_mail import MailNews

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONE = ZoneInfo("Asia/Shanghai")
HEAVY = 150.0
"""IAQI 200 of PM2.5 [ug/m3], HJ 633-2026."""
SHENYANG, ANSHAN, DANDONG = "210100", "210300", "210600"
SPREAD_DEG = ((-0.03, 0.01), (0.02, 0.04), (0.05, -0.03), (-0.06, -0.04), (0.01, -0.06))
"""Places of a city's stations around its centre."""


def station(city: str, number: int, state: StationState, value: float | None = None, **more: object) -> CaseStation:
    """The ``number``-th station of a city, with the value of its extreme."""
    place = cities()[city]
    lon, lat = SPREAD_DEG[number - 1]
    name = Name(
        Name.from_word("sample.city_station", city=place.name_zh, number=number).zh,
        Name.from_word("sample.city_station", city=place.name_en, number=number).en,
    )
    return CaseStation(
        station_id=f"sample-{city}-{number:02}",
        name=name,
        city=Name(place.name_zh, place.name_en),
        state=state,
        lon=place.lon + lon,
        lat=place.lat + lat,
        extreme=None if value is None else MailValue(value=value),
        **more,  # type: ignore[arg-type]  # fields of CaseStation, named by the callers
    )


def ordinary(codes: Sequence[str], *, far: float | None = 1.0) -> tuple[CaseStation, ...]:
    """One station a city that is not part of the case."""
    return tuple(station(code, 1, StationState.ORDINARY, distance_km=far) for code in codes)


def links(console_url: str, case_id: str) -> CaseLinks:
    """Addresses as the delivery signs them; these lead nowhere."""
    page = f"{console_url}/cases/{case_id}"
    act = f"{page}/act?token=sample&do="
    return CaseLinks(
        page=page,
        take=f"{act}take",
        decline=f"{act}decline",
        comment=f"{act}comment",
        mute=f"{act}mute",
        resolve=f"{act}resolve",
        curve=f"{console_url}/series?case={case_id}",
    )


def person(key: str = "person") -> Name:
    """A made-up person or team."""
    return Name.from_word(f"sample.{key}")


def waiting(now: datetime, *, team: str = "duty", minutes: int = 15) -> CasePeople:
    """Nothing has been taken; the leader is next."""
    return CasePeople(
        notified=(NotifiedPerson(name=person(team), at=now - MINUTE, count=3),),
        next_person=person("leader"),
        next_at=now + timedelta(minutes=minutes),
    )


def taken(now: datetime, *, is_reader: bool = False) -> CasePeople:
    """A person of the duty team has it."""
    return CasePeople(
        taken_by=person(),
        taken_at=now - timedelta(minutes=42),
        is_reader=is_reader,
        notified=(
            NotifiedPerson(name=person("duty"), at=now - HOUR, count=3),
            NotifiedPerson(name=person("forecasters"), at=now - HOUR, count=2),
        ),
    )


def usual_hours(end: datetime, count: int, level: float) -> list[SeriesPoint]:
    """``count`` ordinary hours before ``end``, around ``level``."""
    return [
        SeriesPoint(
            end - HOUR * (count - number),
            round(level * (1 + 0.22 * math.sin((number - count) / 3.6) + 0.05 * math.cos(1.7 * number)), 1),
            Flag.PASS,
        )
        for number in range(count)
    ]


def usual(level: float, at: datetime) -> UsualLevel:
    """What is usual around an hour of the day, by made-up hours of thirty days."""
    hour = at.astimezone(ZONE).hour
    return UsualLevel(
        median=level, low=0.45 * level, high=2.1 * level, count=84, days=30, first_h=(hour - 2) % 24, last_h=hour + 1
    )


def followed_by(points: list[SeriesPoint], values: Sequence[float]) -> tuple[SeriesPoint, ...]:
    """The points, then hours with these values."""
    last = points[-1].start
    return (
        *points,
        *(SeriesPoint(last + HOUR * (number + 1), value, Flag.PASS) for number, value in enumerate(values)),
    )


def ahead(start: datetime, values: Sequence[float], *, share: float = 0.25) -> tuple[ForecastPoint, ...]:
    """Forecast hours with a range of ``share`` on both sides."""
    return tuple(
        ForecastPoint(start + HOUR * number, value, round(value * (1 - share), 1), round(value * (1 + share), 1))
        for number, value in enumerate(values)
    )


def pm25(points: tuple[SeriesPoint, ...], **more: object) -> LeadValue:
    """PM2.5 against the limit of heavy pollution; extreme and newest value from the points where not given."""
    known = [(item.start, item.value) for item in points if item.value is not None]
    at, most = max(known, key=lambda item: item[1])
    given: dict[str, object] = {
        "extreme": MailValue(value=most, at=at),
        "latest": MailValue(value=known[-1][1], at=known[-1][0] + HOUR),
    }
    return LeadValue(
        parameter="pm25",
        unit="ug/m3",
        decimals=0,
        points=points,
        **({"threshold": HEAVY} | given | more),  # type: ignore[arg-type]  # fields of LeadValue, named by the callers
    )


def heavy_rule() -> MailRule:
    """The rule of heavy pollution, as the example file has it."""
    return MailRule(
        name="pm25-heavy",
        title=Name.from_word("sample_value"),
        advice=Name.from_word("sample.advice_heavy"),
        source="HJ 633-2026 Table 3, IAQI 200",
        is_verified=True,
    )


def case_id(since: datetime, news: MailNews) -> str:
    """Id of a made-up case."""
    return f"{since:%Y%m%d-%H%M}-5a{len(news):02x}7e"
