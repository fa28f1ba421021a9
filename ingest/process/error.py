"""Errors of the collector and of the publishers.

``IngestError``
    ``BrokerError``    the broker cannot be reached or refuses us
    ``PublishError``   the broker does not confirm what was published
    ``DatasetFileError``   a data set cannot be fetched, checked or found
    ``StationCommandError``   a command to a station cannot be understood or followed
    ``LockedError``    another collector or gateway works in the same run directory

Bad input is no error but a value: `schemas.reading.Rejection`.
"""

from __future__ import annotations


class IngestError(Exception):
    """A part of the data path cannot work; the message says what to do."""


class BrokerError(IngestError):
    """The broker cannot be reached or refuses the connection."""


class PublishError(IngestError):
    """Messages stay without confirmation for too long."""


class DatasetFileError(IngestError):
    """A data set cannot be fetched, is not what it should be, or is unknown."""


class StationCommandError(IngestError):
    """A command to a station cannot be understood or followed."""


class LockedError(IngestError):
    """Another collector works in the same run directory."""
