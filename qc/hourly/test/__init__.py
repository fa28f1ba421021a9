"""Hourly tests of every network, one module each: limit, pure function, message kinds, entry of the table."""
