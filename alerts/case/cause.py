"""With what cause a person closes a case."""

from __future__ import annotations

from enum import StrEnum


class ResolveCause(StrEnum):
    """With what cause a case is resolved."""

    EVENT = "event"
    """Pollution or radiation as reported, source known or not."""
    LOCAL_WORK = "local_work"
    """Known work near the station."""
    NATURAL = "natural"
    """Dust, washout of radon progeny, biogenic."""
    INSTRUMENT = "instrument"
    MAINTENANCE = "maintenance"
    """Calibration or other work at the station."""
    LINE = "line"
    """Line or power of the station."""
    FALSE_ALARM = "false_alarm"
    """The rule or its threshold does not fit."""
    OTHER = "other"

    @property
    def is_false(self) -> bool:
        """Whether the alerts should not have been raised."""
        return self in {ResolveCause.INSTRUMENT, ResolveCause.MAINTENANCE, ResolveCause.FALSE_ALARM}
