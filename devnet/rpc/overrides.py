"""State and block overrides of calls, as geth reads them.

| account                   | means                  | block                      | also read as  |
|---------------------------|------------------------|----------------------------|---------------|
| `balance` `nonce` `code`  | instead of its own     | `number` `difficulty`      |               |
| `state`                   | all its storage        | `time`                     | `timestamp`   |
| `stateDiff`               | some of it             | `gasLimit` `blobBaseFee`   |               |
| `movePrecompileToAddress` | where it answers       | `feeRecipient`             | `coinbase`    |
|                           |                        | `prevRandao`               | `random`      |
|                           |                        | `baseFeePerGas`            | `baseFee`     |
|                           |                        | `beaconRoot` `withdrawals` |               |
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from devnet.chain.block import Withdrawal
from devnet.chain.override import AccountOverride, Accounts, BlockOverride
from devnet.errors import InvalidParams
from devnet.rpc.quantity import (
    build_refusal,
    decode_address,
    decode_bytes,
    decode_hash,
    decode_list,
    decode_object,
    decode_quantity,
    decode_uint64,
    decode_word,
)

T = TypeVar("T")
MAX_ACCOUNTS = 1_000  # of one override
MAX_WORDS = 100_000  # of one account
MAX_WITHDRAWALS = 16
_NAMES = {  # of block fields, with their older ones
    "timestamp": "time",
    "coinbase": "feeRecipient",
    "random": "prevRandao",
    "baseFee": "baseFeePerGas",
}


def decode_accounts(value: object, name: str = "stateOverrides") -> Accounts:
    """Overrides by address. Raises: InvalidParams."""
    if value is None:
        return {}
    fields = decode_object(value, name)
    if len(fields) > MAX_ACCOUNTS:
        raise InvalidParams(f"{name} has {len(fields)} accounts, at most {MAX_ACCOUNTS}")
    return {
        decode_address(address, name): _decode_account(account, f"{name}.{address[:42]}")
        for address, account in fields.items()
    }


def decode_block_override(
    value: object, name: str = "blockOverrides", *, is_simulated: bool = False
) -> BlockOverride:
    """One block's overrides.

    Args:
        is_simulated: whether a whole block is made, so that withdrawals and beacon root count.
    Raises: InvalidParams.
    """
    given = {} if value is None else decode_object(value, name)
    fields = {_NAMES.get(key, key): field for key, field in given.items()}

    def read(key: str, decode: Callable[[object, str], T]) -> T | None:
        return decode(fields[key], f"{name}.{key}") if key in fields else None

    for key in ("beaconRoot", "withdrawals"):
        if key in fields and not is_simulated:
            raise InvalidParams(f'block override "{key}" is not supported for this RPC method')
    return BlockOverride(
        number=read("number", decode_uint64),
        timestamp=read("time", decode_uint64),
        difficulty=read("difficulty", decode_quantity),
        gas_limit=read("gasLimit", decode_uint64),
        coinbase=read("feeRecipient", decode_address),
        mix_hash=read("prevRandao", _decode_full_word),
        base_fee_per_gas=read("baseFeePerGas", decode_quantity),
        blob_base_fee=read("blobBaseFee", decode_quantity),
        parent_beacon_block_root=read("beaconRoot", decode_hash),
        withdrawals=read("withdrawals", decode_withdrawals),
    )


def decode_withdrawals(value: object, name: str) -> tuple[Withdrawal, ...]:
    """Withdrawals of a block; amounts in gwei. Raises: InvalidParams."""
    items = decode_list(value, name, MAX_WITHDRAWALS)
    return tuple(_decode_withdrawal(item, f"{name}[{i}]") for i, item in enumerate(items))


def _decode_withdrawal(value: object, name: str) -> Withdrawal:
    fields = decode_object(value, name)
    if missing := [k for k in ("index", "validatorIndex", "address", "amount") if k not in fields]:
        raise build_refusal(name, value, f"an object with {missing[0]}")
    return Withdrawal(
        decode_uint64(fields["index"], f"{name}.index"),
        decode_uint64(fields["validatorIndex"], f"{name}.validatorIndex"),
        decode_address(fields["address"], f"{name}.address"),
        decode_uint64(fields["amount"], f"{name}.amount"),
    )


def _decode_account(value: object, name: str) -> AccountOverride:
    fields = decode_object(value, name)

    def read(key: str, decode: Callable[[object, str], T]) -> T | None:
        return decode(fields[key], f"{name}.{key}") if key in fields else None

    return AccountOverride(
        nonce=read("nonce", decode_uint64),
        code=read("code", decode_bytes),
        balance=read("balance", decode_quantity),
        storage=read("state", _decode_words),
        words=read("stateDiff", _decode_words),
        moved_to=read("movePrecompileToAddress", decode_address),
    )


def _decode_words(value: object, name: str) -> Mapping[int, int]:
    fields = decode_object(value, name)
    if len(fields) > MAX_WORDS:
        raise InvalidParams(f"{name} has {len(fields)} words, at most {MAX_WORDS}")
    return {
        decode_word(slot, name): decode_word(word, f"{name}.{slot[:66]}")
        for slot, word in fields.items()
    }


def _decode_full_word(value: object, name: str) -> bytes:
    return decode_word(value, name).to_bytes(32, "big")
