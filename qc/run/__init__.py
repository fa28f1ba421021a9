"""The only input and output of quality control: each job reads, judges and writes."""
