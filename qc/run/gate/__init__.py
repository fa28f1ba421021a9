"""The gate over stored data: reads batches, evaluates them, keeps results, pages and findings."""
