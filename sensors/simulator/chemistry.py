"""NO, NO2 and O3 in photostationary state.

References
----------
Leighton, P. A. (1961), Photochemistry of Air Pollution: J(NO2) [NO2] = k [NO] [O3].
The figures of J and k are rounded, project's own choice; k is of the order of 4e-4 ppb⁻¹ s⁻¹ at 298 K.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

NO_O3_PPB_S = 4.4e-4
"""Rate constant of NO + O3 [ppb⁻¹ s⁻¹]."""
J_NO2_S = 8.0e-3
"""Photolysis frequency of NO2 under `J_RADIATION_W_M2` [s⁻¹]."""
J_RADIATION_W_M2 = 900.0


def photolysis(radiation: Field) -> Field:
    """Photolysis frequency of NO2 [s⁻¹] from global radiation [W m⁻²]."""
    return J_NO2_S * np.maximum(radiation, 0.0) / J_RADIATION_W_M2


def photostationary(nox: Field, ox: Field, radiation: Field) -> tuple[Field, Field, Field]:
    """Split NOx and Ox into NO, NO2 and O3.

    Parameters
    ----------
    nox : array
        NO + NO2 [ppb].
    ox : array
        O3 + NO2 [ppb]; conserved by the reaction, and NO2 is at most ``min(nox, ox)``.
    radiation : array
        Global radiation [W m⁻²]; without it O3 and NO titrate each other until one of them is gone.

    Returns
    -------
    tuple of array
        NO, NO2, O3 [ppb], none below zero.
    """
    total = nox + ox + photolysis(radiation) / NO_O3_PPB_S
    root = np.sqrt(np.maximum(total**2 - 4 * nox * ox, 0.0))
    # The smaller root, in the form that does not subtract nearly equal numbers.
    no2 = np.minimum(2 * nox * ox / np.maximum(total + root, 1e-9), np.minimum(nox, ox))
    return nox - no2, no2, ox - no2
