"""Fit the weights of the features that determine the kind of an event, and write ``analysis/data/event_kinds.toml``.

``python -m bench.analysis.event_kinds 0 300`` takes the labelled events of seeds 0 to 299; without ``--write`` it prints the
accuracy only. With ``--alone`` each event is taken three times at its station alone: with minutes and all instruments, without
minutes, and without both; that is ``event_kinds_alone.toml``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from analysis.case.case_hours import CaseHours
from analysis.case.channel import channels_of
from analysis.case.direction import bearing_of, direction_of
from analysis.case.kind.feature import features_of, regional_name
from analysis.case.kind.probability import ALONE, lacks_of
from analysis.statistics.limit import DATA
from bench.analysis.labelled_case import KINDS, case_input
from sensors.simulator.labelled import labelled_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

STRENGTH, STRENGTH_ALONE, VARIANTS = 10.0, 3.0, 3
"""Inverse of the ridge penalty of scikit-learn."""
FOLDS = 10
LEAST_PROBABILITY = 0.45
UNSURE = 0.02
_HEAD = """\
# Weights of the features that determine the kind of an event (analysis/case/kind). Written by bench/analysis/event_kinds.py;
# do not edit by hand. The log-odds of two kinds are the difference of their sums of prior and weight times feature.
"""


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(prog="bench.analysis.event_kinds")
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--alone", action="store_true")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.count)
    found = [item for seed in seeds for item in (_alone(seed) if chosen.alone else [_event(seed)])]
    rows, kinds = zip(*found, strict=True)
    names = sorted({name for row in rows for name in row})
    groups = np.repeat(np.array(seeds), VARIANTS if chosen.alone else 1)
    model, accuracy = fit(names, rows, kinds, groups, STRENGTH_ALONE if chosen.alone else STRENGTH)
    if chosen.write:
        note = f"labelled_event {seeds.start} to {seeds.stop - 1}"
        file = DATA / f"{ALONE if chosen.alone else 'event_kinds'}.toml"
        file.write_text(weights_text(model, names, len(rows), accuracy, note), encoding="utf-8")
    print(json.dumps({"name": "event_kinds", "value": round(accuracy, 4), "unit": "1", "events": len(rows)}))


def _event(seed: int) -> tuple[dict[str, float], str]:
    event = labelled_event(seed)
    case_hours = CaseHours(case_input(event))
    found = features_of(case_hours, channels_of(case_hours), bearing_of(direction_of(case_hours)))
    return {name: item.value for name, item in found.items()}, KINDS[event.kind].value


def _alone(seed: int) -> list[tuple[dict[str, float], str]]:
    """The event at its station alone, with fewer and fewer data."""
    event = labelled_event(seed)
    given = case_input(event)
    station = given.station
    lone = replace(
        given,
        stations={station.id: station},
        hourly={station.id: given.hourly[station.id]},
        minute={name: frame for name, frame in given.minute.items() if name == station.id},
    )
    mine = {code for item in station.instruments if given.parameter in item.parameters for code in item.parameters}
    hourly = lone.hourly[station.id]
    kept = [name for name in hourly.columns if str(name).split("__")[0] in mine | {"wind_speed", "wind_direction"}]
    bare = replace(lone, minute={}, hourly={station.id: hourly[kept]})
    without = regional_name(given.parameter)
    found = []
    for item in (lone, replace(lone, minute={}), bare):
        case_hours = CaseHours(item)
        features = features_of(case_hours, channels_of(case_hours), None)
        row = {name: one.value for name, one in features.items()}
        found.append((row | dict.fromkeys(lacks_of(features, without), 1.0), KINDS[event.kind].value))
    return found


def fit(
    names: Sequence[str],
    rows: Sequence[Mapping[str, float]],
    kinds: Sequence[str],
    groups: NDArray[np.int64],
    strength: float,
) -> tuple[LogisticRegression, float]:
    """Multinomial logistic regression with a ridge penalty, and its share of right kinds in cross-validation."""
    table = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    model = LogisticRegression(C=strength, max_iter=5000)
    accuracy = float(
        np.mean(cross_val_predict(model, table, kinds, cv=GroupKFold(FOLDS), groups=groups) == np.array(kinds))
    )
    return model.fit(table, kinds), accuracy


def weights_text(model: LogisticRegression, names: Sequence[str], events: int, accuracy: float, seeds: str) -> str:
    """Text of the file of weights."""
    parts = [
        _HEAD,
        f'source = "multinomial logistic regression, ridge penalty (C = {model.C:g}), on simulated events"\n',
        f'seeds = "{seeds}"\nevents = {events}\n',
        f"accuracy = {accuracy:.3f} # share of right kinds in cross-validation, {FOLDS} folds [1]\n",
        "verified = false\n",
        f"least_probability = {LEAST_PROBABILITY} # less is answered with unknown; project choice [1]\n",
        f"unsure = {UNSURE} # probability shared equally by all kinds, for events unlike the simulated ones; project choice [1]\n",
    ]
    for kind, prior, row in zip(model.classes_, model.intercept_, model.coef_, strict=True):
        weights = ", ".join(f"{name} = {value:.2f}" for name, value in zip(names, row, strict=True))
        parts.append(f'\n[[kind]]\nkind = "{kind}"\nprior = {prior:.2f}\nweight = {{ {weights} }}\n')
    return "".join(parts)


if __name__ == "__main__":
    main()
