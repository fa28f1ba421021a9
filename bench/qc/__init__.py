"""Quality control: time, and agreement with simulated faults, a technician's labels and other programs."""
