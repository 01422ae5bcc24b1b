"""Convolutional network: two 3x3 convolutions with pooling, then one layer of scores."""

from collections.abc import Mapping

import numpy as np

from .autodiff import Floats, Variable, convolve, pool, relu
from .dataset import Digits
from .digits import CLASSES, SEED, SIDE, encode_reader, shift_images, train_reader
from .graph import node
from .training import Schedule, draw_matrix

FIRST, SECOND = 8, 16  # channels
FEATURES = SECOND * (SIDE // 4) ** 2
# The best of 6 settings in three-fold cross-validation on the training part.
SCHEDULE = Schedule(epochs=15, rate=1e-2)
STEPS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))


def make_convolution(digits: Digits) -> bytes:
    """Train it, on images moved by a pixel too, and give it as ONNX."""
    rng = np.random.default_rng(SEED)
    start = {
        "edge_weights": draw_matrix(rng, FIRST, 1, 3, 3, inputs=9),
        "edge_bias": np.zeros(FIRST),
        "stroke_weights": draw_matrix(rng, SECOND, FIRST, 3, 3, inputs=9 * FIRST),
        "stroke_bias": np.zeros(SECOND),
        "score_weights": draw_matrix(rng, FEATURES, CLASSES, inputs=FEATURES),
        "score_bias": np.zeros(CLASSES),
    }
    moved = shift_images(digits, STEPS)
    trained = train_reader(rng, start, _compute_scores, moved, SCHEDULE)
    window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    tiles = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        node("Reshape", "inputs image_shape", "image"),
        node("Conv", "image edge_weights edge_bias", "edge_sums", **window),
        node("Relu", "edge_sums", "edges"),
        node("MaxPool", "edges", "edge_tiles", **tiles),
        node("Conv", "edge_tiles stroke_weights stroke_bias", "stroke_sums", **window),
        node("Relu", "stroke_sums", "strokes"),
        node("MaxPool", "strokes", "stroke_tiles", **tiles),
        node("Flatten", "stroke_tiles", "features"),
        node("Gemm", "features score_weights score_bias", "scores"),
    ]
    image_shape = np.array([1, 1, SIDE, SIDE], np.int64)
    return encode_reader("digits_cnn_float", nodes, {"image_shape": image_shape, **trained})


def _compute_scores(p: Mapping[str, Variable], images: Floats) -> Variable:
    image = Variable(images.reshape(-1, 1, SIDE, SIDE))
    edges = pool(relu(convolve(image, p["edge_weights"], p["edge_bias"])))  # (n, 8, 4, 4)
    strokes = pool(relu(convolve(edges, p["stroke_weights"], p["stroke_bias"])))  # (n, 16, 2, 2)
    return strokes.reshape(-1, FEATURES) @ p["score_weights"] + p["score_bias"]
