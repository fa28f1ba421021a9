"""Structs as plain JSON for documents."""

from __future__ import annotations

import math
from typing import Any

import msgspec


def to_json(item: object) -> dict[str, Any]:
    """Plain JSON of a struct; NaN and infinities are null."""
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(_finite(msgspec.to_builtins(item))))
    return built


def _finite(item: Any) -> Any:  # noqa: ANN401 - walks plain JSON of any depth
    if isinstance(item, dict):
        return {key: _finite(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [_finite(value) for value in item]
    return None if isinstance(item, float) and not math.isfinite(item) else item
