"""Judging history again by station-months: only what changed, in several processes."""
