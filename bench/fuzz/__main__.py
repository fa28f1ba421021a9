"""Coverage-guided fuzzing of what reads bytes from the network (`bench.fuzz.target`).

Needs atheris, which has an environment of its own: ``make fuzz SECONDS=600``. An input that breaks a promise is written to
``.cache/fuzz-found``, one for each place that raises, and the run goes on; status 1 when there is any. Make it a test case of the
decoder it concerns. The corpus stays in ``.cache/fuzz-corpus``; a later run continues from it. Prints one
line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import traceback
from pathlib import Path

FOUND = Path(".cache/fuzz-found")
CORPUS = Path(".cache/fuzz-corpus")
TESTCASES = Path("tests/testcases")
LONGEST = 4_096
"""Longest input [B]; a frame has 1,034."""
_ONE_INPUT_S = 10
_MEMORY_MB = 1_024
_DONE = re.compile(r"Done (\d+) (?:runs|in)|#(\d+)\s+DONE")
_COVERED = re.compile(r"cov: (\d+)")
WORDS = [
    "##",
    "QN=",
    "ST=22;",
    "CN=2011;",
    "CN=2051;",
    "CN=2061;",
    "CN=9011;",
    "CN=9012;",
    "PW=123456;",
    "MN=LN21010000000001;",
    "MN=GHG1;",
    "Flag=5;",
    "Flag=7;",
    "Flag=9;",
    "PNUM=2;PNO=1;",
    "CP=&&",
    "&&",
    "DataTime=",
    "20261122085500",
    "a21026",
    "a05001",
    "-Avg=",
    "-Rtd=",
    "-Flag=",
    "QnRtn=1",
    "ExeRtn=100",
    "BeginTime=",
    "EndTime=",
    "start",
    '"start":',
    '"end":',
    '"values":',
    '"units":',
    '"status":',
    '"seq":',
    '"station":',
    '"instrument":',
    '{"get":',
    "null",
    "NaN",
    "1e999",
    '"so2":',
    '"ppb"',
]


def main() -> int:
    """Start the fuzzer in a process of its own and report what it found."""
    parser = argparse.ArgumentParser(prog="bench.fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen, rest = parser.parse_known_args()
    if chosen.inside:
        return _fuzz(rest)
    FOUND.mkdir(parents=True, exist_ok=True)
    before = set(FOUND.iterdir())
    run = subprocess.run(
        [sys.executable, "-m", "bench.fuzz", "--inside", *_options(chosen.seconds)],
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    found = sorted(path.name for path in FOUND.iterdir() if path not in before)
    runs = [int(one or other) for one, other in _DONE.findall(run.stderr)]
    if not runs:
        sys.stderr.write(run.stderr[-4_000:])
    figures = {
        "name": "fuzz",
        "seconds": chosen.seconds,
        "inputs": max(runs, default=0),
        "edges": max(map(int, _COVERED.findall(run.stderr)), default=0),
        "found": found,
    }
    print(json.dumps(figures))
    return 1 if found or not runs else 0


def seeds() -> dict[str, bytes]:
    """Inputs to begin with, by name: the golden cases, for every target that may make something of them."""
    from bench.fuzz.target import CUT, tagged

    made: dict[str, bytes] = {}
    for path in sorted(TESTCASES.glob("*/*/payload.bin")):
        payload, case = path.read_bytes(), f"{path.parts[-3]}-{path.parts[-2]}"
        if path.parts[-3] == "json_v1":
            made[case] = tagged("json", payload)
            continue
        segment = payload[6:-6] if payload.endswith(b"\r\n") else payload[6:-4]
        content = segment.partition(b"CP=&&")[2].removesuffix(b"&&")
        known = segment.replace(b"MN=1;", b"MN=LN21010000000001;")
        made |= {
            f"{case}-framer": tagged("framer", b"\x01" + payload[:50] + CUT + payload[50:] + payload),
            f"{case}-frame": tagged("frame", segment),
            f"{case}-content": tagged("content", content),
            f"{case}-hj212": tagged("hj212", b"\x00" + content),
            f"{case}-command": tagged("command", segment),
            f"{case}-gateway": tagged("gateway", known + CUT + known),
        }
    made["request"] = tagged("command", b'{"get":{"start":"2026-11-22T00:00:00Z","end":"2026-11-22T01:00:00Z"}}')
    return made


def _options(seconds: int) -> list[str]:
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (CORPUS / f"seed-{name}").write_bytes(data)
    words = FOUND.parent / "fuzz-words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS), encoding="utf-8")
    return [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={_ONE_INPUT_S}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-dict={words}",
        f"-artifact_prefix={FOUND}/",
        str(CORPUS),
    ]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def _fuzz(options: list[str]) -> int:
    """Never returns: libFuzzer ends the process."""
    import atheris
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with atheris.instrument_imports(include=["sensors", "schemas", "ingest"]):
        from bench.fuzz import target

    places: set[str] = set()

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
            _keep(data, error, places)

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()
    return 0


def _keep(data: bytes, error: Exception, places: set[str]) -> None:
    last = traceback.extract_tb(error.__traceback__)[-2:]
    place = " < ".join(f"{Path(item.filename).name}:{item.lineno}" for item in reversed(last))
    if place in places:
        return
    places.add(place)
    name = hashlib.sha256(data).hexdigest()[:12]
    (FOUND / name).write_bytes(data)
    (FOUND / f"{name}.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    sys.stderr.write(f"FOUND {name}: {type(error).__name__} at {place}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
