"""Products of co-analysis for ``skyground export --product``; each writes the file and returns its rows and series."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from console.cli.export_table import write_one

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.archive.option import ExportFormat
    from store.archive.provenance import Provenance
    from store.settings import SharedSettings


def write_assessments(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Months and years of places, a row a pollutant; cities and all of them too unless stations are named."""
    from analysis.report.coanalysis_table import ASSESSMENT_UNITS
    from analysis.run.coanalysis.export import read_assessments
    from store.state import StateStore

    _, ids, start, end = what
    with StateStore(settings.state_url) as state:
        state.migrate()
        table = read_assessments(state, settings.stations.timezone, start, end)
    if len(table) and not set(ids) >= {item.id for item in settings.stations.station_list}:
        table = table[table["place"].isin(ids)]
    return write_one(where, table, ASSESSMENT_UNITS, "place")


def write_joint_days(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Days by class of exceedance."""
    from analysis.report.coanalysis_table import JOINT_UNITS
    from analysis.run.coanalysis.export import read_joint_days
    from store.influx.store import InfluxStore

    _, ids, start, end = what
    with closing(InfluxStore(settings)) as store:
        return write_one(where, read_joint_days(store, ids, start, end), JOINT_UNITS, "station_id")


def write_joint_episodes(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Joint episodes with the keys of their case files."""
    from analysis.report.coanalysis_table import EPISODE_UNITS
    from analysis.run.coanalysis.export import read_episodes
    from store.state import StateStore

    _, ids, start, end = what
    with StateStore(settings.state_url) as state:
        state.migrate()
        table = read_episodes(state, settings.stations.timezone, ids, start, end)
    return write_one(where, table, EPISODE_UNITS, "station_id")


def write_relations(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Coefficients of seasons, a row a lag."""
    from analysis.report.coanalysis_table import RELATION_UNITS
    from analysis.run.coanalysis.export import read_relations
    from store.state import StateStore

    _, ids, start, end = what
    with StateStore(settings.state_url) as state:
        state.migrate()
        return write_one(where, read_relations(state, ids, start, end), RELATION_UNITS, "station_id")


def write_deweathered(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Months with the usual weather of all stored results; of some stations, the rows of these."""
    from analysis.report.coanalysis_table import DEWEATHERED_UNITS
    from analysis.run.coanalysis.export import read_deweathered
    from store.state import StateStore

    _, ids, start, end = what
    with StateStore(settings.state_url) as state:
        state.migrate()
        table = read_deweathered(state, settings.stations.timezone, start, end)
    if len(table) and not set(ids) >= {item.id for item in settings.stations.station_list}:
        table = table[table["place"].isin(ids)]
    return write_one(where, table, DEWEATHERED_UNITS, "place")


def write_chemistry(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Chemistry by hour."""
    from analysis.report.coanalysis_table import CHEMISTRY_UNITS
    from analysis.run.coanalysis.export import read_chemistry
    from store.influx.store import InfluxStore

    _, ids, start, end = what
    with closing(InfluxStore(settings)) as store:
        return write_one(where, read_chemistry(store, ids, start, end), CHEMISTRY_UNITS, "station_id")


def write_cut_lists(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Lists of what to cut, a row a precursor; of cities too unless stations are named."""
    from analysis.report.coanalysis_table import COCONTROL_UNITS
    from analysis.run.coanalysis.export import read_cut_lists
    from store.state import StateStore

    _, ids, start, end = what
    places = None if set(ids) >= {item.id for item in settings.stations.station_list} else ids
    with StateStore(settings.state_url) as state:
        state.migrate()
        table = read_cut_lists(state, settings.stations.timezone, places, start, end)
    return write_one(where, table, COCONTROL_UNITS, "place")
