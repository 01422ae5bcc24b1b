"""Proof bundles of a running node: gathers what the verifier needs for one inference."""

from devnet.errors import UnknownInference
from devnet.merkle import build_path
from devnet.node import Node
from devnet.receipt import encode_receipt
from devnet.verification.bundle import Bundle


def build_proof(node: Node, transaction_hash: bytes, index: int = 0) -> Bundle:
    """Bundle for one model call of a transaction.

    Args:
        index: of the inferences in the transaction, in order of execution.
    Raises: UnknownTransaction; UnknownInference with how many there are.
    """
    place = node.history.get_transaction(transaction_hash)
    found = place.inferences
    if not 0 <= index < len(found):
        raise UnknownInference(
            f"transaction 0x{transaction_hash.hex()} has {len(found)} inferences, no index {index}"
        )
    inferences = place.block.inferences
    leaves = [encode_receipt(inference.receipt) for inference in inferences]
    position = inferences.index(found[index])
    return Bundle(
        chain_id=node.config.chain_id,
        header=place.block.header,
        certificate=node.get_certificate(place.block.header.number),
        validators=node.cluster.get_validators(place.block.header.number),
        receipt=found[index].receipt,
        index=position,
        count=len(leaves),
        path=build_path(leaves, position),
        inputs=found[index].call.inputs,
        outputs=found[index].call.outputs,
    )
