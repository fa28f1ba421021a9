"""Sample files that the benchmarks of factorisation read from the shared data."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from analysis.run.receptor.pmf import read_samples

_ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SKYGROUND_SHARED_DATA", _ROOT.parent / "shared" / "data"))
#: Columns of the RECAP files that EPA's run 59 did not model.
_NOT_MODELLED = {"Diethylphthalate", "O3_form", "b1_b2_3hr", "b3_b2_3hr", "NOx"}


def baltimore() -> tuple[np.ndarray, np.ndarray]:
    """Concentrations and uncertainties of EPA's Baltimore sample, days with every value only."""
    conc, unc = (read_samples(SHARED / "epa_pmf" / f"Dataset-Baltimore_{kind}.txt") for kind in ("con", "unc"))
    keep = conc.notna().all(axis=1).to_numpy() & unc.notna().all(axis=1).to_numpy()
    return conc.to_numpy()[keep], unc.to_numpy()[keep]


def recap() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Concentrations, uncertainties and EPA's profiles of run 59, (factor, species), RECAP-CA 2021."""
    folder = SHARED / "recap_voc_pmf"
    conc, unc = (read_samples(folder / f"PMF_input_{kind}.csv") for kind in ("conc", "uncertainty"))
    species = [name for name in conc.columns if name not in _NOT_MODELLED]
    keep = ~(_run_59(folder / "v2_contributions.csv") == -999).any(axis=1)
    profiles = _run_59(folder / "v2_profiles.csv")[: len(species)].T
    return conc[species].to_numpy()[keep], unc[species].to_numpy()[keep], profiles


def _run_59(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if len(row) > 10 and row[0] == "59"]
    return np.array([[float(cell) for cell in row[2:]] for row in rows])
