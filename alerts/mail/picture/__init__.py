"""Pictures of a mail as PNG, each on a light and on a dark ground: the series, the stations without data, the map."""

from alerts.mail.picture.availability import availability_picture
from alerts.mail.picture.place_map import map_picture
from alerts.mail.picture.series import series_picture

__all__ = ["availability_picture", "map_picture", "series_picture"]
