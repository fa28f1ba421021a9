"""The learnt detector, ioos_qc and SaQC against a technician's labels: one line of JSON.

``python -m bench.qc.logan`` needs the shared data (``SKYGROUND_SHARED_DATA`` or ``../shared/data``) and, at its first run, a package
index for the peers. Every station in turn is left out: our model is trained, and the peers' thresholds are chosen, on the other
stations' files. The peers get the same prior ranges; their thresholds are in units of each series' usual step, chosen by grid
for the highest mean F1, once for each variable and once for all variables together, and the better of both counts.

``--learn`` trains our models (some minutes) instead of using those shipped for the station left out; ``--table`` prints every series too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qc.detector.example import Example, make_example
from qc.detector.flagging import priors_of
from qc.detector.label_agreement import MIN_LABELS, label_agreement
from qc.detector.training import agreement_by_parameter, train_detector
from qc.run.detector import load_model
from qc.run.limits import load_thresholds
from sensors.datasets.logan_river import PARAMETERS, read_labelled

ROOT = Path(__file__).resolve().parents[2]
PEERS = {"ioos_qc": ("ioos_qc==3.0.0", "logan_ioos.py"), "saqc": ("saqc==2.9.1", "logan_saqc.py")}
_OFF = "off"


@dataclass(frozen=True, slots=True)
class Case:
    """One series that counts: a variable of a file with enough labels."""

    name: str
    station: str
    code: str
    labels: np.ndarray
    times: np.ndarray

    def f1(self, flagged: np.ndarray) -> float:
        """F1 of a mask."""
        return label_agreement(flagged, self.labels, self.times).f1


def main() -> int:
    """Print the figure; status 1 where the data is not there."""
    parser = argparse.ArgumentParser(prog="bench.qc.logan")
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    shared = Path(os.environ.get("SKYGROUND_SHARED_DATA", ROOT.parent / "shared" / "data")) / "logan_river"
    if not shared.is_dir():
        print(json.dumps({"name": "qc.logan", "skipped": f"no data at {shared}"}))
        return 0
    examples = read_examples(shared)
    cases = {case.name: case for example in examples for case in cases_of(example)}
    scores = {"ours": our_scores(examples, is_trained=asked.learn)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.npz"
        arrays = {key: item for example in examples for key, item in peer_input(example).items()}
        np.savez_compressed(source, **arrays)  # type: ignore[arg-type]  # the stub takes a key for allow_pickle
        for peer in PEERS:
            scores[peer] = peer_scores(cases, run_peer(peer, source))
    if asked.table:
        for name in cases:
            print(json.dumps({"series": name, **{who: round(found[name], 3) for who, found in scores.items()}}))
    print(json.dumps(report(scores, is_trained=asked.learn)))
    return 0


def read_examples(folder: Path) -> list[Example]:
    """Labelled files of a folder with their figures."""
    found = []
    for path in sorted(folder.glob("*.csv.gz")):
        labelled = read_labelled(path)
        if labelled is not None:
            sonde = {
                PARAMETERS[name]: (values, labelled.labels[name])
                for name, values in labelled.values.items()
                if name in PARAMETERS
            }
            priors = priors_of(load_thresholds(), sonde)
            found.append(make_example(labelled.name, labelled.station, labelled.times, sonde, priors))
    return found


def cases_of(example: Example) -> list[Case]:
    """Series with enough labels."""
    return [
        Case(f"{example.name}/{code}", example.station, code, item.labels, example.times)
        for code, item in example.series.items()
        if item.labels.sum() >= MIN_LABELS
    ]


def our_scores(examples: list[Example], *, is_trained: bool) -> dict[str, float]:
    """F1 by series, each station by the model that never saw it."""
    shipped = load_model()
    found: dict[str, float] = {}
    for station in sorted({example.station for example in examples}):
        others = [example for example in examples if example.station != station]
        model = train_detector(others) if is_trained else shipped.without[station]
        for example in (item for item in examples if item.station == station):
            found |= {
                f"{example.name}/{code}": item.f1 for code, item in agreement_by_parameter(example, model).items()
            }
    return found


def peer_input(example: Example) -> dict[str, np.ndarray]:
    """What a peer gets: values, times, prior range and usual step of every series that counts."""
    priors = priors_of(load_thresholds(), example.series)
    found: dict[str, np.ndarray] = {}
    for case in cases_of(example):
        values, prior = example.series[case.code].prepared.values, priors[case.code]
        inside = values[(values >= prior.low) & (values <= prior.high)]
        steps = np.abs(np.diff(inside))
        step = max(np.median(steps), np.quantile(steps[steps > 0], 0.05))
        found[f"{case.name}|values"], found[f"{case.name}|times"] = values, example.times.astype(np.int64)
        found[f"{case.name}|prior"] = np.array([prior.low, prior.high, step])
    return found


def run_peer(peer: str, source: Path) -> dict[str, np.ndarray]:
    """Masks of a peer in an environment of its own, made at first use."""
    requirement, script = PEERS[peer]
    home = ROOT / ".cache" / "peers" / peer
    python = home / "bin" / "python"
    if not python.exists():
        uv = ROOT / ".cache" / "uv" / "bin" / "uv"
        command = str(uv) if uv.exists() else "uv"
        subprocess.run([command, "venv", "-q", "--python", sys.executable, str(home)], check=True)
        subprocess.run([command, "pip", "install", "-q", "--python", str(python), requirement], check=True)
    target = source.with_name(f"{peer}.npz")
    subprocess.run(
        [str(python), "-W", "ignore", str(Path(__file__).with_name(script)), str(source), str(target)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return dict(np.load(target))


def peer_scores(cases: dict[str, Case], masks: dict[str, np.ndarray]) -> dict[str, float]:
    """F1 by series with thresholds chosen on the other stations, by variable or together, whichever is better."""
    tests: dict[str, list[str]] = defaultdict(lambda: [_OFF])
    for test, level in sorted({tuple(key.split("|")[1:]) for key in masks}):
        if test != "range":
            tests[test].append(level)
    grid = [tuple(zip(tests, levels, strict=True)) for levels in itertools.product(*tests.values())]
    f1 = {name: np.array([case.f1(joined(masks, name, choice)) for choice in grid]) for name, case in cases.items()}
    ways = [
        {name: f1[name][best(cases, f1, case, same_variable=same)] for name, case in cases.items()}
        for same in (True, False)
    ]
    return max(ways, key=lambda way: sum(way.values()))


def joined(masks: dict[str, np.ndarray], name: str, choice: tuple[tuple[str, str], ...]) -> np.ndarray:
    """Flags of the range and of the chosen tests together."""
    found = masks[f"{name}|range|0"].copy()
    for test, level in choice:
        if level != _OFF:
            found |= masks[f"{name}|{test}|{level}"]
    return found


def best(cases: dict[str, Case], f1: dict[str, np.ndarray], case: Case, *, same_variable: bool) -> int:
    """Position of the choice that is best on the other stations' series; of all variables where this one is nowhere else."""
    others = [name for name, item in cases.items() if item.station != case.station]
    like = [name for name in others if cases[name].code == case.code]
    return int(np.argmax(np.mean([f1[name] for name in (like if same_variable and like else others)], axis=0)))


def report(scores: dict[str, dict[str, float]], *, is_trained: bool) -> dict[str, object]:
    """The line of JSON."""
    series = scores["ioos_qc"].keys()
    mean = {who: float(np.mean([found[name] for name in series])) for who, found in scores.items()}
    peer = max(PEERS, key=lambda who: mean[who])
    return {
        "name": "qc.logan",
        "value": round(mean["ours"], 4),
        "unit": "mean F1",
        "vs": PEERS[peer][0],
        "ratio": round(mean["ours"] / mean[peer], 2),
        "workload": f"{len(series)} series with {MIN_LABELS} labels or more, tolerance 1 h, each station by what was trained on the others",
        "models": "trained now" if is_trained else "shipped, without the station",
        **{f"f1_{who}": round(figure, 4) for who, figure in mean.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
