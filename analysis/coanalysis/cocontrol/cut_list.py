"""The door: hourly values of a place to the list of what to cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.column import CUT
from analysis.coanalysis.cocontrol.ensemble import MEMBERS, PASSES, Fit, fit_constants, run_cuts
from analysis.coanalysis.cocontrol.model_input import ModelInput, model_input
from analysis.coanalysis.cocontrol.ranking import (
    DISTINCT_FROM,
    PrecursorPart,
    Response,
    daily_mda8,
    rank,
    response,
)
from analysis.coanalysis.cocontrol.result import CoControl, CutList, DaySet, FittedConstant
from analysis.statistics.limit import limit
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    import pandas as pd
    from numpy.typing import NDArray

VOC_GROUPS = ("alkene", "aromatic", "alkane", "ovoc")
_SEASONS = ("winter", "spring", "summer", "autumn")


def what_to_cut(
    hourly: pd.DataFrame, zone: ZoneInfo, rng: np.random.Generator, *, latitude_deg: float = 41.0, pm_weight: float = 1.0,
    progress: Callable[[float], None] | None = None,
) -> CoControl:  # fmt: skip
    """Rank precursors by what a cut of 20 % lowers of MDA8 and of secondary PM2.5.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly: NO2 and O3 needed; NO, CO, SO2, VOC, ions, OC, EC, NH3, PM2.5 and weather where measured.
    zone : ZoneInfo
        Of the civil day.
    rng : numpy.random.Generator
        Of the ensemble: from the same seed, the same list.
    latitude_deg : float
        For the height of the sun [deg].
    pm_weight : float
        Weight of PM2.5 against O3; each is a part of its limit in force (GB 3095, class 2).
    progress : callable or None
        Called with the part that is done [1].

    Returns
    -------
    CoControl
        Precursors that were not measured are in ``missing`` and not in the lists.

    Raises
    ------
    analysis.coanalysis.cocontrol.model_input.CoControlError
        Too few days or hours, naming what.

    References
    ----------
    docs/decisions/0022-co-control.md
    """
    given = model_input(hourly, zone)
    passes = [0]

    def advance(part: float) -> None:
        if progress is not None:
            progress((passes[0] + part) / (PASSES + 1))
        passes[0] += part >= 1.0

    fit = fit_constants(given, rng, latitude_deg=latitude_deg, progress=advance)
    precursors = measured_precursors(given)
    run = run_cuts(given, fit, precursors, latitude_deg=latitude_deg, progress=advance)
    found = response(given, run, precursors, _limits(given, zone))
    return _product(given, fit, found, rng, zone=zone, pm_weight=pm_weight)


def measured_precursors(given: ModelInput) -> tuple[str, ...]:
    """Precursors that the data carry."""
    groups = {item.group for item in given.lumps}
    found = ["nox", *(name for name in VOC_GROUPS if name in groups)]
    found += ["co"] if given.has("co") else []
    ions = all(given.has(name) for name in ("sulfate", "nitrate", "ammonium"))
    found += ["so2"] if given.has("so2") and ions else []
    return (*found, *(["nh3"] if ions else []))


def _limits(given: ModelInput, zone: ZoneInfo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    days = [item.date() for item in given.start[::24].tz_convert(zone)]
    return (
        np.array([limit("O3", "MDA8", day) for day in days]),
        np.array([limit("PM2.5", "24h", day) for day in days]),
    )


def _product(
    given: ModelInput, fit: Fit, found: Response, rng: np.random.Generator, *, zone: ZoneInfo, pm_weight: float
) -> CoControl:
    ozone = daily_mda8(given.series["o3"]) * conversion("ppb", parameter("o3"))[0] > found.limit_o3
    none = np.zeros(given.days, dtype=bool)
    particles = given.series["pm25"].reshape(-1, 24).mean(axis=1) > found.limit_pm25 if given.has("pm25") else none
    sets = [("exceeding", ozone | particles), ("all", ~none)]
    lists = tuple(
        _cut_list(
            DaySet(
                name=name,
                days=int(days.sum()),
                o3_days=int((days & ozone).sum()),
                pm25_days=int((days & particles).sum()),
            ),
            rank(found, days, rng, pm_weight=pm_weight),
        )
        for name, days in sets
        if days.any()
    )
    local = given.start.tz_convert(zone)
    return CoControl(
        first_day=local[0].date(),
        last_day=local[-1].date(),
        season=_SEASONS[local[len(local) // 2].month % 12 // 3],
        lists=lists,
        cut_pct=100.0 * CUT,
        pm_weight=pm_weight,
        members=MEMBERS,
        missing=(*_missing(given, found), *(("clock",) if fit.is_clock_refuted else ())),
        missing_groups=given.missing_groups,
        part_listed={name: round(part, 2) for name, part in given.listed.items()},
        coverage={name: round(value, 4) for name, value in given.coverage.items()},
        without_koh=given.without_koh,
        misfit=fit.misfit_after,
        constants=tuple(
            FittedConstant(name=name, factor=factor, spread_left=left) for name, (factor, left) in fit.shifts.items()
        ),
    )


def _cut_list(days: DaySet, parts: tuple[PrecursorPart, ...]) -> CutList:
    nox = next(item.o3_ug_m3 for item in parts if item.precursor == "nox")
    first = parts[0]
    return CutList(
        days=days,
        precursors=parts,
        first=first.precursor,
        is_first_distinct=first.probability_first >= DISTINCT_FROM,
        is_first_near=first.probability_near >= DISTINCT_FROM,
        is_nox_sign_known=nox is not None and (nox.low > 0 or nox.high < 0),
        indistinct=first.indistinct,
    )


def _missing(given: ModelInput, found: Response) -> tuple[str, ...]:
    """Keys of what the list lacks."""
    lacking = []
    if not any(name in VOC_GROUPS for name in found.precursors):
        lacking.append("voc")
    if not any(item.group == "isoprene" for item in given.lumps):
        lacking.append("isoprene")
    if found.pm25 is None:
        lacking.append("ions")
    elif given.soa is None:
        lacking.append("carbon")
    for code, key in (
        ("no", "no"),
        ("co", "co"),
        ("so2", "so2"),
        ("ammonia", "ammonia"),
        ("pm25", "pm25"),
        ("temperature", "temperature"),
        ("relative_humidity", "humidity"),
        ("global_radiation", "radiation"),
        ("formaldehyde", "formaldehyde"),
    ):
        if not given.has(code):
            lacking.append(key)
    return tuple(lacking)
