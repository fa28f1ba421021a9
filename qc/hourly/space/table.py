"""The tests in space, in the order of ``docs/qc-tests.md``. To add one: its module and its line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qc.hourly.space import buddy, consistency
from qc.limits.quality_test import by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.hourly.space.neighbours import SpaceLimit, SpaceTest

TESTS: Mapping[str, SpaceTest] = by_name(item.TEST for item in (buddy, consistency))
KINDS: Mapping[str, type[SpaceLimit]] = MappingProxyType(
    {name: test.limit for name, test in TESTS.items() if test.limit is not None}
)
SPACE_TESTS = tuple(KINDS)
