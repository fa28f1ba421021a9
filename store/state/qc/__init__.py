"""Records of quality control: changes of flags and hours, screened times, calibration, the gate."""
