"""How many HJ 212 frames one core decodes: length, check sum, header and every field of the content.

The frames are made here in the shape of frames seen in the field: 2011, 2051 and 2061, 3 to 30 factors, statuses before and
after the value, 2005 codes, trailing semicolons; 365 bytes on average there, about as many here. Every decoded frame is
checked before the clock runs. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import time

from sensors.hj212.content import Content, parse_content
from sensors.hj212.frame import Frame, decode_frame, encode_frame

FRAMES = 20_000
ROUNDS = 5
MUST = 50_000
CODES = ("a21026", "a21004", "a05024", "a21005", "a34004", "a34002", "a01001", "a01002", "a01006", "a01007", "a01008")


def main() -> None:
    """Decode the same frames some times and print the median."""
    frames = make_frames(random.Random(212))
    for raw in frames[:1_000]:
        assert encode_frame(decode_frame(raw)) == raw
    rates = sorted(_rate(frames) for _ in range(ROUNDS))
    value = rates[len(rates) // 2]
    print(
        json.dumps(
            {
                "name": "hj212.decode",
                "value": round(value),
                "unit": "frames/s",
                "vs": f"{MUST} frames/s a core",
                "ratio": round(value / MUST, 3),
                "workload": f"{FRAMES} frames of {sum(map(len, frames)) / FRAMES:.0f} B on average, header and all fields",
                "fastest": round(rates[-1]),
                "slowest": round(rates[0]),
                "load_1min": os.getloadavg()[0],
                "cpus": os.cpu_count(),
            }
        )
    )


def make_frames(rng: random.Random, count: int = FRAMES) -> list[bytes]:
    """Frames of ``count`` uploads."""
    return [_frame(rng, number) for number in range(count)]


def decode(raw: bytes) -> Content:
    """What is measured."""
    return parse_content(decode_frame(raw).content)


def _rate(frames: list[bytes]) -> float:
    started = time.process_time()
    for raw in frames:
        decode(raw)
    return len(frames) / (time.process_time() - started)


def _frame(rng: random.Random, number: int) -> bytes:
    cn = rng.choice(("2011", "2011", "2051", "2061"))
    suffixes = ("Rtd",) if cn == "2011" else rng.choice((("Avg",), ("Min", "Avg", "Max")))
    codes = rng.choices(CODES, k=rng.randint(3, 16 // len(suffixes)))
    content = f"DataTime=20261122{number % 24:02d}0000;" + ";".join(_factor(rng, code, suffixes) for code in codes)
    header = {"ST": "22", "CN": cn, "PW": "123456", "MN": f"LN2101{number % 1_000:010d}"}
    if rng.random() < 0.85:
        header = {"QN": f"20261122{number % 1_000_000_000:09d}", **header, "Flag": rng.choice(("4", "5"))}
    return encode_frame(Frame(header, (content + ";" * (rng.random() < 0.1)).encode()))


def _factor(rng: random.Random, code: str, suffixes: tuple[str, ...]) -> str:
    fields = [f"{code}-{suffix}={rng.lognormvariate(2, 1):.{rng.randint(0, 4)}f}" for suffix in suffixes]
    fields.insert(rng.choice((0, len(fields), len(fields))), f"{code}-Flag=N")
    return ",".join(fields)


if __name__ == "__main__":
    main()
