"""Parts of InfluxQL statements, quoted so that no name or value can leave its place.

https://docs.influxdata.com/influxdb/v1/query_language/spec/#identifiers and ``#literals``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store.influx.line import to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

STEPS = (timedelta(hours=3), timedelta(days=2), timedelta(days=60), None)
"""How far back is looked, in turn; None: to the beginning, and only for the stations of instruments still not found."""
_IDENTIFIER = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_LITERAL = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n"})


def quote_identifier(name: str) -> str:
    """Name of a database, measurement, tag or field in double quotes."""
    return f'"{name.translate(_IDENTIFIER)}"'


def quote_literal(text: str) -> str:
    """Text in single quotes."""
    return f"'{text.translate(_LITERAL)}'"


def select(
    measurement: str,
    start: datetime,
    end: datetime,
    *,
    columns: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
    any_of: Mapping[str, Iterable[str]] | None = None,
) -> str:
    """Statement for the points of a measurement in ``[start, end)``.

    Parameters
    ----------
    columns : iterable of str
        Fields and tags; empty is all.
    tags : mapping of str to str
        Tag values to match.
    any_of : mapping of str to iterable of str
        Tags with the values of which one must match.
    """
    wanted = ", ".join(map(quote_identifier, columns)) or "*"
    conditions = [f"{quote_identifier(key)} = {quote_literal(value)}" for key, value in (tags or {}).items()]
    for key, values in (any_of or {}).items():
        conditions.append(f"({' OR '.join(f'{quote_identifier(key)} = {quote_literal(value)}' for value in values)})")
    conditions += [f"time >= {to_nanoseconds(start)}", f"time < {to_nanoseconds(end)}"]
    return f"SELECT {wanted} FROM {quote_identifier(measurement)} WHERE {' AND '.join(conditions)}"  # noqa: S608 - every part is quoted


def newest(networks: Sequence[str], since: datetime | None, stations: Iterable[str] = ()) -> str:
    """Statement for the newest point of every instrument; ``stations`` empty: all."""
    sources = ", ".join(map(quote_identifier, networks))
    bounds = [] if since is None else [f"time >= {to_nanoseconds(since)}"]
    chosen = " OR ".join(f'"station" = {quote_literal(station)}' for station in stations)
    where = " AND ".join([*bounds, *([f"({chosen})"] if chosen else [])])
    head = f"SELECT * FROM {sources}{f' WHERE {where}' if where else ''}"  # noqa: S608 - every part is quoted
    return f"{head} GROUP BY station, instrument ORDER BY time DESC LIMIT 1"
