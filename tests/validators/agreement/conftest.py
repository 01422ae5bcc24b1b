"""A float model on a chain, called with digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import INFERENCE, Driver

if TYPE_CHECKING:
    from devnet.chain.history import Place


class FloatDriver(Driver):
    """A node that holds the float digit model."""

    def add_floats(self) -> bytes:
        """Register it; returns its id."""
        from devnet.models import Models
        from precompiles.models.samples import read_sample

        return Models(self.node).add(read_sample("digits_float")).model_id

    def ask(self, model_id: bytes, digit: int = 0) -> Place:
        """One inference of the float model."""
        import numpy as np

        from precompiles.inference import INFER
        from precompiles.models.samples import read_digits
        from precompiles.tensor import DType, Tensor, encode_tensors

        pixels, _ = read_digits()
        data = pixels[digit].astype(np.float32).tobytes()
        tensors = encode_tensors([Tensor(DType.FLOAT32, (1, 64), data)])
        return self.send(INFERENCE, INFER + model_id + (64).to_bytes(32, "big") + tensors[32:])
