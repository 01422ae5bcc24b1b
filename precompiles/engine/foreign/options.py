"""The same runtime with other options: each is harmless to a user and changes bits.

| engine     | option                                            | changes                      |
|------------|---------------------------------------------------|------------------------------|
| optimised  | every graph optimisation                          | convolutions: blocked layout |
| unpacked   | weights as they are, not packed for the kernel    | large matrix products        |
"""

import onnxruntime as ort

from precompiles.engine.local import LocalEngine
from precompiles.engine.session import build_options, build_session


class OptimisedEngine(LocalEngine):
    """An engine with every graph optimisation on."""

    def build(self, model: bytes) -> ort.InferenceSession:
        options = build_options()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        return build_session(model, options)


class UnpackedEngine(LocalEngine):
    """An engine that multiplies weights without packing them first."""

    def build(self, model: bytes) -> ort.InferenceSession:
        options = build_options()
        options.add_session_config_entry("session.disable_prepacking", "1")
        return build_session(model, options)
