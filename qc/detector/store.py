"""The learnt detector as a file: packed JSON, the packaged one and one's own.

Errors::

    qc.detector.anomaly.ModelError    a file that cannot be read or is none
"""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from pathlib import Path

import msgspec

from qc.detector.anomaly import ModelError
from qc.detector.training import ModelFile

PACKAGED = Path(__file__).with_name("anomaly_model.json.gz")


def encode_model(model: ModelFile) -> bytes:
    """Packed JSON; the same model gives the same bytes."""
    return gzip.compress(msgspec.json.encode(model), mtime=0)


@cache
def load_model(path: Path = PACKAGED) -> ModelFile:
    """Read a model file.

    Raises
    ------
    ModelError
        If it is not there, or no model of this version; names the file.
    """
    try:
        return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=ModelFile)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        msg = f"{path}: {error}; expected a model made by skyground qc learn"
        raise ModelError(msg) from error
