"""The demo: a province of simulated stations and a real data set through every part, on one machine."""
