"""Calibration checks: outcomes, the data that they invalidate, and corrections of drift."""
