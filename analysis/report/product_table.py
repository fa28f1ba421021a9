"""Products of attribution as tables for exports: a row an hour and factor, and a row a case file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.case.case_file import EventKind
from analysis.receptor.source_library import Certainty
from analysis.receptor.station_model import HIGH, LOW, factor_column
from schemas.moment import utc_text
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.case.case_file import CaseFile, Estimate, SourceShare
    from analysis.receptor.station_model import ModelFactor, StationSolution
    from analysis.report.stored_case import StoredCase

SOURCE_TYPES = {
    "station_id": "object", "network": "object", "factor": "int64", "kind": "object", "kind_certainty": "object",
    "kind_score": "float64", "kind_probability": "float64",
    "unnamed_because": "object", "mass": "float64", "mass_low": "float64", "mass_high": "float64", "quality": "object",
    "measured": "float64", "unexplained": "float64", "chi2": "float64", "species_used": "float64", "solution": "object",
}  # fmt: skip
SOURCE_UNITS = dict.fromkeys(("mass", "mass_low", "mass_high", "measured"), "ug/m3") | dict.fromkeys(
    ("kind_score", "kind_probability", "unexplained", "chi2", "species_used"), "1"
)
CASE_UNITS = (
    dict.fromkeys(("bearing", "bearing_low", "bearing_high", "place_lon", "place_lat"), "deg")
    | dict.fromkeys(("source_percent", "source_percent_low", "source_percent_high"), "%")
    | dict.fromkeys(("kind_probability", "bearing_chance"), "1")
    | dict.fromkeys(("place_rate", "place_rate_low", "place_rate_high"), "kg/h")
    | {"place_area": "km2", "bearing_hours": "h", "hours": "h"}
)
_NO_KIND = frozenset({"background"})


def source_table(hours: pd.DataFrame, network: str, solutions: Mapping[str, StationSolution]) -> pd.DataFrame:
    """Mass from each factor, a row an hour, station and factor.

    Parameters
    ----------
    hours : DataFrame
        Product as `analysis.receptor.station_model.split_station` makes it, with ``station_id``.
    network : str
    solutions : mapping of str to StationSolution
        By key; hours of others are left out, since their factors are not known.

    Returns
    -------
    DataFrame
        ``start`` (UTC) and the columns of `SOURCE_TYPES`, units `SOURCE_UNITS`. ``mass`` with its 90 % interval is NaN where too few
        species were measured; ``quality`` then is ``too_few_species``, else ``split``. ``kind`` is empty for a factor without a name.
        ``kind_certainty`` is `Certainty` of the name by ``kind_score``, the agreement with the profile of the library; only a sure one has
        a ``kind_probability``.

    Examples
    --------
    >>> source_table(pd.DataFrame({"station_id": [], "solution": []}), "pm", {}).columns[:3].tolist()
    ['start', 'station_id', 'network']
    """
    parts = [
        _factor_rows(part, network, solutions[str(key)], factor)
        for key, part in hours.groupby("solution", sort=False)
        if str(key) in solutions
        for factor in solutions[str(key)].factors
    ]
    if not parts:
        empty = {name: pd.Series(dtype=kind) for name, kind in SOURCE_TYPES.items()}
        return pd.DataFrame({"start": pd.DatetimeIndex([], tz="UTC"), **empty})
    table = pd.concat(parts, ignore_index=True).astype(SOURCE_TYPES)
    return table.sort_values(["start", "station_id", "factor"], ignore_index=True)


def _factor_rows(part: pd.DataFrame, network: str, solution: StationSolution, factor: ModelFactor) -> pd.DataFrame:
    column = factor_column(factor.number)
    masses = part.reindex(columns=[column, column + LOW, column + HIGH])
    is_split = masses[column].notna().to_numpy()
    rows = {
        "start": part.index,
        "station_id": part["station_id"].to_numpy(),
        "network": network,
        "factor": factor.number,
        "kind": factor.kind or "",
        "kind_certainty": factor.certainty.value,
        "kind_score": factor.score,
        "kind_probability": factor.probability if factor.certainty is Certainty.SURE else float("nan"),
        "unnamed_because": str(factor.why or ""),
        **dict(zip(("mass", "mass_low", "mass_high"), masses.to_numpy(dtype=float).T, strict=True)),
        "quality": pd.Series(is_split).map({True: "split", False: "too_few_species"}).to_numpy(),
        **{name: part[name].to_numpy() for name in ("measured", "unexplained", "chi2", "species_used") if name in part},
        "solution": solution.key,
    }
    return pd.DataFrame(rows).reindex(columns=["start", *SOURCE_TYPES])


def case_table(cases: Iterable[StoredCase]) -> pd.DataFrame:
    """A row a case file: answer, direction, place and first source, each with its 90 % interval.

    Returns
    -------
    DataFrame
        By ``start`` (UTC) of the event; units `CASE_UNITS`, of ``mean`` and ``usual`` the column ``unit``. Empty: not stated.
        ``bearing_basis`` is ``held`` against the wind of other days, or ``wind`` alone. ``source_interval`` is ``tested`` (coverage, docs/attribution.md) for plumes, else ``untested``.

    Examples
    --------
    >>> case_table([]).empty
    True
    """
    rows = [_case_row(item) for item in cases]
    table = pd.DataFrame(rows)
    return table if table.empty else table.sort_values(["start", "key"], ignore_index=True)


def _case_row(item: StoredCase) -> dict[str, Any]:
    case = item.case
    return {
        "start": pd.Timestamp(case.event.start).tz_convert("UTC"),
        "end": "" if case.event.end is None else utc_text(case.event.end),
        "station_id": case.station_id,
        "parameter": case.parameter,
        "kind": str(case.kind),
        "kind_probability": max((one.probability for one in case.kinds if one.kind is case.kind), default=float("nan")),
        **_peak(case),
        **_first_source(case),
        **_bearing(case),
        **_place(case),
        "stations": " ".join(case.event.stations),
        "parameters": " ".join(case.event.parameters),
        "missing": " ".join(case.missing),
        "held_batches": len(item.held),
        "basis": str(case.basis),
        "computed_at": utc_text(case.computed_at),
        **{f"answer_{language}": case.answer.text(language) for language in LANGUAGES},
        "key": case.key,
    }


def _peak(case: CaseFile) -> dict[str, Any]:
    peak = case.peak
    return {
        "mean": _number(peak.mean), "peak": _number(peak.value), "usual": _number(peak.usual), "unit": peak.unit,
        "hours": peak.hours,
    }  # fmt: skip


def _first_source(case: CaseFile) -> dict[str, Any]:
    """The largest share other than the background."""
    first: SourceShare | None = next((one for one in case.sources if one.kind not in _NO_KIND), None)
    tested = "tested" if case.kind is EventKind.PLUME else "untested"
    return {
        "source": "" if first is None else first.kind,
        **_ends("source_percent", None if first is None else first.percent),
        "source_interval": "" if first is None else tested,
    }


def _bearing(case: CaseFile) -> dict[str, Any]:
    found = case.bearing
    return {
        **_ends("bearing", None if found is None else found.from_deg),
        "bearing_chance": _number(None if found is None else found.chance),
        "bearing_hours": 0 if found is None else found.hours,
        "bearing_basis": "" if found is None else str(found.basis),
    }


def _place(case: CaseFile) -> dict[str, Any]:
    found = case.place
    return {
        "place_lon": _number(None if found is None else found.lon),
        "place_lat": _number(None if found is None else found.lat),
        "place_area": _number(None if found is None else found.area_km2),
        "place_parameter": "" if found is None else found.parameter,
        **_ends("place_rate", None if found is None else found.rate_kg_h),
    }


def _ends(name: str, given: Estimate | None) -> dict[str, float]:
    if given is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    return {name: given.value, f"{name}_low": given.low, f"{name}_high": given.high}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
