"""Attribution of an episode: evidence, grades and statements."""
