"""Forecasts of the next 24 h, and their back-test."""
