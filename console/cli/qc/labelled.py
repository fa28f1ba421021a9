"""Labelled files and models of the learnt detector, read for its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli import shell

if TYPE_CHECKING:
    from qc.detector.example import Example
    from qc.detector.model_file import ModelFile, Trained
    from qc.detector.scoring import Prior
    from sensors.datasets.logan_river import Labelled


def require_detector() -> None:
    """End the command with status 2 where the learnt detector is not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("qc.detector", "lightgbm") if find_spec(name) is None]
    if missing:
        shell.stop(shell.text("labels.not_installed", missing=", ".join(missing)))


def example_of(labelled: Labelled) -> tuple[Example, dict[str, Prior]]:
    """Figures of one labelled file, and the prior ranges of its parameters."""
    from qc.detector.example import make_example
    from qc.detector.flagging import priors_of
    from qc.run.limits import load_thresholds

    sonde = {code_of(name): (values, labelled.labels[name]) for name, values in labelled.values.items()}
    priors = priors_of(load_thresholds(), sonde)
    return make_example(labelled.name, labelled.station, labelled.times, sonde, priors), priors


def train_on(files: list[Path]) -> ModelFile:
    """Train the detector on labelled files; exits where they are too few."""
    from importlib.metadata import version

    from qc.detector.training import train_model_file

    examples, trained = [], []
    for path in files:
        progress(f"figures: {path.name}")
        labelled = read_file(path)
        if labelled is None:
            progress(f"no labels, left out: {path.name}")
            continue
        examples.append(example_of(labelled)[0])
        trained.append(source_of(labelled))
    made_by = f"skyground qc learn --dataset logan; LightGBM {version('lightgbm')}"
    try:
        return train_model_file(examples, trained, made_by, report=progress)
    except ValueError as error:
        shell.stop(str(error))


def load(path: Path | None) -> ModelFile:
    """The packaged model, or one of ``qc learn``; exits where it cannot be read."""
    from qc.detector.scoring import ModelError
    from qc.run.detector import PACKAGED, load_model

    try:
        return load_model(path or PACKAGED)
    except ModelError as error:
        shell.stop(str(error))


def read_file(path: Path) -> Labelled | None:
    """A labelled file; None where no variable has labels, exits where it cannot be read."""
    from sensors.datasets.logan_river import read_labelled
    from sensors.datasets.table import DatasetError

    try:
        return read_labelled(path)
    except (DatasetError, OSError) as error:
        shell.stop(str(error))


def source_of(labelled: Labelled) -> Trained:
    """What a model records of a file that it is trained on."""
    from qc.detector.model_file import Trained

    return Trained(name=labelled.name, station=labelled.station, digest=labelled.digest, days=labelled.days)


def code_of(variable: str) -> str:
    """Parameter code of a variable of the data set."""
    from sensors.datasets.logan_river import PARAMETERS

    return PARAMETERS.get(variable, variable)


def variable_of(code: str) -> str:
    """Variable of the data set with a parameter code."""
    from sensors.datasets.logan_river import PARAMETERS

    return {found: name for name, found in PARAMETERS.items()}.get(code, code)


def progress(words: str) -> None:
    """A line on standard error, on a terminal only."""
    if sys.stderr.isatty():
        typer.echo(words, err=True)
