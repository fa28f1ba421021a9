"""The hourly tests of every network, in the order of ``docs/qc-tests.md``. To add one: its module and its line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qc.hourly.drift.drift import DriftLimit
from qc.hourly.relation import network
from qc.hourly.space import table as space
from qc.hourly.test import completeness, hourly_flat, hourly_spike, pm_inversion, suspect_share
from qc.hourly.uncertainty import InstrumentUncertainty
from qc.limits.quality_test import by_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from qc.hourly.hourly_test import HourlyTest
    from qc.limits.limit import BaseLimit

MODULES: tuple[ModuleType, ...] = (
    completeness,
    suspect_share,
    hourly_spike,
    hourly_flat,
    pm_inversion,
)
TESTS: Mapping[str, HourlyTest] = by_name(module.TEST for module in MODULES)
HOURLY_TESTS = (*TESTS, *network.KINDS, "drift")
KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType(
    {
        **{name: test.limit for name, test in TESTS.items() if test.limit is not None},
        **network.KINDS,
        "drift": DriftLimit,
        "uncertainty": InstrumentUncertainty,
        **space.KINDS,
    }
)
