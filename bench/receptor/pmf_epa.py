"""Our robust factorisation against EPA PMF 5.0's own result for the same samples: one line of JSON.

``python -m bench.receptor.pmf_epa`` needs the shared data. The value is the number of factors of the first seed whose
profile (per cent of species) has a cosine of at least 0.95 with one of EPA's, one to one; further seeds show how often the same minimum is found.
"""

from __future__ import annotations

import json
import sys
import time

from analysis.receptor.pmf import fit
from analysis.receptor.pmf.match import match_profiles
from bench.receptor.files import SHARED, recap

FACTORS, SEEDS, SAME = 9, (42, 401, 402, 403, 404, 405), 0.95
EPA_Q_ROBUST = 21_536.6
"""Of run 59, from `v2_run_comparison.csv`."""


def main() -> int:
    """Print one line of JSON; status 1 where the data is absent."""
    if not (SHARED / "recap_voc_pmf").is_dir():
        sys.stderr.write(f"pmf.epa: no data at {SHARED / 'recap_voc_pmf'}\n")
        return 1
    conc, unc, epa = recap()
    same, q_robust, lowest, seconds = [], [], [], []
    for seed in SEEDS:
        began = time.perf_counter()
        result = fit(conc, unc, FACTORS, starts=20, seed=seed)
        seconds.append(round(time.perf_counter() - began, 2))
        _, matched = match_profiles(result.profiles.to_numpy(), epa)
        same.append(int((matched >= SAME).sum()))
        lowest.append(round(float(matched.min()), 4))
        q_robust.append(round(result.q_robust, 1))
    line = {
        "name": "pmf.epa", "value": same[0] if q_robust[0] <= 1.02 * EPA_Q_ROBUST else 0, "unit": "factors of 9", "must": 7,
        "aim": 9, "vs": "EPA PMF 5.0 run 59", "ratio": round(EPA_Q_ROBUST / q_robust[0], 4), "by_seed": same,
        "least_cosine": lowest, "q_robust": q_robust, "q_robust_epa": EPA_Q_ROBUST, "seconds": seconds,
        "workload": f"RECAP VOC, {conc.shape[0]} x {conc.shape[1]}, {FACTORS} factors, 20 starts, robust", "seeds": list(SEEDS),
    }  # fmt: skip
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
