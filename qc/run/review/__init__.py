"""Review of stored hours: reads hours, flags and reviews, calls `qc.review`, and stores the result."""
