"""Fitting of operators over sequences: recurrences and attention."""

from precompiles.models.fitting.operands import (
    Fit,
    Operands,
    require,
    require_broadcast,
    require_shape,
)
from precompiles.models.naming import for_each

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_ACTIVATIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}  # for each direction


def _fit_recurrence(operands: Operands) -> None:
    gates = _GATES[operands.operator]
    require(operands.rank() == 3, f"an input of rank {operands.rank()}, not 3")
    steps, batch, width = operands.shape(0)
    hidden = operands.integer("hidden_size")
    require(hidden > 0, "no hidden_size")
    directions = 2 if operands.text("direction", "forward") == "bidirectional" else 1
    require_shape(operands, 1, directions, gates * hidden, width)
    require_shape(operands, 2, directions, gates * hidden, hidden)
    require_shape(operands, 3, directions, 2 * gates * hidden)
    require_shape(operands, 4, batch)
    require_shape(operands, 5, directions, batch, hidden)
    require_shape(operands, 6, directions, batch, hidden)
    require_shape(operands, 7, directions, 3 * hidden)
    if operands.has(4):
        lengths = operands.numbers(4)
        require(bool(lengths), "sequence_lens that depend on the data; make them constant")
        require(min(lengths) > 0 and max(lengths) <= steps, f"sequence_lens outside 1..{steps}")
    expected = _ACTIVATIONS[operands.operator] * directions
    names = operands.attributes.get("activations", expected * (b"",))
    require(len(names) == expected, f"{len(names)} activations, not {expected}")
    require(
        not {"activation_alpha", "activation_beta"} & set(operands.attributes),
        "activation_alpha or activation_beta; use activations without parameters",
    )
    require(operands.attributes.get("clip", 1.0) > 0, "a clip that is not positive")


def _fit_attention(operands: Operands) -> None:
    rank = operands.rank()
    require(rank in (3, 4), f"a query of rank {rank}; 3 or 4 are run")
    require(operands.rank(1) == rank and operands.rank(2) == rank, "operands of different rank")
    require((operands.has(4), operands.has(5)) in ((False, False), (True, True)), "half a past")
    query, key, value = (operands.shape(index) for index in range(3))
    if rank == 3:
        heads = operands.integer("q_num_heads")
        others = operands.integer("kv_num_heads")
        require(heads > 0 and others > 0, "no q_num_heads or kv_num_heads")
        require(
            query[2] % heads == 0 and key[2] % others == 0 and value[2] % others == 0,
            "a width that is not whole heads",
        )
        query = (query[0], heads, query[1], query[2] // heads)
        key = (key[0], others, key[1], key[2] // others)
        value = (value[0], others, value[1], value[2] // others)
    else:
        require(not operands.integer("q_num_heads"), "q_num_heads with operands of rank 4")
        require(not operands.integer("kv_num_heads"), "kv_num_heads with operands of rank 4")
    require(query[0] == key[0] == value[0], "operands of different batch")
    require(key[1] == value[1] and query[1] % key[1] == 0, "heads that do not divide")
    require(key[2] == value[2], "keys and values of different length")
    require(query[3] == key[3], "queries and keys of different width")
    length = key[2]
    if operands.has(4):
        past = operands.shape(4)
        require(len(past) == 4, f"a past of rank {len(past)}")
        require_shape(operands, 4, *key[:2], past[2], key[3])
        require_shape(operands, 5, *value[:2], past[2], value[3])
        length += past[2]
    require(not operands.has(6), "nonpad_kv_seqlen; put the padding into attn_mask")
    given = sum(operands.wanted)
    require(given == 1 or operands.has(4), "present keys without a past")
    if operands.has(3):
        require(2 <= operands.rank(3) <= 4, "a mask of another rank than 2 to 4")
        full = (query[0], query[1], query[2], length)
        require_broadcast(operands.shape(3), full, "a mask")
        require(operands.shape(3)[-2:] == full[-2:], "a mask that stretches over its last axes")
    require(operands.attributes.get("softcap", 0.0) >= 0, "a softcap below 0")
    require(operands.attributes.get("scale", 1.0) > 0, "a scale that is not positive")


def _fit_rotation(operands: Operands) -> None:
    rank = operands.rank()
    require(rank in (3, 4), f"an input of rank {rank}; 3 or 4 are run")
    heads = operands.integer("num_heads")
    batch, length = operands.shape(0)[0], operands.shape(0)[-2]
    if rank == 3:
        require(heads > 0 and operands.shape(0)[2] % heads == 0, "a width that is not whole heads")
        width = operands.shape(0)[2] // heads
        length = operands.shape(0)[1]
    else:
        require(heads in (0, operands.shape(0)[1]), "num_heads is not the number of heads")
        width = operands.shape(0)[3]
    turned = operands.integer("rotary_embedding_dim") or width
    require(turned % 2 == 0 and turned <= width, f"rotary_embedding_dim {turned} of {width}")
    require(operands.shape(1) == operands.shape(2), "caches of different shape")
    if operands.has(3):
        require_shape(operands, 3, batch, length)
        require(
            operands.rank(1) == 2 and operands.shape(1)[1] == turned // 2, "another cache width"
        )
    else:
        require_shape(operands, 1, batch, length, turned // 2)


SEQUENCES: dict[str, Fit] = {
    **for_each("GRU LSTM RNN", _fit_recurrence),
    "Attention": _fit_attention,
    "RotaryEmbedding": _fit_rotation,
}
