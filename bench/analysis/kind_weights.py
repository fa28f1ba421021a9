"""Fits of the weights of the kinds of an event and of chance, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from analysis.case.case_file import EventKind
from analysis.case.kind.ordinary import FLAT, LOCAL, ROUGH, UNREST, chance_row
from analysis.case.kind.probability import lacks_of
from analysis.case.kind.weights import ALONE, CHANCE, CHANCE_ALONE, NOT_FITTED
from analysis.statistics.limit import DATA
from bench.analysis.thinned_case import ThinnedCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

KINDS_FILE = "event_kinds"
STRENGTH, STRENGTH_CHANCE = 10.0, 3.0
"""Inverse of the ridge penalty of scikit-learn."""
FOLDS = 10
LEAST_PROBABILITY = 0.45
UNSURE = 0.02
SHIFTS = {CHANCE: 0.5, CHANCE_ALONE: 0.0}
"""Added to the log-odds of chance, which noise and local events have equally before [1]: with neighbours so much that at most 5 % of the fitted
noise with all data is called a plume or a fault; project choice."""
_HEAD = """\
# {what} (analysis/case/kind). Written by bench/analysis/event_kinds.py; do not edit by hand.
# The log-odds are sums of prior and weight times feature{more}.
"""


class KindSample(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its truth.

    Attributes
    ----------
    source : str
        ``event``, ``mild``, ``noise`` or ``beijing``.
    truth : EventKind or None
        None: no event.
    seed : int
    """

    case: ThinnedCase
    source: str
    truth: EventKind | None
    seed: int


def fit_all(samples: Sequence[KindSample], seeds: str) -> dict[str, float]:
    """Fit and write the four files; the share of right answers of each in cross-validation."""
    found = {}
    for kinds, chance, is_alone in ((KINDS_FILE, CHANCE, False), (ALONE, CHANCE_ALONE, True)):
        own = [item for item in samples if (item.case.without is not None) == is_alone]
        events = [item for item in own if item.truth is not None]
        rows = [_kind_row(item.case) for item in events]
        found[kinds] = _fitted(kinds, rows, [str(item.truth) for item in events], events, seeds)
        distinguished = [item for item in own if _tells_chance(item)]
        rows = [chance_row(item.case.features, item.case.z_score) for item in distinguished]
        labels = [str(EventKind.UNKNOWN) if item.truth is None else "local" for item in distinguished]
        found[chance] = _fitted(chance, rows, labels, distinguished, seeds)
    return found


def _kind_row(case: ThinnedCase) -> dict[str, float]:
    values = {name: item.value for name, item in case.features.items()}
    return values | dict.fromkeys(lacks_of(case.features, case.without), 1.0)


def _tells_chance(item: KindSample) -> bool:
    """A local event or none, whose minutes do not show a fault by themselves."""
    value = {name: one.value for name, one in item.case.features.items()}
    is_rough = value.get("rough", 0.0) >= ROUGH and value.get("unrest", 0.0) >= UNREST
    return (item.truth is None or item.truth in LOCAL) and not is_rough and value.get("flat", 0.0) < FLAT


def _fitted(
    name: str, rows: Sequence[Mapping[str, float]], labels: Sequence[str], samples: Sequence[KindSample], seeds: str
) -> float:
    """Fit one file and write it; its accuracy."""
    names = sorted({item for row in rows for item in row} - NOT_FITTED)
    table = np.array([[row.get(item, 0.0) for item in names] for row in rows])
    sources = sorted({item.source for item in samples})
    # all variants of a seed are in one fold
    groups = np.array([item.seed * len(sources) + sources.index(item.source) for item in samples])
    is_chance = name in SHIFTS
    strength = STRENGTH_CHANCE if is_chance else STRENGTH
    model = LogisticRegression(C=strength, max_iter=5000, class_weight="balanced" if is_chance else None)
    # not by order: the kind of an event depends on its seed modulo 5
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1)
    accuracy = float(np.mean(cross_val_predict(model, table, labels, cv=folds, groups=groups) == np.array(labels)))
    model.fit(table, labels)
    text = weights_text(name, model, names, count=len(rows), accuracy=accuracy, seeds=seeds)
    (DATA / f"{name}.toml").write_text(text, encoding="utf-8")
    return round(accuracy, 4)


def weights_text(
    name: str, model: LogisticRegression, names: Sequence[str], *, count: int, accuracy: float, seeds: str
) -> str:
    """Text of a file of weights."""
    is_chance = name in SHIFTS
    what = "Log-odds of chance against a plume or a fault" if is_chance else "Weights of the kinds of an event"
    more = "" if is_chance else "; of two kinds their difference"
    parts = [
        _HEAD.format(what=what, more=more),
        f'source = "logistic regression, ridge penalty (C = {model.C:g}), in all variants of fewer data"\n',
        f'seeds = "{seeds}"\nevents = {count}\n',
        f"accuracy = {accuracy:.3f} # share of right kinds in cross-validation, {FOLDS} folds [1]\n",
        "verified = false\n",
        f"least_probability = {LEAST_PROBABILITY} # less is answered with unknown; project choice [1]\n",
        f"unsure = {UNSURE} # probability shared equally by all kinds, for events unlike the simulated ones; project choice [1]\n",
    ]
    return "".join([*parts, *(_row_text(*row, names) for row in _rows(name, model))])


def _rows(name: str, model: LogisticRegression) -> list[tuple[str, float, NDArray[Any]]]:
    if name in SHIFTS:  # two classes: the log-odds of the second one, "unknown"
        return [(str(EventKind.UNKNOWN), float(model.intercept_[0]) + SHIFTS[name], model.coef_[0])]
    return list(zip(model.classes_, model.intercept_.tolist(), model.coef_, strict=True))


def _row_text(kind: str, prior: float, weights: NDArray[Any], names: Sequence[str]) -> str:
    listed = ", ".join(f"{name} = {value:.2f}" for name, value in zip(names, weights, strict=True))
    return f'\n[[kind]]\nkind = "{kind}"\nprior = {prior:.2f}\nweight = {{ {listed} }}\n'
