"""Tests of native values: pure functions, the table that runs them, one instrument's readings in, flags out."""
