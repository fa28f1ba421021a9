"""Accuracy of the verdict and reliability of its probability on simulated truth; one JSON line a figure.

``python -m bench.verdict.score`` scores weeks that nothing was fitted or developed on; ``--fit`` prints ``[verdict]`` of
``qc/limits/thresholds.toml`` from others. A week a seed: the province with its instruments, weather, releases and faults drawn by the seed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.verdict.case import CLASSES, planned_cases, province_cases
from bench.verdict.ordinary import KIND as ORDINARY
from bench.verdict.ordinary import ordinary_cases
from bench.verdict.plan import plan_of
from bench.verdict.week import PlannedWeek, province_week
from qc.run.limits import load_thresholds
from qc.verdict.evidence import EVIDENCE, collect_evidence
from qc.verdict.verdict import weigh
from qc.verdict.weight import VerdictRule
from qc.verdict.word import Word
from schemas.words import words

if TYPE_CHECKING:
    from bench.verdict.case import Case

FITTED = tuple(range(1001, 1041))
"""Weeks that the weights are fitted on; the pieces of evidence were developed on 1001 to 1026."""
SCORED = tuple(range(401, 409))
"""Weeks of the same kinds that nothing was fitted or developed on."""
HELD_OUT = tuple(range(409, 412))
"""Weeks with releases of kinds (smelter, straw fire, fireworks) that no weight was fitted on."""
PROVINCE = tuple(range(401, 404))
"""Weeks of the province as ``skyground simulate`` has it."""
RIDGE = 1.0
"""Inverse variance of the weights before the fit [1]."""
_SIDES = [
    (name, side)
    for name in EVIDENCE
    for side in (True, False)
    if f"verdict.{name}.{'event' if side else 'fault'}" in words("en").catalogue
]
_WORKERS = 2


class Job(NamedTuple):
    """One week to simulate: ``planned``, ``held_out`` or ``province``; ``ordinary`` are windows of the first two."""

    kind: str
    seed: int


class ScoredCase(NamedTuple):
    """A case with the side of each piece of evidence, and its verdict by the weights in force."""

    job: Job
    kind: str
    variant: str
    is_event: bool
    evidence: dict[str, bool]
    probability: float
    word: Word
    summary: str
    seconds: float


def main() -> None:
    """Print the figures of the scored weeks, or the weights."""
    parser = argparse.ArgumentParser(prog="bench.verdict.score", description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print the weights that the weeks of the fit give, as TOML")
    parser.add_argument("--seeds", type=int, nargs="*", help="weeks to score or to fit on instead of the stated ones")
    parser.add_argument("--explain", action="store_true", help="print each wrong case")
    chosen = parser.parse_args()
    if chosen.fit:
        seeds = chosen.seeds or FITTED
        cases = [item for item in score_cases([Job("planned", seed) for seed in seeds]) if item.job.kind != ORDINARY]
        print(as_toml(fit(cases), seeds))
        return
    jobs = [Job("planned", seed) for seed in chosen.seeds or SCORED]
    if not chosen.seeds:
        jobs += [*(Job("held_out", seed) for seed in HELD_OUT), *(Job("province", seed) for seed in PROVINCE)]
    began = time.perf_counter()
    found = score_cases(jobs)
    by_set = {
        kind: [item for item in found if item.job.kind == kind] for kind in dict.fromkeys(job.kind for job in jobs)
    }
    figures = {
        "name": "qc.verdict",
        **figures_of(by_set.pop("planned")),
        **{kind: figures_of(cases) for kind, cases in by_set.items()},
        ORDINARY: claims_of([item for item in found if item.job.kind == ORDINARY]),
        "ms_a_case": round(1000 * float(np.median([item.seconds for item in found])), 1),
        "seconds": round(time.perf_counter() - began, 1),
        "vs": "must reach 0.95 of those decided, each class 0.85, Brier score 0.05, at most 0.1 undecided; aim 0.98",
        "workload": f"simulated weeks {_span([job.seed for job in jobs])}; weights of weeks {_span(FITTED)}",
    }
    print(json.dumps(figures))
    if chosen.explain:
        _explain(found)


def score_cases(jobs: list[Job]) -> list[ScoredCase]:
    """Simulate weeks and score all their cases, in the order of the jobs."""
    with ProcessPoolExecutor(_WORKERS) as pool:
        return [item for week in pool.map(_score_week, jobs) for item in week]


def _score_week(job: Job) -> list[ScoredCase]:
    rule = load_thresholds().rule(VerdictRule)
    assert rule is not None
    if job.kind == "province":
        return [_score_case(case, job, rule) for case in province_cases(province_week(job.seed))]
    week = PlannedWeek(plan_of(job.seed, is_held_out=job.kind == "held_out"))
    found = [_score_case(case, job, rule) for case in planned_cases(week)]
    return found + [_score_case(case, job._replace(kind=ORDINARY), rule) for case in ordinary_cases(week)]


def _score_case(case: Case, job: Job, rule: VerdictRule) -> ScoredCase:
    began = time.perf_counter()
    indications = collect_evidence(case.context)
    verdict = weigh(case.context, indications, rule)
    seconds = time.perf_counter() - began
    evidence = {item.name: item.is_event for item in indications if item.is_event is not None}
    summary = f"{case.context.station.id} {case.context.parameter} {case.context.interval.start:%m-%d %H:%M} {verdict.summary('en')}"
    return ScoredCase(
        job, case.kind, case.variant, case.is_event, evidence, verdict.probability, verdict.word, summary, seconds
    )


def fit(found: list[ScoredCase]) -> dict[str, tuple[float, float]]:
    """Weights of each piece of evidence for an event and for a fault.

    Logistic regression with a ridge, and no weight on the wrong side of zero: evidence for an event never makes one less
    likely. Each class counts the same, or haze would outvote the plume; events and faults together count the same, so that
    the prior is even.
    """
    from scipy.optimize import minimize

    columns = np.array([[float(item.evidence.get(name) is side) for name, side in _SIDES] for item in found])
    is_event = np.array([item.is_event for item in found])
    kinds = [item.kind for item in found]
    weight = np.array([1 / kinds.count(kind) for kind in kinds])
    for side in (True, False):
        weight[is_event == side] *= len(found) / 2 / weight[is_event == side].sum()
    sign = np.where(is_event, 1.0, -1.0)

    def loss(odds: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (columns @ odds)
        slope = -weight * sign / (1 + np.exp(margin))
        value = float(weight @ np.logaddexp(0, -margin)) + RIDGE / 2 * float(odds @ odds)
        return value, columns.T @ slope + RIDGE * odds

    bounds = [(0, 6) if side else (-6, 0) for _, side in _SIDES]
    best = minimize(loss, np.zeros(len(_SIDES)), jac=True, method="L-BFGS-B", bounds=bounds)
    fitted = dict(zip(_SIDES, best.x, strict=True))
    return {name: (fitted.get((name, True), 0.0), fitted.get((name, False), 0.0)) for name in EVIDENCE}


def as_toml(weights: dict[str, tuple[float, float]], seeds: tuple[int, ...]) -> str:
    """The weights as ``[verdict]`` of ``qc/limits/thresholds.toml``."""
    source = f"logistic regression on the simulated weeks {_span(seeds)} (python -m bench.verdict.score --fit)"
    head = '[verdict]\nprior = 0.0\nsource = "project default: neither is likelier before anything is known"\nverified = false\n'
    blocks = [
        f'[[verdict.evidence]]\nname = "{name}"\nevent = {event:.2f}\nfault = {min(fault, -0.0):.2f}\nsource = "{source}"\nverified = false\n'
        for name, (event, fault) in weights.items()
    ]
    return "\n".join([head, *blocks]).replace("-0.00", "0.0").replace("0.00", "0.0")


def figures_of(found: list[ScoredCase]) -> dict[str, object]:
    """Share of the decided that are right, of all that are undecided, Brier score and reliability; each by class too."""
    probability = np.array([item.probability for item in found])
    truth = np.array([float(item.is_event) for item in found])
    is_decided = np.array([item.word is not Word.UNDECIDED for item in found])
    is_right = (probability > 0.5) == (truth > 0.5)
    squared = (probability - truth) ** 2
    rows = defaultdict(list)
    for at, item in enumerate(found):
        rows[item.kind].append(at)
    classes = {
        kind: {
            "accuracy": _share(is_right[rows[kind]], is_decided[rows[kind]]),
            "undecided": _share(~is_decided[rows[kind]]),
            "brier": round(float(squared[rows[kind]].mean()), 3),
            "cases": len(rows[kind]),
        }
        for kind in CLASSES
        if kind in rows
    }
    bins = np.minimum((probability * 5).astype(int), 4)
    return {
        "value": _share(is_right, is_decided),
        "unit": "accuracy of the decided",
        "undecided": _share(~is_decided),
        "accuracy_undecided_wrong": _share(is_right & is_decided),
        "brier": round(float(squared.mean()), 4),
        "brier_without_skill": round(float(truth.mean() * (1 - truth.mean())), 4),
        "cases": len(found),
        "classes": classes,
        "reliability": [
            [
                round(float(probability[bins == at].mean()), 2),
                round(float(truth[bins == at].mean()), 2),
                int((bins == at).sum()),
            ]
            for at in range(5)
            if (bins == at).any()
        ],
    }


def claims_of(found: list[ScoredCase]) -> dict[str, object]:
    """Verdicts on windows in which nothing happens: the share called a fault, and an event."""
    shares = {word.value: _share(np.array([item.word is word for item in found])) for word in (Word.FAULT, Word.EVENT)}
    return {**shares, "cases": len(found)}


def _share(part: np.ndarray, of: np.ndarray | None = None) -> float | None:
    chosen = part if of is None else part[of]
    return round(float(chosen.mean()), 4) if len(chosen) else None


def _span(seeds: list[int] | tuple[int, ...]) -> str:
    return f"{min(seeds)} to {max(seeds)}"


def _explain(found: list[ScoredCase]) -> None:
    for item in found:
        is_claimed = item.job.kind == ORDINARY and item.word is not Word.UNDECIDED
        if is_claimed or (item.job.kind != ORDINARY and (item.probability > 0.5) != item.is_event):
            print(item.job.seed, item.kind, item.variant, item.summary)


if __name__ == "__main__":
    main()
