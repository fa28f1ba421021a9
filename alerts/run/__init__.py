"""The input and output of alerts: evaluate, store, deliver."""
