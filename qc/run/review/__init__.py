"""Review of stored hours: reads hours, flags and reviews, applies the pure parts, records and saves."""
