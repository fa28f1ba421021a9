"""Statements of joint exceedance and lagged correlation, with their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.coanalysis.copollution import MINIMUM_PAIRS, LagCorrelation
from analysis.statement import Confidence, Statement
from analysis.statistics.exceedance import count_days

if TYPE_CHECKING:
    import pandas as pd


def summary(days: pd.DataFrame, hours: pd.DataFrame, correlations: tuple[LagCorrelation, ...]) -> tuple[Statement, ...]:
    """Statements of the tables with their figures.

    Parameters
    ----------
    days, hours : pd.DataFrame
        Of `joint_days` and `joint_hours`.
    correlations : tuple of LagCorrelation
    """
    return (_days_statement(days), _hours_statement(hours), _correlation_statement(correlations))


def _days_statement(days: pd.DataFrame) -> Statement:
    pm25, o3, joint = (count_days(days, name, len(days)) for name in ("pm25_exceeds", "o3_exceeds", "joint"))
    zh = [f"{item.valid}个有效日中{item.exceeded}天" for item in (pm25, o3, joint)]
    en = [f"{item.exceeded} of {item.valid} valid days" for item in (pm25, o3, joint)]
    return Statement(
        topic="joint_days",
        zh=f"共{len(days)}天：PM2.5超标为{zh[0]}，O3超标为{zh[1]}，两者同日超标为{zh[2]}。",
        en=f"{len(days)} days: PM2.5 exceeded on {en[0]}, O3 on {en[1]}, both on {en[2]}.",
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
        zh=f"{valid}个有效小时中，PM2.5与O3同时高于IAQI 100对应浓度的有{joint}小时。",
        en=f"In {joint} of {valid} valid hours both PM2.5 and O3 were above the concentration of IAQI 100.",
        confidence=Confidence.HIGH if valid else Confidence.NONE,
        figures={"valid_hours": valid, "joint_hours": joint},
    )


def _correlation_statement(correlations: tuple[LagCorrelation, ...]) -> Statement:
    known = [item for item in correlations if item.r is not None]
    if not known:
        return Statement(
            topic="lag",
            zh=f"同时有效的PM2.5与O3白天小时不足{MINIMUM_PAIRS}个，不计算滞后相关。",
            en=f"Fewer than {MINIMUM_PAIRS} daytime hours have both PM2.5 and O3: no lagged correlation.",
            confidence=Confidence.NONE,
        )
    best = max(known, key=lambda item: abs(item.r or 0.0))
    r, low, high = best.r or 0.0, best.low or 0.0, best.high or 0.0
    distinct = low > 0 or high < 0
    order_zh = "同时" if best.lag_h == 0 else f"O3{'滞后' if best.lag_h > 0 else '超前'}{abs(best.lag_h)}小时"
    order_en = (
        "at lag 0" if best.lag_h == 0 else f"with O3 {abs(best.lag_h)} h {'later' if best.lag_h > 0 else 'earlier'}"
    )
    doubt_zh, doubt_en = ("", "") if distinct else ("，与零无显著差别", "; not distinct from zero")
    return Statement(
        topic="lag",
        zh=f"去除日变化后，白天O3与PM2.5的相关最强为r={r:.2f}（各滞后同时成立的95%区间{low:.2f}至{high:.2f}，n={best.n}），{order_zh}{doubt_zh}。",
        en=f"Without the daily cycles, the strongest correlation is r = {r:.2f} (95 % interval, valid for all lags together, {low:.2f} to {high:.2f}, n = {best.n}), {order_en}{doubt_en}.",
        confidence=Confidence.MEDIUM if distinct else Confidence.LOW,
        figures={"lag_h": best.lag_h, "r": r, "low": low, "high": high, "n": best.n, "n_effective": best.n_effective},
    )
