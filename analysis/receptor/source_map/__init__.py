"""Maps of where polluted air came from: PSCF, CWT and SQTBA from back trajectories, with what chance explains."""
