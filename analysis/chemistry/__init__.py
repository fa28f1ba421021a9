"""Composition of PM2.5 and reactivity of volatile organic compounds."""
