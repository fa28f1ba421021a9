"""The gate: batches of hours and products against their Great Expectations suites."""
