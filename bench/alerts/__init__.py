"""Alert rules against simulated truth, and the rates and latencies of the watch."""
