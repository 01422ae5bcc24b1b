"""eth: rules the chain follows now and next (EIP-7910), and what this node can be asked for."""

import zlib
from collections.abc import Mapping, Sequence

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed
from devnet.rpc.quantity import encode_bytes, encode_quantity

_PRECOMPILES = (  # first fork, first address, names as EIP-7910 has them
    (Fork.FRONTIER, 0x01, "ECREC SHA256 RIPEMD160 ID"),
    (Fork.BYZANTIUM, 0x05, "MODEXP BN254_ADD BN254_MUL BN254_PAIRING"),
    (Fork.ISTANBUL, 0x09, "BLAKE2F"),
    (Fork.CANCUN, 0x0A, "KZG_POINT_EVALUATION"),
    (Fork.PRAGUE, 0x0B, "BLS12_G1ADD BLS12_G1MSM BLS12_G2ADD BLS12_G2MSM BLS12_PAIRING_CHECK"),
    (Fork.PRAGUE, 0x10, "BLS12_MAP_FP_TO_G1 BLS12_MAP_FP2_TO_G2"),
    (Fork.OSAKA, 0x0100, "P256VERIFY"),
)
_SYSTEM_NAMES = (
    "BEACON_ROOTS_ADDRESS",
    "HISTORY_STORAGE_ADDRESS",
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS",
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS",
)


def get_config(node: Node) -> Json:
    """Current rules, the next ones and the last ones known; null where there are none."""
    schedule, now = node.cluster.reader.world.schedule, node.head.header.timestamp
    times = sorted({time for time, _ in schedule.times})
    current = max((time for time in times if time <= now), default=0)
    coming = [time for time in times if time > now]
    return {
        "current": _show_rules(node, current),
        "next": _show_rules(node, coming[0]) if coming else None,
        "last": _show_rules(node, coming[-1]) if coming else None,
    }


def get_capabilities(node: Node) -> Json:
    """Every block is kept, with state, proofs, receipts and events."""
    kept: Json = {"disabled": False, "oldestBlock": encode_quantity(0)}
    head = node.head
    return {
        "head": {"number": encode_quantity(head.header.number), "hash": encode_bytes(head.hash)},
        **dict.fromkeys(("state", "tx", "logs", "receipts", "blocks", "stateproofs"), kept),
    }


METHODS: Mapping[str, Method | Routed] = {
    "eth_config": get_config,
    "eth_capabilities": get_capabilities,
}


def compute_fork_id(genesis_hash: bytes, forks: Sequence[int]) -> bytes:
    """Checksum of a chain's past: its first block and where its rules changed (EIP-2124)."""
    checksum = zlib.crc32(genesis_hash)
    for fork in forks:
        checksum = zlib.crc32(fork.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def _show_rules(node: Node, time: int) -> Json:
    world, genesis = node.cluster.reader.world, node.history.get_block(0)
    schedule = world.schedule
    fork = max((fork for first, fork in schedule.times if first <= time), default=Fork.PARIS)
    rules = schedule.get_rules(fork)
    blobs: Json = None
    if fork >= Fork.CANCUN:
        blobs = {
            "target": rules.blob.target,
            "max": rules.blob.maximum,
            "baseFeeUpdateFraction": rules.blob.update_fraction,
        }
    passed = _list_activations(schedule, genesis.header.timestamp, time)
    return {
        "activationTime": time,
        "blobSchedule": blobs,
        "chainId": encode_quantity(node.config.chain_id),
        "forkId": encode_bytes(compute_fork_id(genesis.hash, passed)),
        "precompiles": _show_precompiles(node, fork),
        "systemContracts": _show_system_contracts(fork, rules.deposit_contract),
    }


def _list_activations(schedule: ForkSchedule, genesis_time: int, time: int) -> list[int]:
    numbers = {first for first, _ in schedule.numbers}
    numbers |= {schedule.merge_netsplit_number or 0, schedule.dao_number or 0}
    times = {first for first, _ in schedule.times if genesis_time < first <= time}
    return [*sorted(numbers - {0}), *sorted(times)]


def _show_precompiles(node: Node, fork: Fork) -> dict[str, Json]:
    shown = {
        name: first + offset
        for since, first, names in _PRECOMPILES
        if fork >= since
        for offset, name in enumerate(names.split())
    }
    theirs = {name: encode_bytes(number.to_bytes(20, "big")) for name, number in shown.items()}
    world = node.cluster.reader.world
    ours = {name: encode_bytes(address) for address, (name, _) in world.table.items()}
    return dict(sorted((theirs | ours).items()))


def _show_system_contracts(fork: Fork, deposit_contract: bytes) -> dict[str, Json]:
    contracts = zip(_SYSTEM_NAMES, SYSTEM_CONTRACTS.items(), strict=True)
    shown = {name: encode_bytes(address) for name, (address, (_, f)) in contracts if fork >= f}
    if fork >= Fork.PRAGUE:
        shown["DEPOSIT_CONTRACT_ADDRESS"] = encode_bytes(deposit_contract)
    return dict(sorted(shown.items()))
