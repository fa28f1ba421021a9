"""Hourly forecasts of six pollutants, up to 96 h ahead, with calibrated quantiles."""
