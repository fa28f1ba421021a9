"""Which function makes the series of which kind of instrument, and what every series has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemas.parameter import parameter
from sensors.simulator import air_series, land_series
from sensors.simulator.layout import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from schemas.network import Instrument
    from sensors.simulator.world import Site

    Field = NDArray[np.float64]

SERIES: Mapping[str, Callable[[Site, Field], dict[str, Field]]] = {
    "gas": air_series.gas_series,
    "mass": air_series.mass_series,
    "ions": air_series.ion_series,
    "ocec": air_series.carbon_series,
    "xrf": air_series.element_series,
    "bc": air_series.black_carbon_series,
    "gc": air_series.voc_series,
    "met": land_series.met_series,
    "ceil": land_series.ceilometer_series,
    "gamma": land_series.gamma_series,
    "ghg": land_series.greenhouse_series,
    "flux": land_series.flux_series,
    "soil": land_series.soil_series,
    "water": land_series.water_series,
}


def simulate_instrument(site: Site, instrument: Instrument, starts: Field) -> dict[str, Field]:
    """What a faultless instrument measures.

    Parameters
    ----------
    site : Site
    instrument : Instrument
    starts : array
        Starts of the intervals, epoch seconds; the value is that of the middle.

    Returns
    -------
    dict of str to array
        By parameter, in the instrument's order, canonical units, inside the physical range, not yet rounded.
    """
    series = SERIES[kind_of(instrument)](site, starts + instrument.cadence_s / 2)
    return {name: _bounded(name, series[name]) for name in instrument.parameters}


def _bounded(name: str, values: Field) -> Field:
    known = parameter(name)
    return np.clip(values, known.range_min, known.range_max)
