"""Fault or event: simulated weeks with known truth, the cases in them, weights and scores."""
