"""Which time a run is about: from its parameters, the windows of the events that triggered it, or its own hour. Without Airflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.moment import BoundsError, parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def span_of(
    given: Mapping[str, object], windows: Sequence[Mapping[str, str]], moment: datetime, look_back: timedelta
) -> tuple[datetime, datetime]:
    """Both ends of a run's window in UTC, half-open.

    Parameters
    ----------
    given : mapping of str to object
        Parameters of the run; ``start`` and ``end`` may be absent or empty. Where one of them is given, the other is the run's
        hour, or ``look_back`` before the end.
    windows : sequence of mapping of str to str
        Of the asset events that triggered the run, ``start`` and ``end`` in any offset; all of them are covered.
    moment : datetime
        Of the run, aware.
    look_back : timedelta
        Before the run's hour, where neither is there.

    Raises
    ------
    ValueError
        A parameter that is no moment with an offset, or a window that ends where it begins or before.
    """
    first, last = (_moment(given.get(name), name) for name in ("start", "end"))
    if first is None and last is None and windows:
        starts, ends = ([datetime.fromisoformat(item[name]) for item in windows] for name in ("start", "end"))
        return min(starts).astimezone(UTC), max(ends).astimezone(UTC)
    end = last or moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    start = first or end - look_back
    if end <= start:
        msg = f"the window ends at {end.isoformat()}, expected a moment after its start, {start.isoformat()}"
        raise ValueError(msg)
    return start, end


def _moment(text: object, name: str) -> datetime | None:
    """Moment of a parameter in UTC; None where it is empty."""
    if text is None or text == "":
        return None
    try:
        return parse_moment(str(text))
    except BoundsError as error:
        msg = f"parameter {name}: {error}"
        raise ValueError(msg) from error
