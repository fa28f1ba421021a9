"""The spatial tests: titanlib on the same fields, and errors added to simulated hours."""
