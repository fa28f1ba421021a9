"""What should have come and did not: gaps, repair, and the reconciliation of readings."""
