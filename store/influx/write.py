"""Writing lines so that refused ones cost no others, and little time.

A request the server refuses for its content (400, 422: parse error, partial write, field type conflict, points beyond the
retention) is taken apart by what the server says: lines that it quotes, lines older than its retention (`store.influx.retention`), the
series that have the field it names. What it says nothing of is halved, a series together; a part of which every line was
dropped is done. What is left after `MOST_REQUESTS` is refused as a whole, so that one station's refusals never hold up the others.
A request that is too large (413) is halved. Writing a line twice is harmless, since the point key is idempotent; lines of
one series keep their order. What may succeed later (429, 5xx, no answer) ends the call with ``retry``: the caller sends everything
again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from store.error import StoreRefusedError, StoreUnavailableError
from store.influx.answer import WRITTEN, error_of, is_missing
from store.influx.line import escape_key, escape_measurement
from store.influx.retention import is_for_age

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store.influx.answer import Answer
    from store.influx.http import Bucket, InfluxHttp
    from store.influx.retention import Retentions

#: Lines and bytes of one request: the server's own advice is 5,000 lines, its default limit 25 MB.
MAX_LINES = 5_000
MAX_BYTES = 8 << 20
MOST_REQUESTS = 400
"""Refused requests of one call that are taken apart; each takes some milliseconds. Project's choice."""
_TOO_LARGE = 413
_REFUSED = frozenset({400, _TOO_LARGE, 422})
_QUOTED = re.compile(r"(unable to parse '(.*)': .*?)(?: dropped=\d+)?$", re.MULTILINE)
_CONFLICT = re.compile(r'field type conflict: input field "(.*?)" on measurement "(.*?)"')
_DROPPED = re.compile(r"dropped[= ](\d+)")
_Part = Sequence[int]


class RejectedLine(msgspec.Struct, frozen=True):
    """A line the server will never take.

    Attributes
    ----------
    index : int
        Of the item in the sequence given to the write function (line, reading).
    line : bytes
    reason : str
        The server's words.
    """

    index: int
    line: bytes
    reason: str


class WriteResult(msgspec.Struct, frozen=True):
    """Outcome of a write.

    Attributes
    ----------
    accepted : int
        Lines the server has confirmed.
    rejected : tuple of RejectedLine
        Never to be sent again as they are.
    retry : bool
        True when the rest could not be dealt with now: send all again later, which is harmless.
    detail : str
        Why ``retry``; empty otherwise.
    """

    accepted: int = 0
    rejected: tuple[RejectedLine, ...] = ()
    retry: bool = False
    detail: str = ""


def require_accepted(result: WriteResult, what: str) -> None:
    """Raise unless the store took everything: for jobs, which do not report success of what was not written.

    Raises
    ------
    StoreUnavailableError
        The rest could not be written now; run again.
    StoreRefusedError
        Lines were refused; the message has their number and the server's words on the first.
    """
    if result.retry:
        msg = f"the store cannot take {what} now: {result.detail}; run again"
        raise StoreUnavailableError(msg)
    if result.rejected:
        first = result.rejected[0]
        msg = f"the store refused {len(result.rejected)} lines of {what}: {first.reason}"
        raise StoreRefusedError(msg)


def write_lines(
    http: InfluxHttp, bucket: Bucket, lines: Sequence[bytes], ensure: Callable[[], None], retentions: Retentions
) -> WriteResult:
    """Write lines with nanosecond times.

    Parameters
    ----------
    http : InfluxHttp
    bucket : Bucket
    lines : sequence of bytes
        Line protocol, one point each, without line breaks.
    ensure : callable
        Creates database and buckets; called once when they turn out to be missing.
    retentions : Retentions
        What is known of the server's retention, kept between calls.

    Raises
    ------
    StoreAccessError, StoreMissingError
        Nothing can be written until an operator acts.
    """
    return _Writing(http, bucket, lines, ensure, retentions).run()


@dataclass(slots=True)
class _Writing:
    """One call: parts are indexes of lines, in an order that keeps the lines of a series in theirs."""

    http: InfluxHttp
    bucket: Bucket
    lines: Sequence[bytes]
    ensure: Callable[[], None]
    retentions: Retentions
    is_ensured: bool = False
    accepted: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)
    requests_left: int = MOST_REQUESTS

    def run(self) -> WriteResult:
        try:
            for part in _requests(self.lines):
                self._write(part)
        except StoreUnavailableError as error:
            return WriteResult(self.accepted, tuple(self.rejected), retry=True, detail=str(error))
        return WriteResult(self.accepted, tuple(self.rejected))

    def _write(self, whole: _Part) -> None:
        """Write one request's lines; what one series alone is refused for is looked into after all others are stored."""
        urgent, later = [whole], list[_Part]()
        while urgent or later:
            part = self._young((urgent or later).pop())
            for smaller in (self._send(part) if part else [])[::-1]:
                is_one = len(set(map(self._series, smaller))) == 1
                (later if is_one else urgent).append(smaller)

    def _send(self, part: _Part) -> list[_Part]:
        """Send a part; the smaller ones that it has to be tried again in, in order."""
        answer = self._post(b"\n".join([self.lines[index] for index in part]))
        if answer.status not in _REFUSED:
            self.accepted += len(part)
            return []
        if len(part) == 1 or self._is_wholly_dropped(part, answer.words):
            self._reject(part, answer.words)
            return []
        if answer.status == _TOO_LARGE:
            return _halves(part, self._series)
        self.requests_left -= 1
        if self.requests_left < 0:
            self._reject(part, f"{answer.words} (refused together with {len(part) - 1} more, not tried one by one)")
            return []
        return self._apart(part, answer.words)

    def _post(self, body: bytes) -> Answer:
        answer = self.http.post_lines(self.bucket, body)
        if is_missing(answer) and not self.is_ensured:
            self.is_ensured = True
            self.ensure()
            answer = self.http.post_lines(self.bucket, body)
        if answer.status != WRITTEN and answer.status not in _REFUSED:
            raise error_of(answer, self.http.url, otherwise=StoreRefusedError)
        return answer

    def _young(self, part: _Part) -> _Part:
        """What of a part is not older than a known retention; the rest is refused without being sent."""
        limit = self.retentions.oldest_ns(self.bucket)
        if not limit or all(self._time_ns(index) >= limit for index in part):
            return part
        limit = self.retentions.confirmed_ns(self.bucket)
        old = [index for index in part if self._time_ns(index) < limit]
        if old:
            self._reject(old, self.retentions.words(self.bucket))
        return [index for index in part if self._time_ns(index) >= limit]

    def _apart(self, part: _Part, words: str) -> list[_Part]:
        """Smaller parts, by what the server says of the lines that it refuses."""
        quoted = {found[2].encode(): found[1] for found in _QUOTED.finditer(words)}
        bad = [index for index in part if self.lines[index] in quoted]
        if bad:
            for index in bad:
                self._reject([index], quoted[self.lines[index]])
            return [[index for index in part if self.lines[index] not in quoted]]
        if is_for_age(words):
            self.retentions.learn(self.bucket)
            young = self._young(part)
            # an old shard may still take points beyond the retention: the server's limit is one of time, but not known
            return [young] if len(young) < len(part) else _halves(part, self._time_ns)
        series = [self._series(index) for index in part if self._has_conflict(index, words)]
        suspects, rest = _divided(part, [self._series(index) in set(series) for index in part])
        if suspects and rest:
            return [rest, suspects]
        return _halves(part, self._series)

    def _is_wholly_dropped(self, part: _Part, words: str) -> bool:
        """Whether the server says of every line that it has dropped it, and why."""
        found = _DROPPED.search(words)
        if found is None or int(found[1]) != len(part):
            return False
        return _CONFLICT.search(words) is None or all(self._has_conflict(index, words) for index in part)

    def _has_conflict(self, index: int, words: str) -> bool:
        """Whether a line has the field that the server names as of another type."""
        found = _CONFLICT.search(words)
        if found is None:
            return False
        line, field = self.lines[index], escape_key(found[1]).encode() + b"="
        is_measurement = line.startswith(escape_measurement(found[2]).encode() + b",")
        return is_measurement and (b"," + field in line or b" " + field in line)

    def _series(self, index: int) -> bytes:
        return self.lines[index].partition(b" ")[0]

    def _time_ns(self, index: int) -> int:
        return int(self.lines[index].rpartition(b" ")[2])

    def _reject(self, part: _Part, words: str) -> None:
        self.rejected += [RejectedLine(index, self.lines[index], words) for index in part]


def _divided(part: _Part, chosen: Sequence[bool]) -> tuple[_Part, _Part]:
    yes = [index for index, is_chosen in zip(part, chosen, strict=True) if is_chosen]
    no = [index for index, is_chosen in zip(part, chosen, strict=True) if not is_chosen]
    return yes, no


def _halves(part: _Part, key: Callable[[int], Any]) -> list[_Part]:
    """Two parts of about the same size, ordered by the key; what has the same key stays together unless it is everything."""
    ordered = sorted(part, key=key)
    middle = len(ordered) // 2
    borders = [at for at in range(1, len(ordered)) if key(ordered[at]) != key(ordered[at - 1])]
    if borders:
        middle = min(borders, key=lambda at: abs(at - middle))
    return [ordered[:middle], ordered[middle:]]


def _requests(lines: Sequence[bytes]) -> Iterator[_Part]:
    first, size = 0, 0
    for index, line in enumerate(lines):
        size += len(line) + 1
        if index > first and (index - first >= MAX_LINES or size > MAX_BYTES):
            yield range(first, index)
            first, size = index, len(line) + 1
    if len(lines) > first:
        yield range(first, len(lines))
