"""Attribution of an episode, and the text of its evidence."""
