"""Forecast of the next civil days at each station, issued at local midnight, and its back-test."""
