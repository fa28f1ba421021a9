"""Stored products of co-analysis, read for exports."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import msgspec
import pandas as pd

from analysis.coanalysis.cocontrol.result import CoControl
from analysis.coanalysis.day_class import exceedance_class
from analysis.forecast.deweather.summary import Deweathered
from analysis.report.coanalysis_table import (
    ASSESSMENT_UNITS,
    CHEMISTRY_UNITS,
    COCONTROL_UNITS,
    DEWEATHERED_UNITS,
    EPISODE_UNITS,
    JOINT_UNITS,
    RELATION_UNITS,
    assessment_rows,
    cut_rows,
    deweathered_rows,
    episode_rows,
    relation_rows,
)
from analysis.run.coanalysis.chemistry import PRODUCT as CHEMISTRY
from analysis.run.coanalysis.cocontrol import KIND as COCONTROL
from analysis.run.coanalysis.deweather import DOCUMENT as DEWEATHERED
from analysis.run.coanalysis.joint_pollution import JOINT, RELATION, StoredJoint, StoredRelation
from analysis.run.coanalysis.stored_assessment import DOCUMENT, StoredAssessment
from schemas.interval import midnight
from store.archive.option import ProductKind
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings
    from store.state import Document

_Body = TypeVar("_Body")
_JOINT_COLUMNS = ["station_id", "class", "pm25", "pm25_limit", "o3_mda8", "o3_limit", "joint_hours", "ox_ppb"]


_Reader: TypeAlias = "Callable[[SharedSettings, ExportScope], pd.DataFrame]"


class ExportScope(NamedTuple):
    """What an export asks for.

    Attributes
    ----------
    zone : ZoneInfo
    station_ids : collection of str
    is_all : bool
        No station is left out: cities, and all places together, are asked for too.
    start, end : datetime
        UTC, half-open; of the begin of what is exported.
    """

    zone: ZoneInfo
    station_ids: Collection[str]
    is_all: bool
    start: datetime
    end: datetime

    def holds(self, place: str) -> bool:
        """Whether a station, city or all places together are asked for."""
        return self.is_all or place in self.station_ids


class ExportedTable(NamedTuple):
    """How a product becomes a table: its reader, the units of its columns, and the column that names a series."""

    read: Callable[[SharedSettings, ExportScope], pd.DataFrame]
    units: Mapping[str, str]
    series: str


def _assessments(state: StateStore, scope: ExportScope) -> pd.DataFrame:
    """A row a place, month or year, and pollutant."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, DOCUMENT, StoredAssessment):
        more = {"kind": item.kind, "is_final": item.is_final, "rank": item.rank, "ranked": item.ranked}
        begin = midnight(item.assessment.first, scope.zone)
        if scope.holds(item.assessment.place):
            rows += ({"start": begin} | row for row in assessment_rows(item.assessment, item.changes, **more))
    return _within(rows, scope, ["start", "kind", "place", "period", "pollutant"])


def _episodes(state: StateStore, scope: ExportScope) -> pd.DataFrame:
    """A row a joint episode."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, JOINT, StoredJoint):
        if item.summary.station_id in scope.station_ids:
            found = episode_rows(item.summary, is_season_over=item.is_final)
            episodes = zip(found, item.summary.episodes, strict=True)
            rows += ({"start": midnight(episode.first, scope.zone)} | row for row, episode in episodes)
    return _within(rows, scope, ["start", "station_id"])


def _relations(state: StateStore, scope: ExportScope) -> pd.DataFrame:
    """A row a season and lag."""
    rows: list[dict[str, Any]] = []
    for item in _read(state, RELATION, StoredRelation):
        if item.relation.station_id in scope.station_ids:
            rows += relation_rows(item.relation, is_season_over=item.is_final)
    return _within(rows, scope, ["start", "station_id", "second", "given", "lag"])


def _deweathered(state: StateStore, scope: ExportScope) -> pd.DataFrame:
    """A row a place and month, of all stored results."""
    rows: list[dict[str, Any]] = []
    for document in state.documents.each(DEWEATHERED):
        found = _converted(document, Deweathered)
        if found is not None:
            rows += deweathered_rows(found, of=document.key.partition("/")[0])
    for row in rows:
        row["start"] = midnight(date.fromisoformat(f"{row['month']}-01"), scope.zone)
    asked = (row for row in rows if scope.holds(row["place"]))
    return _within(asked, scope, ["parameter", "of", "place", "start"])


def _cut_lists(state: StateStore, scope: ExportScope) -> pd.DataFrame:
    """A row a list of what to cut and precursor."""
    rows: list[dict[str, Any]] = []
    for document in state.documents.each(COCONTROL):
        place, found = document.key.partition("/")[0], _converted(document, CoControl)
        if found is not None and scope.holds(place):
            begin = midnight(found.first_day, scope.zone)
            rows += ({"start": begin} | row for row in cut_rows(found, place=place))
    return _within(rows, scope, ["start", "place", "list", "rank"])


def _joint_days(table: pd.DataFrame) -> pd.DataFrame:
    """Days of ``copollution_daily`` with their class."""
    table = table.assign(**{"class": exceedance_class(table["pm25_exceeds"], table["o3_exceeds"])})
    return table.reindex(columns=_JOINT_COLUMNS)


def _station_first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["station_id", *(name for name in table if name != "station_id")]]


def _of_state(read: Callable[[StateStore, ExportScope], pd.DataFrame]) -> _Reader:
    """Reader of stored documents; raises `store.error.StoreError`."""

    def opened(settings: SharedSettings, scope: ExportScope) -> pd.DataFrame:
        with StateStore(settings.state_url) as state:
            state.migrate()
            return read(state, scope)

    return opened


def _of_product(measurement: str, shaped: Callable[[pd.DataFrame], pd.DataFrame]) -> _Reader:
    """Reader of a stored product of stations; raises `store.error.StoreError`."""

    def opened(settings: SharedSettings, scope: ExportScope) -> pd.DataFrame:
        with closing(InfluxStore(settings)) as store:
            table = store.read_product(measurement, scope.start, scope.end)
        table = table[table["station_id"].isin(list(scope.station_ids))] if len(table) else table
        return pd.DataFrame() if table.empty else shaped(table).rename_axis("start").reset_index()

    return opened


TABLES: Mapping[ProductKind, ExportedTable] = {
    ProductKind.ASSESSMENTS: ExportedTable(_of_state(_assessments), ASSESSMENT_UNITS, "place"),
    ProductKind.JOINT_DAYS: ExportedTable(_of_product("copollution_daily", _joint_days), JOINT_UNITS, "station_id"),
    ProductKind.JOINT_EPISODES: ExportedTable(_of_state(_episodes), EPISODE_UNITS, "station_id"),
    ProductKind.RELATIONS: ExportedTable(_of_state(_relations), RELATION_UNITS, "station_id"),
    ProductKind.DEWEATHERED: ExportedTable(_of_state(_deweathered), DEWEATHERED_UNITS, "place"),
    ProductKind.CHEMISTRY: ExportedTable(_of_product(CHEMISTRY, _station_first), CHEMISTRY_UNITS, "station_id"),
    ProductKind.COCONTROL: ExportedTable(_of_state(_cut_lists), COCONTROL_UNITS, "place"),
}
"""Products of co-analysis by the option that names them."""


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


def _within(rows: Iterable[dict[str, Any]], scope: ExportScope, order: list[str]) -> pd.DataFrame:
    """Rows that begin in the span, in order."""
    table = pd.DataFrame(list(rows))
    if table.empty:
        return table
    table["start"] = pd.DatetimeIndex(table["start"]).tz_convert("UTC")
    inside = (table["start"] >= pd.Timestamp(scope.start)) & (table["start"] < pd.Timestamp(scope.end))
    return table[inside].sort_values(order, ignore_index=True)
