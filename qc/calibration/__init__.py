"""Calibration checks: what a result says, which data it invalidates, and a drift taken out of values."""
