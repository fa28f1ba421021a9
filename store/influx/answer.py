"""Answers of InfluxDB, and the errors that they mean."""

from __future__ import annotations

import json
import re

import msgspec

from store.error import StoreAccessError, StoreError, StoreMissingError, StoreUnavailableError

WRITTEN = 204
"""What every InfluxDB answers to a write that it has taken; a proxy's page comes with 200."""
_SHOWN = 120
"""Bytes of an unexpected answer that an error quotes."""


class Answer(msgspec.Struct, frozen=True):
    """Status and body of a response; also of one that refuses."""

    status: int
    body: bytes

    @property
    def words(self) -> str:
        """The server's own message."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace").strip() or f"HTTP {self.status}"
        if isinstance(content, dict):
            return str(content.get("error") or content.get("message") or content)
        return str(content)


def error_of(answer: Answer, url: str, *, otherwise: type[StoreError]) -> StoreError:
    """The error that an answer means; ``otherwise`` where the status is a plain refusal."""
    words = answer.words
    if answer.status in (401, 403):
        return StoreAccessError(
            f"InfluxDB at {url} refuses the credentials: {words}; check SKYGROUND_INFLUX_TOKEN, or SKYGROUND_INFLUX_USER and _PASSWORD"
        )
    if answer.status < 300:  # noqa: PLR2004 - HTTP
        shown = answer.body[:_SHOWN].decode(errors="replace")
        return StoreUnavailableError(
            f"InfluxDB at {url}: HTTP {answer.status} to a write, expected {WRITTEN}: a proxy or another program answers: {shown!r}"
        )
    if is_missing(answer):
        return StoreMissingError(f"InfluxDB at {url}: {words}; {_remedy(words)}")
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004 - HTTP
        return StoreUnavailableError(f"InfluxDB at {url}: HTTP {answer.status}: {words}")
    return otherwise(f"InfluxDB at {url}: {words}")


def _remedy(words: str) -> str:
    if re.search(r"\borg(anization)?\b", words):
        return "set SKYGROUND_INFLUX_ORG to an organisation of this server; it is not created"
    return "`skyground migrate` creates it, SKYGROUND_INFLUX_DATABASE names it"


def is_missing(answer: Answer) -> bool:
    """Whether the answer states that the database, retention policy, bucket or organisation does not exist."""
    # 1.x answers 500 to a write into an absent retention policy, so the words decide
    pattern = r"(database|retention policy|bucket|organization|org)\b.*not found|not found:? *(database|retention policy|bucket)"
    return answer.status == 404 or re.search(pattern, answer.words) is not None  # noqa: PLR2004 - HTTP
