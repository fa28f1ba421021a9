"""The only input and output of analysis: each job reads, computes and writes."""
