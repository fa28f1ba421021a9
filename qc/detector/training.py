"""Trains the detector of `qc.detector.scoring` on a technician's labels, and scores it on stations that were left out.

Events (labelled runs up to a day) and states (longer ones) are trained separately, since the signs of an event are absent in the middle of
a state. Rows that the prior range or a certain offset explains are not used to train the trees. The three cuts are those with the highest
mean F1 when each station in turn is left out; they are never chosen on training rows of the trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qc.detector.label_agreement import MIN_LABELS, LabelAgreement, label_agreement
from qc.detector.model_file import ModelFile, Trained
from qc.detector.run_length import run_lengths
from qc.detector.scoring import (
    EVENT_FIGURES,
    STATE_FIGURES,
    Cuts,
    Model,
    Scored,
    figure_names,
    model_input,
    offset_scores,
    score,
    suspicious,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from qc.detector.example import Example, LabelledSeries

LONGEST_EVENT_H = 24.0
"""A labelled run up to this long is an event [h]."""
EVENT_CUTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
STATE_CUTS = (0.1, 0.2, 0.3, 0.5, 0.7)
OFFSET_CUTS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
#: Cut of offsets for choosing training rows, before a cut is chosen.
_CERTAIN_OFFSET = 0.4
_SHARED = {
    "objective": "binary", "learning_rate": 0.05, "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
    "cat_smooth": 50, "num_leaves": 7, "verbose": -1, "deterministic": True, "force_row_wise": True, "num_threads": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Training parameters of one of the two models.

    Attributes
    ----------
    figures : tuple of str
    least_rows : int
        In a leaf.
    l2 : float
        Penalty of leaf weights.
    rounds, repeats : int
        Trees of a booster; boosters with different random draws.
    share : float
        Of the unlabelled rows that are used [1].
    """

    figures: tuple[str, ...]
    least_rows: int
    l2: float
    rounds: int
    repeats: int
    share: float


EVENTS = Recipe(figures=EVENT_FIGURES, least_rows=10, l2=5.0, rounds=200, repeats=2, share=0.2)
STATES = Recipe(figures=STATE_FIGURES, least_rows=200, l2=10.0, rounds=120, repeats=2, share=0.1)


def train_detector(examples: Sequence[Example], *, report: Callable[[str], None] = lambda _: None) -> Model:
    """Train both models on all examples, and choose the cuts with each station left out in turn.

    Parameters
    ----------
    examples : sequence of Example
        Of at least two stations, as the cuts require.
    report : callable
        Called with a description of each step.

    Raises
    ------
    ValueError
        If the examples are of fewer than two stations, or none has a label.
    """
    stations = _stations(examples)
    if len(stations) < 2 or not any(item.labels.any() for example in examples for item in example.series.values()):  # noqa: PLR2004
        msg = f"{len(examples)} labelled files of the stations {', '.join(stations) or 'none'}: expected labels of at least two stations"
        raise ValueError(msg)
    held_out: list[tuple[Example, dict[str, Scored]]] = []
    for station in stations:
        report(f"cuts: without {station}")
        trees = _trees([example for example in examples if example.station != station])
        held_out += [(example, _scored(example, trees)) for example in examples if example.station == station]
    report(f"trees: {', '.join(stations)}")
    return msgspec.structs.replace(_trees(examples), cuts=choose_cuts(held_out))


def train_model_file(
    examples: Sequence[Example],
    trained: Sequence[Trained],
    made_by: str,
    *,
    report: Callable[[str], None] = lambda _: None,
) -> ModelFile:
    """Train on all examples, and for each station on those of all others; raises as `train_detector` does.

    Parameters
    ----------
    examples : sequence of Example
    trained : sequence of Trained
        What the examples were made from.
    """
    without = {}
    for station in _stations(examples):
        report(f"model without {station}")
        without[station] = train_detector([item for item in examples if item.station != station], report=report)
    model = train_detector(examples, report=report)
    return ModelFile(made_by=made_by, trained=tuple(trained), model=model, without=without)


def agreement_by_parameter(example: Example, model: Model) -> dict[str, LabelAgreement]:
    """Agreement of a model with the labels of an example, by parameter."""
    return {
        code: _agreement(example, code, suspicious(scored, model.cuts))
        for code, scored in _scored(example, model).items()
    }


def choose_cuts(held_out: Iterable[tuple[Example, dict[str, Scored]]]) -> Cuts:
    """Cuts with the highest mean F1 over series with enough labels; of equal ones the first of the grid."""
    cases = [
        (example, code, scored)
        for example, by_code in held_out
        for code, scored in by_code.items()
        if example.series[code].labels.sum() >= MIN_LABELS
    ]
    grid = [
        Cuts(event=event, state=state, offset=offset)
        for offset, state, event in product(OFFSET_CUTS, STATE_CUTS, EVENT_CUTS)
    ]
    f1 = [
        sum(_agreement(example, code, suspicious(scored, cuts)).f1 for example, code, scored in cases) for cuts in grid
    ]
    return grid[int(np.argmax(f1))]


def _stations(examples: Sequence[Example]) -> list[str]:
    return sorted({example.station for example in examples})


def _agreement(example: Example, code: str, flagged: NDArray[np.bool_]) -> LabelAgreement:
    series = example.series[code]
    return label_agreement(flagged & np.isfinite(series.prepared.values), series.labels, example.times)


def _scored(example: Example, model: Model) -> dict[str, Scored]:
    return {code: score(code, item.prepared, item.offsets, item.table, model) for code, item in example.series.items()}


def _trees(examples: Sequence[Example]) -> Model:
    """Both models without cuts of their own."""
    return Model(
        events=_fit(EVENTS, examples, longest_event=True),
        states=_fit(STATES, examples, longest_event=False),
        cuts=Cuts(event=EVENT_CUTS[0], state=STATE_CUTS[0], offset=OFFSET_CUTS[0]),
        stations=tuple(_stations(examples)),
    )


def _fit(recipe: Recipe, examples: Sequence[Example], *, longest_event: bool) -> tuple[str, ...]:
    """Boosters of one model as text; none without a labelled row."""
    import lightgbm

    parts = [
        _rows(recipe, item, code, events=longest_event) for example in examples for code, item in example.series.items()
    ]
    inputs = np.concatenate([part[0] for part in parts])
    targets = np.concatenate([part[1] for part in parts])
    weights = np.concatenate([part[2] for part in parts])
    if not targets.any():
        return ()
    # The total weight of the labelled rows is their number, whatever its distribution over the series.
    weights[targets] *= targets.sum() / weights[targets].sum()
    found = []
    for seed in range(recipe.repeats):
        rng = np.random.default_rng(seed)  # noqa: TID251  the seed is the number of the repeat
        kept = targets | (rng.random(len(targets)) < recipe.share)
        data = lightgbm.Dataset(
            inputs[kept],
            targets[kept].astype(float),
            weight=np.where(targets, weights, 1 / recipe.share)[kept],
            feature_name=figure_names(recipe.figures),
            categorical_feature=[len(recipe.figures)],
        )
        settings = _SHARED | {"min_data_in_leaf": recipe.least_rows, "lambda_l2": recipe.l2, "seed": seed}
        found.append(lightgbm.train(settings, data, num_boost_round=recipe.rounds).model_to_string())
    return tuple(found)


def _rows(
    recipe: Recipe, series: LabelledSeries, code: str, *, events: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """Inputs, targets and weights of the training rows of one series."""
    long = run_lengths(series.labels) > LONGEST_EVENT_H * series.prepared.per_hour
    explained = series.prepared.hard | (offset_scores(series.offsets, len(series.labels)) >= _CERTAIN_OFFSET)
    target = series.labels & (~long if events else long)
    kept = ~explained & np.isfinite(series.prepared.values) & (target | ~series.labels)
    weight = np.where(target, 1 / np.sqrt(max(target.sum(), 1)), 1.0)
    return model_input(series.table, code, recipe.figures)[kept], target[kept], weight[kept]
