"""Steps of a plan for buckets, what a bucket is now, and spans of retention."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from store.influx.http import Bucket

if TYPE_CHECKING:
    from store.influx.http import InfluxHttp


V2 = 2
V3 = 3
FOREVER: Final = 0
"""Retention of what is never deleted [s], as InfluxDB itself writes it."""
_UNITS_S = {"h": 3600, "d": 86_400, "w": 604_800, "m": 60, "s": 1}


class BucketAction(StrEnum):
    """What a step does."""

    CREATE_DATABASE = "create_database"
    CREATE = "create"
    KEEP_LONGER = "keep_longer"
    KEEP_SHORTER = "keep_shorter"
    """Deletes what is older."""
    MAP = "map"
    REMAP = "remap"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a plan asks for, of a bucket or (None) of the database itself.

    ``name`` is the server's: ``skyground/native``, on 1.x ``skyground.native``. ``keep_s`` is the retention that is wanted [s], 0
    for ever, ``before_s`` the one so far, None where there was none; ``other`` the bucket that a mapping points to so far.
    """

    kind: BucketAction
    bucket: Bucket | None
    name: str
    keep_s: int = FOREVER
    before_s: int | None = None
    other: str = ""

    @property
    def deletes(self) -> bool:
        """Whether readings older than the retention are deleted."""
        return self.kind is BucketAction.KEEP_SHORTER

    def __str__(self) -> str:
        words = {
            BucketAction.CREATE_DATABASE: f"create database {self.name}",
            BucketAction.CREATE: f"create {self.name}, kept {span_text(self.keep_s)}",
            BucketAction.KEEP_LONGER: f"keep {self.name} {span_text(self.keep_s)} instead of {span_text(self.before_s)}",
            BucketAction.KEEP_SHORTER: f"keep {self.name} {span_text(self.keep_s)} instead of {span_text(self.before_s)}: "
            "DELETES what is older",
            BucketAction.MAP: f"map database and retention policy {self.name.replace('/', '.')} to the bucket {self.name}"
            + (" (the default)" if self.bucket is Bucket.NATIVE else ""),
            BucketAction.REMAP: f"map {self.name.replace('/', '.')} to the bucket {self.name} instead of {self.other}",
        }
        return words[self.kind]


class BucketState(msgspec.Struct, frozen=True, kw_only=True):
    """Present state of a bucket.

    Attributes
    ----------
    name : str
        As the server has it, or would have it.
    keep_s : int or None
        Retention [s], 0 for ever; None: absent.
    mapped_to : str
        On 2.x the name (or id, where it cannot be seen) of the bucket that its database and retention policy are mapped to; empty: no
        mapping was made.
    is_default : bool
        Whether that mapping is the one of the database.
    """

    bucket: Bucket
    name: str
    keep_s: int | None = None
    mapped_to: str = ""
    is_default: bool = False


def parse_span(text: str) -> int:
    """Read a retention such as ``730d``, ``26w``, ``48h``; ``0`` or ``forever``: for ever.

    Returns
    -------
    int
        [s]

    Raises
    ------
    ValueError
        Not such a span; InfluxDB demands at least an hour, the shortest that can be written.
    """
    if text.strip().lower() in {"0", "inf", "forever"}:
        return FOREVER
    match = re.fullmatch(r"\s*(\d{1,9})([hdw])\s*", text)
    if match is None or not int(match[1]):
        msg = f"{text!r}: expected a retention such as 730d, 26w, 48h, or forever"
        raise ValueError(msg)
    return int(match[1]) * _UNITS_S[match[2]]


def span_text(seconds: int | None) -> str:
    """``730d``, ``48h``, ``for ever``; empty for None."""
    if seconds is None:
        return ""
    if seconds == FOREVER:
        return "for ever"
    return f"{seconds // 86_400}d" if seconds % 86_400 == 0 else f"{seconds / 3600:g}h"


def bucket_name(http: InfluxHttp, bucket: Bucket) -> str:
    """Name of a bucket as its server has it."""
    return f"{http.database}{'.' if http.server.number[0] < V2 else '/'}{bucket}"
