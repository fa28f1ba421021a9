"""Backup and restore of state, raw log and settings while the parts run."""
