"""The limits in force: the kinds of all tests, the packaged limits, and those next to the network file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.calibration import limit as calibration
from qc.hourly import table as hourly
from qc.limits import learnt_anomaly, thresholds
from qc.limits.load import LimitKinds
from qc.native import table as native
from qc.native.test.clock import ClockRule
from qc.verdict.weight import VerdictRule

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from qc.limits.thresholds import Thresholds
    from store.settings import SharedSettings

KINDS = LimitKinds(
    {**native.KINDS, **hourly.KINDS, **calibration.KINDS, **learnt_anomaly.KINDS},
    {"clock": ClockRule, "verdict": VerdictRule},
)
"""What a file of limits may contain."""


def load_thresholds(overrides: Path | None = None, stations: Collection[str] | None = None) -> Thresholds:
    """Packaged limits of all tests with those of another file; see `qc.limits.thresholds.load_thresholds`."""
    return thresholds.load_thresholds(KINDS, overrides, stations)


def parse_thresholds(text: str, name: str) -> Thresholds:
    """Limits of one file by itself; raises `qc.limits.load.ThresholdError`."""
    return thresholds.parse_thresholds(text, name, KINDS)


def thresholds_of(settings: SharedSettings) -> Thresholds:
    """Packaged limits with those of ``thresholds.toml`` next to the network file; raises `qc.limits.load.ThresholdError`."""
    return load_thresholds(settings.network.with_name(thresholds.OVERRIDES_NAME), settings.stations.stations)
