"""One call for several networks or products in one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def each(call: Callable[[str], Any], names: Iterable[str]) -> list[dict[str, Any]]:
    """Results of a call for every name, as plain data: a name that fails costs itself only and fails the task at the end.

    Raises
    ------
    ExceptionGroup
        Names the ones that failed, with their errors.
    """
    done: list[dict[str, Any]] = []
    errors: dict[str, Exception] = {}
    for name in names:
        try:
            done.append(dict(msgspec.to_builtins(call(name))))
        except Exception as error:  # noqa: BLE001 - raised again below, after the others were tried
            errors[name] = error
    if errors:
        words = "; ".join(f"{name}: {type(error).__name__}: {error}" for name, error in errors.items())
        raise ExceptionGroup(words, list(errors.values()))
    return done
