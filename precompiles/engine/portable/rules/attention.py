"""Attention of opset 23 and rotary embedding.

Scores and their weighted sums are correctly rounded products; what lies between, scale, mask, cap
and softmax, runs in float64 and is rounded once.
"""

import numpy as np

from precompiles.engine.portable.functions.hyperbolic import compute_tanh
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.rules.normalisation import compute_softmax
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.portable.sums.dot import multiply, prepare_columns
from precompiles.models.graph import Array

_RAW, _CAPPED, _MASKED = 0, 1, 2  # stages that qk_matmul_output_mode names; 3 is after softmax


def _attend(site: Site) -> Compute:
    dtype = site.dtype
    causal = bool(site.use.read_integer("is_causal", 0))
    cap = site.read_number("softcap", 0.0)
    mode = site.use.read_integer("qk_matmul_output_mode", 0)
    rank = len(site.get(0).shape)
    heads = site.use.read_integer("q_num_heads", 0), site.use.read_integer("kv_num_heads", 0)

    def compute(operands: Operands) -> tuple[Array, ...]:
        queries, keys, values = (
            _part(operand, count)
            for operand, count in zip(operands[:3], (heads[0], heads[1], heads[1]), strict=True)
        )
        old, past, past_values = 0, find(operands, 4), find(operands, 5)
        if past is not None and past_values is not None:
            old = past.shape[2]
            keys = np.concatenate([past, keys], axis=2)
            values = np.concatenate([past_values, values], axis=2)
        present = keys, values
        share = queries.shape[1] // keys.shape[1]
        keys, values = (np.repeat(array, share, axis=1) for array in present)
        scale = site.read_number("scale", 0.0) or 1.0 / float(queries.shape[-1]) ** 0.5
        raw = multiply(
            queries.astype(np.float64), prepare_columns(keys.swapaxes(-1, -2)), np.dtype("f4")
        )
        scores = raw.astype(np.float64) * scale
        stages = {_RAW: scores}
        if cap:
            scores = compute_tanh(scores / cap) * cap
        stages[_CAPPED] = scores
        mask = build_mask(find(operands, 3), causal, scores.shape, old)
        scores = scores + mask
        stages[_MASKED] = scores
        blind = (mask == -np.inf).all(axis=-1, keepdims=True)  # looks nowhere
        weights = np.where(blind, 0.0, compute_softmax(scores))
        mixed = multiply(weights.astype(dtype).astype(np.float64), prepare_columns(values), dtype)
        if rank == 3:
            mixed = mixed.swapaxes(1, 2).reshape(*mixed.shape[::2], -1)
        return mixed, *present, stages.get(mode, weights).astype(dtype)

    return compute


def _part(operand: Array, heads: int) -> Array:
    """(batch, length, heads * width) to (batch, heads, length, width)."""
    if operand.ndim == 4:
        return operand
    batch, length, width = operand.shape
    return operand.reshape(batch, length, heads, width // heads).swapaxes(1, 2)


def build_mask(mask: Array | None, causal: bool, shape: tuple[int, ...], old: int) -> Doubles:
    """What is added to the scores: minus infinity where a query may not look."""
    added = np.zeros(shape[-2:])
    if causal:
        queries, keys = (np.arange(size) for size in shape[-2:])
        added = np.where(keys[None, :] > queries[:, None] + old, -np.inf, added)
    if mask is None:
        return added
    if mask.dtype == np.bool_:
        return added + np.where(mask, 0.0, -np.inf)
    return added + mask.astype(np.float64)


def _rotate(site: Site) -> Compute:
    shape, dtype = site.get(0).shape, site.dtype
    interleaved = bool(site.use.read_integer("interleaved", 0))
    heads = site.use.read_integer("num_heads", 0)

    def compute(operands: Operands) -> Array:
        array = operands[0]
        if array.ndim == 3:
            array = array.reshape(*shape[:2], heads, -1)  # (batch, length, heads, width)
        else:
            array = array.swapaxes(1, 2)
        width = site.use.read_integer("rotary_embedding_dim", 0) or array.shape[-1]
        cosine, sine = (_look_up(operands, index).astype(np.float64) for index in (1, 2))
        turned, rest = array[..., :width].astype(np.float64), array[..., width:]
        if interleaved:
            first, second = turned[..., 0::2], turned[..., 1::2]
        else:
            first, second = turned[..., : width // 2], turned[..., width // 2 :]
        pair = first * cosine - second * sine, first * sine + second * cosine
        joined = np.stack(pair, axis=-1) if interleaved else np.concatenate(pair, axis=-1)
        result = np.concatenate([joined.reshape(turned.shape).astype(dtype), rest], axis=-1)
        if len(shape) == 4:
            result = result.swapaxes(1, 2)
        return result.reshape(shape)

    return compute


def _look_up(operands: Operands, index: int) -> Array:
    """Shape: (batch, length, 1, width / 2)."""
    cache = operands[index]
    places = find(operands, 3)
    if places is not None:
        cache = cache[places]
    return np.expand_dims(cache, 2)


RULES: dict[str, Rule] = {"Attention": _attend, "RotaryEmbedding": _rotate}
