"""Genesis: funded accounts, the system contracts of the fork, code at our precompiles."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from devnet.chain.forks.difficulty import MIN_DIFFICULTY
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.forks.system import place_system_contracts
from devnet.chain.header import Header
from devnet.chain.world import World
from devnet.config import Config
from devnet.streams import draw

_STUB_CODE = b"\xfe"  # INVALID: old Solidity checks extcodesize before a call


def build_genesis(
    world: World,
    config: Config,
    funded: Iterable[bytes],
    precompiles: Iterable[bytes],
    validators_hash: bytes,
) -> Header:
    """Write block 0 into a world; equal arguments give an equal header in every world.

    Args:
        funded: addresses that get `config.balance_wei` each.
        precompiles: addresses that get a byte of code.
        validators_hash: of the first validator set; stands in `extraData`.
    """
    header = Header(
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes(32),
        number=0,
        gas_limit=config.block_gas_limit,
        timestamp=config.genesis_time_s,
        extra_data=validators_hash,
        mix_hash=draw(config.seed, "genesis", config.chain_id),
        base_fee_per_gas=config.base_fee_wei,
    )
    state = world.open_empty(header)
    for address in funded:
        state.set_balance(address, config.balance_wei)
    for address in precompiles:
        state.set_code(address, _STUB_CODE)
        state.set_nonce(address, 1)
    for address, code in (
        (BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE),
        (HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE),
    ):
        state.set_code(address, code)
        state.set_nonce(address, 1)
    state.persist()
    return replace(header, state_root=state.state_root)
