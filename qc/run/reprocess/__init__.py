"""Reprocessing of history by station-months: only what changed, in several processes."""
