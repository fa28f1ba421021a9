"""The tests in space."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qc.hourly.space.buddy import Buddy
from qc.hourly.space.consistency import SpatialConsistency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.limits.limit import BaseLimit

KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType({"buddy": Buddy, "spatial_consistency": SpatialConsistency})
SPACE_TESTS = tuple(KINDS)
