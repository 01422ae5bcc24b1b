"""`IInference` at 0x..F7: run a registered model on typed tensors, or ask what that costs."""

from precompiles.digest import compute_keccak
from precompiles.engine.canonical import canonicalize
from precompiles.errors import BadInput
from precompiles.gas import Schedule, compute_infer_gas
from precompiles.interface import Address, Engine, InferenceCall, Meter, Mode, StateView
from precompiles.models.manifest import Manifest
from precompiles.registry import require_registration
from precompiles.tensor import Tensor, check_tensor, decode_tensors, encode_tensors

INFERENCE: Address = bytes(19) + b"\xf7"
INFER = compute_keccak(b"infer(bytes32,(uint8,uint32[],bytes)[])")[:4]
QUOTE = compute_keccak(b"quote(bytes32,(uint8,uint32[],bytes)[])")[:4]
_WORD = 32


def run_inference(
    engine: Engine, schedule: Schedule, data: bytes, meter: Meter, state: StateView
) -> bytes:
    """Dispatch one call by selector."""
    selector, body = data[:4], data[4:]
    if selector == INFER:
        return _infer(engine, schedule, body, meter, state)
    if selector == QUOTE:
        return _quote(schedule, body, meter, state)
    raise BadInput(f"no function 0x{selector.hex()} here; see IInference")


def _infer(
    engine: Engine, schedule: Schedule, body: bytes, meter: Meter, state: StateView
) -> bytes:
    # INPUT
    meter.charge(schedule.read)
    manifest = require_registration(state, _read_model_id(body)).manifest
    # GAS
    cost = compute_infer_gas(schedule, manifest)
    meter.charge(cost - schedule.read)
    inputs = _read_inputs(manifest, body)
    # RUN
    outputs = engine.run(manifest, inputs)
    # OUTPUT
    answer = encode_tensors(outputs)
    state.record(
        InferenceCall(
            caller=state.caller,
            manifest=manifest,
            mode=Mode.VANILLA,
            inputs=inputs,
            outputs=outputs,
            input_digest=compute_keccak(encode_tensors(inputs)),
            output_digest=compute_keccak(answer),
            gas=cost,
        )
    )
    return answer


def _quote(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    meter.charge(schedule.read)
    manifest = require_registration(state, _read_model_id(body)).manifest
    _read_inputs(manifest, body)
    # OUTPUT
    return compute_infer_gas(schedule, manifest).to_bytes(_WORD, "big")


def _read_model_id(body: bytes) -> bytes:
    if len(body) < 2 * _WORD:
        raise BadInput(f"{len(body)} bytes of arguments; infer(bytes32 model, Tensor[] inputs)")
    return body[:_WORD]


def _read_inputs(manifest: Manifest, body: bytes) -> tuple[Tensor, ...]:
    tensors = decode_tensors(body, head=_WORD)
    if len(tensors) != len(manifest.inputs):
        wanted = ", ".join(map(str, manifest.inputs))
        raise BadInput(f"{len(tensors)} tensors given, the model wants {wanted}")
    for tensor, expected in zip(tensors, manifest.inputs, strict=True):
        check_tensor(tensor, expected)
    return tuple(canonicalize(tensor) for tensor in tensors)
