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
    """Hourly mass from the factors of a station, case files of events, issued forecasts, and their scores by day."""

    SOURCES = "sources"
    CASES = "cases"
    FORECASTS = "forecasts"
    FORECAST_SCORES = "forecast-scores"
