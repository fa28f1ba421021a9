"""Products of co-analysis as tables for exports: assessments, joint episodes, lagged relations, months without weather. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.coanalysis.cocontrol.result import CoControl
    from analysis.coanalysis.joint_summary import JointSummary
    from analysis.coanalysis.relation import PollutantRelation
    from analysis.forecast.deweather.summary import Deweathered
    from analysis.statistics.assessment import Assessment
    from analysis.statistics.assessment.compare import ConcentrationChange

ASSESSMENT_UNITS = {
    "valid_days": "d", "days": "d", "exceeded_days": "d", "exceeded_days_class1": "d", "exceeded_share": "1", "index": "1",
    "composite_index": "1", "aqi_days": "d", "good_days": "d", "change_percent": "%",
}  # fmt: skip
JOINT_UNITS = {
    "pm25": "ug/m3", "pm25_limit": "ug/m3", "o3_mda8": "ug/m3", "o3_limit": "ug/m3", "joint_hours": "h", "ox_ppb": "ppb",
}  # fmt: skip
EPISODE_UNITS = {"days": "d", "pm25_peak": "ug/m3", "o3_peak": "ug/m3"}
DEWEATHERED_UNITS = {"days": "d", "r2": "1", "n": "d"}
RELATION_UNITS = {"lag": "h", "r": "1", "low": "1", "high": "1", "n": "h", "days": "d"}

CHEMISTRY_UNITS = {
    "sor": "1", "nor": "1", "oc": "ug/m3", "ec": "ug/m3", "poc": "ug/m3", "soc": "ug/m3", "primary_ratio": "1", "ion_ratio": "1",
    "neutralisation": "1", "reconstructed": "ug/m3", "pm25": "ug/m3", "closure": "1", "age_h": "h", "emission_ratio": "1",
    "oh_exposure": "molecule s/cm3",
}  # fmt: skip
COCONTROL_UNITS = {
    "listed_days": "d", "o3_days": "d", "pm25_days": "d", "cut_percent": "%",
    **{f"{name}{end}": unit for name, unit in (("mda8", "ug/m3"), ("secondary_pm25", "ug/m3"), ("joint", "% of the limits")) for end in ("", "_low", "_high")},
    "probability_first": "1", "probability_near": "1", "pm_weight": "1", "misfit": "1",
}  # fmt: skip


def assessment_rows(
    item: Assessment, changes: Iterable[ConcentrationChange], **more: object
) -> Iterable[dict[str, Any]]:
    """A row a pollutant; units `ASSESSMENT_UNITS`, of concentrations the column ``unit``. Empty: not stated.

    Parameters
    ----------
    item : Assessment
    changes : iterable of ConcentrationChange
        Of the compared figure against the year before.
    **more
        Further columns, the same in each row.
    """
    change = {one.pollutant: one for one in changes}
    for one in item.pollutants:
        compared = change.get(one.pollutant)
        yield {
            "place": item.place, **more, "period": item.period, "first": f"{item.first}", "last": f"{item.last}",
            "pollutant": one.pollutant, "unit": one.unit, "mean": one.mean, "percentile": one.percentile, "percentile_rank": one.rank,
            "valid_days": one.valid_days, "days": one.days, "is_valid": one.is_valid, "annual_limit": one.annual_limit,
            "daily_limit": one.daily_limit, "exceeded_days": one.exceeded_days, "exceeded_share": one.exceeded_share,
            "exceeded_days_class1": one.exceeded_days_class1, "index": one.index, "change_percent": None if compared is None else compared.percent,
            "change_reason": "no_year_before" if compared is None else compared.reason, "composite_index": item.composite_index,
            "composite_source": item.composite_source, "aqi_days": item.aqi_days, "good_days": sum(item.level_days[:2]),
            "stations": item.stations, "editions": " ".join(item.editions),
        }  # fmt: skip


def episode_rows(summary: JointSummary, **more: object) -> Iterable[dict[str, Any]]:
    """A row a joint episode; ``cases`` are keys of case files, as in ``--product cases``. Units `EPISODE_UNITS`."""
    for item in summary.episodes:
        yield {
            "station_id": summary.station_id, "first": f"{item.first}", "last": f"{item.last}", "days": item.days,
            "pm25_peak": item.pm25_peak, "pm25_peak_day": f"{item.pm25_peak_day}", "o3_peak": item.o3_peak,
            "o3_peak_day": f"{item.o3_peak_day}", "is_open_before": item.is_open_before, "is_open_after": item.is_open_after,
            "weather": " ".join(f"{one.parameter}={one.mean:.4g}" for one in item.weather), "cases": " ".join(item.cases), **more,
        }  # fmt: skip


def relation_rows(relation: PollutantRelation, **more: object) -> Iterable[dict[str, Any]]:
    """A row a lag of each correlation of PM2.5 with ``second``; ``given`` is the weather held constant. Units `RELATION_UNITS`."""
    for item in relation.correlations:
        for lag in item.lags:
            yield {
                "station_id": relation.station_id, "start": pd.Timestamp(relation.start), "end": f"{relation.end:%Y-%m-%dT%H:%MZ}",
                "second": item.second, "given": " ".join(item.given), "lag": lag.lag, "r": lag.r, "low": lag.low, "high": lag.high,
                "n": lag.n, "days": lag.days, **more,
            }  # fmt: skip


def deweathered_rows(found: Deweathered, **more: object) -> Iterable[dict[str, Any]]:
    """A row a place and month; ``before`` and ``after`` are the trends of the place [unit / a]. Units `DEWEATHERED_UNITS`, else column ``unit``."""
    for place in found.places:
        trends = {
            f"{name}{end}": getattr(item, field)
            for name, item in (("before", place.before), ("after", place.after))
            for end, field in (("", "slope"), ("_low", "low"), ("_high", "high"))
        }
        for month in place.months:
            yield {
                **more, "place": place.place, "parameter": found.parameter, "unit": found.unit, "month": month.month, "observed": month.observed,
                "normalised": month.normalised, "low": month.low, "high": month.high, "days": month.days, "is_valid": month.is_valid,
                "r2": found.r2, "is_usable": found.is_usable, "n": found.n, **trends,
            }  # fmt: skip


def cut_rows(item: CoControl, **more: object) -> Iterable[dict[str, Any]]:
    """A row a precursor of each list, the first precursor first; ``mda8`` and ``secondary_pm25`` are falls. Units `COCONTROL_UNITS`."""
    for one in item.lists:
        for place, row in enumerate(one.precursors, start=1):
            parts = {"mda8": row.o3_ug_m3, "secondary_pm25": row.pm25_ug_m3, "joint": row.joint_pct}
            figures = {
                f"{name}{end}": None if part is None else value
                for name, part in parts.items()
                for end, value in (("", part and part.mean), ("_low", part and part.low), ("_high", part and part.high))
            }
            yield {
                **more, "first": f"{item.first_day}", "last": f"{item.last_day}", "season": item.season, "list": one.days.name,
                "listed_days": one.days.days, "o3_days": one.days.o3_days, "pm25_days": one.days.pm25_days, "rank": place,
                "precursor": row.precursor, "cut_percent": item.cut_pct, **figures, "probability_first": row.probability_first,
                "probability_near": row.probability_near, "indistinct": " ".join(row.indistinct), "pm_weight": item.pm_weight,
                "misfit": item.misfit, "missing": " ".join((*item.missing, *item.missing_groups)),
            }  # fmt: skip
