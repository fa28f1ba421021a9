"""The limit of a flag as plain figures, stored with the flag since a threshold file may change. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from qc.hourly.relation.network import RELATIONS
from qc.limits.limit import tag_of
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

#: Tests that apply the rule of the hour instead of their own limit.
HOUR_RULE_TESTS = frozenset({"completeness", "suspect_share"})
RANGE_TEST = "gross_range"
#: Tests of several parameters, whose limit is filed under one of them.
FILED_UNDER = MappingProxyType(
    {
        "pm_inversion": "pm25",
        **{item.test: item.flags[0] for own in RELATIONS.values() for item in own if len(item.flags) > 1},
    }
)
#: Fields that state where a limit holds, not its figures.
_SCOPE = frozenset({"parameters", "groups", "test"})


def limit_figures(
    thresholds: Thresholds, test: str, code: str, *, network: str, station_id: str, month: int
) -> dict[str, Any]:
    """Figures of the limit of a test for a parameter at a station in a civil month.

    Parameters
    ----------
    month : int
        1 to 12, in the network's zone.

    Returns
    -------
    dict
        Plain JSON: the limit with unit, source and ``verified``; for the range test the physical bounds too; for the
        completeness of hours the rule of the hour. Empty where the test needs no limit (status, gap).
    """
    if test in HOUR_RULE_TESTS:
        return _plain(thresholds.hour)
    limits = thresholds.all_of(FILED_UNDER.get(test, code), network=network, station_id=station_id, month=month)
    found = next((_plain(limit) for limit in limits if tag_of(limit) == test), {})
    if test != RANGE_TEST:
        return found
    known = parameter(code)
    physical = {"physical_min": known.range_min, "physical_max": known.range_max, "unit": known.unit}
    return {name: value for name, value in {**physical, **found}.items() if value is not None}


def _plain(limit: msgspec.Struct) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(limit)
    return {name: value for name, value in fields.items() if name not in _SCOPE and value not in (None, [], ())}
