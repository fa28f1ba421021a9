"""Relations between the parameters of one network's hour, a module a network."""
