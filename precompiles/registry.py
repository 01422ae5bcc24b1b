"""`IModelRegistry` at 0x..F8: which models the chain knows, who owns them, what they are called.

Everything it answers comes from contract state, never from a host's store. Layout of its storage
(slot = keccak(kind, key) + index):

    model/<id>   0: keccak of the record   1: length   2..: the record, CBOR
    alias/<name> 0: model id   1: owner
    models/      0: count   1..: ids
    aliases/     0: count   1..: keccak of each name
    name/<hash>  the name
"""

from collections.abc import Iterator
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from precompiles.digest import compute_keccak, encode_cid
from precompiles.engine.session import build_session
from precompiles.errors import BadInput, NotAllowed, TooLarge, UnknownModel
from precompiles.gas import Schedule, compute_check_gas
from precompiles.interface import Address, Engine, Meter, StateView, StorageReader
from precompiles.models.admission import admit_model
from precompiles.models.manifest import (
    Manifest,
    Registration,
    decode_registration,
    encode_registration,
)
from precompiles.tensor import TensorType

REGISTRY: Address = bytes(19) + b"\xf8"
MAX_ALIAS_BYTES = 128  # bytes of an alias in UTF-8
REGISTERED_TOPIC = compute_keccak(b"ModelRegistered(bytes32,address,uint8)")
ALIAS_TOPIC = compute_keccak(b"AliasSet(string,bytes32,address)")
_TENSOR_TYPE = "(string,uint8,uint32[])[]"
_MANIFEST = f"(bytes32,uint8,address,uint64,uint64,uint64,uint64,{_TENSOR_TYPE},{_TENSOR_TYPE})"
_WORD = 32
_MAX_CACHED = 1024  # decoded records kept
_decoded: dict[int, Registration] = {}  # by keccak of the record: content, so never stale

REGISTER = compute_keccak(b"register(bytes32)")[:4]
SET_ALIAS = compute_keccak(b"setAlias(string,bytes32)")[:4]
MANIFEST = compute_keccak(b"manifest(bytes32)")[:4]
RESOLVE = compute_keccak(b"resolve(string)")[:4]


def run_registry(
    engine: Engine, schedule: Schedule, data: bytes, meter: Meter, state: StateView
) -> bytes:
    """Dispatch one call by selector."""
    selector, body = data[:4], data[4:]
    if selector == REGISTER:
        return _register(engine, schedule, body, meter, state)
    if selector == SET_ALIAS:
        return _set_alias(schedule, body, meter, state)
    if selector == MANIFEST:
        return _manifest(schedule, body, meter, state)
    if selector == RESOLVE:
        return _resolve(schedule, body, meter, state)
    raise BadInput(f"no function 0x{selector.hex()} here; see IModelRegistry")


def read_registration(state: StorageReader, model_id: bytes) -> Registration | None:
    """What the chain knows of a model, or nothing."""
    at = _slot(b"model", model_id)
    digest = state.load(REGISTRY, at)
    if not digest:
        return None
    found = _decoded.get(digest)
    if found is None:
        record = _read_bytes(state, at + 1)
        if int.from_bytes(compute_keccak(record), "big") != digest:
            return None  # not written by `register`
        if len(_decoded) >= _MAX_CACHED:
            _decoded.clear()
        found = _decoded[digest] = decode_registration(record)
    return found


def read_models(state: StorageReader) -> tuple[Registration, ...]:
    """All registrations in the order they were made."""
    found = (read_registration(state, model_id) for model_id in _read_list(state, b"models"))
    return tuple(registration for registration in found if registration is not None)


def read_aliases(state: StorageReader) -> dict[str, bytes]:
    """Every alias and the model it names."""
    names = (
        _read_bytes(state, _slot(b"name", key)).decode() for key in _read_list(state, b"aliases")
    )
    return {name: read_alias(state, name) or b"" for name in names}


def read_alias(state: StorageReader, name: str) -> bytes | None:
    """Model id behind an alias, or nothing."""
    word = state.load(REGISTRY, _slot(b"alias", name.encode()))
    return word.to_bytes(_WORD, "big") if word else None


def _register(
    engine: Engine, schedule: Schedule, body: bytes, meter: Meter, state: StateView
) -> bytes:
    # INPUT
    (model_id,) = _decode(["bytes32"], body, "register(bytes32)")
    _require_direct(state)
    # GAS
    meter.charge(schedule.read)
    if read_registration(state, model_id) is not None:
        return b""  # content-addressed: registering again changes nothing
    model = engine.load(model_id)
    meter.charge(compute_check_gas(schedule, len(model)))
    # RUN
    manifest = admit_model(model)
    build_session(model)
    record = encode_registration(Registration(manifest, state.caller))
    meter.charge(schedule.register_per_word * (4 + _count_words(record)))
    # OUTPUT
    at = _slot(b"model", model_id)
    state.store(at, int.from_bytes(compute_keccak(record), "big"))
    _write_bytes(state, at + 1, record)
    _append(state, b"models", model_id)
    topics = (REGISTERED_TOPIC, model_id, state.caller.rjust(_WORD, b"\0"))
    state.log(topics, encode(["uint8"], [manifest.profile]))
    return b""


def _set_alias(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    name, model_id = _decode(["string", "bytes32"], body, "setAlias(string,bytes32)")
    _require_direct(state)
    key = name.encode()
    if not key:
        raise BadInput("an alias needs at least one character")
    if len(key) > MAX_ALIAS_BYTES:
        raise TooLarge(f"alias of {len(key)} bytes, at most {MAX_ALIAS_BYTES}")
    # GAS
    meter.charge(schedule.read + schedule.register_per_word * (5 + _count_words(key)))
    # RUN
    if read_registration(state, model_id) is None:
        raise UnknownModel(f"0x{model_id.hex()} is not registered; register it first")
    at = _slot(b"alias", key)
    taken = state.load(REGISTRY, at) != 0
    owner = state.load(REGISTRY, at + 1).to_bytes(_WORD, "big")[12:]
    if taken and owner != state.caller:
        raise NotAllowed(f"alias '{name}' belongs to 0x{owner.hex()}; choose another name")
    # OUTPUT
    if not taken:
        digest = compute_keccak(key)
        _append(state, b"aliases", digest)
        _write_bytes(state, _slot(b"name", digest), key)
    state.store(at, int.from_bytes(model_id, "big"))
    state.store(at + 1, int.from_bytes(state.caller, "big"))
    topics = (ALIAS_TOPIC, model_id, state.caller.rjust(_WORD, b"\0"))
    state.log(topics, encode(["string"], [name]))
    return b""


def _manifest(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    (model_id,) = _decode(["bytes32"], body, "manifest(bytes32)")
    # GAS
    meter.charge(schedule.read)
    # RUN
    registration = require_registration(state, model_id)
    # OUTPUT
    return encode([_MANIFEST], [_pack(registration)])


def _resolve(schedule: Schedule, body: bytes, meter: Meter, state: StateView) -> bytes:
    # INPUT
    (name,) = _decode(["string"], body, "resolve(string)")
    # GAS
    meter.charge(schedule.read)
    # RUN
    model_id = read_alias(state, name)
    if model_id is None:
        raise UnknownModel(f"no alias '{name}'; set it with IModelRegistry.setAlias")
    # OUTPUT
    return model_id


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
    )


def _pack_type(tensor: TensorType) -> tuple[str, int, tuple[int, ...]]:
    return tensor.name, int(tensor.dtype), tensor.shape


def _require_direct(state: StateView) -> None:
    if state.address != REGISTRY:
        raise NotAllowed("call the registry, do not delegatecall it: it keeps its own storage")


def _decode(types: list[str], body: bytes, signature: str) -> tuple[Any, ...]:
    try:
        return decode(types, body)
    except (DecodingError, UnicodeDecodeError, OverflowError) as broken:
        raise BadInput(f"arguments do not decode; encode them as {signature}") from broken


def _slot(kind: bytes, key: bytes = b"") -> int:
    return int.from_bytes(compute_keccak(kind + b"/" + key), "big")


def _count_words(data: bytes) -> int:
    return -(-len(data) // _WORD)


def _write_bytes(state: StateView, at: int, data: bytes) -> None:
    state.store(at, len(data))
    for index in range(_count_words(data)):
        word = data[index * _WORD : (index + 1) * _WORD]
        state.store(at + 1 + index, int.from_bytes(word.ljust(_WORD, b"\0"), "big"))


def _read_bytes(state: StorageReader, at: int) -> bytes:
    length = state.load(REGISTRY, at)
    words = range(-(-length // _WORD))
    data = b"".join(state.load(REGISTRY, at + 1 + i).to_bytes(_WORD, "big") for i in words)
    return data[:length]


def _append(state: StateView, kind: bytes, word: bytes) -> None:
    at = _slot(kind)
    count = state.load(REGISTRY, at)
    state.store(at, count + 1)
    state.store(at + 1 + count, int.from_bytes(word, "big"))


def _read_list(state: StorageReader, kind: bytes) -> Iterator[bytes]:
    at = _slot(kind)
    for index in range(state.load(REGISTRY, at)):
        yield state.load(REGISTRY, at + 1 + index).to_bytes(_WORD, "big")
