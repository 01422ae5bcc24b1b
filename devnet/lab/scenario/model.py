"""The bytes of a scenario's models."""

import onnx

from devnet.lab.scenario.scenario import ModelFile
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.samples import read_sample


def read_model(model: ModelFile) -> bytes:
    """The file or sample, which asks to be pinned if the scenario says so."""
    data = read_sample(model.name) if model.file is None else model.file.read_bytes()
    if not model.is_pinned:
        return data
    key, value = PINNED_PROPERTY
    proto = onnx.load_from_string(data)
    proto.metadata_props.add(key=key, value=value)
    return bytes(proto.SerializeToString())
