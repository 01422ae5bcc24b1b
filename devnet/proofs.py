"""Proof bundles of a running node: gathers what the verifier needs for one inference."""

from functools import partial

from devnet.chain.history import Place
from devnet.consensus.certificate import Certificate
from devnet.consensus.set_change import DELAY
from devnet.consensus.staking import (
    EPOCHS,
    SET_HASH,
    STAKING,
    list_changes,
    locate_first_height,
)
from devnet.errors import ChainError, UnknownInference
from devnet.merkle import build_path
from devnet.node import Node
from devnet.receipt import encode_receipt
from devnet.verification.bundle import MAX_CHANGES, Bundle, Engine
from devnet.verification.signed_block import SignedBlock, StateProof


def build_proof(node: Node, transaction_hash: bytes, index: int = 0) -> Bundle:
    """Bundle for one model call of a transaction.

    Args:
        index: of the inferences in the transaction, in order of execution.
    Raises: UnknownTransaction; UnknownInference with how many there are; ChainError if the set has
        changed more often than a bundle holds.
    """
    place = node.history.get_transaction(transaction_hash)
    _check_index(node, place, index)
    number, found = place.block.header.number, place.inferences[index]
    inferences = place.block.inferences
    leaves = [encode_receipt(inference.receipt) for inference in inferences]
    position = inferences.index(found)
    changes, following = _find_changes(node, number)
    block = _build_block(node, number, (locate_first_height(following),))
    return Bundle(
        chain_id=node.config.chain_id,
        header=block.header,
        certificate=block.certificate,
        validators=block.validators,
        proof=block.proof,
        changes=tuple(
            _build_block(node, height, (SET_HASH, EPOCHS, locate_first_height(entry)))
            for height, entry in changes
        ),
        engines=_describe_engines(node, block.certificate),
        receipt=found.receipt,
        index=position,
        count=len(leaves),
        path=build_path(leaves, position),
        inputs=found.call.inputs,
        outputs=found.call.outputs,
    )


def _check_index(node: Node, place: Place, index: int) -> None:
    number, count = place.block.header.number, len(place.inferences)
    who = f"transaction 0x{place.transaction.hash.hex()}"
    if number < node.cluster.first_signed:
        raise UnknownInference(
            f"{who} is in block {number}, which was imported: nobody here has signed it, and no "
            "inference of it is known; ask the chain it comes from for a proof"
        )
    if not 0 <= index < count:
        raise UnknownInference(f"{who} has {count} inferences, no index {index}")


def _find_changes(node: Node, number: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Changes of the set that are in force at a height, and the first entry that is not.

    Returns: (block, its first entry in the contract's list of sets) of each; an entry's index.
    """
    state = node.open_state(number)
    firsts = list_changes(partial(state.get_storage, STAKING))
    entries: dict[int, int] = {}
    for entry, first in enumerate(firsts, 1):
        entries.setdefault(first, entry)
    following = next((e for first, e in entries.items() if first > number), len(firsts) + 1)
    changes = tuple((first - DELAY, entry) for first, entry in entries.items() if first <= number)
    if len(changes) > MAX_CHANGES:
        raise ChainError(
            f"the validator set has changed in {len(changes)} blocks up to {number}; a bundle "
            f"holds {MAX_CHANGES}"
        )
    return changes, following


def _build_block(node: Node, number: int, slots: tuple[int, ...]) -> SignedBlock:
    header = node.history.get_block(number).header
    proof = node.cluster.world.prove(header.state_root, STAKING, slots)
    return SignedBlock(
        header,
        node.get_certificate(number),
        node.cluster.get_validators(number),
        StateProof(proof.nodes, tuple(word.nodes for word in proof.words)),
    )


def _describe_engines(node: Node, certificate: Certificate) -> tuple[Engine, ...]:
    fingerprints = dict.fromkeys(vote.fingerprint for vote in certificate.votes)
    return tuple(Engine(f, node.cluster.engines.find(f)) for f in fingerprints)
