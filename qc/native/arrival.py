"""Order of arrival of readings. Frames of the store are sorted and unique; this test takes times in order of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray


def arrival_test(times: NDArray[np.datetime64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Flag times that go backward and times that are repeated.

    Parameters
    ----------
    times : array of datetime64
        Starts of readings, UTC, in order of arrival; NaT where missing.

    Returns
    -------
    backward, duplicate : arrays of int8
        ``backward`` is SUSPECT where a time precedes one that arrived earlier (a clock set back, or a back-fill),
        ``duplicate`` where the same time arrived earlier (a redelivery, a correction, or a stopped clock).
        Both are MISSING at NaT, else PASS.

    Examples
    --------
    >>> times = np.array(["2026-01-01T00:02", "2026-01-01T00:01", "2026-01-01T00:02"], dtype="datetime64[s]")
    >>> [flags.tolist() for flags in arrival_test(times)]
    [[1, 3, 1], [1, 1, 3]]
    """
    there = np.flatnonzero(~np.isnat(times))
    known = times[there].astype("datetime64[ns]").astype(np.int64)
    backward = np.full(times.shape, Flag.MISSING, dtype=np.int8)
    duplicate = backward.copy()
    backward[there] = duplicate[there] = Flag.PASS
    if known.size:
        _, first = np.unique(known, return_index=True)
        again = np.ones(known.size, dtype=bool)
        again[first] = False
        duplicate[there[again]] = Flag.SUSPECT
        backward[there[known < np.maximum.accumulate(known)]] = Flag.SUSPECT
    return backward, duplicate
