"""Factorisations as JSON, and the last one read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.receptor.pmf import PmfInputError, PmfResult
from schemas.words import render

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.receptor.pmf import Bootstrap, BootstrapDisplacement, Displacement, Intervals, Refit

_ENDS = ("low", "high", "percent_low", "percent_high")
_FIGURES = (
    "q_true",
    "q_robust",
    "q_expected",
    "best",
    "seed",
    "robust",
    "least_contribution",
    "sample_count",
    "value_count",
)


def result_json(result: PmfResult) -> dict[str, Any]:
    """The result as JSON values, keys as the attributes; further ``times`` and ``species``. NaN becomes None.

    Contributions are (time, factor), profiles (factor, species); starts are an object each.
    """
    return {
        "factors": result.factors,
        "species": [str(name) for name in result.profiles.columns],
        "times": [str(time) for time in result.contributions.index],
        "contributions": _rows(result.contributions),
        "profiles": _rows(result.profiles),
        "starts": result.starts.to_dict("records"),
        **{name: getattr(result, name) for name in _FIGURES},
    }


def intervals_json(found: Intervals) -> dict[str, Any]:
    """90 % intervals as JSON values: matrices are (factor, species), None for a factor that is lost or swapped."""
    figures = {name: getattr(found, name) for name in ("growth", "runs", "blocks", "level")}
    ends = {name: _rows(getattr(found, name)) for name in _ENDS}
    return {**ends, "lost": list(found.lost), "swapped": list(found.swapped), **figures}


def bootstrap_json(found: Bootstrap) -> dict[str, Any]:
    """The spread of a bootstrap as JSON values: matrices are (factor, species), ``mapped`` (bootstrap factor, 0 none and base factor)."""
    return {
        **{name: _rows(getattr(found, name)) for name in (*_ENDS, "mapped")},
        "found": found.found.tolist(), "runs": found.runs, "blocks": found.blocks, "level": found.level,
    }  # fmt: skip


def displacement_json(found: Displacement | BootstrapDisplacement) -> dict[str, Any]:
    """A displacement as JSON values: ranges are (level, factor, species), swaps (level, factor)."""
    levels = found.swaps.index.tolist()
    body = {
        "levels": levels,
        "species": [str(name) for name in found.low.columns],
        "low": [_rows(found.low.loc[level]) for level in levels],
        "high": [_rows(found.high.loc[level]) for level in levels],
        "swaps": _rows(found.swaps),
    }
    if hasattr(found, "accepted"):
        counts = {name: getattr(found, name) for name in ("unmapped", "fallen", "runs", "blocks", "level")}
        return body | {"accepted": found.accepted.tolist()} | counts
    return body | {"lowest": found.lowest, "displaced": found.displaced}


def refit_json(found: Refit) -> dict[str, Any]:
    """How far a refit is from the last solution; reasons with their figures and sentences."""
    return {
        "cosine": found.cosine.tolist(),
        "drifted": list(found.drifted),
        "lowest": found.lowest,
        "reasons": [
            {"key": reason.key, "figures": dict(reason.figures), "zh": render(reason, "zh"), "en": render(reason, "en")}
            for reason in found.reasons
        ],
    }


def read_result(path: Path) -> PmfResult:
    """Read a factorisation that was written as JSON; of its starts only the best one.

    Raises
    ------
    PmfInputError
        If the file cannot be read, or is none.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        best = body["starts"][body["best"]]
        names = pd.RangeIndex(1, body["factors"] + 1, name="factor")
        contributions = np.array(body["contributions"], dtype=float)
        profiles = pd.DataFrame(np.array(body["profiles"], dtype=float), names, body["species"])
        return PmfResult(
            contributions=pd.DataFrame(contributions, pd.Index(body["times"]), names),
            profiles=profiles,
            starts=pd.DataFrame([best]),
            start_profiles=profiles.to_numpy()[None],
            **{name: body[name] for name in _FIGURES} | {"best": 0},
        )
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise PmfInputError(msg) from error
    except (ValueError, LookupError, TypeError) as error:
        msg = f"{path}: expected the JSON of a factorisation, as skyground analyse pmf --json writes it"
        raise PmfInputError(msg) from error


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    values: list[list[Any]] = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return values
