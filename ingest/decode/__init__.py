"""From bytes to readings that may be stored, and what is refused."""
