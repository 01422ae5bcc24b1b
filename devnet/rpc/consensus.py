"""consensus: who validates, who signed what, and why the chain waits if it does.

Numbers are JSON numbers here; hashes, addresses and signatures are hex.
"""

from collections.abc import Mapping

from devnet.consensus.certificate import Certificate, compute_certificate_hash
from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import decode_text, encode_bytes
from devnet.validators.misbehaviour import parse_behavior


def get_status(node: Node) -> Json:
    cluster = node.cluster
    return {
        "height": node.head.header.number,
        "round": cluster.round,
        "waiting": cluster.waiting or None,
        "headHash": encode_bytes(node.head.hash),
        "disagreements": [str(disagreement) for disagreement in cluster.disagreements],
    }


def get_validators(node: Node, block: object = None) -> Json:
    """The set is the same at every block of a chain; behaviour and height are as of now."""
    get_block(node, block)
    return [
        {
            "name": validator.name,
            "address": encode_bytes(validator.address),
            "power": node.cluster.validator_set.get_power(validator.address),
            "behavior": str(validator.behavior),
            "height": validator.head.number,
            "stuck": validator.stuck or None,
        }
        for validator in node.cluster.validators
    ]


def get_commit(node: Node, block: object = None) -> Json:
    return show_certificate(node, node.get_certificate(get_block(node, block).header.number))


def show_certificate(node: Node, certificate: Certificate) -> dict[str, Json]:
    """Who signed a block."""
    names = {validator.address: validator.name for validator in node.cluster.validators}
    return {
        "height": certificate.height,
        "round": certificate.round,
        "blockHash": encode_bytes(certificate.block_hash),
        "hash": encode_bytes(compute_certificate_hash(certificate)),
        "votes": [
            {
                "validator": encode_bytes(vote.validator),
                "name": names[vote.validator],
                "fingerprint": encode_bytes(vote.fingerprint),
                "signature": encode_bytes(vote.signature),
            }
            for vote in certificate.votes
        ],
    }


def set_behavior(node: Node, validator: object, behavior: object, trigger: object = None) -> Json:
    """`behavior` may carry its trigger: wrong-model@height>=5."""
    text = decode_text(behavior, "behavior")
    if trigger is not None:
        text = f"{text}@{decode_text(trigger, 'trigger')}"
    node.set_behavior(decode_text(validator, "validator"), parse_behavior(text))
    return True


METHODS: Mapping[str, Method | Routed] = {
    "consensus_status": get_status,
    "consensus_validators": get_validators,
    "consensus_commit": get_commit,
    "consensus_setBehavior": write(set_behavior),
}
