"""An operator that is not deterministic: noise on every output, drawn inside the runtime.

What admission refuses, on one host alone. The generator's state lives in the session: even with a
seed the second call gives other bits than the first.
"""

import onnx
from onnx import TensorProto, helper

from precompiles.digest import compute_keccak
from precompiles.engine.foreign.runtime import RuntimeEngine
from precompiles.engine.trace import Step, Trace, trace_inference
from precompiles.models.limits import MIN_OPSET
from precompiles.models.manifest import Manifest
from precompiles.models.reading.header import normalize_domain
from precompiles.tensor import Tensor, encode_tensors

_SPREAD = 100.0  # standard deviation: whole numbers show it too
_SEED = 7.0
_OPERATOR = "RandomNormal"


class NoisyEngine(RuntimeEngine):
    """An engine that adds noise to every numeric output."""

    def read_weights(self, model_id: bytes) -> bytes:
        return add_noise(self.load(model_id))

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """The honest operators, then the noise."""
        honest = trace_inference(self.load(manifest.model_id), manifest, inputs)
        outputs = self.run(manifest, inputs)
        names = tuple(kind.name for kind in manifest.outputs)
        noise = Step(_OPERATOR, names, outputs, compute_keccak(encode_tensors(outputs)))
        return Trace((*honest.steps, noise), outputs)


def add_noise(model: bytes) -> bytes:
    """The model with a normal variate added to every element of its numeric outputs."""
    proto = onnx.load_from_string(model)
    graph = proto.graph
    if all(normalize_domain(opset.domain) for opset in proto.opset_import):
        proto.opset_import.append(helper.make_opsetid("", MIN_OPSET))
    for output in graph.output:
        dtype = output.type.tensor_type.elem_type
        if dtype == TensorProto.BOOL:
            continue
        quiet, name = f"{output.name}/quiet", output.name
        for node in graph.node:
            for names in (node.input, node.output):
                for place, used in enumerate(names):
                    if used == name:
                        names[place] = quiet
        drawn, cast = f"{name}/drawn", f"{name}/noise"
        graph.node.extend(
            [
                helper.make_node("Shape", [quiet], [f"{name}/shape"]),
                helper.make_node("ConstantOfShape", [f"{name}/shape"], [f"{name}/zeros"]),
                helper.make_node(
                    "RandomNormalLike", [f"{name}/zeros"], [drawn], scale=_SPREAD, seed=_SEED
                ),
                helper.make_node("Cast", [drawn], [cast], to=dtype),
                helper.make_node("Add", [quiet, cast], [name]),
            ]
        )
    return bytes(proto.SerializeToString())
