"""Which kind of event: features that a person can follow, their weights, and probabilities."""
