"""How long the database keeps a bucket's points: read when needed, so that lines it would refuse are not sent one by one.

It matters once the server has refused a point for its age. From then on older lines are refused here with the server's own words;
before each such refusal the answer is renewed where it is older than half a minute, since a retention can be made longer.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from store.error import StoreError
from store.influx.influxql import quote_identifier

if TYPE_CHECKING:
    from store.influx.http import Bucket, InfluxHttp

WORDS = "points beyond retention policy"
"""InfluxDB's words of a point that is too old, 1.x and 2.x."""
ASK_EVERY_S = 30.0
MARGIN_S = 600
"""Allowance for the clocks of both machines [s]. Project's choice."""
_V2, _V3 = 2, 3
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
#: 2.x since 2.7: "dropped 3 points outside retention policy of duration 2h0m0s - ..."
_IS_AGE = re.compile(r"points (?:beyond|outside) retention policy")


def is_for_age(words: str) -> bool:
    """Whether the server's words refuse points for their age."""
    return _IS_AGE.search(words) is not None


class _Rule(msgspec.Struct, rename="camel"):
    every_seconds: int = 0
    shard_group_duration_seconds: int = 0


class _Bucket(msgspec.Struct, rename="camel"):
    retention_rules: list[_Rule] = []


class _Buckets(msgspec.Struct):
    buckets: list[_Bucket] = []


class Retention(msgspec.Struct, frozen=True):
    """How long a bucket is kept [s], 0 for ever; in shards of so many seconds, of which the oldest still takes older points."""

    kept_s: int = 0
    shard_s: int = 0


class Retentions:
    """Retention of the buckets of one server; threads may share it."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._lock = threading.Lock()
        self._known: dict[Bucket, tuple[Retention, float]] = {}

    def learn(self, bucket: Bucket) -> None:
        """Ask now, since the server has refused a point for its age."""
        with self._lock:
            try:
                ask = _ask_v2 if self._http.server.number[0] >= _V2 else _ask_v1
                found = ask(self._http, bucket)
            except (StoreError, msgspec.MsgspecError):
                found = Retention()  # not visible with these credentials; the server refuses what is too old
            self._known[bucket] = (found, time.monotonic())

    def oldest_ns(self, bucket: Bucket) -> int:
        """Time before which no point is taken [ns]; 0 where nothing is known, or everything is kept."""
        known = self._known.get(bucket)
        if known is None or not known[0].kept_s:
            return 0
        return time.time_ns() - (known[0].kept_s + known[0].shard_s + MARGIN_S) * 1_000_000_000

    def confirmed_ns(self, bucket: Bucket) -> int:
        """As `oldest_ns`, of an answer that is not old."""
        known = self._known.get(bucket)
        if known is not None and time.monotonic() - known[1] > ASK_EVERY_S:
            self.learn(bucket)
        return self.oldest_ns(bucket)

    def words(self, bucket: Bucket) -> str:
        """Why a line is refused here."""
        hours = self._known[bucket][0].kept_s / 3600
        return f"{WORDS}: older than {hours:g} h, the retention of {self._http.database}/{bucket}"


def _ask_v1(http: InfluxHttp, bucket: Bucket) -> Retention:
    for series in http.query_json(f"SHOW RETENTION POLICIES ON {quote_identifier(http.database)}"):
        for row in series["values"]:
            facts = dict(zip(series["columns"], row, strict=True))
            if facts["name"] == str(bucket):
                return Retention(_seconds(facts["duration"]), _seconds(facts["shardGroupDuration"]))
    return Retention()


def _seconds(text: str) -> int:
    """A duration as Go writes it, ``168h0m0s``."""
    found = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds


def _ask_v2(http: InfluxHttp, bucket: Bucket) -> Retention:
    if http.server.number[0] >= _V3:
        return Retention()
    answer = http.request("GET", "/api/v2/buckets", params={"org": http.org, "name": f"{http.database}/{bucket}"})
    rules = [rule for item in msgspec.json.decode(answer.body, type=_Buckets).buckets for rule in item.retention_rules]
    return Retention(rules[0].every_seconds, rules[0].shard_group_duration_seconds) if rules else Retention()
