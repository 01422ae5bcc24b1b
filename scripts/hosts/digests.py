"""Prints digests of every sample model on seeded inputs, as JSON: run on each host to compare."""

import json
import sys

from precompiles.digest import compute_keccak
from precompiles.engine.generation import generate_inputs
from precompiles.engine.session import SessionEngine
from precompiles.models.admission import admit_model
from precompiles.models.samples import list_samples, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import encode_tensors

_SEED = 0


def compute_digests(name: str) -> tuple[str, str]:
    """Profile of a sample, and one digest over its outputs on generated inputs."""
    model = read_sample(name)
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
    json.dump({name: compute_digests(name) for name in list_samples()}, sys.stdout)
