"""Likelihood of places and rates of a release, with the errors of the model taken into account.

For each place the likelihood of all rates is computed at once on an even grid of the logarithm of the rate:

* the excess of a station and hour has Student's distribution, with the deviation of the background and a part of the prediction;
* the wind direction of an hour differs from that of the plume by an error of its own and one that all hours share; both are summed over;
* dilution (wind speed, stability, height) is wrong by a factor in each hour and by one that all hours share; both are
  log-normal, so that they are a smoothing along the logarithm of the rate.

References
----------
Student's likelihood against outliers: Lange, Little and Taylor 1989, doi:10.1080/01621459.1989.10478852. Errors as parts of the prediction,
and hourly errors that hours share, are project choices; ``bench/receptor/plume_truth.py`` measures the coverage that results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.plume.forward import LEAST_SPEED_M_S, AssumedRelease, unit_concentration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.plume.evidence import PlumeEvidence
    from analysis.receptor.plume.forward import HourlyWind

    Field = NDArray[np.float64]


class PlumeModelError(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of model and data; project choices; the benchmark measures the coverage that they give.

    Attributes
    ----------
    of_prediction : float
        Standard deviation of one station and hour, as a part of its prediction [1].
    of_hour, of_all : float
        Standard deviation of the logarithm of the dilution, of one hour and of all hours together [1].
    bias_of_all : float
        Mean of the logarithm of the dilution of all hours beyond the model's [1]: plumes begin above ground and meet faster wind there,
        and the background holds a part of them. Chosen with ``of_all`` on tuning seeds of two simulators that differ in it.
    shared_direction_deg : float
        Standard deviation of the error of direction that all hours share [deg].
    slow_direction_deg_m_s : float
        Standard deviation of the error of one hour's direction in slow air, over the wind speed [deg m s⁻¹]: on its longer way the plume
        meets more turns of the wind than the stations' hour shows.
    odd_direction, odd_hour : float
        Part of the hours with any direction within 30 degrees, and with a dilution wrong by a factor of `ODD_FACTOR_LOG` [1].
    freedom : float
        Degrees of freedom of Student's distribution [1].
    """

    of_prediction: float = 0.8
    of_hour: float = 0.5
    of_all: float = 0.6
    bias_of_all: float = 0.4
    shared_direction_deg: float = 8.0
    slow_direction_deg_m_s: float = 10.0
    odd_direction: float = 0.2
    odd_hour: float = 0.1
    freedom: float = 4.0


ODD_FACTOR_LOG = 2.0
"""Standard deviation of the logarithm of the dilution in odd hours; project choice [1]."""
LOG_STEP = 0.3
"""Step of the rates' natural logarithm [1]."""
_TURNS = np.arange(-30.0, 30.1, 6.0)
"""[deg]"""
_SHARED_TURNS = np.arange(-12.0, 12.1, 6.0)
_NEGLIGIBLE = 0.1
"""Predictions below this part of sigma are left out [1]."""
_CHUNK = 64
"""Places at once, so that intermediate figures stay in the processor's cache."""
_TINY = 1e-200


class PlumeModel(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed of a release, and how wrong that may be."""

    release: AssumedRelease = AssumedRelease()
    error: PlumeModelError = PlumeModelError()


def log_likelihood(
    places_km: Field, stations_km: Field, evidence: PlumeEvidence, rates: Field, model: PlumeModel
) -> Field:
    """Logarithm of the likelihood of places and rates against that of no release.

    Parameters
    ----------
    places_km, stations_km : array of float, shape (N, 2), (S, 2)
        East and north [km].
    evidence : PlumeEvidence
    rates : array of float, shape (Q,)
        In steps of `LOG_STEP` of the logarithm [kg h⁻¹].
    model : PlumeModel

    Returns
    -------
    array of float, shape (N, Q)
    """
    found = [
        _of_chunk(places_km[first : first + _CHUNK], stations_km, evidence, rates, model)
        for first in range(0, len(places_km), _CHUNK)
    ]
    return np.concatenate(found) if found else np.zeros((0, len(rates)))


def _of_chunk(places_km: Field, stations_km: Field, evidence: PlumeEvidence, rates: Field, model: PlumeModel) -> Field:
    error = model.error
    smooth = (1.0 - error.odd_hour) * _smoothing(len(rates), error.of_hour)
    smooth += error.odd_hour * _smoothing(len(rates), ODD_FACTOR_LOG)
    shared = np.zeros((len(places_km), len(_SHARED_TURNS), len(rates)))
    east, north = np.moveaxis(stations_km - places_km[:, None], 2, 0)
    independent = (1.0 - evidence.memory) / (1.0 + evidence.memory)
    for hour in np.flatnonzero(evidence.known.any(axis=1)):
        known = evidence.known[hour]
        unit = unit_concentration(east[:, known], north[:, known], evidence.wind[hour], _TURNS, model.release)
        values = evidence.excess_ug_m3[hour, known], evidence.sigma_ug_m3[hour, known]
        gain = independent * _of_hour(unit, *values, rates, error)
        highest = gain.max(axis=(1, 2))[:, None, None]
        of_shared = np.tensordot(np.exp(gain - highest), _turn_weights(evidence.wind[hour], error), axes=(1, 1))
        of_shared = smooth @ of_shared
        shared += np.log(np.maximum(np.swapaxes(of_shared, 1, 2), _TINY)) + highest
    weight = np.exp(-0.5 * (_SHARED_TURNS / error.shared_direction_deg) ** 2)
    highest = shared.max(axis=1, keepdims=True)
    total = np.log(np.einsum("b,nbq->nq", weight / weight.sum(), np.exp(shared - highest))) + highest[:, 0]
    return np.asarray(total)


def _smoothing(count: int, sigma: float) -> Field:
    """Matrix that sums over a log-normal factor, shape (Q, Q)."""
    steps = LOG_STEP * np.arange(count)
    kernel = np.exp(-0.5 * ((steps - steps[:, None]) / sigma) ** 2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def _turn_weights(wind: HourlyWind, error: PlumeModelError) -> Field:
    """Weights of the turns for each shared turn, shape (B, J)."""
    sigma = np.hypot(wind.error_deg, error.slow_direction_deg_m_s / max(wind.speed_m_s, LEAST_SPEED_M_S))
    weight = np.exp(-0.5 * ((_TURNS - _SHARED_TURNS[:, None]) / sigma) ** 2)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray((1.0 - error.odd_direction) * weight + error.odd_direction / len(_TURNS))


def _of_hour(unit: Field, excess: Field, sigma: Field, rates: Field, error: PlumeModelError) -> Field:
    """Log-likelihood of one hour against no release, shape (N, J, Q); ``unit`` has shape (N, S, J).

    In single precision, in units of sigma: with single rather than double precision logarithms take a fraction of the time.
    """
    relative = np.moveaxis(unit / sigma[:, None], 1, 2).astype(np.float32)
    place, turn, station = np.nonzero(relative * np.float32(rates[-1]) > _NEGLIGIBLE)
    predicted = relative[place, turn, station][:, None] * rates.astype(np.float32)
    value = (excess / sigma).astype(np.float32)
    variance = 1 + np.float32(error.of_prediction**2) * predicted**2
    half = np.float32((error.freedom + 1.0) / 2.0)
    without = half * np.log(1 + value**2 / np.float32(error.freedom))
    missed = (value[station][:, None] - predicted) ** 2 / variance
    gain = -half * np.log(1 + missed / np.float32(error.freedom)) - np.log(variance) / 2
    gain += without[station][:, None]
    return _summed(gain, place * unit.shape[2] + turn, (unit.shape[0], unit.shape[2], len(rates)))


def _summed(gain: Field, group: NDArray[np.int64], shape: tuple[int, int, int]) -> Field:
    """Sums of the rows of ``gain`` by group, groups in order."""
    found = np.zeros((shape[0] * shape[1], shape[2]))
    if len(group):
        first = np.flatnonzero(np.diff(group, prepend=-1))
        found[group[first]] = np.add.reduceat(gain, first, axis=0)
    return found.reshape(shape)
