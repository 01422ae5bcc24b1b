"""inference: models on this chain, what they cost, what they answer, and the proof of an answer.

Numbers are JSON numbers here; hashes, addresses and data are hex.
"""

from collections.abc import Mapping

from devnet.chain.block import Inference
from devnet.errors import InvalidParams
from devnet.models import Model, Models
from devnet.node import Node
from devnet.repositories import Repository, find_repository, list_repositories
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import (
    build_refusal,
    decode_bytes,
    decode_hash,
    decode_list,
    decode_number,
    decode_object,
    decode_text,
    encode_bytes,
)
from precompiles.digest import encode_cid
from precompiles.releases import MAX_TAGS, Published, Release
from precompiles.tensor import MAX_RANK, MAX_TENSORS, DType, Tensor, TensorType

_DTYPES: Mapping[int, DType] = {dtype.value: dtype for dtype in DType}


def add_model(node: Node, data: object, options: object = None) -> Json:
    return add_model_file(node, decode_bytes(data, "data"), options)


def add_model_file(node: Node, model: bytes, options: object = None) -> Json:
    """As `add_model`, for bytes that came as they are."""
    fields = {} if options is None else decode_object(options, "options")
    known = ("alias", "dimensions", "release")
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise InvalidParams(f"options.{unknown[0]} is not known; there are {', '.join(known)}")
    alias = decode_text(fields["alias"], "options.alias") if "alias" in fields else None
    dimensions = _decode_dimensions(fields.get("dimensions", {}))
    release = _decode_release(fields["release"]) if "release" in fields else None
    added = Models(node).add(model, alias, dimensions, release)
    sent = added.transaction_hash
    return {
        "id": encode_bytes(added.model_id),
        "cid": encode_cid(added.model_id),
        "transactionHash": None if sent is None else encode_bytes(sent),
    }


def list_models(node: Node) -> Json:
    return [_show_model(model) for model in Models(node).list()]


def show_model(node: Node, model: object) -> Json:
    return _show_model(Models(node).find(decode_text(model, "model")))


def get_model_file(node: Node, model: object) -> Json:
    """The bytes of a registered model, as this host has them."""
    model_id = Models(node).find(decode_text(model, "model")).id
    return encode_bytes(node.cluster.reader.store.get(model_id))


def quote(node: Node, model: object, shapes: object = None) -> Json:
    """Gas of one call; `shapes` by input name, if given, must be those of the model."""
    reference = decode_text(model, "model")
    declared = Models(node).find(reference).registration.manifest.inputs
    given = {} if shapes is None else decode_object(shapes, "shapes")
    kinds = {kind.name: kind for kind in declared}
    for name, shape in given.items():
        if name not in kinds or shape != list(kinds[name].shape):
            wanted = ", ".join(map(str, declared))
            raise InvalidParams(f"shapes do not fit the model: it takes {wanted}")
    return Models(node).quote(reference)


def run(node: Node, model: object, inputs: object) -> Json:
    reference = decode_text(model, "model")
    given = decode_object(inputs, "inputs")
    if len(given) > MAX_TENSORS:
        raise InvalidParams(f"inputs has {len(given)} tensors, at most {MAX_TENSORS}")
    tensors = {name: _decode_tensor(value, f"inputs.{name}") for name, value in given.items()}
    call = Models(node).run(reference, tensors)
    kinds = call.manifest.outputs
    return {
        "outputs": {
            kind.name: _show_tensor(tensor)
            for kind, tensor in zip(kinds, call.outputs, strict=True)
        },
        "inputDigest": encode_bytes(call.input_digest),
        "outputDigest": encode_bytes(call.output_digest),
    }


def get_receipts(node: Node, transaction_hash: object) -> Json:
    place = node.history.get_transaction(decode_hash(transaction_hash, "transactionHash"))
    return [show_receipt(inference) for inference in place.inferences]


def get_bundle(node: Node, transaction_hash: object, index: object = 0) -> Json:
    from devnet.proofs import build_proof
    from devnet.verification.bundle import dump_bundle

    wanted = decode_hash(transaction_hash, "transactionHash")
    return dump_bundle(build_proof(node, wanted, decode_number(index, "index")))


def show_repositories(node: Node) -> Json:
    return [_show_repository(repository) for repository in list_repositories(node)]


def show_repository(node: Node, name: object) -> Json:
    return _show_repository(find_repository(node, decode_text(name, "name")))


METHODS: Mapping[str, Method | Routed] = {
    "inference_addModel": write(add_model),
    "inference_models": list_models,
    "inference_model": show_model,
    "inference_modelFile": get_model_file,
    "inference_repositories": show_repositories,
    "inference_repository": show_repository,
    "inference_quote": quote,
    "inference_run": run,
    "inference_receipts": get_receipts,
    "inference_bundle": get_bundle,
}


def _show_model(model: Model) -> dict[str, Json]:
    manifest = model.registration.manifest
    return {
        "id": encode_bytes(manifest.model_id),
        "cid": encode_cid(manifest.model_id),
        "profile": manifest.profile.name.lower(),
        "inputs": [_show_type(kind) for kind in manifest.inputs],
        "outputs": [_show_type(kind) for kind in manifest.outputs],
        "macs": manifest.work.macs,
        "sizeBytes": manifest.size_bytes,
        "owner": encode_bytes(model.registration.owner),
        "dimensions": dict(manifest.dimensions),
        "aliases": list(model.aliases),
    }


def _show_type(kind: TensorType) -> dict[str, Json]:
    return {"name": kind.name, "dtype": int(kind.dtype), "shape": list(kind.shape)}


def _show_tensor(tensor: Tensor) -> dict[str, Json]:
    return {
        "dtype": int(tensor.dtype),
        "shape": list(tensor.shape),
        "data": encode_bytes(tensor.data),
    }


def show_receipt(inference: Inference) -> dict[str, Json]:
    """One model call of a block."""
    receipt = inference.receipt
    return {
        "blockNumber": receipt.block_number,
        "transactionHash": encode_bytes(receipt.transaction_hash),
        "transactionIndex": receipt.transaction_index,
        "callIndex": receipt.call_index,
        "caller": encode_bytes(receipt.caller),
        "modelId": encode_bytes(receipt.model_id),
        "mode": receipt.mode,
        "inputDigest": encode_bytes(receipt.input_digest),
        "outputDigest": encode_bytes(receipt.output_digest),
        "gas": receipt.gas,
        "reverted": receipt.reverted,
    }


def _show_repository(repository: Repository) -> dict[str, Json]:
    return {
        "name": repository.name,
        "owner": encode_bytes(repository.owner),
        "releases": [_show_release(published) for published in repository.releases],
    }


def _show_release(published: Published) -> dict[str, Json]:
    release = published.release
    return {
        "version": release.version,
        "files": [
            {
                "name": release.file_name,
                "id": encode_bytes(published.model_id),
                "cid": encode_cid(published.model_id),
            }
        ],
        "description": release.description,
        "task": release.task,
        "licence": release.licence,
        "tags": list(release.tags),
    }


def _decode_dimensions(value: object) -> dict[str, int]:
    fields = decode_object(value, "options.dimensions")
    return {
        name: _decode_dimension(size, f"options.dimensions.{name}") for name, size in fields.items()
    }


def _decode_release(value: object) -> Release:
    fields = decode_object(value, "options.release")
    texts = ("name", "version", "fileName", "description", "task", "licence")
    unknown = sorted(set(fields) - {*texts, "tags"})
    if unknown:
        wanted = ", ".join((*texts, "tags"))
        raise InvalidParams(f"options.release.{unknown[0]} is not known; there are {wanted}")
    values = {key: decode_text(fields.get(key, ""), f"options.release.{key}") for key in texts}
    tags = decode_list(fields.get("tags", []), "options.release.tags", MAX_TAGS)
    return Release(
        name=values["name"],
        version=values["version"],
        file_name=values["fileName"] or "model.onnx",
        description=values["description"],
        task=values["task"],
        licence=values["licence"],
        tags=tuple(decode_text(t, f"options.release.tags[{i}]") for i, t in enumerate(tags)),
    )


def _decode_tensor(value: object, name: str) -> Tensor:
    fields = decode_object(value, name)
    if sorted(fields) != ["data", "dtype", "shape"]:
        raise build_refusal(name, value, "an object with dtype, shape and data")
    dtype = _DTYPES.get(decode_number(fields["dtype"], f"{name}.dtype"))
    if dtype is None:
        codes = ", ".join(f"{known.value} {known.name.lower()}" for known in DType)
        raise build_refusal(f"{name}.dtype", fields["dtype"], f"an ONNX code of {codes}")
    axes = decode_list(fields["shape"], f"{name}.shape", MAX_RANK)
    shape = tuple(_decode_dimension(axis, f"{name}.shape[{i}]") for i, axis in enumerate(axes))
    data = decode_bytes(fields["data"], f"{name}.data")
    size = TensorType(name, dtype, shape).size_bytes
    if len(data) != size:
        kind = f"{dtype.name.lower()}{list(shape)}"
        raise InvalidParams(f"{name}.data has {len(data)} bytes, {kind} needs {size}")
    return Tensor(dtype, shape, data)


def _decode_dimension(value: object, name: str) -> int:
    dimension = decode_number(value, name)
    if dimension >> 32:
        raise build_refusal(name, value, "below 2^32")
    return dimension
