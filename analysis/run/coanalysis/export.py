"""Stored products of co-analysis, read for exports."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pandas as pd

from analysis.coanalysis.cocontrol.result import CoControl
from analysis.coanalysis.day_class import exceedance_class
from analysis.forecast.deweather.summary import Deweathered
from analysis.report.coanalysis_table import assessment_rows, cut_rows, deweathered_rows, episode_rows, relation_rows
from analysis.run.coanalysis.chemistry import PRODUCT as CHEMISTRY
from analysis.run.coanalysis.cocontrol import KIND as COCONTROL
from analysis.run.coanalysis.deweather import DOCUMENT as DEWEATHERED
from analysis.run.coanalysis.joint_pollution import JOINT, RELATION, StoredJoint, StoredRelation
from analysis.run.coanalysis.stored_assessment import DOCUMENT, StoredAssessment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from store.influx.store import InfluxStore
    from store.state import Document, StateStore

_Body = TypeVar("_Body")
_JOINT_COLUMNS = ["station_id", "class", "pm25", "pm25_limit", "o3_mda8", "o3_limit", "joint_hours", "ox_ppb"]


def read_assessments(state: StateStore, zone: ZoneInfo, start: datetime, end: datetime) -> pd.DataFrame:
    """Assessments of all places whose month or year begins in ``[start, end)``, UTC; raises `store.error.StoreError`."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, DOCUMENT, StoredAssessment):
        more = {"kind": item.kind, "is_final": item.is_final, "rank": item.rank, "ranked": item.ranked}
        begin = _midnight(item.assessment.first, zone)
        rows += ({"start": begin} | row for row in assessment_rows(item.assessment, item.changes, **more))
    return _within(rows, start, end, ["start", "kind", "place", "period", "pollutant"])


def read_episodes(
    state: StateStore, zone: ZoneInfo, station_ids: Collection[str], start: datetime, end: datetime
) -> pd.DataFrame:
    """Joint episodes that begin in ``[start, end)``, UTC; raises `store.error.StoreError`."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, JOINT, StoredJoint):
        if item.summary.station_id in station_ids:
            found = episode_rows(item.summary, is_season_over=item.is_final)
            episodes = zip(found, item.summary.episodes, strict=True)
            rows += ({"start": _midnight(episode.first, zone)} | row for row, episode in episodes)
    return _within(rows, start, end, ["start", "station_id"])


def read_relations(state: StateStore, station_ids: Collection[str], start: datetime, end: datetime) -> pd.DataFrame:
    """Relations of seasons that begin in ``[start, end)``, UTC; raises `store.error.StoreError`."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, RELATION, StoredRelation):
        if item.relation.station_id in station_ids:
            rows += relation_rows(item.relation, is_season_over=item.is_final)
    return _within(rows, start, end, ["start", "station_id", "second", "given", "lag"])


def read_deweathered(state: StateStore, zone: ZoneInfo, start: datetime, end: datetime) -> pd.DataFrame:
    """Months that begin in ``[start, end)``, UTC, of all stored results; raises `store.error.StoreError`."""
    rows: list[dict[str, Any]] = []
    for document in state.documents.each(DEWEATHERED):
        found = _converted(document, Deweathered)
        if found is not None:
            rows += deweathered_rows(found, of=document.key.partition("/")[0])
    for row in rows:
        row["start"] = _midnight(date.fromisoformat(f"{row['month']}-01"), zone)
    return _within(rows, start, end, ["parameter", "of", "place", "start"])


def read_joint_days(store: InfluxStore, station_ids: Collection[str], start: datetime, end: datetime) -> pd.DataFrame:
    """Days of ``copollution_daily`` with their class; raises `store.error.StoreError`."""
    table = store.read_product("copollution_daily", start, end)
    table = table[table["station_id"].isin(list(station_ids))] if len(table) else table
    if table.empty:
        return pd.DataFrame()
    table = table.assign(**{"class": exceedance_class(table["pm25_exceeds"], table["o3_exceeds"])})
    return table.reindex(columns=_JOINT_COLUMNS).rename_axis("start").reset_index()


def read_chemistry(store: InfluxStore, station_ids: Collection[str], start: datetime, end: datetime) -> pd.DataFrame:
    """Hours of ``chemistry_hourly``; raises `store.error.StoreError`."""
    table = store.read_product(CHEMISTRY, start, end)
    table = table[table["station_id"].isin(list(station_ids))] if len(table) else table
    if table.empty:
        return pd.DataFrame()
    rest = [name for name in table if name != "station_id"]
    return table[["station_id", *rest]].rename_axis("start").reset_index()


def read_cut_lists(
    state: StateStore, zone: ZoneInfo, places: Collection[str] | None, start: datetime, end: datetime
) -> pd.DataFrame:
    """Lists of what to cut whose period begins in ``[start, end)``, UTC; ``places`` None: all; raises `store.error.StoreError`."""
    rows: list[dict[str, Any]] = []
    for document in state.documents.each(COCONTROL):
        place, found = document.key.partition("/")[0], _converted(document, CoControl)
        if found is not None and (places is None or place in places):
            begin = _midnight(found.first_day, zone)
            rows += ({"start": begin} | row for row in cut_rows(found, place=place))
    return _within(rows, start, end, ["start", "place", "list", "rank"])


def _read(state: StateStore, kind: str, body: type[_Body]) -> Iterator[_Body]:
    """Documents of a kind; those that another version wrote in another form are left out."""
    for document in state.documents.each(kind):
        found = _converted(document, body)
        if found is not None:
            yield found


def _converted(document: Document, body: type[_Body]) -> _Body | None:
    try:
        return msgspec.convert(document.body, body)
    except msgspec.ValidationError:
        return None


def _within(rows: Iterable[dict[str, Any]], start: datetime, end: datetime, order: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    if table.empty:
        return table
    table["start"] = pd.DatetimeIndex(table["start"]).tz_convert("UTC")
    inside = (table["start"] >= pd.Timestamp(start)) & (table["start"] < pd.Timestamp(end))
    return table[inside].sort_values(order, ignore_index=True)


def _midnight(day: date, zone: ZoneInfo) -> pd.Timestamp:
    return pd.Timestamp(datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC))
