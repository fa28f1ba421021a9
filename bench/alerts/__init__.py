"""Alert rules against simulated truth."""
