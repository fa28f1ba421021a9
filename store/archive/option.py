"""Choices of an export; light, so that the command line starts fast."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """File formats of an export."""

    CSV = "csv"
    PARQUET = "parquet"
    NETCDF = "netcdf"


class Level(StrEnum):
    """What is exported: native values, hourly means, or these after review."""

    HOURLY = "hourly"
    NATIVE = "native"
    REVIEWED = "L2"
