"""Schedules only: each file says when something runs and what to do when it fails; the work is in qc, analysis and alerts."""
