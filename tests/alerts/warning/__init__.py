"""Official warning levels."""
