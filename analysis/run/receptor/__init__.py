"""Source attribution by factors, wind and plumes: reads, computes and stores."""
