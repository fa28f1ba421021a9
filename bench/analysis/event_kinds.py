"""Weights of the kinds of an event: fit them, or check how often a stated probability is right.

``python -m bench.analysis.event_kinds`` scores fresh events: ``event.kinds`` is the largest distance between the mean stated
probability and the share that was right, of answers with 0.7 or more, over all variants of fewer data (`bench.analysis.thinned_case`).
``--write`` fits ``analysis/data/event_{kinds,chance}{,_alone}.toml`` again, which takes about ten minutes: simulated events of full strength,
milder haze and ozone, noise, and real hours of Beijing, each in all variants.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import EventKind
from analysis.case.kind.ordinary import LOCAL
from analysis.case.kind.probability import kind_of
from bench.analysis.beijing_case import beijing_case, read_beijing
from bench.analysis.kind_weights import KindSample, fit_all
from bench.analysis.labelled_case import KINDS, case_input
from bench.analysis.thinned_case import thinned_cases
from sensors.simulator.labelled import LabelledKind, labelled_event, noise_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FITTED = {"event": range(350), "mild": range(600, 720), "noise": range(1000, 1200), "beijing": range(1000, 1200)}
SCORED = {"event": range(8500, 8700), "noise": range(1500, 1700), "beijing": range(1500, 1700)}
"""Seeds by source of cases; those that are scored are used for nothing else."""
MILD = (0.2, 0.9)
"""Least and largest strength of the milder haze and ozone [1]."""
BINS = (0.45, 0.7, 0.9, 1.01)
MUST, AIM = 0.1, 0.05


class KindAnswerSample(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one case: the kind that it claims, how surely, and the truth; None: no event of the air or an instrument."""

    variant: str
    source: str
    truth: EventKind | None
    kind: EventKind
    probability: float


def main() -> None:
    """Print one line of JSON; exit with 1 where the data of Beijing are absent."""
    parser = argparse.ArgumentParser(prog="bench.analysis.event_kinds")
    parser.add_argument("--write", action="store_true", help="fit the weights and write their files")
    if parser.parse_args().write:
        print(json.dumps({"name": "event.kinds.fit", "unit": "1"} | fit_all(list(samples(FITTED)), _note(FITTED))))
        return
    found = [_answer(item) for item in samples(SCORED)]
    events = [item for item in found if item.truth is not None]
    sure = [item for item in events if item.probability >= BINS[1] and item.kind is not EventKind.UNKNOWN]
    gaps = [abs(claimed - right) for claimed, right, _ in (_bin(part) for _, part in _by_variant(sure))]
    figures = {
        "name": "event.kinds",
        "value": round(max(gaps), 4),
        "unit": "1",
        "must": MUST,
        "aim": AIM,
        "right": {name: _right(part) for name, part in _by_variant(events)},
        "reliability": {name: _reliability(part) for name, part in (("all", events), *_by_variant(events))},
        "local_of_noise": _local(found, "noise"),
        "local_of_beijing": _local(found, "beijing"),
        "workload": _note(SCORED),
    }
    print(json.dumps(figures))


def samples(seeds: dict[str, range]) -> Iterator[KindSample]:
    """Cases of all sources in all variants."""
    for source, wanted in seeds.items():
        stations = read_beijing(_shared()) if source == "beijing" else {}
        for seed in wanted:
            if source == "beijing":
                given, truth = beijing_case(seed, stations), None
            else:
                event = (
                    noise_event(seed) if source == "noise" else labelled_event(seed, strength=_strength(source, seed))
                )
                if source == "mild" and event.kind not in {LabelledKind.HAZE, LabelledKind.OZONE}:
                    continue
                given, truth = case_input(event), KINDS.get(event.kind)
            for case in thinned_cases(given, seed):
                yield KindSample(case=case, source=source, truth=truth, seed=seed)


def _strength(source: str, seed: int) -> float:
    return float(np.random.Generator(np.random.PCG64(seed)).uniform(*MILD)) if source == "mild" else 1.0


def _shared() -> Path:
    root = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("SKYGROUND_SHARED_DATA", root)) / "beijing"
    if not folder.is_dir():
        sys.stderr.write("event.kinds: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    return folder


def _note(seeds: dict[str, range]) -> str:
    return ", ".join(f"{name} {item.start} to {item.stop - 1}" for name, item in seeds.items())


def _answer(item: KindSample) -> KindAnswerSample:
    case = item.case
    found = kind_of(case.features, without=case.without, z_score=case.z_score)
    return KindAnswerSample(
        variant=case.variant,
        source=item.source,
        truth=item.truth,
        kind=found.kind,
        probability=found.shares[0].probability,
    )


def _by_variant(found: Iterable[KindAnswerSample]) -> Iterator[tuple[str, list[KindAnswerSample]]]:
    items = list(found)
    for name in dict.fromkeys(item.variant for item in items):
        yield name, [item for item in items if item.variant == name]


def _right(found: list[KindAnswerSample]) -> float:
    return round(sum(item.kind is item.truth for item in found) / len(found), 3)


def _bin(found: list[KindAnswerSample]) -> tuple[float, float, int]:
    """Mean stated probability, share that was right, and number of answers."""
    claimed = sum(item.probability for item in found) / max(len(found), 1)
    return round(claimed, 3), round(sum(item.kind is item.truth for item in found) / max(len(found), 1), 3), len(found)


def _reliability(found: list[KindAnswerSample]) -> dict[str, tuple[float, float, int]]:
    """`_bin` by the stated probability; ``unknown`` claims nothing."""
    claimed = [item for item in found if item.kind is not EventKind.UNKNOWN]
    return {
        f"{low:g}": _bin(part)
        for low, high in pairwise(BINS)
        if (part := [item for item in claimed if low <= item.probability < high])
    }


def _local(found: list[KindAnswerSample], source: str) -> dict[str, float]:
    """Share of the cases of a source that are called a plume or a fault, by variant."""
    of_source = [item for item in found if item.source == source]
    return {
        name: round(sum(item.kind in LOCAL for item in part) / len(part), 3) for name, part in _by_variant(of_source)
    }


if __name__ == "__main__":
    main()
