"""Hourly values: the mean of an hour, and the tests of hours by parameter, by network, in space and over weeks."""
