"""Errors of the databases.

``StoreError``
    ``StoreUnavailableError``  not reachable, overloaded or broken: the same call may succeed later
    ``StoreAccessError``       credentials are missing, wrong or too weak
    ``StoreMissingError``      database, bucket or organisation does not exist
    ``QueryError``             the server refused a query
    ``StoreRefusedError``      the server refused what a job made
    ``RawLogError``            the log cannot be written or read
        ``DiskReserveError``   the disk is nearly full
    ``StateError``             the state database cannot be used
        ``StateSchemaError``   its schema is not the one of this version
        ``StateValueError``    it can never take this row, whatever else works
    ``BackupError``            a backup cannot be taken or restored; nothing was replaced
    ``ReviewError``            a review breaks a rule of reviewing
        ``ReviewConflictError``    it conflicts with another review or a change of the data
``LineError``                  a value that line protocol cannot carry (a programming error)

Data that a database refuses is no error but a value: `store.influx.write.RejectedLine`.
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


class StoreRefusedError(StoreError):
    """The server refused lines that a job made: a defect of the product or of the bucket, not to be sent again as they are."""


class RawLogError(StoreError):
    """The raw log cannot be written or read."""


class DiskReserveError(RawLogError):
    """Less than the reserve is free: nothing is written until there is room again."""


class StateError(StoreError):
    """The state database cannot be used."""


class StateSchemaError(StateError):
    """The schema of the state database is older or newer than this version's; the message names both and the next step."""


class StateValueError(StateError):
    """The state database refuses a row for what is in it (range, type, constraint); trying again does not help."""


class BackupError(StoreError):
    """A backup cannot be taken or restored; nothing was replaced."""


class ReviewError(StoreError):
    """A review breaks a rule: a wrong step, the same person twice, a missing note."""


class ReviewConflictError(ReviewError):
    """It conflicts with another review of the same hours, or the hours have changed since; the message names both."""


class LineError(ValueError):
    """A name or value that line protocol cannot carry."""
