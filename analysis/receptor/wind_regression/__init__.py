"""Mean concentration by wind direction and speed, with bands and what chance explains."""
