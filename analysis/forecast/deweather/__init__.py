"""Meteorological normalisation: how much of a daily mean the weather explains, and what is left with average weather."""
