"""Free space of the run directory's disk, and when it is used up at the growth of the last days."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.doctor.diagnosis import Diagnosis
from console.doctor.forecast import LEAST_DAYS, LONGEST_DAYS, DiskForecast, Growth, daily_growth, forecast, mean_growth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.local.settings import LocalSettings

LEAST_FREE_BYTES = 2 * 1024**3
WARN_WITHIN_DAYS = 14.0
"""A disk that may be full within so many days fails the check [d]. Project's choice."""
_GIB = 1024**3


def check_disk(settings: LocalSettings) -> Diagnosis:
    """Free space and forecast of the file system of the run directory."""
    from ingest.gateway.settings import GatewaySettings
    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    settings.run_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.run_dir).free
    own = load_settings(CollectorSettings)
    kept = {"rawlog": own.rawlog_keep_days, "gateway": load_settings(GatewaySettings).gateway_keep_days}
    growths = _growths(settings.run_dir, settings.state_url, kept)
    found = forecast(growths, free - own.disk_reserve_bytes)
    detail = f"{free / _GIB:.1f} GiB free at {settings.run_dir}; {forecast_text(found, own.disk_reserve_bytes)}"
    repair = ""
    if free < LEAST_FREE_BYTES:
        repair = "free at least 2 GiB; the raw log waits there while InfluxDB is down"
    elif found is not None and found.earliest_days is not None and found.earliest_days < WARN_WITHIN_DAYS:
        repair = 'make room or shorten a retention (runbook, "Disk nearly full")'
    return Diagnosis(
        component="disk",
        ok=not repair,
        detail=detail,
        repair=repair,
        figures=forecast_figures(found, growths) | {"free_bytes": free, "reserve_bytes": own.disk_reserve_bytes},
    )


def forecast_text(found: DiskForecast | None, reserve_bytes: int) -> str:
    """A forecast in one sentence, with its basis."""
    if found is None:
        return f"forecast unknown: fewer than {LEAST_DAYS} complete days of raw log"
    basis = f"{found.bytes_per_day / _GIB:.2f} GiB a day, observed over {found.observed_days} days"
    if found.earliest_days is None:
        return f"not full within {LONGEST_DAYS // 365} years ({basis})"
    latest = f"{found.latest_days:.0f}" if found.latest_days is not None else f"more than {LONGEST_DAYS}"
    first = datetime.now(UTC) + timedelta(days=found.earliest_days)
    return (
        f"down to the reserve of {reserve_bytes / _GIB:.1f} GiB in {found.earliest_days:.0f} to {latest} days, "
        f"not before {first:%Y-%m-%d} ({basis})"
    )


def forecast_figures(found: DiskForecast | None, growths: list[Growth]) -> dict[str, float | str | None]:
    """A forecast as figures; without one, ``forecast`` is ``unknown``."""
    rates: dict[str, float | str | None] = {f"{item.name}_bytes_per_day": round(item.typical) for item in growths}
    if found is None:
        return rates | {"forecast": "unknown"}
    return rates | {
        "forecast": "known",
        "full_in_days_earliest": found.earliest_days,
        "full_in_days_typical": found.typical_days,
        "full_in_days_latest": found.latest_days,
        "observed_days": found.observed_days,
    }


def _growths(run_dir: Path, state_url: str, kept: Mapping[str, int]) -> list[Growth]:
    """Growth of the logs by day, of a SQLite state and of a local InfluxDB; only of what is on the disk of the run directory."""
    from store.rawlog import day_sizes

    device = run_dir.stat().st_dev
    found: list[Growth | None] = []
    span = 0
    for name, keep_days in kept.items():
        sizes = day_sizes(run_dir / name)
        if sizes and (run_dir / name).stat().st_dev == device:
            found.append(daily_growth(name, [size for _, size in sizes], keep_days))
            span = max(span, (sizes[-1][0] - sizes[0][0]).days)
    for name, place in {"state": _state_file(state_url), "influxdb": run_dir / "influxdb"}.items():
        if place is not None and place.exists() and place.stat().st_dev == device:
            found.append(mean_growth(name, _size_of(place), span))
    return [item for item in found if item is not None]


def _state_file(state_url: str) -> Path | None:
    """File of a SQLite state; None for another database, and for a wrong URL, which the check of the state reports."""
    from store.error import StateError
    from store.state.database import parse_url

    try:
        url = parse_url(state_url)
    except StateError:
        return None
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _size_of(place: Path) -> int:
    """Bytes of a file or of everything in a directory [B]."""
    if place.is_file():
        return place.stat().st_size
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):  # it was replaced meanwhile
                total += (Path(folder) / name).lstat().st_size
    return total
