"""consensus: who validates, who signed what, and why the chain waits if it does.

Numbers are JSON numbers here; hashes, addresses, signatures and amounts of wei are hex.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from devnet.config import MAX_VALIDATORS
from devnet.consensus.certificate import Certificate, compute_certificate_hash
from devnet.consensus.set_change import DELAY
from devnet.consensus.staking import STAKING, read_account
from devnet.errors import ConfigError
from devnet.node import Node
from devnet.processes.federation import Federation
from devnet.processes.network_file import show_network
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import (
    decode_bytes,
    decode_list,
    decode_text,
    encode_bytes,
    encode_quantity,
)
from devnet.validators.accusation import classify
from devnet.validators.cluster import Cluster
from devnet.validators.misbehaviour import parse_behavior


def get_status(node: Node) -> Json:
    cluster = node.cluster
    disagreements = [str(disagreement) for disagreement in cluster.record.disagreements]
    return {
        "height": node.head.header.number,
        "headHash": encode_bytes(node.head.hash),
        "round": cluster.round,
        "step": cluster.step,
        "proposer": encode_bytes(cluster.get_proposer(node.head.header.number + 1)),
        "waiting": cluster.waiting or None,
        "clients": {standing.name: standing.client for standing in cluster.standings},
        "partition": [list(side) for side in cluster.partition],
        "disagreements": [*disagreements],
        "lastDisagreement": disagreements[-1] if disagreements else None,
        "forks": [str(fork) for fork in cluster.record.forks],
        **_show_agreement(cluster),
        "accusations": [*_list_accusations(cluster)],
        "models": [str(delivery) for delivery in cluster.record.deliveries],
        **_show_processes(cluster),
    }


def get_validators(node: Node, block: object = None) -> Json:
    """Who signs a block, and who else runs here; stake and jail are as of after it.

    `nextPower` is in force two blocks later; behaviour and height are as of now.
    """
    header = get_block(node, block).header
    signing = node.cluster.get_validators(header.number)
    following = node.cluster.get_validators(header.number + DELAY)
    load = partial(node.open_state(header.number).get_storage, STAKING)
    running = {standing.address: standing for standing in node.cluster.standings}
    known = (*signing.members, *following.members)
    addresses = dict.fromkeys([*running, *(member.address for member in known)])
    shown: list[Json] = []
    for address in addresses:
        account, standing = read_account(load, address), running.get(address)
        shown.append(
            {
                "name": standing.name if standing else None,
                "address": encode_bytes(address),
                "power": signing.get_power(address),
                "nextPower": following.get_power(address),
                "stake": encode_quantity(account.stake),
                "unbonding": encode_quantity(account.unbonding),
                "slashed": encode_quantity(account.slashed),
                "jailed": account.is_jailed,
                "jailedUntil": account.jailed_until or None,
                "behavior": standing.behavior if standing else None,
                "client": standing.client if standing else None,
                "height": standing.height if standing else None,
                "stuck": standing.stuck or None if standing else None,
            }
        )
    return shown


def get_commit(node: Node, block: object = None) -> Json:
    return show_certificate(node, node.get_certificate(get_block(node, block).header.number))


def show_certificate(node: Node, certificate: Certificate) -> dict[str, Json]:
    """Who signed a block."""
    names = {standing.address: standing.name for standing in node.cluster.standings}
    return {
        "height": certificate.height,
        "round": certificate.round,
        **({"signedRound": certificate.signed_round} if certificate.shift else {}),
        "blockHash": encode_bytes(certificate.block_hash),
        "hash": encode_bytes(compute_certificate_hash(certificate)),
        "votes": [
            {
                "validator": encode_bytes(vote.validator),
                "name": names.get(vote.validator),
                "fingerprint": encode_bytes(vote.fingerprint),
                "signature": encode_bytes(vote.signature),
            }
            for vote in certificate.votes
        ],
    }


def set_partition(node: Node, groups: object) -> Json:
    """`[["v0", "v1"], ["v2", "v3"]]`: whoever is in no group hears all."""
    sides = decode_list(groups, "groups", MAX_VALIDATORS)
    node.split(
        [
            [decode_text(name, "validator") for name in decode_list(side, "group", MAX_VALIDATORS)]
            for side in sides
        ]
    )
    return True


def heal(node: Node) -> Json:
    """Transactions that waited for a quorum are tried again."""
    node.heal()
    return True


def set_behavior(node: Node, validator: object, behavior: object, trigger: object = None) -> Json:
    """`behavior` may carry its trigger: wrong-model@height>=5."""
    text = decode_text(behavior, "behavior")
    if trigger is not None:
        text = f"{text}@{decode_text(trigger, 'trigger')}"
    node.set_behavior(decode_text(validator, "validator"), parse_behavior(text))
    return True


def join(node: Node, address: object, key: object, endpoint: object) -> Json:
    """Let a validator process take part, as a follower until it has power."""
    if not isinstance(node.cluster, Federation):
        raise ConfigError("validators run in this process; start with 'devnet up --processes'")
    network = node.cluster.introduce(
        decode_bytes(address, "address", 20),
        decode_text(key, "key"),
        decode_text(endpoint, "endpoint"),
    )
    return show_network(network)


METHODS: Mapping[str, Method | Routed] = {
    "consensus_status": get_status,
    "consensus_validators": get_validators,
    "consensus_commit": get_commit,
    "consensus_setBehavior": write(set_behavior),
    "consensus_partition": write(set_partition),
    "consensus_heal": write(heal),
    "consensus_join": write(join),
}


def _show_agreement(cluster: Cluster) -> dict[str, Json]:
    """The chain's rule and what it made of results that differ, where it is not exact bits."""
    if cluster.agreement == "exact":
        return {}
    rulings = [str(ruling) for ruling in cluster.record.rulings]
    return {"agreement": cluster.agreement, "rulings": [*rulings]}


def _list_accusations(cluster: Cluster) -> Iterator[str]:
    """Evidence that waits for a block."""
    names = {standing.address: standing.name for standing in cluster.standings}
    for accusation in cluster.evidence:
        first = accusation.proof.first
        who = names.get(first.validator, encode_bytes(first.validator))
        what = classify(accusation.proof).name.lower().replace("_", " ")
        yield f"{who}: {what} at height {first.height} round {first.round}"


def _show_processes(cluster: Cluster) -> dict[str, Json]:
    """Nothing where validators run in this process."""
    if not isinstance(cluster, Federation):
        return {}
    return {"peers": list(cluster.processes), "turnedAway": cluster.strangers}
