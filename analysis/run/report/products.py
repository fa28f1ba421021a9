"""Products that a report shows next to its days: chemistry, what to cut, case files, the outlook and the scores of forecasts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.chemistry.period_summary import chemistry_of
from analysis.chemistry.reactivity import voc_parameters
from analysis.coanalysis.cocontrol.model_input import CoControlError
from analysis.coanalysis.cocontrol.result import CoControl
from analysis.report.city.document import DataState, FigureQuery, PeriodKind, PlaceKind
from analysis.report.city.products import CutReason, LeadScore, Outlook, OutlookDay, ReportProducts
from analysis.run.case.case_document import stored_cases
from analysis.run.coanalysis.chemistry import station_hours
from analysis.run.coanalysis.cocontrol import KIND, rank_hours, season_of
from analysis.run.forecast.history import ISSUED_DAILY
from analysis.run.forecast.scoring import read_scores
from analysis.run.hours import read_hours
from analysis.statistics.hour_mean import hours_within
from schemas.frames import parameters_in
from schemas.interval import Interval, midnight
from schemas.parameter import load_parameters
from schemas.parameter.type import ParameterGroup
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile
    from analysis.chemistry.period_summary import ChemistrySummary
    from analysis.report.city.evidence import ReportEvidence
    from analysis.run.hour_source import StationHours
    from store.settings import SharedSettings

SEASON_DAYS = 92
"""Longest period that is ranked as a whole [d]."""
_AHEAD = 3
"""Forecast days after the period."""
_NEWEST = timedelta(hours=24)
"""Age of the last forecast before the end of the period."""
_IONS = frozenset({"sulfate", "nitrate", "ammonium"})


def products_of_files(
    evidence: ReportEvidence,
    hours: StationHours,
    command: Callable[[str], str],
    progress: Callable[[float], None] | None = None,
) -> ReportEvidence:
    """The evidence with chemistry and what to cut from the hours of files.

    Parameters
    ----------
    evidence : ReportEvidence
    hours : StationHours
        Of all parameters.
    command : callable
        Name of an analysis to the command that repeats it on the files.
    progress : callable or None
        Called with the part of the ranking that is done [1].
    """
    frames = {name: hours_within(frame, evidence.start, evidence.end) for name, frame in hours.hourly.items()}
    cut, reason = _ranked(evidence, replace(hours, hourly=_of_air(frames)), progress)
    found = ReportProducts(
        chemistry=_chemistry(frames, Interval(evidence.start, evidence.end), evidence.zone),
        cut=cut,
        cut_reason=reason,
        queries={
            "chemistry": FigureQuery(command=command("chemistry")),
            "cut": FigureQuery(command=command("cocontrol")),
        },
    )
    return replace(evidence, products=found)


def products_of_store(evidence: ReportEvidence, settings: SharedSettings) -> ReportEvidence:
    """The evidence with all products of a city or the province that are stored or follow from stored hours.

    A province has case files, outlooks and scores; chemistry and what to cut are made by city.

    Raises
    ------
    store.error.StoreError
        A database cannot be read.
    """
    is_city = evidence.place.kind is PlaceKind.CITY
    frames = _component_hours(evidence, settings) if is_city else {}
    chemistry = _chemistry(frames, Interval(evidence.start, evidence.end), evidence.zone)
    with StateStore(settings.state_url) as state:
        cases = tuple(_cases(evidence, state))
        cut, reason = _stored_cut(evidence, state) if is_city else (None, CutReason.PROVINCE)
    found = ReportProducts(
        chemistry=chemistry,
        cut=cut,
        cut_reason=reason,
        cases=cases,
        outlook=_outlook(evidence, settings),
        scores=_scores(evidence, settings),
        parameters=tuple(dict.fromkeys(code for frame in frames.values() for code in parameters_in(frame))),
        queries=_queries(evidence, [item.station_id for item in chemistry]),
    )
    return replace(evidence, products=found)


def _queries(evidence: ReportEvidence, stations: Iterable[str]) -> dict[str, FigureQuery]:
    period, code = evidence.period, evidence.place.code
    days = f"--day-from {period.first} --day-to {period.last}"
    chosen = "".join(f"--station {name} " for name in stations)
    whose = f"--station {code} " if evidence.place.kind is PlaceKind.CITY else ""
    season = "--day-from {} --day-to {}".format(*season_of(period.last))
    return {
        "chemistry": FigureQuery(command=f"skyground analyse chemistry {chosen}{days} --json"),
        "cut": FigureQuery(command=f"skyground analyse cocontrol --city {code} {season} --json"),
        "cases": FigureQuery(
            command=f"skyground export --product cases --from {period.first} --to {period.last} --format jsonl --output cases.jsonl"
        ),
        "scores": FigureQuery(command=f"skyground analyse score {whose}{days} --json"),
    }


def _chemistry(frames: Mapping[str, pd.DataFrame], period: Interval, zone: ZoneInfo) -> tuple[ChemistrySummary, ...]:
    """Of the stations that measure VOC or components, the one with the most of them first."""
    found = [
        (len(measured), chemistry_of(name, frame, period, zone))
        for name, frame in frames.items()
        if (measured := _components(frame))
    ]
    ordered = sorted(found, key=lambda pair: (-pair[0], pair[1].station_id))
    return tuple(item for _, item in ordered if item.voc is not None or item.particle is not None)


def _components(frame: pd.DataFrame) -> list[str]:
    """VOC and components of PM2.5 with a value."""
    registry = load_parameters()
    groups = {ParameterGroup.ION, ParameterGroup.CARBON, ParameterGroup.ELEMENT}
    codes = [code for code in parameters_in(frame) if frame[code].notna().any()]
    particle = [code for code in codes if code in registry and registry[code].group in groups]
    return [*particle, *(item.parameter for item in voc_parameters(codes))]


def _of_air(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Stations with O3 and NO2, without which nothing is ranked."""
    return {name: frame for name, frame in frames.items() if {"o3", "no2"} <= set(frame)}


def _ranked(
    evidence: ReportEvidence, hours: StationHours, progress: Callable[[float], None] | None
) -> tuple[CoControl | None, CutReason]:
    measured = {code for frame in hours.hourly.values() for code in _components(frame)}
    if not (measured >= _IONS or voc_parameters(list(measured))):
        return None, CutReason.NO_PRECURSORS
    if evidence.period.days > SEASON_DAYS:
        return None, CutReason.TOO_LONG
    try:
        return rank_hours(hours, progress=progress), CutReason.NO_PRECURSORS
    except CoControlError:
        return None, CutReason.TOO_FEW


def _stored_cut(evidence: ReportEvidence, state: StateStore) -> tuple[CoControl | None, CutReason]:
    """The newest list of the season that rests on no day after the period; so a report of a past period keeps its list."""
    if evidence.period.kind is PeriodKind.YEAR or evidence.period.days > SEASON_DAYS:
        return None, CutReason.TOO_LONG
    first, _ = season_of(evidence.period.last)
    for document in state.documents.list_versions(KIND, f"{evidence.place.code}/{first}"):
        try:
            found = msgspec.convert(document.body, CoControl)
        except msgspec.ValidationError:
            continue
        if found.last_day <= evidence.period.last:
            return found, CutReason.NOT_STORED
    return None, CutReason.NOT_STORED


def _component_hours(evidence: ReportEvidence, settings: SharedSettings) -> dict[str, pd.DataFrame]:
    """Own hours of all networks of the stations of a city with VOC or components."""
    network, city = settings.stations, evidence.place.code
    own = [item.id for item in (*network.stations_of("voc"), *network.stations_of("pm")) if item.city == city]
    if not own:
        return {}
    with closing(InfluxStore(settings)) as store:
        frames, _ = read_hours(settings, store, evidence.start, evidence.end, networks=("pm", "voc"))
    gas = {name: evidence.hourly[name] for name in own if name in evidence.hourly}
    joined = {name: station_hours({**frames, "gas": gas}, name) for name in dict.fromkeys(own)}
    return {name: frame for name, frame in joined.items() if not frame.empty}


def _cases(evidence: ReportEvidence, state: StateStore) -> Iterable[CaseFile]:
    """Case files of the stations of the place whose event meets the period."""
    for name in evidence.stations:
        for item in stored_cases(state, prefix=f"{name}/"):
            event = item.case.event
            if event.start < evidence.end and (event.end or item.case.computed_at) > evidence.start:
                yield item.case


def _series(evidence: ReportEvidence) -> list[str]:
    """Codes of the place, or of the cities of a province."""
    return [evidence.place.code] if evidence.place.kind is PlaceKind.CITY else list(evidence.members)


def _outlook(evidence: ReportEvidence, settings: SharedSettings) -> Outlook | None:
    """The last issue up to the end of the period, at most a day old: the days from then on."""
    first = evidence.end.astimezone(evidence.zone).date()
    start = midnight(first, evidence.zone)
    ahead = _AHEAD + (evidence.state is DataState.PRELIMINARY)
    series = _series(evidence)
    with closing(InfluxStore(settings)) as store:
        table = store.read_product(
            ISSUED_DAILY, start, start + timedelta(days=ahead), series[0] if len(series) == 1 else None
        )
    if table.empty:
        return None
    origin = pd.to_datetime(table["origin"], utc=True)
    wanted = table["station_id"].isin(series) & (origin <= evidence.end) & (origin > evidence.end - _NEWEST)
    if not wanted.any():
        return None
    newest = origin[wanted].max()
    rows = table[wanted & (origin == newest) & table["aqi"].notna()].sort_index()
    local = newest.tz_convert(evidence.zone)
    return Outlook(
        origin=f"{local:%Y-%m-%d %H:%M}",
        model=", ".join(sorted(set(rows["model"].astype(str)))),
        days=tuple(
            _day(pd.Timestamp(start), row, evidence.zone)
            for start, row in zip(rows.index, rows.to_dict("records"), strict=True)
        ),
        is_out_of_range=bool((rows["out_of_range"] > 0).any()),
        query=FigureQuery(
            command=f"skyground export --product forecasts --from {first} --to {first + timedelta(days=ahead - 1)} --output forecasts.csv"
        ),
    )


def _day(start: pd.Timestamp, row: Mapping[object, object], zone: ZoneInfo) -> OutlookDay:
    def known(name: str) -> float | None:
        value = row.get(name)
        return None if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]

    index = known("aqi") or 0.0
    primary = row.get("primary")
    return OutlookDay(
        series=str(row["station_id"]),
        day=start.tz_convert(zone).date(),
        aqi=int(index),
        low=int(known("aqi_q10") or index),
        high=int(known("aqi_q90") or index),
        primary=primary if isinstance(primary, str) else "",
        primary_probability=known("primary_probability"),
        above_100=known("above_100"),
    )


def _scores(evidence: ReportEvidence, settings: SharedSettings) -> tuple[LeadScore, ...]:
    last: date = min(evidence.period.last, (evidence.end - timedelta(seconds=1)).astimezone(evidence.zone).date())
    found = read_scores(settings, evidence.period.first, last, series=_series(evidence))
    return tuple(
        LeadScore(
            parameter=item.parameter,
            model=item.model,
            leads_h=item.leads_h,
            n=item.n,
            events=item.events,
            mae=item.mae,
            bias=item.bias,
            coverage=item.coverage,
            csi=item.csi,
        )
        for item in found
    )
