"""Native tests, one module each: limit, pure function, message kinds, entry of the table."""
