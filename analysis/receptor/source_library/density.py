"""Densities of one species: absent, of any size, or in proportion to a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_BROAD = 10.0
"""Width of the flat prior of the logarithm of a species that follows no profile, four decades [1]."""
_BLIND = 1.5
"""Standard errors below which an excess only says that there is not more."""
ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


def absent_or_any(rest: Field, error: Field, absent_share: float) -> Field:
    """Logarithm of the density of a species that is absent or of any size.

    Parameters
    ----------
    rest, error : array
        Excess and standard error [ug m⁻³].
    absent_share : float
        Probability that it is absent [1].
    """
    return np.asarray(
        np.logaddexp(np.log(absent_share) + _absent(rest, error), np.log(1 - absent_share) + any_size(rest, error))
    )


def any_size(rest: Field, error: Field) -> Field:
    """The same of a species of any size."""
    return np.asarray(-np.log(_BROAD * np.maximum(np.abs(rest), error)))


def follow(rest: Field, error: Field, centre: Field, spread: Field, *, outlier_share: float, missing: Field) -> Field:
    """Logarithm of the density of species that follow a profile, (part, species, amount, accumulation).

    Parameters
    ----------
    rest, error : array, (species, 1, accumulation)
        Excess and standard error [ug m⁻³].
    centre : array, (species, amount, 1)
        Logarithm of what the profile says.
    spread : array, (species, 1, 1)
        Standard deviation of the logarithm [1].
    outlier_share : float
        Probability that a species is of any size instead [1].
    missing : array, (part, species)
        The same that it is absent, to be tried one after the other [1].

    Examples
    --------
    >>> one = np.ones((1, 1, 1))
    >>> found = follow(0 * one, one, 3 * one, one, outlier_share=0.05, missing=np.array([[0.0], [0.5]]))
    >>> found.shape, bool(found[1, 0, 0, 0] > found[0, 0, 0, 0])
    ((2, 1, 1, 1), True)
    """
    from scipy.special import log_ndtr

    size = np.maximum(rest, _BLIND * error)
    wide = np.hypot(spread, error / size)
    shown = -(((np.log(size) - centre) / wide) ** 2) / 2 - np.log(size * wide * ROOT_TWO_PI)
    absent = _absent(rest, error)
    hidden = absent + log_ndtr((np.log(_BLIND * error) - centre) / spread)
    follows = np.where(rest >= _BLIND * error, shown, hidden)
    any_other = np.log(outlier_share) + any_size(rest, error)
    found = []
    for part in missing[:, :, None, None]:
        with np.errstate(divide="ignore"):  # nothing is missing: logarithm of 0
            other = np.logaddexp(any_other, np.log(part) + absent)
        found.append(np.logaddexp(np.log(1 - outlier_share - part) + follows, other))
    return np.stack(found)


def _absent(rest: Field, error: Field) -> Field:
    return np.asarray(-((rest / error) ** 2) / 2 - np.log(error * ROOT_TWO_PI))
