"""The raw log as a queue: its two lanes, deaths at one place of it, its disk."""
