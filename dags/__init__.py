"""Schedules: when a job runs, and what to do when it fails. The work is in qc, analysis and alerts."""
