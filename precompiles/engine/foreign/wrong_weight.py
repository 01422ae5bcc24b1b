"""A wrong model: the right graph with one weight changed."""

import numpy as np
import onnx
from onnx import numpy_helper

from precompiles.engine.local import LocalEngine


class WrongWeightEngine(LocalEngine):
    """An engine that runs every model with one weight changed."""

    def read_weights(self, model_id: bytes) -> bytes:
        return change_weight(self.load(model_id))


def change_weight(model: bytes) -> bytes:
    """The model with one element changed: the largest of the last weight matrix, mirrored.

    A model without weights comes back as it is.
    """
    proto = onnx.load_from_string(model)
    tensors = [tensor for tensor in proto.graph.initializer if 0 not in tensor.dims]
    if not tensors:
        return model
    target = ([tensor for tensor in tensors if len(tensor.dims) >= 2] or tensors)[-1]
    array = numpy_helper.to_array(target).copy()
    flat = array.reshape(-1)
    middle = np.median(flat)
    index = int(np.argmax(np.abs(flat - middle)))
    flat[index] = flat.min() if flat[index] > middle else flat.max()
    target.CopyFrom(numpy_helper.from_array(array, target.name))
    changed: bytes = proto.SerializeToString()
    return changed
