"""Which factor of one solution is which of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def match_profiles(found: Array, base: Array) -> tuple[NDArray[np.int64], Array]:
    """Counterpart of each base factor, one to one, by the cosine of profiles in per cent of species.

    Parameters
    ----------
    found, base : array, (factor, species)
        A species that no factor of a solution has counts as 0.

    Returns
    -------
    tuple of array, (factor,)
        Row of `found` for each row of `base`, and their cosine [1], 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> base = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 2.0]])
    >>> rows, cosine = match_profiles(2 * base[::-1], base)
    >>> rows.tolist(), cosine.round(6).tolist()
    ([1, 0], [1.0, 1.0])
    """
    from scipy.optimize import linear_sum_assignment

    table = _unit(base) @ _unit(found).T
    rows, columns = linear_sum_assignment(-table)
    return np.asarray(columns, dtype=np.int64), np.asarray(table[rows, columns])


def correlations(found: Array, base: Array, count: Array) -> Array:
    """Correlation of contributions over samples that are taken ``count`` times each.

    Parameters
    ----------
    found, base : array, (factor, sample)
    count : array, (sample,)

    Returns
    -------
    array, (factor of found, factor of base)
        0 where a factor does not vary.
    """
    centred = []
    for values in (found, base):
        away = values - np.average(values, axis=1, weights=count)[:, None]
        size = np.sqrt((count * away**2).sum(axis=1, keepdims=True))
        centred.append(np.divide(away, size, out=np.zeros_like(away), where=size > 0))
    return np.asarray((centred[0] * count) @ centred[1].T)


def _unit(profiles: Array) -> Array:
    total = profiles.sum(axis=0)
    share = np.divide(profiles, total, out=np.zeros_like(profiles), where=total > 0)
    size = np.linalg.norm(share, axis=1, keepdims=True)
    return np.asarray(np.divide(share, size, out=np.zeros_like(share), where=size > 0))
