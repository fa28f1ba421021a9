"""Preparation of msgspec structs for use by several threads.

msgspec (0.22) describes a struct type when it is first converted or decoded. Two threads that do so at the same time may end the process
(segmentation fault): one works with what the other has described by half. A type that was described before is safe.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_prepared: set[type[msgspec.Struct]] = set()


def prepare_structs() -> int:
    """Describe every struct type that is loaded now and was not described by an earlier call; returns their number.

    To be called before threads are started that use structs, and again after modules were imported that define further ones.

    Examples
    --------
    >>> class Reported(msgspec.Struct):
    ...     value: int
    >>> prepare_structs() > 0
    True
    >>> prepare_structs()
    0
    """
    found = [item for item in _loaded(msgspec.Struct) if item not in _prepared]
    for item in found:
        with suppress(TypeError, NameError):  # a type that msgspec cannot read, nor can any thread
            msgspec.json.Decoder(item)
    _prepared.update(found)
    return len(found)


def _loaded(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for item in base.__subclasses__():
        yield item
        yield from _loaded(item)
