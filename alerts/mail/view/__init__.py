"""What a mail states, as figures: types of the room, filled by `alerts.run.mail`, written by `line`, `frame` and `picture`."""
