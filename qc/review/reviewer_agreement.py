"""Agreement of tests with reviewers, by test, parameter and station. Pure.

An hour that review made invalid and a test had flagged is a hit; one that review made valid and the test had flagged is a
false alarm; an invalid one that the test did not flag is a miss. Hours that stay suspect or were not reviewed are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import FLAG, REVIEW, parameters_in
from schemas.review import ReviewCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

ANY_TEST = "any"
"""All tests together: an hour is flagged if any of them flagged it."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Hours by the results of the test and of review; `precision` and `recall` are None where they have no meaning.

    Attributes
    ----------
    hits, false_alarms, misses : int
        See the head of the module.
    valid : int
        Hours that review made valid, flagged or not.
    """

    hits: int
    false_alarms: int
    misses: int
    valid: int

    @property
    def flagged(self) -> int:
        """Reviewed hours that the test flagged."""
        return self.hits + self.false_alarms

    @property
    def precision(self) -> float | None:
        """Hits of what was flagged [1]."""
        return self.hits / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """Hits of what was invalid [1]."""
        invalid = self.hits + self.misses
        return self.hits / invalid if invalid else None

    @property
    def f1(self) -> float:
        """Harmonic mean of both, 0 where nothing was hit [1]."""
        total = 2 * self.hits + self.false_alarms + self.misses
        return 2 * self.hits / total if total else 0.0


class ReviewerAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report; ``station_id`` is empty for all stations together."""

    test: str
    parameter: str
    station_id: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviewedSeries:
    """The hours of one parameter at one station with the results of review and of the tests.

    Attributes
    ----------
    hourly : DataFrame
        `schemas.frames` hourly before review; with all parameters of the station, for tests that compare them.
    truth : array of int8
        1 invalid, 0 valid, -1 not known.
    flagged : dict of str to array of bool
        By test: hours it flagged SUSPECT or FAIL, a native value of the hour included.
    """

    network: str
    station_id: str
    parameter: str
    hourly: pd.DataFrame
    truth: NDArray[np.int8]
    flagged: dict[str, NDArray[np.bool_]]


def read_truth(level2: pd.DataFrame, parameter: str) -> NDArray[np.int8]:
    """Result of review of each hour: 1 invalid, 0 valid, -1 not known (not confirmed, stale, left suspect, missing)."""
    reach = level2[parameter + REVIEW].to_numpy()
    flags = level2[parameter + FLAG].to_numpy(dtype=np.int8)
    known = np.isin(reach, (ReviewCode.CONFIRMED, ReviewCode.SIGNED))
    truth = np.full(len(level2), -1, dtype=np.int8)
    truth[known & (flags == Flag.PASS)] = 0
    truth[known & (flags == Flag.FAIL)] = 1
    return truth


def reviewed_series(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], flags: pd.DataFrame, network: str
) -> list[ReviewedSeries]:
    """Series with at least one reviewed hour.

    Parameters
    ----------
    found : mapping of str to tuple of DataFrame
        By station: hours before review and at level L2.
    flags : DataFrame
        `schemas.frames` flags, hourly and native.
    network : str
    """
    noted = flags[flags["flag"].astype(int).isin((int(Flag.SUSPECT), int(Flag.FAIL)))] if len(flags) else flags
    series = []
    for station_id, (hourly, level2) in found.items():
        mine = noted[noted["station_id"] == station_id]
        of_station = partial(ReviewedSeries, network=network, station_id=station_id, hourly=hourly)
        for code in parameters_in(hourly):
            truth = read_truth(level2, code)
            if (truth >= 0).any():
                masks = _masks(mine[mine["parameter"] == code], pd.DatetimeIndex(hourly.index))
                series.append(of_station(parameter=code, truth=truth, flagged=masks))
    return series


def _masks(noted: pd.DataFrame, hours: pd.DatetimeIndex) -> dict[str, NDArray[np.bool_]]:
    starts = pd.DatetimeIndex(pd.to_datetime(noted["start"], utc=True)).floor("h")
    return {
        str(test): np.asarray(hours.isin(starts[(noted["test"] == test).to_numpy()])) for test in noted["test"].unique()
    }


def count(truth: NDArray[np.int8], flagged: NDArray[np.bool_]) -> Counts:
    """Compare the flags of a test with review, hour by hour; both arrays of one shape.

    Examples
    --------
    >>> found = count(np.array([1, 1, 0, -1], dtype=np.int8), np.array([True, False, True, True]))
    >>> found.hits, found.misses, found.false_alarms
    (1, 1, 1)
    """
    invalid, valid = truth == 1, truth == 0
    return Counts(
        hits=int((invalid & flagged).sum()),
        false_alarms=int((valid & flagged).sum()),
        misses=int((invalid & ~flagged).sum()),
        valid=int(valid.sum()),
    )


def total(counts: Iterable[Counts]) -> Counts:
    """Sum of counts."""
    listed = list(counts)
    fields = Counts.__struct_fields__
    return Counts(**{name: sum(getattr(item, name) for item in listed) for name in fields})


def reviewer_agreement(series: Sequence[ReviewedSeries]) -> list[ReviewerAgreement]:
    """Scores of every test by parameter, each station and all together; first those of all tests together.

    A test that flagged nothing at a station has its misses there, if it flagged anything anywhere.
    """
    tests = [ANY_TEST, *sorted({test for item in series for test in item.flagged})]
    rows: list[ReviewerAgreement] = []
    for test in tests:
        by_parameter: dict[str, list[ReviewerAgreement]] = {}
        for item in series:
            counts = count(item.truth, _flagged(item, test))
            row = ReviewerAgreement(test=test, parameter=item.parameter, station_id=item.station_id, counts=counts)
            by_parameter.setdefault(item.parameter, []).append(row)
        for code, found in by_parameter.items():
            whole = total(row.counts for row in found)
            if test == ANY_TEST or whole.flagged:
                rows += [ReviewerAgreement(test=test, parameter=code, station_id="", counts=whole), *found]
    return rows


def _flagged(item: ReviewedSeries, test: str) -> NDArray[np.bool_]:
    none = np.zeros(len(item.truth), dtype=bool)
    if test != ANY_TEST:
        return item.flagged.get(test, none)
    flagged: NDArray[np.bool_] = np.logical_or.reduce([none, *item.flagged.values()])
    return flagged
