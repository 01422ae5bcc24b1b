"""Transformer encoder block: each row of the image is a token, four heads attend, then a mean.

Layer normalisation before attention and before the two-layer part, as in Xiong et al. 2020
(arXiv:2002.04745); Gelu by tanh.
"""

from collections.abc import Mapping

import numpy as np

from .autodiff import Floats, Variable, gelu, normalise, softmax
from .dataset import Digits
from .digits import CLASSES, SEED, SIDE, encode_reader, shift_images, train_reader
from .graph import Constants, node
from .training import Parameters, Schedule, draw_matrix

TOKENS = SIDE
WIDTH = 32
HEADS = 4
HEAD = WIDTH // HEADS
INNER = 64
EPSILON = 1e-5
# The best of 8 settings in three-fold cross-validation on the training part.
SCHEDULE = Schedule(epochs=20, rate=6e-3)
STEPS = ((0, 0), (0, 1), (0, -1))


def make_transformer(digits: Digits) -> bytes:
    """Train it, on images moved sideways too, and give it as ONNX."""
    rng = np.random.default_rng(SEED)
    moved = shift_images(digits, STEPS)
    trained = train_reader(rng, _draw(rng), _compute_scores, moved, SCHEDULE)
    heads = [
        made
        for part in ("query", "key", "value")
        for made in (
            node("MatMul", f"attended_input {part}_weights", f"{part}_rows"),
            node("Reshape", f"{part}_rows head_shape", f"{part}_split"),
            node(
                "Transpose",
                f"{part}_split",
                f"{part}_heads",
                perm=[0, 2, 3, 1] if part == "key" else [0, 2, 1, 3],
            ),
        )
    ]
    nodes = [
        node("Reshape", "inputs token_shape", "tokens"),
        node("MatMul", "tokens embed_weights", "embedded"),
        node("Add", "embedded position", "stream"),
        node("LayerNormalization", "stream first_gain first_bias", "attended_input"),
        *heads,
        node("MatMul", "query_heads key_heads", "products"),
        node("Mul", "products head_scale", "closeness"),
        node("Softmax", "closeness", "attention", axis=-1),
        node("MatMul", "attention value_heads", "mixed_heads"),
        node("Transpose", "mixed_heads", "mixed_rows", perm=[0, 2, 1, 3]),
        node("Reshape", "mixed_rows row_shape", "mixed"),
        node("MatMul", "mixed join_weights", "joined"),
        node("Add", "joined join_bias", "attention_result"),
        node("Add", "stream attention_result", "middle"),
        node("LayerNormalization", "middle second_gain second_bias", "inner_input"),
        node("MatMul", "inner_input widen_weights", "widened"),
        node("Add", "widened widen_bias", "inner_sums"),
        node("Gelu", "inner_sums", "inner", approximate="tanh"),
        node("MatMul", "inner narrow_weights", "narrowed"),
        node("Add", "narrowed narrow_bias", "inner_result"),
        node("Add", "middle inner_result", "encoded"),
        node("ReduceMean", "encoded token_axis", "summary", keepdims=0),
        node("Gemm", "summary score_weights score_bias", "scores"),
    ]
    shapes: Constants = {
        "token_shape": np.array([1, TOKENS, SIDE], np.int64),
        "head_shape": np.array([1, TOKENS, HEADS, HEAD], np.int64),
        "row_shape": np.array([1, TOKENS, WIDTH], np.int64),
        "token_axis": np.array([1], np.int64),
        "head_scale": np.float32(HEAD**-0.5),
    }
    return encode_reader("digits_transformer_float", nodes, {**shapes, **trained})


def _draw(rng: np.random.Generator) -> Parameters:
    def square(rows: int, columns: int) -> Floats:
        return draw_matrix(rng, rows, columns, inputs=2 * rows)

    return {
        "embed_weights": square(SIDE, WIDTH),
        "position": np.asarray(rng.normal(0, 0.3, (TOKENS, WIDTH))),
        "first_gain": np.ones(WIDTH),
        "first_bias": np.zeros(WIDTH),
        "query_weights": square(WIDTH, WIDTH),
        "key_weights": square(WIDTH, WIDTH),
        "value_weights": square(WIDTH, WIDTH),
        "join_weights": square(WIDTH, WIDTH),
        "join_bias": np.zeros(WIDTH),
        "second_gain": np.ones(WIDTH),
        "second_bias": np.zeros(WIDTH),
        "widen_weights": square(WIDTH, INNER),
        "widen_bias": np.zeros(INNER),
        "narrow_weights": square(INNER, WIDTH),
        "narrow_bias": np.zeros(WIDTH),
        "score_weights": square(WIDTH, CLASSES),
        "score_bias": np.zeros(CLASSES),
    }


def _compute_scores(p: Mapping[str, Variable], images: Floats) -> Variable:
    count = len(images)
    stream = Variable(images.reshape(count, TOKENS, SIDE)) @ p["embed_weights"] + p["position"]
    attended = normalise(stream, p["first_gain"], p["first_bias"], EPSILON)  # (n, 8, 32)

    def split(part: str, *order: int) -> Variable:
        rows = (attended @ p[f"{part}_weights"]).reshape(count, TOKENS, HEADS, HEAD)
        return rows.transpose(*order)

    closeness = split("query", 0, 2, 1, 3) @ split("key", 0, 2, 3, 1)  # (n, 4, 8, 8)
    attention = softmax(closeness.scale(HEAD**-0.5))
    mixed = (attention @ split("value", 0, 2, 1, 3)).transpose(0, 2, 1, 3)
    joined = mixed.reshape(count, TOKENS, WIDTH) @ p["join_weights"] + p["join_bias"]
    middle = stream + joined
    inner = normalise(middle, p["second_gain"], p["second_bias"], EPSILON)
    widened = gelu(inner @ p["widen_weights"] + p["widen_bias"])  # (n, 8, 64)
    encoded = middle + (widened @ p["narrow_weights"] + p["narrow_bias"])
    return encoded.mean(1) @ p["score_weights"] + p["score_bias"]
