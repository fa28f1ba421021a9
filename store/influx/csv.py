"""Answers of InfluxQL in CSV that are known to be whole.

InfluxDB leaves the error of a statement, and the mark of rows that its ``max-row-limit`` cut off, out of CSV answers, and a
broken connection may look like the end. So every question is followed by a statement whose answer is always there: the
server answers it only after the question itself has been answered without an error and in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.error import QueryError
from store.influx.arrow import header_of

if TYPE_CHECKING:
    from store.influx.http import Bucket, InfluxHttp

END = "; SHOW DATABASES"
"""Needs no privilege of its own on 1.x and 2.x, and answers with a header even where there is nothing to show."""
_END_HEAD = b"name,tags,name\n"
_V3 = 3


class CsvReader:
    """Asks one server in CSV; threads may share it."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        #: Whether the server answers the second statement; None until it was seen.
        self._marks_end: bool | None = None

    def ask(self, question: str, bucket: Bucket) -> bytes:
        """The rows of a ``SELECT`` with their header; empty where there are none.

        Raises
        ------
        QueryError
            The server refused the statement, or its answer is not CSV of InfluxDB or ends early.
        StoreAccessError, StoreMissingError, StoreUnavailableError
        """
        if self._marks_end is False:
            return self._unmarked(self._http.query(question, bucket), question, bucket)
        body = self._http.query(question + END, bucket)
        rows = without_end_mark(body)
        if rows is None and not self._knows_end():
            return self._unmarked(body, question, bucket)
        if rows is None:
            self._raise_for(question, bucket)
        self._marks_end = True
        if rows:
            header_of(rows)
        return rows or b""

    def _knows_end(self) -> bool:
        """Whether this server answers two statements with two tables: InfluxDB 1 and 2 do. The no of an InfluxDB 3 is remembered."""
        if self._marks_end is not None:
            return self._marks_end
        first = without_end_mark(self._http.query(END.removeprefix("; ") + END))
        found = first is not None and first.startswith(_END_HEAD)
        if not found and self._http.server.number[0] >= _V3:
            self._marks_end = False
        return found

    def _unmarked(self, body: bytes, question: str, bucket: Bucket) -> bytes:
        """An answer of a server that answers one statement only: held to whole lines."""
        if not body.strip():
            # an empty answer may mean an error, which only JSON states
            if self._http.query_json(question, bucket):
                msg = f"InfluxDB at {self._http.url}: the CSV answer is empty, the JSON answer is not"
                raise QueryError(msg)
            return b""
        if not body.endswith(b"\n"):
            msg = f"InfluxDB at {self._http.url}: the answer ends early: its last line is incomplete"
            raise QueryError(msg)
        header_of(body)
        return body

    def _raise_for(self, question: str, bucket: Bucket) -> None:
        """Why an answer is incomplete: the statement's error, which only JSON states, or the rest of the text."""
        limited = question if " LIMIT " in question else f"{question} LIMIT 1"
        self._http.query_json(limited, bucket)
        msg = (
            f"InfluxDB at {self._http.url}: the answer ends early; the connection broke, or the server cut it off "
            "(max-row-limit, query-timeout, max-select-point of its configuration)"
        )
        raise QueryError(msg)


def without_end_mark(body: bytes) -> bytes | None:
    """The answer before that of `END`; None where that is missing."""
    at = body.rfind(b"\n\n" + _END_HEAD)
    if at >= 0:
        return body[: at + 1]
    return b"" if body.startswith(_END_HEAD) else None
