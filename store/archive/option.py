"""Choices of an export; light, so that the command line starts fast."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """File formats of an export."""

    CSV = "csv"
    PARQUET = "parquet"
    NETCDF = "netcdf"
    JSONL = "jsonl"


class Level(StrEnum):
    """What is exported: native values, hourly means, or these after review."""

    HOURLY = "hourly"
    NATIVE = "native"
    REVIEWED = "L2"


class ProductKind(StrEnum):
    """Mass from factors, case files, forecasts and their scores; assessments, joint days and episodes, relation of PM2.5 to O3, months without weather, chemistry, what to cut."""

    SOURCES = "sources"
    CASES = "cases"
    FORECASTS = "forecasts"
    FORECAST_DAYS = "forecast-days"
    FORECAST_SCORES = "forecast-scores"
    FORECAST_AQI_SCORES = "forecast-aqi-scores"
    ASSESSMENTS = "assessments"
    JOINT_DAYS = "joint-days"
    JOINT_EPISODES = "joint-episodes"
    RELATIONS = "relations"
    DEWEATHERED = "deweathered"
    CHEMISTRY = "chemistry"
    COCONTROL = "cocontrol"
