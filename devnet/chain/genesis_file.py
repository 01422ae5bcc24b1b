"""Genesis in geth's JSON: chain configuration, header fields and accounts.

Numbers may be JSON numbers, decimal or hex strings, addresses with or without 0x, as geth reads
them. Source: geth's `core.Genesis`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devnet.chain.fee import INITIAL_BASE_FEE
from devnet.chain.forks.blob import is_payable
from devnet.chain.forks.configuration import parse_schedule, read_number, read_optional
from devnet.chain.forks.difficulty import MIN_DIFFICULTY
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import Header
from devnet.chain.world import World
from devnet.errors import ConfigError
from devnet.nesting import MAX_DEPTH, is_too_deep

_DEFAULT_GAS_LIMIT = 4_712_388


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """An account of block 0."""

    address: bytes
    balance: int  # wei
    nonce: int = 0
    code: bytes = b""
    storage: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Genesis:
    """Where a chain begins; the state root of `header` is blank."""

    chain_id: int
    schedule: ForkSchedule
    header: Header
    accounts: tuple[GenesisAccount, ...]


def load_genesis(path: Path) -> Genesis:
    """Read a file. Raises: ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"cannot read genesis {path}: {fault}") from fault
    return parse_genesis(text)


def parse_genesis(text: str) -> Genesis:
    """Read geth's JSON.

    Raises: ConfigError naming the key and what it must be.
    """
    if is_too_deep(text):
        raise ConfigError(f"genesis: more than {MAX_DEPTH} brackets inside each other")
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as broken:
        raise ConfigError(f"genesis is not JSON: {broken}") from broken
    config = _read_object(_read_object(data, "genesis").get("config"), "config")
    schedule = parse_schedule(config)
    alloc = _read_object(data.get("alloc", {}), "alloc")
    return Genesis(
        read_number(config.get("chainId"), "config.chainId"),
        schedule,
        _build_header(data, schedule),
        tuple(_read_account(key, _read_object(value, key)) for key, value in alloc.items()),
    )


def place_genesis(world: World, genesis: Genesis) -> Header:
    """Write block 0 into a world; the header with its state root."""
    state = world.open_empty(genesis.header)
    for account in genesis.accounts:
        state.set_balance(account.address, account.balance)
        state.set_nonce(account.address, account.nonce)
        if account.code:
            state.set_code(account.address, account.code)
        for slot, value in account.storage:
            state.set_storage(account.address, slot, value)
    state.persist()
    return replace(genesis.header, state_root=state.state_root)


def _build_header(data: Mapping[str, Any], schedule: ForkSchedule) -> Header:
    timestamp = read_optional(data, "timestamp") or 0
    rules = schedule.get_rules(schedule.find_genesis_fork(timestamp))
    base_fee = read_optional(data, "baseFeePerGas", 256)
    excess = read_optional(data, "excessBlobGas") or 0
    if rules.fork >= Fork.CANCUN and not is_payable(excess, rules.blob):
        raise ConfigError(f"genesis: with excessBlobGas {excess} a blob costs more than there is")
    return Header(
        parent_hash=_read_bytes(data, "parentHash", 32),
        coinbase=_read_bytes(data, "coinbase", 20),
        state_root=bytes(32),
        difficulty=_read_difficulty(data),
        number=read_optional(data, "number") or 0,
        gas_limit=read_optional(data, "gasLimit") or _DEFAULT_GAS_LIMIT,
        gas_used=read_optional(data, "gasUsed") or 0,
        timestamp=timestamp,
        extra_data=_read_hex(data.get("extraData") or "0x", "extraData"),
        mix_hash=_read_bytes(data, "mixHash", 32),
        nonce=(read_optional(data, "nonce") or 0).to_bytes(8, "big"),
        base_fee_per_gas=(INITIAL_BASE_FEE if base_fee is None else base_fee)
        if rules.fork >= Fork.LONDON
        else 0,
        blob_gas_used=(read_optional(data, "blobGasUsed") or 0) * (rules.fork >= Fork.CANCUN),
        excess_blob_gas=excess * (rules.fork >= Fork.CANCUN),
        length=rules.header_length,
    )


def _read_difficulty(data: Mapping[str, Any]) -> int:
    given = read_optional(data, "difficulty", 256)
    if given is not None:
        return given
    return 0 if data["config"].get("ethash") is None else MIN_DIFFICULTY


def _read_account(key: str, data: Mapping[str, Any]) -> GenesisAccount:
    address = _read_hex(key, "alloc")
    if len(address) != 20:
        raise ConfigError(f"genesis: alloc has {key!r}; an address has 20 bytes")
    return GenesisAccount(
        address,
        read_optional(data, "balance", 256) or 0,
        read_optional(data, "nonce") or 0,
        _read_hex(data.get("code") or "0x", f"alloc.{key}.code"),
        tuple(_read_storage(_read_object(data.get("storage") or {}, f"alloc.{key}.storage"))),
    )


def _read_storage(words: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for slot, value in words.items():
        yield _read_word(slot), _read_word(value)


def _read_word(text: Any) -> int:
    word = _read_hex(text, "storage")
    if len(word) > 32:
        raise ConfigError(f"genesis: storage has {text!r}; a word has 32 bytes")
    return int.from_bytes(word, "big")


def _read_bytes(data: Mapping[str, Any], key: str, size: int) -> bytes:
    value = data.get(key)
    found = bytes(size) if value is None else _read_hex(value, key)
    if len(found) != size:
        raise ConfigError(f"genesis: {key} has {len(found)} bytes, must have {size}")
    return found


def _read_hex(text: Any, name: str) -> bytes:
    digits = text.removeprefix("0x") if isinstance(text, str) else "?"
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    except ValueError as broken:
        raise ConfigError(f"genesis: {name} has {text!r}; must be hex") from broken


def _read_object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"genesis: {name} must be an object")
    return value
