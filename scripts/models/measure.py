"""Measurement: how many held-out images a model reads right, run as a validator runs it."""

from dataclasses import dataclass

import numpy as np
import onnxruntime

from .dataset import Digits


@dataclass(frozen=True, slots=True)
class Measurement:
    """Images read right, of all shown."""

    right: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share read right, 0..1."""
        return self.right / self.total


def measure(model: bytes, digits: Digits) -> Measurement:
    """Run each image through ONNX Runtime: CPU, one thread, sequential, no optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    dtype = np.float32 if session.get_inputs()[0].type == "tensor(float)" else np.uint8
    images = digits.pixels.astype(dtype)[:, np.newaxis]  # (n, 1, 64)
    read = [session.run(["digit"], {"pixels": image})[0][0] for image in images]
    return Measurement(int((np.array(read) == digits.labels).sum()), len(images))
