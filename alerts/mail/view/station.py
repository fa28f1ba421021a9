"""A station in a mail, and its state. Types only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from alerts.mail.view.mail_value import MailValue, Name


class StationState(StrEnum):
    """State of a station in a mail: colour on the map, word in the table."""

    BEYOND = "beyond"
    BACK = "back"
    """Was beyond the threshold, is not any more."""
    SILENT = "silent"
    FAULTY = "faulty"
    ORDINARY = "ordinary"
    UNKNOWN = "unknown"


class CaseStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station of the case, or near it.

    Attributes
    ----------
    lon, lat : float or None
        WGS-84 [deg].
    extreme, latest : MailValue or None
        Of the case's worst parameter.
    since, until : datetime or None
        Of the condition at this station; a silent station: its last reading, and the first one after.
    distance_km : float or None
        From the first station of the case; None where not known.
    """

    station_id: str
    name: Name
    city: Name
    state: StationState
    lon: float | None = None
    lat: float | None = None
    extreme: MailValue | None = None
    latest: MailValue | None = None
    since: datetime | None = None
    until: datetime | None = None
    distance_km: float | None = None
