"""The raw log as a queue: its two cursors, deaths at one position, lag and disk."""
