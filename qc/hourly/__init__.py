"""Hourly values: the mean of an hour, and the tests of hours by themselves, by network, in space and over weeks."""
