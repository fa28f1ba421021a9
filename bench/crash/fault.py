"""A collector whose own code raises behind the decoder, for messages with a mark: ``python -c "from bench.crash.fault import collect; collect()"``.

The project has no switch for it, so the draining process of this collector is the ordinary one with its steps wrapped before it begins.
Nothing of the process that receives and keeps is changed. A drain that is started again after its death is wrapped as well.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.ingest.field import CODES
from ingest.collector import child

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from ingest.process.settings import CollectorSettings

MARKED = CODES[1]
"""Parameter whose value is the mark."""
UNRECORDED = "never-recorded"
"""Parameter, unknown, that no quarantine entry can be made of."""


class Fault(NamedTuple):
    """A step that raises, where a reading has this value or a rejection this parameter."""

    step: str
    parameter: str
    value: float


FAULTS = (
    Fault("validate", MARKED, 666_001.0),
    Fault("screen", MARKED, 666_002.0),
    Fault("revise", MARKED, 666_003.0),
    Fault("write", MARKED, 666_004.0),
    Fault("record", UNRECORDED, 1.0),
)
DEADLY = 666_666.0
"""Value of the mark at which the process ends on the spot, as by a fault in a compiled library."""
_VALUES = {fault.step: fault.value for fault in FAULTS}


class InjectedError(RuntimeError):
    """What the wrapped steps raise."""


def collect() -> None:
    """``skyground collect`` whose draining process raises."""
    from console.cli.collect import collect as run

    child._drain = drain  # noqa: SLF001 - the only way in: there is no switch
    run()


def drain(settings: CollectorSettings, pipe: Connection) -> None:
    """The draining process."""
    _wrap_all()
    from ingest.collector.drain import drain as work

    work(settings, pipe)


def _wrap_all() -> None:
    from ingest.correction.overwrite_log import OverwriteLog
    from ingest.decode import message
    from ingest.decode.clock import ClockScreen
    from store.influx.reading import ReadingStore
    from store.state.quarantine.store import QuarantineStore

    def readings(batch: list[Any]) -> list[Any]:
        return [reading for decoded in batch for reading in decoded.readings]

    validate = vars(message)["validate"]

    def dying(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - passed through
        if args[0].values.get(MARKED) == DEADLY:
            os._exit(70)
        return validate(*args, **named)

    vars(message)["validate"] = dying
    _wrap(message, "validate", "validate", lambda args: [args[0]])
    _wrap(ClockScreen, "screen", "screen", lambda args: args[1].readings)
    _wrap(OverwriteLog, "plan_writes", "revise", lambda args: readings(args[1]))
    _wrap(ReadingStore, "write_readings", "write", lambda args: args[1])
    added = QuarantineStore.add_many

    def add(self: QuarantineStore, batch: Any) -> int:  # noqa: ANN401 - passed through
        if any(item.parameter == UNRECORDED for _, _, rejections in batch for item in rejections):
            raise InjectedError("record")  # noqa: EM101 - a fault of the bench
        return added(self, batch)

    QuarantineStore.add_many = add  # type: ignore[method-assign]


def _wrap(owner: object, name: str, step: str, readings_of: Callable[[tuple[Any, ...]], Any]) -> None:
    real, value = getattr(owner, name), _VALUES[step]

    def raising(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - passed through
        if any(reading.values.get(MARKED) == value for reading in readings_of(args)):
            raise InjectedError(step)
        return real(*args, **named)

    setattr(owner, name, raising)
