"""Data of a case, and the indication of one piece of evidence. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from schemas.interval import Interval
    from schemas.network import Station
    from schemas.reason import Figure

    Field = NDArray[np.float64]

DAY_H = 24
"""Hours before a case whose flags define the usual rate of flags [h]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContext:
    """Data of a case; absent data add no evidence.

    Attributes
    ----------
    interval : Interval
        The case.
    hours : mapping of str to DataFrame
        `schemas.frames` hourly of the parameter's network by station, from three days before the case; the station's own with
        all its parameters, the others need the parameter only.
    stations : sequence of Station
        Of that network.
    met : mapping of str to DataFrame
        Hours of the network ``met`` by station; empty: no evidence of the weather.
    met_stations : sequence of Station
        Of the network ``met``.
    flags : DataFrame or None
        `schemas.frames` flags of the station and parameter, native and hourly, in the case and where known before it; None:
        not known.
    native : DataFrame or None
        Readings of the instrument, in the case and where known before it.
    cadence_s : int
        Of these [s].
    instrument_id : str or None
        Which of the station's instruments the case is about; None: the first in service with the parameter.
    twins : mapping of str to DataFrame
        Readings of the network's other instruments of the same parameter at the station, from three days before the case.
    other_networks : mapping of str to DataFrame
        Hours of the station in its other networks, by network code, from three days before the case.
    """

    station: Station
    parameter: str
    interval: Interval
    hours: Mapping[str, pd.DataFrame]
    stations: Sequence[Station]
    met: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    met_stations: Sequence[Station] = ()
    flags: pd.DataFrame | None = None
    native: pd.DataFrame | None = None
    cadence_s: int = 3600
    instrument_id: str | None = None
    twins: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    other_networks: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Indication:
    """Indication of one piece of evidence; ``is_event`` None: neither event nor fault."""

    name: str
    is_event: bool | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)
