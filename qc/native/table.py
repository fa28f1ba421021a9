"""The native tests, in the order of ``docs/qc-tests.md``. To add one: its module and its line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qc.limits.quality_test import by_name
from qc.native.test import (
    attenuated_signal,
    climatology,
    clock,
    detection_limit,
    flat_line,
    flux_spike,
    gap,
    gross_range,
    grubbs,
    isolated,
    rate_of_change,
    regime,
    resolution,
    rollover,
    spike,
    spike_burst,
    status,
    step,
    variance_change,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from qc.limits.limit import BaseLimit
    from qc.native.native_test import NativeTest

MODULES: tuple[ModuleType, ...] = (
    status,
    gross_range,
    climatology,
    detection_limit,
    spike,
    spike_burst,
    grubbs,
    rate_of_change,
    flat_line,
    attenuated_signal,
    step,
    variance_change,
    regime,
    resolution,
    rollover,
    isolated,
    flux_spike,
    clock,
    gap,
)
TESTS: Mapping[str, NativeTest[Any]] = by_name(module.TEST for module in MODULES)
KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType(
    {name: test.limit for name, test in TESTS.items() if test.limit is not None}
)
