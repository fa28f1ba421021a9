"""Golden cases of the decoders: ``tests/testcases/<format>/<case>/{topic.txt,payload.bin,expected.json}``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.message import RawMessage

if TYPE_CHECKING:
    from datetime import datetime

TESTCASES = Path(__file__).parents[1] / "testcases"


class GoldenCase(NamedTuple):
    """A message as it came, and the built-in types that it decodes to."""

    message: RawMessage
    expected: Any


def case_names(wire_format: str) -> list[str]:
    return sorted(path.name for path in (TESTCASES / wire_format).iterdir())


def read_case(wire_format: str, name: str, received_at: datetime) -> GoldenCase:
    folder = TESTCASES / wire_format / name
    topic = (folder / "topic.txt").read_text(encoding="utf-8").strip()
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return GoldenCase(RawMessage(topic, (folder / "payload.bin").read_bytes(), received_at), expected)
