"""Why an episode happened, and the evidence in words."""
