"""Models as files below ``SKYGROUND_RUN_DIR/model/forecast/VERSION``, with a document each; which of them is in force.

A version is written once and never changed. The document ``forecast_model`` of a version has the digest of its head; the document
``forecast_model_in_force`` lists versions, the newest first: where the first cannot be read the next one serves.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING, Any

import msgspec

from analysis.forecast.hourly.model_file import HEAD, ModelFileError, digest, from_files, read_head, to_files

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.forecast.hourly.model import HourlyModel, HourlyOptions
    from analysis.forecast.hourly.verify import Scores
    from store.settings import SharedSettings
    from store.state import StateStore

MODEL = "forecast_model"
IN_FORCE = "forecast_model_in_force"
_KEY = "hourly"
_KEPT = 10
"""Versions that the list in force remembers."""


class ModelScore(msgspec.Struct, frozen=True, kw_only=True):
    """Scores over the recent hours by pollutant: of the model, of the one in force then, and of persistence."""

    first: datetime
    last: datetime
    model: dict[str, Any]
    in_force: dict[str, Any] | None
    persistence: dict[str, Any]


class StoredModel(msgspec.Struct, frozen=True, kw_only=True):
    """Document of a version.

    Attributes
    ----------
    version : str
    created : datetime
    head_digest : str
        SHA-256 of its head.
    code_version : str
    first, last : datetime
        Of the training hours, UTC.
    series : int
        Stations and cities of the training.
    targets : tuple of str
    settings : dict
        `HourlyOptions`.
    score : ModelScore or None
    promoted : bool
        At its training, for any pollutant.
    reason : str
        Why or why not (`schemas.reason`).
    decisions : dict of str to str
        Why the model of each pollutant was promoted or not, stored text; empty in versions that were promoted as a whole.
    sources : dict of str to str
        Version that each pollutant was trained in, of one that is composed of several.
    """

    version: str
    created: datetime
    head_digest: str
    code_version: str
    first: datetime
    last: datetime
    series: int
    targets: tuple[str, ...]
    settings: dict[str, Any]
    score: ModelScore | None
    promoted: bool
    reason: str
    decisions: dict[str, str] = {}
    sources: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """The model in force; None and an empty version where none can be read. ``refused`` names version and reason of the others."""

    model: HourlyModel | None
    version: str
    refused: tuple[str, ...]


def folder_of(settings: SharedSettings, version: str) -> Path:
    """Folder of a version."""
    return settings.run_dir / "model" / "forecast" / version


def save_model(settings: SharedSettings, model: HourlyModel, options: HourlyOptions) -> tuple[str, str]:
    """Write the files of a model; returns its version and the digest of its head. Raises `OSError`."""
    files = to_files(model, code_version=package_version("skyground"), settings=options)
    found = digest(files[HEAD])
    version = f"{model.last.tz_convert(UTC):%Y%m%dT%H}-{found[:8]}"
    target = folder_of(settings, version)
    if not target.is_dir():
        partial = target.with_name(f".{version}.part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, content in files.items():
            (partial / name).write_bytes(content)
        partial.rename(target)
    return version, found


def load_version(settings: SharedSettings, state: StateStore, version: str) -> HourlyModel:
    """A version; raises `ModelFileError` with file and reason."""
    described = describe(state, version)
    if described is None:
        msg = f"{version}: no such model"
        raise ModelFileError(msg)
    folder = folder_of(settings, version)
    try:
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    except OSError as error:
        msg = f"{folder}: {error.strerror or error}"
        raise ModelFileError(msg) from None
    if digest(files.get(HEAD, b"")) != described.head_digest:
        msg = f"{folder / HEAD}: its SHA-256 differs from that of the document"
        raise ModelFileError(msg)
    try:
        read_head(files[HEAD])
        return from_files(files)
    except ModelFileError as error:
        msg = f"{folder}/{error}"
        raise ModelFileError(msg) from None


def load_in_force(settings: SharedSettings, state: StateStore) -> LoadedModel:
    """The first version of the list in force that can be read."""
    refused: list[str] = []
    for version in versions_in_force(state):
        try:
            return LoadedModel(model=load_version(settings, state, version), version=version, refused=tuple(refused))
        except ModelFileError as error:
            refused.append(str(error))
    return LoadedModel(model=None, version="", refused=tuple(refused))


def versions_in_force(state: StateStore) -> list[str]:
    """Versions that were promoted, the one in force first."""
    document = state.documents.get(IN_FORCE, _KEY)
    return [] if document is None else [str(item) for item in document.body["versions"]]


def put_in_force(state: StateStore, version: str) -> None:
    """Promote a version."""
    others = [item for item in versions_in_force(state) if item != version]
    state.documents.put(IN_FORCE, _KEY, {"versions": [version, *others][:_KEPT]})


def describe(state: StateStore, version: str) -> StoredModel | None:
    """The document of a version, or None."""
    document = state.documents.get(MODEL, version)
    return None if document is None else msgspec.convert(document.body, StoredModel)


def list_models(state: StateStore) -> list[StoredModel]:
    """All versions, the latest trained first."""
    found = [msgspec.convert(item.body, StoredModel) for item in state.documents.each(MODEL)]
    return sorted(found, key=lambda item: item.created, reverse=True)


def scores_json(found: dict[str, Scores]) -> dict[str, Any]:
    """Scores by pollutant as plain JSON."""
    return {target: msgspec.to_builtins(item) for target, item in found.items() if item.n}
