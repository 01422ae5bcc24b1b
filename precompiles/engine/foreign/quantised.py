"""A cheap substitute: the int8 form of a float model, by ONNX Runtime's own quantiser.

Inputs and outputs stay floats, so the substitute passes for the model; only its numbers do not.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

from precompiles.engine.foreign.runtime import RuntimeEngine

_PRODUCTS = ("MatMul", "Gemm", "Conv")  # what the quantiser replaces
_PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")  # no advice on the terminal


class QuantisedEngine(RuntimeEngine):
    """An engine that runs every float model in 8 bits."""

    def read_weights(self, model_id: bytes) -> bytes:
        return quantise(self.load(model_id))


def quantise(model: bytes) -> bytes:
    """Weights in 7 bits, activations in 8 bits by their span in each call.

    Seven bits, so that sums of pairs do not saturate where 8 bits would. A model without float
    products comes back as it is.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    proto = onnx.load_from_string(model)
    if not _has_float_products(proto.graph):
        return model
    key, value = _PREPARED
    proto.metadata_props.add(key=key, value=value)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "substitute.onnx"
        quantize_dynamic(proto, file, weight_type=QuantType.QInt8, reduce_range=True)
        return file.read_bytes()


def _has_float_products(graph: onnx.GraphProto) -> bool:
    floats = {
        tensor.name: None
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    return any(
        node.op_type in _PRODUCTS and any(name in floats for name in node.input)
        for node in graph.node
    )
