"""The page of the crash matrix, `docs/crash-matrix.md`."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.crash.poison import RATE_PER_S
from bench.crash.poison_kinds import BY_FAULT, BY_FRAME, BY_TOPIC, BY_VALUE, FROM_THEIR_OWN, UNREADABLE
from bench.crash.scenario import VALUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.crash.scenario import Outcome, Sizes

_WORDS = {
    "collector-kill": "kill -9 of the collector at random under load",
    "influxd-kill": "kill -9 of influxd, up to 2 s away",
    "pair-kill": "kill -9 of both collectors of a share group in turn, 2 to 4 s away",
    "broker-stop": "restart of the broker",
    "broker-kill": "kill -9 of the broker",
    "broker-alone": "kill -9 of the broker while the collector is away",
    "type-conflict": "InfluxDB refuses a field for its type",
    "clock-jump": "clocks of stations jump by +8 h, then by -8 h, and are right again",
    "gateway-kill": "kill -9 of the HJ 212 gateway under load",
    "disk-full": "a file takes the free space up to the collector's reserve, for a while",
    "read-only": "InfluxDB takes no writes (the collector's user may only read), for a while",
    "deadly": "a message that ends the draining process, each time it is touched",
    "poison": "poison as fast as the broker takes it",
}


def table(outcomes: Sequence[Outcome], sizes: Sizes, seconds: float) -> str:
    """The Markdown page."""
    rows = "\n".join(
        f"| {_WORDS[item.name]} | {item.faults} | {item.sent} | {item.poison} | {item.broker_lost} | {item.brought_back} "
        f"| {item.stored} | {item.stored_expected} | {item.quarantined} | {item.quarantined_expected} "
        f"| {item.lost} | {item.duplicated} | {item.copies} | {item.recover_s} |"
        for item in outcomes
    )
    return f"""# Crash matrix

Written by `make crash` (`bench/crash/`) from a real run on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, mosquitto
{_version("mosquitto", "-h")}, InfluxDB {_version("influxd", "version")}, {sizes.rate_per_s:.0f} messages/s of {VALUES} values and
{RATE_PER_S:.0f} poison messages/s of {len(UNREADABLE) + len(FROM_THEIR_OWN) + 1} kinds during the faults, {seconds / 60:.1f} min in all.

| what happens | faults | sent | of these poison | lost in the broker | brought back | stored | expected | quarantined | expected | lost | duplicated | copies in the raw log | recovered after [s] |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
{rows}

* **sent**: messages confirmed to the station by the broker (for the gateway: by its 9014). **lost in the broker**: of these, never
  delivered. mosquitto writes its file every `autosave_interval` (30 s here) and at an orderly stop; killed in between, it loses what
  it has confirmed since. **brought back**: of these, asked for by gap repair and answered by the station. Stations without a memory
  cannot bring them back; the reconciliation shows them as `lost_before_collector`.
* **poison**: every message has its own bytes and a stated outcome (`bench/crash/poison_kinds.py`).
{_kinds()}
* **stored**: values that InfluxDB holds, compared one by one (of a sound message its first, of poison all). **quarantined**: entries
  compared one by one with the message, the reason and the parameter that they must have.
* **lost**: a value or an entry that a message in the raw log should have made and did not. **duplicated**: values that no message explains,
  such as readings stored under a wrong time, and entries that none explains or of which there are more than deliveries. Both must be 0,
  and what was found must be what was expected; the script ends with status 1 otherwise.
* **copies in the raw log**: delivered again after a crash, kept again, stored once. A message that is refused has one entry for each
  delivery, with its time; delivered once, it has one.
* **recovered after**: from the last fault until everything delivered was in InfluxDB or in the quarantine, the start of the killed
  program and the last second of load included; for gap repair the waiting for an answer too.
* **clocks jump**: what they stamp meanwhile is held in the quarantine as `clock_suspect`, and nothing of it is stored.
* **our own code raises**: the project has no switch for it. The collectors' draining process is the ordinary one, with five of its steps
  wrapped before it begins so that they raise for marked messages (`bench/crash/fault.py`), and one so that the process ends on the spot.
* Between these frames the gateway receives noise, truncated frames and frames with a wrong sum: they are neither answered nor kept,
  and cost no other frame.
"""


def _kinds() -> str:
    """The kinds of poison, as items of a list."""
    groups = {
        "Unreadable, also from the stations of the sound load": UNREADABLE,
        "One value of a message, or its time": BY_VALUE,
        "Topics": BY_TOPIC,
        "HJ 212": BY_FRAME,
        "Behind the decoder": BY_FAULT,
    }
    lines = [
        f"  * {title}: {'; '.join(kind.name.replace('|', '') for kind in kinds)}." for title, kinds in groups.items()
    ]
    return "\n".join(
        [
            *lines,
            "  * Retained: a sound reading and an unreadable message, kept by the broker and delivered at a subscription.",
        ]
    )


def _version(program: str, option: str) -> str:
    words = subprocess.run([program, option], capture_output=True, text=True, check=False).stdout.split()
    return next((word.lstrip("v") for word in words if word.lstrip("v")[:1].isdigit()), "of unknown version")
