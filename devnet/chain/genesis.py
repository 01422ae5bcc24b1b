"""Genesis: funded accounts, the system contracts of the fork, code at our precompiles."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from devnet.chain.forks.difficulty import MIN_DIFFICULTY
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.system import place_system_contracts
from devnet.chain.header import Header
from devnet.chain.predeploy import place_predeploys
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

    The forks are those of the world's schedule, and so are contracts of our own.

    Args:
        funded: addresses that get `config.balance_wei` each.
        precompiles: addresses that get a byte of code.
        validators_hash: of the first validator set; stands in `extraData`.
    """
    fork = world.schedule.find_genesis_fork(config.genesis_time_s)
    header = Header(
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes(32),
        number=0,
        gas_limit=config.block_gas_limit,
        timestamp=config.genesis_time_s,
        difficulty=MIN_DIFFICULTY if fork < Fork.PARIS else 0,
        extra_data=validators_hash,
        mix_hash=draw(config.seed, "genesis", config.chain_id),
        base_fee_per_gas=config.base_fee_wei if fork >= Fork.LONDON else 0,
        length=world.schedule.get_rules(fork).header_length,
    )
    state = world.open_empty(header)
    for address in funded:
        state.set_balance(address, config.balance_wei)
    place_stubs(state, precompiles)
    place_predeploys(state, world.predeploys)
    place_system_contracts(state, fork)
    state.persist()
    return replace(header, state_root=state.state_root)


def place_stubs(state: Any, precompiles: Iterable[bytes]) -> None:
    """Give the addresses of our precompiles a byte of code and a nonce, so that they are kept."""
    for address in precompiles:
        state.set_code(address, _STUB_CODE)
        state.set_nonce(address, 1)
