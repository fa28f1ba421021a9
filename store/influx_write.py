"""Writing lines so that one bad line never costs the others.

A request the server refuses for its content (400, 422: parse error, partial write, field type conflict, points beyond the
retention) or its size (413) is halved until the offending lines stand alone; these come back with the server's own words.
Writing a line twice is harmless, since the point key is idempotent. What may succeed later (429, 5xx, no answer) ends the
call with ``retry``: the caller sends everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from store.error import StoreError, StoreRefusedError, StoreUnavailableError
from store.influx_http import error_of, is_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store.influx_http import Bucket, InfluxHttp

#: Lines and bytes of one request: the server's own advice is 5,000 lines, its default limit 25 MB.
MAX_LINES = 5_000
MAX_BYTES = 8 << 20
_REFUSED = frozenset({400, 413, 422})


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


class _Batch(msgspec.Struct, frozen=True):
    first: int
    lines: Sequence[bytes]


def write_lines(http: InfluxHttp, bucket: Bucket, lines: Sequence[bytes], ensure: Callable[[], None]) -> WriteResult:
    """Write lines with nanosecond times.

    Parameters
    ----------
    http : InfluxHttp
    bucket : Bucket
    lines : sequence of bytes
        Line protocol, one point each, without line breaks.
    ensure : callable
        Creates database and buckets; called once when they turn out to be missing.

    Raises
    ------
    StoreAccessError, StoreMissingError
        Nothing more can be written before somebody acts.
    """
    waiting = list(_requests(lines))[::-1]
    accepted, rejected, ensured = 0, list[RejectedLine](), False
    while waiting:
        batch = waiting.pop()
        try:
            answer = http.post_lines(bucket, b"\n".join(batch.lines))
            if is_missing(answer) and not ensured:
                ensured = True
                ensure()
                answer = http.post_lines(bucket, b"\n".join(batch.lines))
            if answer.status >= 300 and answer.status not in _REFUSED:  # noqa: PLR2004 - HTTP
                raise error_of(answer, http.url, otherwise=StoreError)
        except StoreUnavailableError as error:
            return WriteResult(accepted, tuple(rejected), retry=True, detail=str(error))
        if answer.status not in _REFUSED:
            accepted += len(batch.lines)
        elif len(batch.lines) == 1:
            rejected.append(RejectedLine(batch.first, batch.lines[0], answer.words))
        else:
            waiting.extend(_halves(batch))
    return WriteResult(accepted, tuple(rejected))


def _halves(batch: _Batch) -> tuple[_Batch, _Batch]:
    """Second half first: batches are taken from the end of the list."""
    middle = len(batch.lines) // 2
    return _Batch(batch.first + middle, batch.lines[middle:]), _Batch(batch.first, batch.lines[:middle])


def _requests(lines: Sequence[bytes]) -> Iterator[_Batch]:
    first, size = 0, 0
    for index, line in enumerate(lines):
        size += len(line) + 1
        if index > first and (index - first >= MAX_LINES or size > MAX_BYTES):
            yield _Batch(first, lines[first:index])
            first, size = index, len(line) + 1
    if len(lines) > first:
        yield _Batch(first, lines[first:])
