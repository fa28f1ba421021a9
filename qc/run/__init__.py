"""The only input and output of quality control: each job reads, flags and writes."""
