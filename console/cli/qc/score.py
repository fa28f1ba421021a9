"""``skyground qc score``, ``learn`` and ``anomalies``: the learnt detector against labels, taught, and on stored data."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from console.cli.shell.moment import From, ToNow, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qc.detector.anomaly import Model, Prior
    from qc.detector.label_agreement import LabelAgreement
    from qc.detector.training import Example, ModelFile, Trained
    from sensors.datasets.logan_river import Labelled


class LabelledDataset(StrEnum):
    """Data sets with labels that the commands read."""

    LOGAN = "logan"


Files = Annotated[list[Path], typer.Argument(help="labelled files, plain or gzip 带标注的文件", show_default=False)]
Dataset = Annotated[LabelledDataset, typer.Option("--dataset", help="layout of the files 数据集格式")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]


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
        typer.Option("--train", help="learn from this file instead; repeat it 改用此文件训练，可重复"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="file of qc learn instead of the packaged one 模型文件")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="list every flagged run with its reason 列出原因")] = False,
    as_json: AsJson = False,
) -> None:
    """Score the learnt detector against labels. 用技术员标注评估学习型检测。

    A flagged point is right if a labelled one lies within an hour of it, a labelled point is found if a flagged one does; every
    point counts once. The mean is over series with 20 labels or more. A file that the model was learnt from is judged by a
    model that has seen neither it nor its station.
    """
    del dataset  # one layout so far; the option keeps the command's form when there are more
    if train and model:
        _stop("--train and --model exclude each other")
    known = _learnt(train) if train else _loaded(model)
    scores: list[LabelAgreement] = []
    if not as_json:
        typer.echo(_row("file 文件", "variable 变量", "labels", "precision", "recall", "F1", "model 模型"))
    for position, path in enumerate(files, start=1):
        _progress(f"{position}/{len(files)} {path.name}")
        for line, found in _score_file(path, known, reasons=reasons):
            typer.echo(json.dumps(line, ensure_ascii=False) if as_json else _text(line))
            scores += [found] if found else []
    mean = _mean(scores)
    typer.echo(json.dumps(mean, ensure_ascii=False) if as_json else _mean_text(mean))


def learn(
    files: Files,
    out: Annotated[Path, typer.Option("--out", help="where the model goes 模型输出文件")],
    dataset: Dataset = LabelledDataset.LOGAN,
) -> None:
    """Learn the detector from labelled files of two stations or more. 由标注文件训练检测模型。"""
    del dataset
    from qc.detector.store import encode_model

    data = encode_model(_learnt(files))
    out.write_bytes(data)
    typer.echo(f"{out}: {len(data)} bytes 字节")


def anomalies(
    station: Annotated[str, typer.Option("--station", help="station id 站点")],
    begin: From,
    end: ToNow = None,
    write: Annotated[bool, typer.Option("--write", help="keep the flags; else only list 写入标识")] = False,
    as_json: AsJson = False,
) -> None:
    """List what the learnt detector finds in stored water data, with reasons. 对已存水质数据运行学习型检测。"""
    from datetime import UTC, datetime

    import msgspec

    from console.cli.replay import explained
    from qc.detector.flagging import TEST
    from qc.run.detector import run_anomaly
    from qc.wording import in_chinese
    from store.settings import SharedSettings, load_settings

    settings, now = load_settings(SharedSettings), datetime.now(UTC)
    _progress(f"reading and judging {station} 读取并检测")
    start, stop = span(begin, end, settings.stations.timezone, now)
    try:
        with explained("qc"):
            found = run_anomaly(settings, station, start=start, end=stop, now=now, write=write)
    except ValueError as error:
        _stop(str(error))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for run in found.runs:
        place = f"{run.instrument_id} {run.parameter:<20} {run.first:%Y-%m-%d %H:%M}Z .. {run.last:%Y-%m-%d %H:%M}Z x{run.count}"
        typer.echo(f"{place}  {run.reason} {in_chinese(TEST, run.reason)}")
    counts = ", ".join(f"{code} {count}" for code, count in sorted(found.flags.items())) or "nothing 无"
    kept = "written 已写入" if found.written else "not written 未写入 (--write)"
    typer.echo(f"{station}: {found.instruments} instruments ({found.silent} silent), suspect 存疑: {counts}; {kept}")


def _score_file(
    path: Path, known: ModelFile, *, reasons: bool
) -> Iterator[tuple[dict[str, object], LabelAgreement | None]]:
    from qc.detector.label_agreement import MIN_LABELS, TOLERANCE_S
    from qc.detector.training import agreement_by_parameter

    labelled = _read(path)
    if labelled is None:
        yield {"file": path.name, "variable": None, "skipped": "no variable with labels (X, X_cor and X_qual)"}, None
        return
    example, priors = _example(labelled)
    model, seen = known.model_for(_source(labelled))
    for code, found in agreement_by_parameter(example, model).items():
        line: dict[str, object] = {
            "file": path.name,
            "variable": _variable(code),
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
    from qc.detector.flagging import TEST, detect, words
    from qc.detector.training import rows_an_hour
    from qc.wording import in_chinese

    sonde = {_code(name): values for name, values in labelled.values.items()}
    verdict = detect(sonde, priors, model, per_hour=rows_an_hour(labelled.times))[code]
    for run in verdict.runs:
        text = words(code, float(sonde[code][run.first]), priors.get(code), run)
        yield {
            "file": labelled.name,
            "variable": _variable(code),
            "start": f"{labelled.times[run.first]}",
            "end": f"{labelled.times[run.last]}",
            "ground": run.ground.value,
            "en": text,
            "zh": in_chinese(TEST, text),
        }


def _example(labelled: Labelled) -> tuple[Example, dict[str, Prior]]:
    from qc.detector.flagging import priors_of
    from qc.detector.training import make_example
    from qc.limits.thresholds import load_thresholds

    sonde = {_code(name): (values, labelled.labels[name]) for name, values in labelled.values.items()}
    priors = priors_of(load_thresholds(), sonde)
    return make_example(labelled.name, labelled.station, labelled.times, sonde, priors), priors


def _learnt(files: list[Path]) -> ModelFile:
    from importlib.metadata import version

    from qc.detector.training import train_model_file

    examples, trained = [], []
    for path in files:
        _progress(f"figures: {path.name}")
        labelled = _read(path)
        if labelled is None:
            _progress(f"no labels, left out: {path.name}")
            continue
        examples.append(_example(labelled)[0])
        trained.append(_source(labelled))
    made_by = f"skyground qc learn --dataset logan; LightGBM {version('lightgbm')}"
    try:
        return train_model_file(examples, trained, made_by, report=_progress)
    except ValueError as error:
        _stop(str(error))


def _loaded(path: Path | None) -> ModelFile:
    from qc.detector.anomaly import ModelError
    from qc.detector.store import PACKAGED, load_model

    try:
        return load_model(path or PACKAGED)
    except ModelError as error:
        _stop(str(error))


def _read(path: Path) -> Labelled | None:
    from sensors.datasets.logan_river import read_labelled
    from sensors.datasets.table import DatasetError

    try:
        return read_labelled(path)
    except (DatasetError, OSError) as error:
        _stop(str(error))


def _source(labelled: Labelled) -> Trained:
    from qc.detector.training import Trained

    return Trained(name=labelled.name, station=labelled.station, digest=labelled.digest, days=labelled.days)


def _code(variable: str) -> str:
    from sensors.datasets.logan_river import PARAMETERS

    return PARAMETERS.get(variable, variable)


def _variable(code: str) -> str:
    from sensors.datasets.logan_river import PARAMETERS

    return {found: name for name, found in PARAMETERS.items()}.get(code, code)


def _mean(scores: list[LabelAgreement]) -> dict[str, object]:
    from qc.detector.label_agreement import MIN_LABELS, TOLERANCE_S

    counted = [item for item in scores if item.labels >= MIN_LABELS]

    def mean(name: str) -> float | None:
        return round(sum(getattr(item, name) for item in counted) / len(counted), 4) if counted else None

    return {
        "file": None,
        "variable": "mean",
        "series": len(counted),
        "labels": sum(item.labels for item in counted),
        "precision": mean("precision"),
        "recall": mean("recall"),
        "f1": mean("f1"),
        "tolerance_s": TOLERANCE_S,
        "min_labels": MIN_LABELS,
    }


def _row(*cells: str) -> str:
    widths = (28, 14, 7, 9, 9, 7, 0)
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _text(line: dict[str, object]) -> str:
    if "skipped" in line:
        return _row(str(line["file"]), "-", "-", "-", "-", "-", "no labels 无标注")
    if "ground" in line:
        return f"    {line['start']} .. {line['end']}  {line['en']} {line['zh']}"
    figures = [f"{line[name]:.3f}" for name in ("precision", "recall", "f1")]
    few = "" if line["counted"] else "  (few labels 标注过少)"
    stations = ", ".join(str(name) for name in line["model_stations"])  # type: ignore[attr-defined]
    return _row(str(line["file"]), str(line["variable"]), str(line["labels"]), *figures, stations + few)


def _mean_text(mean: dict[str, object]) -> str:
    if mean["f1"] is None:
        return f"no series with {mean['min_labels']} labels or more 没有标注足够的序列"
    figures = [f"{mean[name]:.3f}" for name in ("precision", "recall", "f1")]
    return _row("mean 平均", f"{mean['series']} series", str(mean["labels"]), *figures, "")


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        typer.echo(words, err=True)


def _stop(words: str) -> NoReturn:
    typer.echo(f"skyground qc: {words}", err=True)
    raise typer.Exit(2)
