"""Simulated provinces of known sensitivity, and the score of the list of what to cut against them."""
