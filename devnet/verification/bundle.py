"""Proof bundle: one inference receipt with everything an offline check needs, as strict JSON.

`FORMAT.md` says what each field means and how it is hashed; `bundle.schema.json` is its shape.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from devnet.chain.header import Header
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import BadBundle
from devnet.receipt import InferenceReceipt
from devnet.verification.signed_block import (
    BLOCK_FIELDS,
    SignedBlock,
    StateProof,
    camel,
    dump_block,
    read_block,
    read_value,
)
from devnet.verification.strict_json import Reader, parse_json, show
from precompiles.engine.description import MAX_FIELDS, NAME, TEXT
from precompiles.tensor import MAX_RANK, MAX_TENSOR_BYTES, MAX_TENSORS, DType, Tensor

FORMAT = "devnet-proof-bundle/2"
MAX_CHANGES = 4_096  # of the validator set, in one bundle
MAX_ATTACHMENTS = 16
_MAX_LEAVES = 2**32  # receipts of a block
_MAX_SIBLINGS = 32
_MAX_SIGNERS = 256
_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}")
_RECEIPT_FIELDS = tuple(field.name for field in fields(InferenceReceipt))
_RECEIPT_KINDS = {field.name: field.type for field in fields(InferenceReceipt)}


@dataclass(frozen=True, slots=True)
class Engine:
    """What a fingerprint in the certificate stands for; nothing if that is not known."""

    fingerprint: bytes
    description: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Further evidence, as a ZK proof or an attestation, for those who can check its kind."""

    kind: str
    version: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the validators signed, and the tensors behind it."""

    chain_id: int
    header: Header
    certificate: Certificate
    validators: ValidatorSet  # who signs this block
    proof: StateProof  # that no change of the set is missing
    changes: tuple[SignedBlock, ...]  # of the validator set, from the first one on
    engines: tuple[Engine, ...]  # of the signers of `block`, each once
    receipt: InferenceReceipt
    index: int  # of the receipt in its block
    count: int  # of receipts in the block
    path: tuple[bytes, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attachments: tuple[Attachment, ...] = ()

    @property
    def block(self) -> SignedBlock:
        """The block of the inference, as the last link of the changes."""
        return SignedBlock(self.header, self.certificate, self.validators, self.proof)


def dump_bundle(bundle: Bundle) -> dict[str, Any]:
    """The bundle as JSON values."""
    return {
        "format": FORMAT,
        "chainId": bundle.chain_id,
        **dump_block(bundle.block),
        "changes": [dump_block(change) for change in bundle.changes],
        "engines": [
            {
                "fingerprint": show(engine.fingerprint),
                "description": None if engine.description is None else dict(engine.description),
            }
            for engine in bundle.engines
        ],
        "receipt": {camel(name): show(getattr(bundle.receipt, name)) for name in _RECEIPT_FIELDS},
        "path": {
            "index": bundle.index,
            "count": bundle.count,
            "siblings": [show(sibling) for sibling in bundle.path],
        },
        "inputs": [dump_tensor(tensor) for tensor in bundle.inputs],
        "outputs": [dump_tensor(tensor) for tensor in bundle.outputs],
        "attachments": [
            {"kind": each.kind, "version": each.version, "data": show(each.data)}
            for each in bundle.attachments
        ],
    }


def parse_bundle(text: str | bytes) -> Bundle:
    """Read a bundle.

    Raises: BadBundle naming the field and what it must be.
    """
    root = parse_json(text)
    found = root.value.get("format") if isinstance(root.value, dict) else None
    if isinstance(found, str) and found != FORMAT:
        raise BadBundle(
            f"format is {found!a:.80}; this verifier reads {FORMAT}: write the bundle again with "
            "'devnet receipt' of this version, or use the verifier of the version that wrote it"
        )
    return _read_bundle(root)


def dump_tensor(tensor: Tensor) -> dict[str, Any]:
    """A tensor as JSON values."""
    return {"dtype": int(tensor.dtype), "shape": list(tensor.shape), "data": show(tensor.data)}


def _read_bundle(root: Reader) -> Bundle:
    parts = root.fields(
        *("format", "chainId", *BLOCK_FIELDS, "changes", "engines"),
        *("receipt", "path", "inputs", "outputs"),
        optional=("attachments",),
    )
    parts["format"].text(re.compile(re.escape(FORMAT)), FORMAT)
    path = parts["path"].fields("index", "count", "siblings")
    block = read_block(parts)
    attachments = parts["attachments"].items(MAX_ATTACHMENTS) if "attachments" in parts else ()
    return Bundle(
        chain_id=parts["chainId"].integer(),
        header=block.header,
        certificate=block.certificate,
        validators=block.validators,
        proof=block.proof,
        changes=tuple(
            read_block(change.fields(*BLOCK_FIELDS))
            for change in parts["changes"].items(MAX_CHANGES)
        ),
        engines=_read_engines(parts["engines"], block),
        receipt=_read_receipt(parts["receipt"]),
        index=path["index"].integer(),
        count=path["count"].integer(_MAX_LEAVES),
        path=tuple(sibling.data(32) for sibling in path["siblings"].items(_MAX_SIBLINGS)),
        inputs=tuple(map(_read_tensor, parts["inputs"].items(MAX_TENSORS))),
        outputs=tuple(map(_read_tensor, parts["outputs"].items(MAX_TENSORS))),
        attachments=tuple(map(_read_attachment, attachments)),
    )


def _read_engines(reader: Reader, block: SignedBlock) -> tuple[Engine, ...]:
    engines = tuple(map(_read_engine, reader.items(_MAX_SIGNERS)))
    signed = list(dict.fromkeys(vote.fingerprint for vote in block.certificate.votes))
    if [engine.fingerprint for engine in engines] != signed:
        raise BadBundle(f"{reader.place} must be the signers' fingerprints, each once, in order")
    return engines


def _read_engine(reader: Reader) -> Engine:
    parts = reader.fields("fingerprint", "description")
    described = parts["description"]
    fingerprint = parts["fingerprint"].data(32)
    if described.value is None:
        return Engine(fingerprint, None)
    entries = tuple(described.entries())
    if len(entries) > MAX_FIELDS:
        raise BadBundle(f"{described.place} has {len(entries)} fields, at most {MAX_FIELDS}")
    for name, value in entries:
        if not NAME.fullmatch(name):
            raise BadBundle(f"{value.place}: a field's name has letters, digits, - and _")
    wanted = "printable ASCII of at most 1024 characters"
    return Engine(fingerprint, {name: value.text(TEXT, wanted) for name, value in entries})


def _read_receipt(reader: Reader) -> InferenceReceipt:
    parts = reader.fields(*map(camel, _RECEIPT_FIELDS))
    values = {
        name: read_value(parts[camel(name)], name, _RECEIPT_KINDS[name]) for name in _RECEIPT_FIELDS
    }
    return InferenceReceipt(**values)


def _read_tensor(reader: Reader) -> Tensor:
    parts = reader.fields("dtype", "shape", "data")
    code = parts["dtype"].integer()
    if code not in tuple(DType):
        raise BadBundle(f"{parts['dtype'].place} is {code}, not an ONNX type that is supported")
    dtype = DType(code)
    shape = tuple(axis.integer(2**32 - 1) for axis in parts["shape"].items(MAX_RANK))
    size = math.prod(shape) * dtype.size_bytes
    if size > MAX_TENSOR_BYTES:
        raise BadBundle(f"{reader.place} has {size} bytes, at most {MAX_TENSOR_BYTES}")
    return Tensor(dtype, shape, parts["data"].data(size))


def _read_attachment(reader: Reader) -> Attachment:
    parts = reader.fields("kind", "version", "data")
    kind = parts["kind"].text(_KIND, "lower-case letters, digits and -")
    return Attachment(kind, parts["version"].integer(2**32 - 1), parts["data"].data())
