"""What a chain says of its forks: fork ids and the configurations of `eth_config`.

Source: EIP-2124 and 6122 (fork id), EIP-7910 (configurations).
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)

from devnet.chain.forks.blob import BlobParameters
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import Header

_PRECOMPILES = (  # first fork, number of the first address, names
    (Fork.FRONTIER, 0x01, ("ECREC", "SHA256", "RIPEMD160", "ID")),
    (Fork.BYZANTIUM, 0x05, ("MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING")),
    (Fork.ISTANBUL, 0x09, ("BLAKE2F",)),
    (Fork.CANCUN, 0x0A, ("KZG_POINT_EVALUATION",)),
    (
        Fork.PRAGUE,
        0x0B,
        (
            *("BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK"),
            *("BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2"),
        ),
    ),
    (Fork.OSAKA, 0x100, ("P256VERIFY",)),
)


@dataclass(frozen=True, slots=True)
class ForkConfiguration:
    """One configuration of `eth_config`; names in alphabetical order."""

    activation_time: int  # seconds since the epoch, 0 for forks by number
    blob: BlobParameters
    fork_id: bytes
    precompiles: tuple[tuple[str, bytes], ...]
    system_contracts: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class ForkOutlook:
    """The configuration of now, the next one and the last one that is known."""

    current: ForkConfiguration
    upcoming: ForkConfiguration | None
    last: ForkConfiguration | None


def describe_forks(
    schedule: ForkSchedule,
    genesis: Header,
    genesis_hash: bytes,
    head: Header,
    ours: Mapping[str, bytes] | None = None,
) -> ForkOutlook:
    """What `eth_config` answers at a head.

    Args:
        ours: names and addresses of precompiles that only this chain has.
    """
    fork = schedule.find_fork(head)

    def describe(at: Fork, timestamp: int) -> ForkConfiguration:
        return ForkConfiguration(
            _find_activation(schedule, at),
            schedule.get_rules(at).blob,
            compute_fork_id(schedule, genesis, genesis_hash, head.number, timestamp),
            tuple(sorted({**dict(_list_precompiles(at)), **(ours or {})}.items())),
            tuple(sorted(_list_system_contracts(schedule.get_rules(at)))),
        )

    later = [(first, f) for first, f in schedule.times if first > head.timestamp]
    # several may begin at once: the latest of them decides
    moments = sorted({first for first, _ in later})
    coming = [describe(max(f for t, f in later if t == first), first) for first in moments]
    current = describe(fork, head.timestamp)
    return ForkOutlook(current, coming[0] if coming else None, coming[-1] if coming else None)


def compute_fork_id(
    schedule: ForkSchedule, genesis: Header, genesis_hash: bytes, number: int, timestamp: int
) -> bytes:
    """CRC-32 over the genesis hash and all forks that have begun at a block."""
    numbers = {first for first, _ in schedule.numbers}
    numbers |= {n for n in (schedule.dao_number, schedule.merge_netsplit_number) if n is not None}
    times = {first for first, _ in schedule.times}
    begun = sorted(first for first in numbers if 0 < first <= number)
    begun += sorted(first for first in times if genesis.timestamp < first <= timestamp)
    checksum = zlib.crc32(genesis_hash)
    for first in begun:
        checksum = zlib.crc32(first.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def _find_activation(schedule: ForkSchedule, fork: Fork) -> int:
    return next((first for first, f in schedule.times if f is fork), 0)


def _list_precompiles(fork: Fork) -> Iterator[tuple[str, bytes]]:
    for first, number, names in _PRECOMPILES:
        if fork >= first:
            for index, name in enumerate(names):
                yield name, (number + index).to_bytes(20, "big")


def _list_system_contracts(rules: Rules) -> Iterator[tuple[str, bytes]]:
    if rules.fork >= Fork.CANCUN:
        yield "BEACON_ROOTS_ADDRESS", BEACON_ROOTS_ADDRESS
    if rules.fork >= Fork.PRAGUE:
        yield "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS
        yield "DEPOSIT_CONTRACT_ADDRESS", rules.deposit_contract
        yield "HISTORY_STORAGE_ADDRESS", HISTORY_STORAGE_ADDRESS
        yield "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS
