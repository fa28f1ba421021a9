"""Gamma dose rate: a release told from the wash-out of radon progeny, reading by reading."""
