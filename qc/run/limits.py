"""The limits that hold here: the packaged ones with those beside the network file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.limits.thresholds import OVERRIDES_NAME, Thresholds, load_thresholds

if TYPE_CHECKING:
    from store.settings import SharedSettings


def thresholds_of(settings: SharedSettings) -> Thresholds:
    """Packaged limits with those of ``thresholds.toml`` beside the network file; raises `qc.limits.thresholds.ThresholdError`."""
    return load_thresholds(settings.network.with_name(OVERRIDES_NAME), settings.stations.stations)
