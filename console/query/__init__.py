"""What the pages, the API and the commands read from the stores."""
