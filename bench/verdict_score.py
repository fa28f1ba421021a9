"""How often the verdict is right, and how honest its probability is, on simulated truth; one JSON line a figure.

``python -m bench.verdict_score`` scores seeds 301 to 308; ``--fit`` prints what seeds 1 to 8 would give (logistic regression with
a ridge, one column for each way in which each piece of evidence can speak). The weights in ``qc/thresholds.toml`` were
set by hand beside that fit and adjusted on seeds 101 to 106; the scored seeds took no part. A week a seed, all seven
networks. An event at an instrument that is itself faulty at that time is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict

import numpy as np

from bench.verdict_scene import Case, cases
from qc.thresholds import load_thresholds
from qc.verdict import judge_case
from qc.verdict_evidence import gather
from qc.verdict_wording import EVIDENCE

FITTED = tuple(range(1, 9))
SCORED = tuple(range(301, 309))
RIDGE = 0.3
"""Inverse strength of the ridge; a small one keeps single pieces of evidence from deciding alone."""


def main() -> None:
    """Print accuracy, Brier score and calibration of the scored seeds, or the weights."""
    parser = argparse.ArgumentParser(prog="bench.verdict_score")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="*", default=SCORED)
    parser.add_argument("--explain", action="store_true", help="print each wrong case")
    chosen = parser.parse_args()
    if chosen.fit:
        fit([case for seed in FITTED for case in cases(seed)])
        return
    began = time.perf_counter()
    found = [case for seed in chosen.seeds for case in cases(seed)]
    score(found, time.perf_counter() - began, explain=chosen.explain)


def fit(found: list[Case]) -> None:
    """Weights of each piece of evidence; cases of a kind count together as one kind, or haze would outvote the plume."""
    from sklearn.linear_model import LogisticRegression

    rows, labels = [], []
    for case in found:
        spoken = {item.name: item.is_event for item in gather(case.scene)}
        rows.append([float(spoken[name] is side) for name in EVIDENCE for side in (True, False)])
        labels.append(case.is_event)
    kinds = [case.kind for case in found]
    weight = np.array([1 / kinds.count(kind) for kind in kinds]) * len(found) / len(set(kinds))
    events = np.array(labels)
    weight[events] *= weight.sum() / 2 / weight[events].sum()
    model = LogisticRegression(C=RIDGE, fit_intercept=False, max_iter=2000).fit(np.array(rows), labels, weight)
    for name, (event, fault) in zip(EVIDENCE, model.coef_[0].reshape(-1, 2), strict=True):
        print(json.dumps({"evidence": name, "event": round(max(event, 0.0), 1), "fault": round(min(fault, 0.0), 1)}))


def score(found: list[Case], seconds: float, *, explain: bool) -> None:
    """Figures over all cases, and by kind."""
    rule = load_thresholds().verdict
    assert rule is not None
    began = time.perf_counter()
    verdicts = [judge_case(case.scene, rule) for case in found]
    judged_s = time.perf_counter() - began
    probability = np.array([item.probability for item in verdicts])
    truth = np.array([case.is_event for case in found], dtype=float)
    right = (probability > 0.5) == (truth > 0.5)
    kinds: dict[str, list[int]] = defaultdict(list)
    for position, case in enumerate(found):
        kinds[case.kind].append(position)
    by_kind = {kind: round(float(right[rows].mean()), 3) for kind, rows in kinds.items()}
    balanced = float(np.mean([np.mean((probability[rows] - truth[rows]) ** 2) for rows in kinds.values()]))
    bins = [(low, low + 0.2) for low in (0.0, 0.2, 0.4, 0.6, 0.8)]
    inside = [(probability >= low) & (probability < high + (high == 1.0)) for low, high in bins]
    seeds = {case.seed for case in found}
    figures = {
        "name": "qc.verdict",
        "value": round(float(right.mean()), 4),
        "unit": "accuracy",
        "accuracy_mean_of_kinds": round(float(np.mean(list(by_kind.values()))), 4),
        "brier": round(float(np.mean((probability - truth) ** 2)), 4),
        "brier_mean_of_kinds": round(balanced, 4),
        "brier_without_skill": round(float(truth.mean() * (1 - truth.mean())), 4),
        "undecided": sum(item.word == "undecided" for item in verdicts),
        "by_kind": by_kind,
        "cases": {kind: len(rows) for kind, rows in kinds.items()},
        "reliability": [
            [round(float(probability[rows].mean()), 2), round(float(truth[rows].mean()), 2), int(rows.sum())]
            for rows in inside
            if rows.any()
        ],
        "ms_a_case": round(1000 * judged_s / len(found), 2),
        "seconds_simulated": round(seconds, 1),
        "workload": f"seeds {min(seeds)} to {max(seeds)}, a week each; weights set on seeds 1 to 8 and 101 to 106",
    }
    print(json.dumps(figures))
    for case, verdict, is_right in zip(found, verdicts, right, strict=True):
        if explain and not is_right:
            print(
                case.seed, case.kind, case.scene.station.id, case.scene.parameter, verdict.summary("en"), verdict.silent
            )


if __name__ == "__main__":
    main()
