"""`IOperators` at 0x..FA: one operator of a registered model, executed by every validator.

Only chains with the optimistic rule have it. What it computes depends on the model's bytes alone: a
host without them cannot answer. `settle` makes a receipt of what was not refuted.
"""

from collections.abc import Sequence

from precompiles.arguments import decode_arguments
from precompiles.digest import compute_keccak
from precompiles.engine.canonical import canonicalize
from precompiles.engine.operator import Operators
from precompiles.errors import BadInput, NotAllowed, TooLarge
from precompiles.gas import Schedule, compute_check_gas, compute_infer_gas, compute_tensor_gas
from precompiles.interface import Address, Engine, InferenceCall, Meter, Mode, StateView
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.registry import require_registration
from precompiles.tensor import Tensor, TensorType, check_tensor, decode_tensors, encode_tensors

OPERATORS: Address = bytes(19) + b"\xfa"
COUNT = compute_keccak(b"count(bytes32)")[:4]
EXECUTE = compute_keccak(b"execute(bytes32,uint256,uint256[],(uint8,uint32[],bytes)[])")[:4]
CHECK = compute_keccak(b"check(bytes32,(uint8,uint32[],bytes)[])")[:4]
SETTLE = compute_keccak(
    b"settle(bytes32,address,(uint8,uint32[],bytes)[],(uint8,uint32[],bytes)[])"
)[:4]
DISPUTES: Address = bytes(18) + b"\x10\x01"  # the contract that may settle
MAX_LEAF_BYTES = 110_000  # of call data that bring an operator's operands: a pool takes 128 KiB
MAX_LEAF_GAS = 16_000_000  # of a transaction that does: at most 2**24 (EIP-7825)
NO_ANSWER = bytes(32)
_PROOF_BYTES = 32 * 24  # that each source brings along
_GAS_PER_BYTE = 90  # of call data: EIP-7623, and copying it in the contract
_HEAD_WORDS = 7  # of a tensor in call data, offsets included, beside its shape and data
_WORD = 32


def run_operators(
    engine: Engine, schedule: Schedule, data: bytes, meter: Meter, state: StateView
) -> bytes:
    """Dispatch one call by selector."""
    selector, body = data[:4], data[4:]
    if selector == COUNT:
        (model_id,) = decode_arguments(["bytes32"], body, "count(bytes32)")
        operators = _open(engine, schedule, model_id, meter, state)
        _check_size(schedule, require_registration(state, model_id).manifest, operators)
        return len(operators).to_bytes(_WORD, "big")
    if selector == EXECUTE:
        return _execute(engine, schedule, body, meter, state)
    if selector == CHECK:
        (model_id,) = decode_arguments(["bytes32"], body, "check(bytes32,Tensor[])")
        _read_fitting(schedule, model_id, decode_tensors(body, head=_WORD), meter, state)
        return b""
    if selector == SETTLE:
        return _settle(schedule, body, meter, state)
    raise BadInput(f"no function 0x{selector.hex()} here; see IOperators")


def open_operators(engine: Engine, manifest: Manifest) -> Operators:
    """Raises: NotAllowed for a pinned model; ModelMissing, StoreCorrupt."""
    if manifest.profile is Profile.PINNED:
        raise NotAllowed(
            f"0x{manifest.model_id.hex()} is pinned: its operators give other bits on other hosts, "
            "so no dispute about it can be judged; register it as exact or portable"
        )
    model = engine.load(manifest.model_id)
    return Operators(read_graph(model, dict(manifest.dimensions)), manifest.profile)


def _execute(
    engine: Engine, schedule: Schedule, body: bytes, meter: Meter, state: StateView
) -> bytes:
    # INPUT
    signature = "execute(bytes32,uint256,uint256[],Tensor[])"
    head = decode_arguments(["bytes32", "uint256", "uint256[]"], body, signature)
    model_id, index, sources = head
    operands = decode_tensors(body, head=3 * _WORD)
    # GAS
    operators = _open(engine, schedule, model_id, meter, state)
    # RUN
    if index >= len(operators):
        raise BadInput(f"no operator {index}: the model has {len(operators)}")
    wanted = operators.list_sources(index)
    if sources != wanted:
        raise BadInput(f"operator {index} reads sources {list(wanted)}, {list(sources)} given")
    kinds = [operators.list_kinds(source) for source in wanted]
    content = None
    if len(operands) == sum(map(len, kinds)):
        content = operators.compute_content(index, _split(operands, kinds))
    # OUTPUT
    return NO_ANSWER if content is None else compute_keccak(b"\0" + content)


def _settle(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    if state.caller != DISPUTES or state.address != OPERATORS:
        raise NotAllowed("only the contract of the optimistic rule settles inferences")
    signature = "settle(bytes32,address,Tensor[],Tensor[])"
    model_id, requester = decode_arguments(["bytes32", "address"], body, signature)
    inputs = tuple(map(canonicalize, decode_tensors(body, head=2 * _WORD)))
    outputs = decode_tensors(body, head=3 * _WORD)
    # GAS
    manifest = _read_fitting(schedule, model_id, outputs, meter, state)
    meter.charge(compute_tensor_gas(schedule, manifest.input_bytes))
    # OUTPUT
    state.record(
        InferenceCall(
            caller=bytes.fromhex(requester[2:]),
            manifest=manifest,
            mode=Mode.OPTIMISTIC,
            inputs=inputs,
            outputs=outputs,
            input_digest=compute_keccak(encode_tensors(inputs)),
            output_digest=compute_keccak(encode_tensors(outputs)),
            gas=meter.used,
        )
    )
    return b""


def _read_fitting(
    schedule: Schedule,
    model_id: bytes,
    outputs: tuple[Tensor, ...],
    meter: Meter,
    state: StateView,
) -> Manifest:
    """Raises: BadInput if the model gives no such outputs."""
    meter.charge(schedule.read)
    manifest = require_registration(state, model_id).manifest
    meter.charge(compute_tensor_gas(schedule, manifest.output_bytes))
    if len(outputs) != len(manifest.outputs):
        wanted = ", ".join(map(str, manifest.outputs))
        raise BadInput(f"{len(outputs)} tensors given, the model gives {wanted}")
    for tensor, expected in zip(outputs, manifest.outputs, strict=True):
        check_tensor(tensor, expected, "output")
    return manifest


def _open(
    engine: Engine, schedule: Schedule, model_id: bytes, meter: Meter, state: StateView
) -> Operators:
    """Charges for parsing the model and, as a bound for one operator, for running it."""
    meter.charge(schedule.read)
    manifest = require_registration(state, model_id).manifest
    meter.charge(compute_check_gas(schedule, manifest.size_bytes))
    meter.charge(compute_infer_gas(schedule, manifest))
    return open_operators(engine, manifest)


def _split(
    operands: tuple[Tensor, ...], kinds: list[tuple[TensorType, ...]]
) -> list[tuple[Tensor, ...]]:
    rest = iter(operands)
    return [tuple(next(rest) for _ in group) for group in kinds]


def _check_size(schedule: Schedule, manifest: Manifest, operators: Operators) -> None:
    """Whatever may have to be brought on chain fits into a transaction, in bytes and in gas."""
    settled = _count_bytes((*manifest.inputs, *manifest.outputs))
    _require_room(settled, 0, "the model's inputs and outputs take")
    run = compute_check_gas(schedule, manifest.size_bytes) + compute_infer_gas(schedule, manifest)
    for index, node in enumerate(operators.graph.nodes):
        sources = operators.list_sources(index)
        kinds = [kind for source in sources for kind in operators.list_kinds(source)]
        size = _count_bytes(kinds) + _PROOF_BYTES * len(sources)
        _require_room(size, run, f"operator {index} ({node}) reads")


def _require_room(size: int, run_gas: int, what: str) -> None:
    gas = run_gas + size * _GAS_PER_BYTE
    if size > MAX_LEAF_BYTES or gas > MAX_LEAF_GAS:
        raise TooLarge(
            f"{what} {size} bytes, to check them costs {gas} gas; a dispute has room for "
            f"{MAX_LEAF_BYTES} bytes and {MAX_LEAF_GAS} gas: call IInference.infer instead"
        )


def _count_bytes(kinds: Sequence[TensorType]) -> int:
    """Bytes of tensors in call data."""
    return sum(
        _WORD * (-(-kind.size_bytes // _WORD) + _HEAD_WORDS + len(kind.shape)) for kind in kinds
    )
