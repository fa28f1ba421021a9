"""JSON Schemas of what crosses the project's border, generated from the types and compared with them by a test.

``python -m schemas.wire`` renews them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from schemas.alert import AlertTransition
from schemas.calibration import CheckKind
from schemas.reading import RejectReason, Status

DIRECTORY = Path(__file__).parent


class ReadingPayload(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One reading as a station publishes it: UTF-8 JSON, alone or in an array (back-fill), at most 1 MiB a message."""

    start: Annotated[str, Meta(description="ISO 8601 with zone", extra_json_schema={"format": "date-time"})]
    values: dict[str, float | None]
    end: Annotated[
        str | None, Meta(description="exclusive; absent: an instant", extra_json_schema={"format": "date-time"})
    ] = None
    seq: Annotated[int, Meta(ge=0, description="counts up per instrument; a gap proves a loss")] | None = None
    units: Annotated[dict[str, str], Meta(description="by parameter; absent: canonical")] = msgspec.field(
        default_factory=dict
    )
    status: Annotated[dict[str, Status], Meta(description="by parameter; absent: N")] = msgspec.field(
        default_factory=dict
    )
    station: str | None = None
    instrument: str | None = None


class CalibrationPayload(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One result of a calibration check on ``cal/v1/{network}/{station_id}/{instrument_id}``, alone or in an array."""

    at: Annotated[str, Meta(description="ISO 8601 with zone", extra_json_schema={"format": "date-time"})]
    kind: CheckKind
    parameter: str
    reference: Annotated[float, Meta(description="what the instrument was given")]
    response: Annotated[float, Meta(description="what it showed")]
    unit: Annotated[str | None, Meta(description="absent: canonical; of a flow check L/min")] = None
    gas: Annotated[str, Meta(max_length=80, description="name of the cylinder or standard")] = ""
    station: str | None = None
    instrument: str | None = None


class StatusPayload(msgspec.Struct):
    """Retained on ``status/v1/{network}/{station_id}/{instrument_id}``, and the Last Will."""

    state: Annotated[str, Meta(pattern="^(online|offline)$")]


class QuarantineLine(msgspec.Struct):
    """One line of ``skyground quarantine list --json``."""

    id: int
    received_at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    topic: str
    station: str | None
    instrument: str | None
    parameter: str | None
    reason: RejectReason
    detail: str


SCHEMAS: dict[str, Any] = {
    "reading": ReadingPayload | list[ReadingPayload],
    "calibration": CalibrationPayload | list[CalibrationPayload],
    "status": StatusPayload,
    "quarantine_line": QuarantineLine,
    "alert_transition": AlertTransition,
}


def render(name: str) -> str:
    """JSON Schema (2020-12) of one wire type, as stored."""
    schema = msgspec.json.schema(SCHEMAS[name])
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **schema}
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write_all(directory: Path = DIRECTORY) -> list[Path]:
    """Write every schema; return the files."""
    paths = [directory / f"{name}.schema.json" for name in SCHEMAS]
    for path in paths:
        path.write_text(render(path.name.removesuffix(".schema.json")), encoding="utf-8")
    return paths
