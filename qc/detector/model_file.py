"""A trained detector as it is stored, with a model for each station that leaves it out. Pure."""

from __future__ import annotations

import gzip

import msgspec

from qc.detector.scoring import Model


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a model was learnt from.

    Attributes
    ----------
    name, station : str
    digest : str
        Of the whole content.
    days : tuple of str
        Of the content of each day; one of them in another file gives away that it holds the same values.
    """

    name: str
    station: str
    digest: str
    days: tuple[str, ...] = ()


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stored: the model from all files, and for each station the one that never saw it.

    Attributes
    ----------
    made_by : str
        Command and library that made it.
    trained : tuple of Trained
    model : Model
    without : dict of str to Model
        By station.
    """

    made_by: str
    trained: tuple[Trained, ...]
    model: Model
    without: dict[str, Model]

    def model_for(self, file: Trained) -> tuple[Model, bool]:
        """Model to judge a file by, and whether any of it was learnt from (then that station is left out)."""
        days = set(file.days)
        for item in self.trained:
            if file.digest == item.digest or file.name == item.name or not days.isdisjoint(item.days):
                return self.without[item.station], True
        return self.model, False


def encode_model(model: ModelFile) -> bytes:
    """Packed JSON; the same model gives the same bytes."""
    return gzip.compress(msgspec.json.encode(model), mtime=0)
