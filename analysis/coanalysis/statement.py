"""Statements of joint exceedance and lagged correlation: keys of the catalogues with figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.coanalysis.copollution import MINIMUM_PAIRS
from analysis.statistics.exceedance import count_days
from schemas.reason import ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    import pandas as pd

    from analysis.statistics.block_correlation import BlockCorrelation


def summary(
    days: pd.DataFrame, hours: pd.DataFrame, correlations: tuple[BlockCorrelation, ...]
) -> tuple[Statement, ...]:
    """Statements of the tables with their figures.

    Parameters
    ----------
    days, hours : pd.DataFrame
        Of `joint_days` and `joint_hours`.
    correlations : tuple of BlockCorrelation
    """
    return (_days_statement(days), _hours_statement(hours), _correlation_statement(correlations))


def _days_statement(days: pd.DataFrame) -> Statement:
    pm25, o3, joint = (count_days(days, name, len(days)) for name in ("pm25_exceeds", "o3_exceeds", "joint"))
    return Statement(
        topic="joint_days",
        key="coanalysis.joint_days.count",
        confidence=Confidence.HIGH if joint.valid else Confidence.NONE,
        figures={
            "days": len(days),
            "valid_days": joint.valid,
            "pm25_valid_days": pm25.valid,
            "o3_valid_days": o3.valid,
            "pm25_days": pm25.exceeded,
            "o3_days": o3.exceeded,
            "joint_days": joint.exceeded,
        },
    )


def _hours_statement(hours: pd.DataFrame) -> Statement:
    valid, joint = int(hours["joint"].notna().sum()), int(hours["joint"].sum())
    return Statement(
        topic="joint_hours",
        key="coanalysis.joint_hours.count",
        confidence=Confidence.HIGH if valid else Confidence.NONE,
        figures={"valid_hours": valid, "joint_hours": joint},
    )


def _correlation_statement(correlations: tuple[BlockCorrelation, ...]) -> Statement:
    """The strongest correlation; without any coefficient, that there are too few pairs."""
    known = [item for item in correlations if item.r is not None]
    if not known:
        figures = {"minimum": MINIMUM_PAIRS}
        return Statement(topic="lag", key="coanalysis.lag.too_few_pairs", confidence=Confidence.NONE, figures=figures)
    best = max(known, key=lambda item: abs(item.r or 0.0))
    distinct = (best.low or 0.0) > 0 or (best.high or 0.0) < 0
    order = "same_time" if best.lag == 0 else "o3_later" if best.lag > 0 else "o3_earlier"
    return Statement(
        topic="lag",
        key=f"coanalysis.lag.{order}",
        confidence=Confidence.MEDIUM if distinct else Confidence.LOW,
        figures={
            "lag_h": best.lag,
            "hours": abs(best.lag),
            "r": best.r,
            "low": best.low,
            "high": best.high,
            "n": best.n,
            "days": best.days,
        },
        details=() if distinct else (ReasonData("coanalysis.lag.not_distinct", {}),),
    )
