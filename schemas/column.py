"""Names of the columns and fields in addition to a parameter's own, and what they mean: `schemas.frames`. Importing them costs nothing."""

from __future__ import annotations

SEPARATOR = "__"
STATUS = "__status"
COUNT = "__n"
FLAG = "__flag"
TELLING_TESTS = frozenset({"dose_rise"})
"""Tests of which a PASS is kept with its reason: that a rise is wash-out has to be read somewhere."""
TAKEN_BACK = '{"k":"qc.any.taken_back","f":{}}'
"""Stored reason (`schemas.reason`) of a PASS that replaces a verdict which no longer holds."""
REVIEW = "__review"
STD = "__std"
COMPLETENESS = "__completeness"
UNCERTAINTY = "__uncertainty"
NO_FIGURE = -1.0
"""Written in the place of a spread, completeness or uncertainty that no longer holds; read as NaN."""
REVISION = "__revision"
#: Suffixes of whole numbers and of floats of an hourly mean.
HOURLY_COUNTS = (COUNT, FLAG, REVISION)
HOURLY_FLOATS = (STD, COMPLETENESS, UNCERTAINTY)
FLAG_END = "end"
