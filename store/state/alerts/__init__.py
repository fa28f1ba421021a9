"""Alerts: transitions, deliveries, state of the channels."""
