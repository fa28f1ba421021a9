"""The learnt detector of suspicious values in water quality."""
