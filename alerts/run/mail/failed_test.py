"""Tests of quality control that the instrument of a fault failed, with counts and since when. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
from msgspec.structs import replace

from alerts.mail.view.finding import FailedTest
from alerts.mail.view.plain import lead_alert
from schemas.flag import Flag
from schemas.interval import floor_hour
from schemas.reason import reason_data
from store.influx.store import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.evidence.series import Sources
    from alerts.mail.view.case_mail import CaseMail
    from schemas.alert_case import AlertCase

BEFORE = timedelta(hours=24)
"""Flags before the case that still say something of the instrument; project choice."""
MOST = 6
_DERIVED = frozenset({"completeness", "suspect_share"})
"""Tests of hours that repeat what tests of readings found."""


def with_failed_tests(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """The tests that flagged the instrument of a fault since a day before the case, the gravest first."""
    alert = lead_alert(case)
    if view.fault is None or alert is None or alert.parameter is None or alert.network is None:
        return view
    start, end = floor_hour(case.since - BEFORE), min(case.ended_at or sources.now, sources.now)
    found: list[FailedTest] = []
    for bucket in (Bucket.NATIVE, Bucket.HOURLY):
        flags = sources.influx.read_flags(bucket, alert.network, start, end, alert.station_id)
        flags = flags[flags["parameter"] == alert.parameter]
        is_own = flags["instrument_id"].isna() | (flags["instrument_id"] == view.fault.instrument_id)
        found += _by_test(flags[is_own], is_hourly=bucket is Bucket.HOURLY)
    direct = [item for item in found if item.test not in _DERIVED]
    ordered = sorted(direct or found, key=lambda item: (not item.is_fail, -item.count, item.test))
    return replace(view, fault=replace(view.fault, failed=tuple(ordered[:MOST])))


def _by_test(flags: pd.DataFrame, *, is_hourly: bool) -> Iterator[FailedTest]:
    doubted = flags[flags["flag"].isin([Flag.SUSPECT, Flag.FAIL])]
    for name, own in doubted.groupby("test"):
        ordered = own.sort_values("start")
        yield FailedTest(
            test=str(name),
            count=len(ordered),
            is_hourly=is_hourly,
            since=pd.Timestamp(ordered["start"].iloc[0]).to_pydatetime(),
            is_fail=bool((ordered["flag"] == Flag.FAIL).any()),
            reason=reason_data(str(ordered["reason"].iloc[-1])),
        )
