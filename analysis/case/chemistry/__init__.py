"""Chemistry of an event at its station: composition of the rise, stagnation, formation, species that stand out."""
