"""Chemistry of one station and period: one structure with the figures of all methods of this room."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.chemistry.assumption import assumptions
from analysis.chemistry.hourly_product import FIGURES, hourly_chemistry
from analysis.chemistry.particle_summary import ParticleChemistry, particle_chemistry
from analysis.chemistry.reactivity import hourly_ofp
from analysis.chemistry.voc_summary import VocChemistry, voc_chemistry
from analysis.statistics.finite import finite_or_none
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.mass_factor import mass_factors

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from schemas.interval import Interval


class ChemistrySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Chemistry of one station and period.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    hours : int
        Hours of the period.
    voc, particle : VocChemistry and ParticleChemistry, or None
        None where the period has no value of them.
    by_hour : dict of str to tuple
        Means of the hourly products by civil hour, 24 values.
    by_day : dict of date to dict
        Their means by civil day.
    not_verified : tuple of str
        Sections of ``analysis/data/chemistry.toml`` whose source was not read, and tables likewise.
    """

    station_id: str
    start: datetime
    end: datetime
    hours: int
    voc: VocChemistry | None
    particle: ParticleChemistry | None
    by_hour: dict[str, tuple[float | None, ...]]
    by_day: dict[date, dict[str, float | None]]
    not_verified: tuple[str, ...]


def chemistry_of(
    station_id: str, hourly: pd.DataFrame, period: Interval, zone: ZoneInfo, *, oh_molecule_cm3: float | None = None
) -> ChemistrySummary:
    """Summary of a station and period.

    Parameters
    ----------
    station_id : str
    hourly : pd.DataFrame
        ``schemas.frames`` hourly of all networks of the station [µg m⁻³].
    period : Interval
        Hours outside are not used; hours without a row count as missing.
    zone : ZoneInfo
        Of civil days and hours.
    oh_molecule_cm3 : float, optional
        [molecule cm⁻³]; by default that of the assumptions, not verified.

    Returns
    -------
    ChemistrySummary

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.
    ValueError
        If the period has no whole hour, or OH is not above zero.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> from schemas.interval import Interval
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> air = pd.DataFrame({"toluene": [10.0, 20.0]}, index=hours)
    >>> period = Interval(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 4, tzinfo=UTC))
    >>> found = chemistry_of("st", air, period, ZoneInfo("Asia/Shanghai"))
    >>> found.voc.ofp.value, found.voc.ofp.n, found.voc.ofp.coverage
    (60.0, 2, 0.5)
    """
    frame = every_hour(hourly, period)
    sums = hourly_ofp(frame).reindex(frame.index).reindex(columns=["ofp", "loh"]).astype(float)
    product = hourly_chemistry(frame, zone, oh_molecule_cm3=oh_molecule_cm3)
    table = pd.concat([sums, product[list(FIGURES)]], axis=1)
    return ChemistrySummary(
        station_id=station_id,
        start=period.start,
        end=period.end,
        hours=len(frame),
        voc=voc_chemistry(frame, sums, zone, oh_molecule_cm3),
        particle=particle_chemistry(frame, product, zone),
        by_hour=by_hour(table, zone),
        by_day=by_day(table, zone),
        not_verified=_not_verified(),
    )


def every_hour(hourly: pd.DataFrame, period: Interval) -> pd.DataFrame:
    """The frame with one row for every hour of the period; flags of hours without a row are missing."""
    check_time_index(hourly)
    hours = pd.date_range(
        pd.Timestamp(period.start).ceil("h"),
        pd.Timestamp(period.end).floor("h"),
        freq="h",
        inclusive="left",
        name="start",
        unit="us",
    )
    if not len(hours):
        msg = f"period {period.start} to {period.end} has no whole hour"
        raise ValueError(msg)
    names = parameters_in(hourly)
    return pd.DataFrame({name: valid_values(hourly, name) for name in names}, index=hourly.index).reindex(hours)


def by_hour(table: pd.DataFrame, zone: ZoneInfo) -> dict[str, tuple[float | None, ...]]:
    """Means of the columns by civil hour, 0 to 23; columns without a value are left out."""
    means = table.groupby(pd.DatetimeIndex(table.index).tz_convert(zone).hour).mean().reindex(range(24))
    return {
        str(name): tuple(finite_or_none(value) for value in means[name]) for name in means if means[name].notna().any()
    }


def by_day(table: pd.DataFrame, zone: ZoneInfo) -> dict[date, dict[str, float | None]]:
    """Means of the columns by civil day, and ``<column>_n`` hours of each."""
    groups = table.groupby(pd.DatetimeIndex(table.index).tz_convert(zone).date)
    means, counts = groups.mean(), groups.count()
    names = [str(name) for name in table if counts[name].any()]
    columns = {name: (means[name].to_numpy(), counts[name].to_numpy()) for name in names}
    return {
        day: {name: finite_or_none(mean[row]) for name, (mean, _) in columns.items()}
        | {f"{name}_n": int(count[row]) for name, (_, count) in columns.items()}
        for row, day in enumerate(means.index)
    }


def _not_verified() -> tuple[str, ...]:
    found = assumptions()
    sections = {
        "age": found.age.verified,
        **{f"regime.{item.indicator}": item.verified for item in found.regime},
        "voc_sum": found.voc_sum.verified,
        "closure": found.closure.verified,
        "neutralisation": found.neutralisation.verified,
        "mass_factors": all(item.verified for item in mass_factors().values()),
        "soa_potentials": False,
    }
    return tuple(name for name, is_verified in sections.items() if not is_verified)
