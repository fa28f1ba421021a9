"""Limit of the learnt detector, which itself is optional (`qc.detector`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qc.limits.limit import BaseLimit, Positive

if TYPE_CHECKING:
    from collections.abc import Mapping


TEST = "learnt_anomaly"


class LearntAnomaly(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=TEST):
    """Prior knowledge of the detector.

    Attributes
    ----------
    prior_min, prior_max : float
        Values outside are suspicious and take no part in any background.
    least_offset : float or None
        Smallest wrong setting between two visits worth a correction; None: the sensor is not set at visits.
    """

    prior_min: float
    prior_max: float
    least_offset: Positive | None = None

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        if self.prior_min < self.prior_max:
            return None
        return f"prior_min {self.prior_min}, prior_max {self.prior_max}: expected prior_min < prior_max"


KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType({TEST: LearntAnomaly})
