"""What published figures rest on: hours of stations, networks, parameters and spans of time."""

from __future__ import annotations

import msgspec

from schemas.interval import Interval


class HourBasis(msgspec.Struct, frozen=True, kw_only=True):
    """Hours that figures were computed from.

    Attributes
    ----------
    stations : tuple of str
        Ids, also of stations that had no hour: late ones would change the figures.
    networks : tuple of str
        Empty: of files, which nothing that is stored changes.
    parameters : tuple of str
        Codes of the registry.
    spans : tuple of Interval
        UTC, half-open.
    """

    stations: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    spans: tuple[Interval, ...] = ()
