"""A trained detector as it is stored, with a model for each station that leaves it out. Pure."""

from __future__ import annotations

import gzip

import msgspec

from qc.detector.scoring import Model


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """A training file of a model.

    Attributes
    ----------
    name, station : str
    digest : str
        Of the whole content.
    days : tuple of str
        Digest of the content of each day, by which a file with the same values is recognised.
    """

    name: str
    station: str
    digest: str
    days: tuple[str, ...] = ()


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stored models: one of all files, and for each station one that was trained without it.

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
        """Model for a file, and whether the file was part of the training (then a model without that station is used)."""
        days = set(file.days)
        for item in self.trained:
            if file.digest == item.digest or file.name == item.name or not days.isdisjoint(item.days):
                return self.without[item.station], True
        return self.model, False


def encode_model(model: ModelFile) -> bytes:
    """Packed JSON; the same model gives the same bytes."""
    return gzip.compress(msgspec.json.encode(model), mtime=0)
