"""Proof bundle: one inference receipt with everything an offline check needs, as strict JSON.

The reader takes one spelling of every value (lower-case hex, plain integers, no unknown or repeated
keys), so a changed character is either noise between values or an error.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from devnet.chain.header import HEADER_FIELDS, Header
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import Vote
from devnet.errors import BadBundle
from devnet.nesting import MAX_DEPTH, is_too_deep
from devnet.receipt import InferenceReceipt
from precompiles.tensor import DType, Tensor

FORMAT = "devnet-proof-bundle/1"
MAX_BUNDLE_BYTES = 1 << 28  # bytes of a bundle file
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_RECEIPT_FIELDS = tuple(field.name for field in fields(InferenceReceipt))
_SIZES = {"coinbase": 20, "caller": 20, "logs_bloom": 256, "nonce": 8}  # bytes; 32 otherwise
_MAX_INTEGER = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the validators signed, and the tensors behind it."""

    chain_id: int
    header: Header
    certificate: Certificate
    validators: ValidatorSet
    receipt: InferenceReceipt
    index: int  # of the receipt in its block
    count: int  # of receipts in the block
    path: tuple[bytes, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def dump_bundle(bundle: Bundle) -> dict[str, Any]:
    """The bundle as JSON values."""
    certificate = bundle.certificate
    return {
        "format": FORMAT,
        "chainId": bundle.chain_id,
        "header": {_camel(name): _show(getattr(bundle.header, name)) for name in HEADER_FIELDS},
        "certificate": {
            "height": certificate.height,
            "round": certificate.round,
            "blockHash": _show(certificate.block_hash),
            "votes": [
                {
                    "validator": _show(vote.validator),
                    "fingerprint": _show(vote.fingerprint),
                    "signature": _show(vote.signature),
                }
                for vote in certificate.votes
            ],
        },
        "validators": [
            {"address": _show(member.address), "power": member.power}
            for member in bundle.validators.members
        ],
        "receipt": {_camel(name): _show(getattr(bundle.receipt, name)) for name in _RECEIPT_FIELDS},
        "path": {
            "index": bundle.index,
            "count": bundle.count,
            "siblings": [_show(sibling) for sibling in bundle.path],
        },
        "inputs": [dump_tensor(tensor) for tensor in bundle.inputs],
        "outputs": [dump_tensor(tensor) for tensor in bundle.outputs],
    }


def parse_bundle(text: str) -> Bundle:
    """Read a bundle.

    Raises: BadBundle naming the field and what it must be.
    """
    if len(text) > MAX_BUNDLE_BYTES:
        raise BadBundle(f"bundle of {len(text)} bytes, at most {MAX_BUNDLE_BYTES}")
    if is_too_deep(text):
        raise BadBundle(f"more than {MAX_DEPTH} brackets inside each other")
    try:
        data = json.loads(text, object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant)
    except json.JSONDecodeError as broken:
        raise BadBundle(f"not JSON: {broken}") from broken
    return _read_bundle(_Reader(data, "bundle"))


def dump_tensor(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON values."""
    return {"dtype": int(tensor.dtype), "shape": list(tensor.shape), "data": _show(tensor.data)}


class _Reader:
    """One JSON value with its place in the bundle, for error messages."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def fields(self, *names: str) -> Mapping[str, "_Reader"]:
        if not isinstance(self.value, dict):
            raise BadBundle(f"{self.place} must be an object")
        if sorted(self.value) != sorted(names):
            found, wanted = ", ".join(sorted(self.value)), ", ".join(sorted(names))
            raise BadBundle(f"{self.place} has fields {found}; must be {wanted}")
        return {name: _Reader(self.value[name], f"{self.place}.{name}") for name in names}

    def items(self) -> tuple["_Reader", ...]:
        if not isinstance(self.value, list):
            raise BadBundle(f"{self.place} must be a list")
        return tuple(_Reader(v, f"{self.place}[{i}]") for i, v in enumerate(self.value))

    def integer(self) -> int:
        value = self.value
        if type(value) is not int or not 0 <= value <= _MAX_INTEGER:
            raise BadBundle(f"{self.place} is {value!r}; must be a whole number from 0")
        return value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise BadBundle(f"{self.place} is {self.value!r}; must be true or false")
        return self.value

    def data(self, size: int | None = None) -> bytes:
        value = self.value
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise BadBundle(f"{self.place} must be lower-case hex with 0x, two digits a byte")
        raw = bytes.fromhex(value[2:])
        if size is not None and len(raw) != size:
            raise BadBundle(f"{self.place} has {len(raw)} bytes, must have {size}")
        return raw


def _read_bundle(root: _Reader) -> Bundle:
    parts = root.fields(
        *("format", "chainId", "header", "certificate", "validators"),
        *("receipt", "path", "inputs", "outputs"),
    )
    if parts["format"].value != FORMAT:
        raise BadBundle(f"format is {parts['format'].value!r}; this verifier reads {FORMAT}")
    path = parts["path"].fields("index", "count", "siblings")
    return Bundle(
        chain_id=parts["chainId"].integer(),
        header=_read_header(parts["header"]),
        certificate=_read_certificate(parts["certificate"]),
        validators=ValidatorSet(tuple(map(_read_member, parts["validators"].items()))),
        receipt=_read_receipt(parts["receipt"]),
        index=path["index"].integer(),
        count=path["count"].integer(),
        path=tuple(sibling.data(32) for sibling in path["siblings"].items()),
        inputs=tuple(map(_read_tensor, parts["inputs"].items())),
        outputs=tuple(map(_read_tensor, parts["outputs"].items())),
    )


def _read_header(reader: _Reader) -> Header:
    parts = reader.fields(*map(_camel, HEADER_FIELDS))
    kinds = {field.name: field.type for field in fields(Header)}
    return Header(**{name: _read_value(parts[_camel(name)], name, kinds) for name in HEADER_FIELDS})


def _read_receipt(reader: _Reader) -> InferenceReceipt:
    parts = reader.fields(*map(_camel, _RECEIPT_FIELDS))
    kinds = {field.name: field.type for field in fields(InferenceReceipt)}
    values = {name: _read_value(parts[_camel(name)], name, kinds) for name in _RECEIPT_FIELDS}
    return InferenceReceipt(**values)


def _read_value(reader: _Reader, name: str, kinds: Mapping[str, Any]) -> Any:
    if kinds[name] is bool:
        return reader.flag()
    if kinds[name] is int:
        return reader.integer()
    return reader.data(_SIZES.get(name, 32))


def _read_certificate(reader: _Reader) -> Certificate:
    parts = reader.fields("height", "round", "blockHash", "votes")
    round_, block_hash = parts["round"].integer(), parts["blockHash"].data(32)
    votes = tuple(_read_vote(vote, round_, block_hash) for vote in parts["votes"].items())
    return Certificate(parts["height"].integer(), round_, block_hash, votes)


def _read_vote(reader: _Reader, round_: int, block_hash: bytes) -> Vote:
    parts = reader.fields("validator", "fingerprint", "signature")
    return Vote(
        round=round_,
        block_hash=block_hash,
        validator=parts["validator"].data(20),
        fingerprint=parts["fingerprint"].data(32),
        signature=parts["signature"].data(65),
    )


def _read_member(reader: _Reader) -> Member:
    parts = reader.fields("address", "power")
    power = parts["power"].integer()
    if power == 0:
        raise BadBundle(f"{parts['power'].place} is 0; a member has power")
    return Member(parts["address"].data(20), power)


def _read_tensor(reader: _Reader) -> Tensor:
    parts = reader.fields("dtype", "shape", "data")
    code = parts["dtype"].integer()
    if code not in tuple(DType):
        raise BadBundle(f"{parts['dtype'].place} is {code}, not an ONNX type that is supported")
    shape = tuple(axis.integer() for axis in parts["shape"].items())
    if any(axis >> 32 for axis in shape):
        raise BadBundle(f"{parts['shape'].place} has a dimension that does not fit uint32")
    return Tensor(DType(code), shape, parts["data"].data())


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise BadBundle("a field is given twice")
    return built


def _refuse_constant(word: str) -> None:
    raise BadBundle(f"{word} is not a value of a bundle")


def _show(value: bytes | int) -> str | int:
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
