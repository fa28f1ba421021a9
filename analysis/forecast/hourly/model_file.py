"""A model as texts: trees as LightGBM writes them, the rest as JSON. Nothing that is read is executed.

Files of a version: ``head.json`` (`ModelHead`) and ``{target}-{group}-{value|spread}.txt``.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.hourly.calibration import SPREAD_BINS, SpreadCalibration
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEAD_GROUPS, LEVELS, TARGETS
from analysis.forecast.hourly.model import HourlyModel, HourlyOptions, LeadGroup, TargetModel, WarningCut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 4
"""Layout of the files and meaning of the features; a model of another one is refused."""
HEAD = "head.json"


class ModelFileError(ValueError):
    """A model that cannot be used: the text names file and reason."""


class TargetHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`TargetModel` without its trees."""

    target: str
    names: tuple[str, ...]
    linear: list[list[float]]
    scale: list[float]
    centres: list[list[list[float]]]
    quantiles: list[list[list[list[float | None]]]]
    widening: tuple[float, ...]
    widening_days: int
    low: list[float | None]
    high: list[float | None]
    trained_hours: int
    series: tuple[str, ...]
    cuts: tuple[tuple[tuple[WarningCut, ...], ...], ...]


class _Layout(msgspec.Struct, frozen=True):
    format: int


class ModelHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is and what it was trained on.

    Attributes
    ----------
    format : int
        `FORMAT`.
    code_version : str
        Of the program that trained it.
    first, last : datetime
        Of the training hours, UTC.
    series : tuple of str
        Stations and city codes.
    settings : HourlyOptions
    targets : tuple of TargetHead
    ranks : bytes
        Of `HourlyModel.ranks`, in C order.
    digests : dict of str to str
        SHA-256 of each file of trees.
    """

    format: int
    code_version: str
    first: datetime
    last: datetime
    series: tuple[str, ...]
    settings: HourlyOptions
    targets: tuple[TargetHead, ...]
    ranks: bytes
    digests: dict[str, str]


def digest(content: bytes) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def to_files(model: HourlyModel, *, code_version: str, settings: HourlyOptions) -> dict[str, bytes]:
    """Content by file name.

    Parameters
    ----------
    model : HourlyModel
    code_version : str
    settings : HourlyOptions
        It was trained with.
    """
    trees = {
        f"{target}-{number}-{kind}.txt": getattr(group, kind).model_to_string().encode()
        for target, item in model.targets.items()
        for number, group in enumerate(item.groups)
        for kind in ("value", "spread")
    }
    head = ModelHead(
        format=FORMAT,
        code_version=code_version,
        first=model.first.to_pydatetime(),
        last=model.last.to_pydatetime(),
        series=model.series,
        settings=settings,
        targets=tuple(_target_head(item) for item in model.targets.values()),
        ranks=model.ranks.tobytes(),
        digests={name: digest(content) for name, content in trees.items()},
    )
    return {HEAD: msgspec.json.encode(head)} | trees


def read_head(content: bytes) -> ModelHead:
    """The head of a model; raises `ModelFileError` where it is none or of another format."""
    try:
        # the format first: a head of another one may lack what this program expects
        found = msgspec.json.decode(content, type=_Layout).format
        if found == FORMAT:
            return msgspec.json.decode(content, type=ModelHead)
    except msgspec.MsgspecError as error:
        msg = f"{HEAD}: {error}"
        raise ModelFileError(msg) from None
    msg = f"{HEAD}: format {found}, expected {FORMAT}"
    raise ModelFileError(msg)


def from_files(files: Mapping[str, bytes]) -> HourlyModel:
    """The model of a set of files.

    Parameters
    ----------
    files : mapping of name to content

    Raises
    ------
    ModelFileError
        A file is absent, is not the one that was written (digest), or does not match the features of this program.
    """
    head = read_head(_content(files, HEAD))
    samples = len(head.ranks) // (len(TARGETS) * LAST_LEAD_H)
    if samples * len(TARGETS) * LAST_LEAD_H != len(head.ranks):
        msg = f"{HEAD}: ranks have {len(head.ranks)} bytes, expected a multiple of {len(TARGETS) * LAST_LEAD_H}"
        raise ModelFileError(msg)
    return HourlyModel(
        targets={item.target: _target_model(item, head, files) for item in head.targets},
        ranks=np.frombuffer(head.ranks, dtype=np.uint8).reshape(samples, len(TARGETS), LAST_LEAD_H),
        series=head.series,
        first=pd.Timestamp(head.first),
        last=pd.Timestamp(head.last),
    )


def _target_head(item: TargetModel) -> TargetHead:
    return TargetHead(
        target=item.target,
        names=item.names,
        linear=item.linear.tolist(),
        scale=item.scale.tolist(),
        centres=[mode.centres.tolist() for mode in item.calibration],
        quantiles=[[[_numbers(row) for row in lead] for lead in mode.quantiles] for mode in item.calibration],
        widening=item.widening,
        widening_days=item.widening_days,
        low=_numbers(item.low),
        high=_numbers(item.high),
        trained_hours=item.trained_hours,
        series=item.series,
        cuts=item.cuts,
    )


def _target_model(item: TargetHead, head: ModelHead, files: Mapping[str, bytes]) -> TargetModel:
    if item.target not in TARGETS:
        msg = f"{HEAD}: target {item.target!r}, expected one of {', '.join(TARGETS)}"
        raise ModelFileError(msg)
    quantiles, centres = np.array(item.quantiles, dtype=float), np.array(item.centres, dtype=float)
    expected = (2, LAST_LEAD_H, SPREAD_BINS, len(LEVELS))
    if quantiles.shape != expected or centres.shape != expected[:-1] or len(item.linear) != LAST_LEAD_H:
        msg = f"{HEAD}: quantiles of {item.target} have the shape {quantiles.shape}, expected {expected}"
        raise ModelFileError(msg)
    if len(item.widening) != len(LEAD_GROUPS):
        msg = f"{HEAD}: widening of {item.target} has {len(item.widening)} factors, expected {len(LEAD_GROUPS)}"
        raise ModelFileError(msg)
    if [len(mode) for mode in item.cuts] != [len(LEAD_GROUPS)] * 2:
        msg = (
            f"{HEAD}: cuts of {item.target} are {[len(mode) for mode in item.cuts]}, expected {[len(LEAD_GROUPS)] * 2}"
        )
        raise ModelFileError(msg)
    return TargetModel(
        target=item.target,
        linear=np.array(item.linear, dtype=float),
        scale=np.array(item.scale, dtype=float),
        groups=tuple(_group(item, number, head, files) for number in range(len(LEAD_GROUPS))),
        calibration=(
            SpreadCalibration(centres[0], quantiles[0]),
            SpreadCalibration(centres[1], quantiles[1]),
        ),
        widening=item.widening,
        widening_days=item.widening_days,
        names=item.names,
        low=np.array(item.low, dtype=float),
        high=np.array(item.high, dtype=float),
        trained_hours=item.trained_hours,
        series=item.series,
        cuts=item.cuts,
    )


def _group(item: TargetHead, number: int, head: ModelHead, files: Mapping[str, bytes]) -> LeadGroup:
    import lightgbm

    found = []
    for kind in ("value", "spread"):
        name = f"{item.target}-{number}-{kind}.txt"
        content = _content(files, name)
        if digest(content) != head.digests.get(name):
            msg = f"{name}: its SHA-256 differs from that in {HEAD}"
            raise ModelFileError(msg)
        booster = lightgbm.Booster(model_str=content.decode())
        if booster.num_feature() != len(item.names):
            msg = f"{name}: {booster.num_feature()} features, expected {len(item.names)}"
            raise ModelFileError(msg)
        found.append(booster)
    return LeadGroup(value=found[0], spread=found[1])


def _content(files: Mapping[str, bytes], name: str) -> bytes:
    try:
        return files[name]
    except KeyError:
        msg = f"{name}: absent"
        raise ModelFileError(msg) from None


def _numbers(row: NDArray[np.float64]) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in row]
