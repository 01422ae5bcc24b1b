"""`IModelRegistry` at 0x..F8: which models the chain knows, who owns them, what they are called.

Everything it answers comes from contract state, never from a host's store. Layout of its storage
(slot = keccak(kind/key) + index):

    model/<id>   0: keccak of the record   1: the record, CBOR, as bytes
    models/      list of ids

Aliases stand in `aliases.py`, releases in `releases.py`, all in the same storage.
"""

from collections.abc import Mapping

from eth_abi.abi import encode

from precompiles.aliases import check_alias, read_alias, write_alias
from precompiles.arguments import decode_arguments
from precompiles.digest import compute_keccak, encode_cid
from precompiles.errors import BadInput, NotAllowed, TooLarge, UnknownModel
from precompiles.gas import Schedule, compute_check_gas, compute_trial_gas
from precompiles.interface import Address, Engine, Meter, StateView, StorageReader
from precompiles.models.manifest import (
    Manifest,
    Registration,
    decode_registration,
    encode_registration,
)
from precompiles.releases import (
    RELEASE_TYPE,
    decode_release,
    encode_published,
    publish_release,
    require_release,
)
from precompiles.storage import (
    append_word,
    compute_slot,
    count_words,
    read_bytes,
    read_list,
    write_bytes,
)
from precompiles.tensor import TensorType

REGISTRY: Address = bytes(19) + b"\xf8"
MAX_DIMENSIONS = 64  # bindings of one registration
REGISTERED_TOPIC = compute_keccak(b"ModelRegistered(bytes32,address,uint8)")
_DIMENSIONS = "(string,uint32)[]"
_TYPES = "(string,uint8,uint32[])[]"
_MANIFEST = f"(bytes32,uint8,address,uint64,uint64,uint64,uint64,{_TYPES},{_TYPES},{_DIMENSIONS})"
_WORD = 32
_MAX_CACHED = 1024  # decoded records kept
_decoded: dict[int, Registration] = {}  # by keccak of the record: content, so never stale

REGISTER = compute_keccak(b"register(bytes32)")[:4]
REGISTER_BOUND = compute_keccak(f"registerBound(bytes32,{_DIMENSIONS})".encode())[:4]
SET_ALIAS = compute_keccak(b"setAlias(string,bytes32)")[:4]
MANIFEST = compute_keccak(b"manifest(bytes32)")[:4]
RESOLVE = compute_keccak(b"resolve(string)")[:4]
PUBLISH = compute_keccak(f"publish(bytes32,{RELEASE_TYPE})".encode())[:4]
RELEASE = compute_keccak(b"release(string,string)")[:4]


def run_registry(
    engine: Engine, schedule: Schedule, data: bytes, meter: Meter, state: StateView
) -> bytes:
    """Dispatch one call by selector."""
    selector, body = data[:4], data[4:]
    if selector == REGISTER:
        (model_id,) = decode_arguments(["bytes32"], body, "register(bytes32)")
        return _register(engine, schedule, model_id, {}, meter, state)
    if selector == REGISTER_BOUND:
        model_id, dimensions = _decode_binding(body)
        return _register(engine, schedule, model_id, dimensions, meter, state)
    if selector == SET_ALIAS:
        return _set_alias(schedule, body, meter, state)
    if selector == MANIFEST:
        return _manifest(schedule, body, meter, state)
    if selector == RESOLVE:
        return _resolve(schedule, body, meter, state)
    if selector == PUBLISH:
        return _publish(schedule, body, meter, state)
    if selector == RELEASE:
        return _release(schedule, body, meter, state)
    raise BadInput(f"no function 0x{selector.hex()} here; see IModelRegistry")


def read_registration(state: StorageReader, model_id: bytes) -> Registration | None:
    """What the chain knows of a model, or nothing."""
    at = compute_slot(b"model", model_id)
    digest = state.load(REGISTRY, at)
    if not digest:
        return None
    found = _decoded.get(digest)
    if found is None:
        record = read_bytes(state, REGISTRY, at + 1)
        if int.from_bytes(compute_keccak(record), "big") != digest:
            return None  # not written by `register`
        if len(_decoded) >= _MAX_CACHED:
            _decoded.clear()
        found = _decoded[digest] = decode_registration(record)
    return found


def read_models(state: StorageReader) -> tuple[Registration, ...]:
    """All registrations in the order they were made."""
    ids = read_list(state, REGISTRY, compute_slot(b"models"))
    found = (read_registration(state, model_id) for model_id in ids)
    return tuple(registration for registration in found if registration is not None)


def _decode_binding(body: bytes) -> tuple[bytes, Mapping[str, int]]:
    signature = f"registerBound(bytes32,{_DIMENSIONS})"
    model_id, dimensions = decode_arguments(["bytes32", _DIMENSIONS], body, signature)
    if len(dimensions) > MAX_DIMENSIONS:
        raise TooLarge(f"{len(dimensions)} dimensions bound, at most {MAX_DIMENSIONS}")
    bound = dict(dimensions)
    if len(bound) != len(dimensions):
        raise BadInput("a dimension is bound twice; give each one size")
    return model_id, bound


def _register(
    engine: Engine,
    schedule: Schedule,
    model_id: bytes,
    dimensions: Mapping[str, int],
    meter: Meter,
    state: StateView,
) -> bytes:
    # INPUT
    require_direct(state)
    # GAS
    meter.charge(schedule.read)
    known = read_registration(state, model_id)
    if known is not None:
        if dict(known.manifest.dimensions) != dimensions:
            raise NotAllowed(f"0x{model_id.hex()} is registered with other dimensions")
        return b""  # content-addressed: registering again changes nothing
    meter.charge(compute_check_gas(schedule, len(engine.load(model_id))))
    # RUN
    manifest = engine.admit(model_id, dimensions)
    meter.charge(compute_trial_gas(schedule, manifest))
    engine.try_out(manifest)
    record = encode_registration(Registration(manifest, state.caller))
    meter.charge(schedule.register_per_word * (4 + count_words(record)))
    # OUTPUT
    slot = compute_slot(b"model", model_id)
    state.store(slot, int.from_bytes(compute_keccak(record), "big"))
    write_bytes(state, slot + 1, record)
    append_word(state, REGISTRY, compute_slot(b"models"), model_id)
    topics = (REGISTERED_TOPIC, model_id, state.caller.rjust(_WORD, b"\0"))
    state.log(topics, encode(["uint8"], [manifest.profile]))
    return b""


def _set_alias(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    name, model_id = decode_arguments(["string", "bytes32"], body, "setAlias(string,bytes32)")
    require_direct(state)
    key = check_alias(name)
    # GAS
    meter.charge(schedule.read + schedule.register_per_word * (5 + count_words(key)))
    # RUN
    if read_registration(state, model_id) is None:
        raise UnknownModel(f"0x{model_id.hex()} is not registered; register it first")
    # OUTPUT
    write_alias(REGISTRY, name, model_id, state)
    return b""


def _manifest(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    (model_id,) = decode_arguments(["bytes32"], body, "manifest(bytes32)")
    # GAS
    meter.charge(schedule.read)
    # RUN
    registration = require_registration(state, model_id)
    # OUTPUT
    return encode([_MANIFEST], [_pack(registration)])


def _resolve(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    (name,) = decode_arguments(["string"], body, "resolve(string)")
    # GAS
    meter.charge(schedule.read)
    # RUN
    model_id = read_alias(state, REGISTRY, name)
    if model_id is None:
        raise UnknownModel(f"no alias '{name}'; set it with IModelRegistry.setAlias")
    # OUTPUT
    return model_id


def _publish(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    model_id, release = decode_release(body)
    require_direct(state)
    # GAS
    meter.charge(schedule.read)
    # RUN
    require_registration(state, model_id)
    # OUTPUT
    return publish_release(schedule, REGISTRY, model_id, release, meter, state)


def _release(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    name, version = decode_arguments(["string", "string"], body, "release(string,string)")
    # GAS
    meter.charge(schedule.read)
    # OUTPUT
    return encode_published(require_release(state, REGISTRY, name, version))


def require_registration(state: StorageReader, model_id: bytes) -> Registration:
    """Raises: UnknownModel: an outcome, equal on every host."""
    registration = read_registration(state, model_id)
    if registration is None:
        raise UnknownModel(
            f"0x{model_id.hex()} ({encode_cid(model_id)}) is not registered; "
            "register it with IModelRegistry.register"
        )
    return registration


def _pack(registration: Registration) -> tuple[object, ...]:
    manifest: Manifest = registration.manifest
    work = manifest.work
    return (
        manifest.model_id,
        int(manifest.profile),
        "0x" + registration.owner.hex(),
        manifest.size_bytes,
        work.macs,
        work.moved_bytes,
        work.peak_bytes,
        [_pack_type(tensor) for tensor in manifest.inputs],
        [_pack_type(tensor) for tensor in manifest.outputs],
        manifest.dimensions,
    )


def _pack_type(tensor: TensorType) -> tuple[str, int, tuple[int, ...]]:
    return tensor.name, int(tensor.dtype), tensor.shape


def require_direct(state: StateView) -> None:
    """Raises: NotAllowed under DELEGATECALL."""
    if state.address != REGISTRY:
        raise NotAllowed("call the registry, do not delegatecall it: it keeps its own storage")
