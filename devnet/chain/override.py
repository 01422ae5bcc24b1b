"""What a caller wants to be otherwise while a call is tried: accounts, precompiles, the block.

Source: geth's `override.StateOverride` and `BlockOverrides`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.address import to_checksum_address

from devnet.chain.block import Withdrawal
from devnet.chain.header import Header
from devnet.chain.prepared import PreparedWorld, rebind_state
from devnet.chain.world import World
from devnet.errors import ChainError


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """Parts of an account; None leaves a part as it is."""

    nonce: int | None = None
    code: bytes | None = None
    balance: int | None = None
    storage: Mapping[int, int] | None = None  # all its words
    words: Mapping[int, int] | None = None  # some of them
    moved_to: bytes | None = None  # where the precompile that is here answers instead


@dataclass(frozen=True, slots=True)
class BlockOverride:
    """Parts of a block; None leaves a part as it is."""

    number: int | None = None
    timestamp: int | None = None
    difficulty: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    mix_hash: bytes | None = None
    base_fee_per_gas: int | None = None
    blob_base_fee: int | None = None
    parent_beacon_block_root: bytes | None = None
    withdrawals: tuple[Withdrawal, ...] | None = None


_HEADER_FIELDS = (
    "number",
    "timestamp",
    "difficulty",
    "gas_limit",
    "coinbase",
    "mix_hash",
    "base_fee_per_gas",
    "parent_beacon_block_root",
)
Accounts = Mapping[bytes, AccountOverride]


def override_header(header: Header, block: BlockOverride) -> Header:
    """The header with what the override names; a difficulty counts only under proof of work."""
    changed = {name: getattr(block, name) for name in _HEADER_FIELDS}
    if not header.difficulty:
        changed["difficulty"] = None
    return replace(header, **{name: v for name, v in changed.items() if v is not None})


def override_world(world: World, accounts: Accounts, block: BlockOverride) -> World:
    """A world in which every state that is opened has the overrides."""

    def prepare(state: Any) -> Any:
        if block.blob_base_fee is not None:
            state = rebind_state(state, blob_base_fee=block.blob_base_fee)
        apply_accounts(state, accounts)
        return state

    return PreparedWorld(world, prepare)


def shift_ancestors(ancestors: Sequence[bytes], number: int, wanted: int) -> Sequence[bytes]:
    """Hashes before block `number`, latest first, as BLOCKHASH sees them from block `wanted`."""
    if wanted <= number:
        return ancestors[number - wanted :]
    return [bytes(32)] * min(wanted - number, 256) + list(ancestors)


def apply_accounts(state: Any, accounts: Accounts) -> None:
    """Change accounts of a state and precompiles of its computations.

    Raises: ChainError if an override contradicts itself or another one, or moves no precompile.
    """
    upstream = state.computation_class
    precompiles = dict(upstream._precompiles)
    destinations: set[bytes] = set()
    for address, account in accounts.items():
        name = to_checksum_address(address)
        if address in destinations:
            raise ChainError(f"account {name} has already been overridden by a precompile")
        if account.moved_to is not None:
            if address not in precompiles:
                raise ChainError(f"account {name} is not a precompile")
            if account.moved_to in accounts:
                moved = to_checksum_address(account.moved_to)
                raise ChainError(f"account {moved} is already overridden")
            precompiles[account.moved_to] = precompiles[address]
            destinations.add(account.moved_to)
        precompiles.pop(address, None)
        if account.storage is not None and account.words is not None:
            raise ChainError(f"account {name} has both 'state' and 'stateDiff'")
        _apply(state, address, account)
    state.lock_changes()
    if precompiles != upstream._precompiles:
        warm = classmethod(lambda _: upstream.get_precompiles())  # as they were before
        members = {"_precompiles": precompiles, "get_precompiles": warm}
        state.computation_class = type("MovedComputation", (upstream,), members)


def _apply(state: Any, address: bytes, account: AccountOverride) -> None:
    if account.nonce is not None:
        state.set_nonce(address, account.nonce)
    if account.code is not None:
        state.set_code(address, account.code)
    if account.balance is not None:
        state.set_balance(address, account.balance)
    if account.storage is not None:
        state.delete_storage(address)
    for slot, word in (account.storage or account.words or {}).items():
        state.set_storage(address, slot, word)
