"""Prints digests of every sample model on seeded inputs, as JSON: run on each host to compare.

Float samples come twice: portable, and asking for the runtime's own floats.
"""

import json
import sys
from collections.abc import Iterator

import onnx

from precompiles.digest import compute_keccak
from precompiles.engine.generation import generate_inputs
from precompiles.engine.session import SessionEngine
from precompiles.models.admission import admit_model
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.manifest import Profile
from precompiles.models.samples import list_samples, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import encode_tensors

_SEED = 0


def list_models() -> Iterator[tuple[str, bytes]]:
    """Every sample by name, float ones in both profiles."""
    for name in list_samples():
        model = read_sample(name)
        yield name, model
        if admit_model(model).profile is Profile.PORTABLE:
            proto = onnx.ModelProto.FromString(model)
            onnx.helper.set_model_props(proto, dict([PINNED_PROPERTY]))
            yield f"{name}, pinned", bytes(proto.SerializeToString())


def compute_digests(model: bytes) -> tuple[str, str]:
    """Profile of a model, and one digest over its outputs on generated inputs."""
    manifest = admit_model(model)
    store = MemoryStore()
    store.put(model)
    engine = SessionEngine(store)
    outputs = b"".join(
        compute_keccak(encode_tensors(engine.run(manifest, inputs)))
        for _, inputs in generate_inputs(manifest, _SEED)
    )
    return manifest.profile.name.lower(), compute_keccak(outputs).hex()


if __name__ == "__main__":
    json.dump({name: compute_digests(model) for name, model in list_models()}, sys.stdout)
