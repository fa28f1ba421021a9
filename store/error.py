"""Errors of the databases.

``StoreError``
    ``StoreUnavailableError``  not reachable, overloaded or broken: the same call may succeed later
    ``StoreAccessError``       credentials are missing, wrong or too weak
    ``StoreMissingError``      database, bucket or organisation does not exist
    ``QueryError``             the server refused a query
    ``RawLogError``            the log cannot be written or read
        ``DiskReserveError``   the disk is nearly full
    ``StateError``             the state database cannot be used
``LineError``                  a value that line protocol cannot carry (a programming error)

Data that a database refuses is no error but a value: `store.influx_write.RejectedLine`.
"""

from __future__ import annotations


class StoreError(Exception):
    """A database cannot do what was asked; the message says what to do."""


class StoreUnavailableError(StoreError):
    """Not reachable, overloaded or broken; try again later."""


class StoreAccessError(StoreError):
    """Credentials are missing, wrong or not sufficient."""


class StoreMissingError(StoreError):
    """The database, bucket or organisation does not exist."""


class QueryError(StoreError):
    """The server refused a query."""


class RawLogError(StoreError):
    """The raw log cannot be written or read."""


class DiskReserveError(RawLogError):
    """Less than the reserve is free: nothing is written until there is room again."""


class StateError(StoreError):
    """The state database cannot be used."""


class LineError(ValueError):
    """A name or value that line protocol cannot carry."""
