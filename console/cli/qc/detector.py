"""``skyground qc score``, ``learn`` and ``anomalies``: the learnt detector scored, trained, and run on stored data."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.qc.detector_text import mean_of, mean_text, row, score_text
from console.cli.qc.labelled import (
    code_of,
    example_of,
    load,
    progress,
    read_file,
    require_detector,
    source_of,
    train_on,
    variable_of,
)
from console.cli.shell.moment import From, ToNow, span
from console.cli.shell.option import AsJson, Station

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qc.detector.label_agreement import LabelAgreement
    from qc.detector.model_file import ModelFile
    from qc.detector.scoring import Model, Prior
    from sensors.datasets.logan_river import Labelled


class LabelledDataset(StrEnum):
    """Data sets with labels that the commands read."""

    LOGAN = "logan"


Files = Annotated[list[Path], typer.Argument(help="labelled files, plain or gzip 带标注的文件", show_default=False)]
Dataset = Annotated[LabelledDataset, typer.Option("--dataset", help="layout of the files 数据集格式")]


def register(group: typer.Typer) -> None:
    """Add the commands to ``skyground qc``."""
    group.command("score")(score)
    group.command("learn")(learn)
    group.command("anomalies")(anomalies)


def score(  # noqa: PLR0917 - typer passes them by name
    files: Files,
    dataset: Dataset = LabelledDataset.LOGAN,
    train: Annotated[
        list[Path] | None,
        typer.Option("--train", help="train on this file instead; repeat it 改用此文件训练，可重复"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="file of qc learn instead of the packaged one 模型文件")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="list every flagged run with its reason 列出原因")] = False,
    as_json: AsJson = False,
) -> None:
    """Score the learnt detector against labels. 用技术员标注评估学习型检测。

    A flagged point is right if a labelled one lies within an hour of it, a labelled point is found if a flagged one does; every
    point counts once. The mean is over series with 20 labels or more. A file that the model was trained on is scored with a
    model that was trained on neither it nor its station.
    """
    del dataset  # one layout so far; the option keeps the command's form when there are more
    require_detector()
    if train and model:
        shell.stop("--train and --model exclude each other")
    known = train_on(train) if train else load(model)
    scores: list[LabelAgreement] = []
    words = shell.words()
    if not as_json:
        columns = ("file", "variable", "labels", "precision", "recall", "f1", "model")
        typer.echo(row(*(words(f"labels.{name}") for name in columns)))
    for position, path in enumerate(files, start=1):
        progress(f"{position}/{len(files)} {path.name}")
        for line, found in _score_file(path, known, reasons=reasons):
            typer.echo(json.dumps(line, ensure_ascii=False) if as_json else score_text(line, words))
            scores += [found] if found else []
    mean = mean_of(scores)
    typer.echo(json.dumps(mean, ensure_ascii=False) if as_json else mean_text(mean, words))


def learn(
    files: Files,
    out: Annotated[Path, typer.Option("--out", help="where the model goes 模型输出文件")],
    dataset: Dataset = LabelledDataset.LOGAN,
) -> None:
    """Train the detector on labelled files of two stations or more. 由标注文件训练检测模型。"""
    del dataset
    require_detector()
    from qc.detector.model_file import encode_model

    data = encode_model(train_on(files))
    out.write_bytes(data)
    typer.echo(shell.text("labels.model_written", path=str(out), count=len(data)))


def anomalies(
    station: Station,
    begin: From,
    end: ToNow = None,
    write: Annotated[bool, typer.Option("--write", help="keep the flags; else only list 写入标识")] = False,
    as_json: AsJson = False,
) -> None:
    """List what the learnt detector finds in stored water data, with reasons. 对已存水质数据运行学习型检测。"""
    require_detector()
    import msgspec

    from qc.run.detector import run_anomaly
    from schemas.words import sentence

    settings, now, words = shell.settings(), shell.now(), shell.words()
    progress(words("anomalies.running", station=station))
    start, stop = span(begin, end, settings.stations.timezone, now)
    try:
        with shell.explained("qc"):
            found = run_anomaly(settings, station, start=start, end=stop, now=now, write=write)
    except ValueError as error:
        shell.stop(str(error))
    if as_json:
        runs = tuple(msgspec.structs.replace(run, reason=sentence(run.reason, "en")) for run in found.runs)
        typer.echo(shell.to_json(msgspec.structs.replace(found, runs=runs)))
        return
    for run in found.runs:
        place = f"{run.instrument_id} {run.parameter:<20} {run.first:%Y-%m-%d %H:%M}Z .. {run.last:%Y-%m-%d %H:%M}Z x{run.count}"
        typer.echo(f"{place}  {sentence(run.reason, words.language)}")
    counts = ", ".join(f"{code} {count}" for code, count in sorted(found.flags.items())) or words("none")
    done = words(
        "anomalies.stored" if found.written else "anomalies.listed",
        station=station,
        instruments=found.instruments,
        silent=found.silent,
        counts=counts,
    )
    typer.echo(done)


def _score_file(
    path: Path, known: ModelFile, *, reasons: bool
) -> Iterator[tuple[dict[str, object], LabelAgreement | None]]:
    from qc.detector.label_agreement import MIN_LABELS, TOLERANCE_S
    from qc.detector.training import agreement_by_parameter

    labelled = read_file(path)
    if labelled is None:
        yield {"file": path.name, "variable": None, "skipped": "no variable with labels (X, X_cor and X_qual)"}, None
        return
    example, priors = example_of(labelled)
    model, seen = known.model_for(source_of(labelled))
    for code, found in agreement_by_parameter(example, model).items():
        line: dict[str, object] = {
            "file": path.name,
            "variable": variable_of(code),
            "labels": found.labels,
            "flagged": found.flagged,
            "precision": round(found.precision, 4),
            "recall": round(found.recall, 4),
            "f1": round(found.f1, 4),
            "tolerance_s": TOLERANCE_S,
            "counted": found.labels >= MIN_LABELS,
            "trained_on_this_file": seen and labelled.station in model.stations,
            "trained_on_this_station": labelled.station in model.stations,
            "left_out": seen,
            "model_stations": list(model.stations),
        }
        if labelled.dropped:
            line["rows_dropped"] = labelled.dropped
        yield line, found
        if reasons:
            yield from ((run, None) for run in _runs(labelled, code, model, priors))


def _runs(labelled: Labelled, code: str, model: Model, priors: dict[str, Prior]) -> Iterator[dict[str, object]]:
    from qc.detector.detection import detect
    from qc.detector.example import rows_an_hour
    from qc.detector.flagging import words
    from schemas.words import sentence

    sonde = {code_of(name): values for name, values in labelled.values.items()}
    verdict = detect(sonde, priors, model, per_hour=rows_an_hour(labelled.times))[code]
    for run in verdict.runs:
        text = words(code, float(sonde[code][run.first]), priors.get(code), run)
        yield {
            "file": labelled.name,
            "variable": variable_of(code),
            "start": f"{labelled.times[run.first]}",
            "end": f"{labelled.times[run.last]}",
            "ground": run.ground.value,
            "en": sentence(text, "en"),
            "zh": sentence(text, "zh"),
        }
