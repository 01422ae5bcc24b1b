"""Rules that a block must meet before it is executed: header against parent, body against header.

Source: Yellow Paper 4.4.4; EIP-225 bounds, 779, 1559, 3675, 4895, 4844, 7685, 7918, 7934.
"""

from collections.abc import Sequence

from devnet.chain.block import Execution
from devnet.chain.body import (
    Block,
    compute_block_bytes,
    compute_uncles_hash,
    compute_withdrawals_root,
)
from devnet.chain.fee import ELASTICITY, compute_base_fee
from devnet.chain.forks.blob import GAS_PER_BLOB, compute_excess_blob_gas
from devnet.chain.forks.difficulty import compute_difficulty
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import (
    EMPTY_UNCLES_HASH,
    LONDON_LENGTH,
    Header,
    compute_header_hash,
)
from devnet.chain.state.proof import compute_list_root
from devnet.errors import BadBlock

MAX_EXTRA_BYTES = 32
MIN_GAS_LIMIT = 5_000
MAX_GAS_LIMIT = 2**63 - 1
MAX_UNCLES = 2
MAX_UNCLE_DEPTH = 6  # generations between an uncle and the block that names it
_GAS_LIMIT_DIVISOR = 1_024
_DAO_EXTRA = b"dao-hard-fork"
_DAO_EXTRA_RANGE = 10  # blocks


def check_header(
    header: Header, parent: Header, parent_hash: bytes, schedule: ForkSchedule
) -> None:
    """Hold a header to what its parent and its fork prescribe; proof of work is not looked at.

    Raises: BadBlock naming the field, its value and what it must be.
    """
    rules = schedule.find_rules(header)
    number = header.number
    _require(header.number == parent.number + 1, number, "number", f"parent is {parent.number}")
    _require_equal(number, "parent_hash", header.parent_hash, parent_hash)
    _require_equal(number, "number of fields", header.length, rules.header_length)
    _require(
        header.timestamp > parent.timestamp,
        number,
        f"timestamp {header.timestamp}",
        f"must be after {parent.timestamp}",
    )
    _check_extra(header, schedule)
    _check_gas(header, parent, rules)
    if rules.is_proof_of_stake:
        _require_equal(number, "difficulty", header.difficulty, 0)
        _require_equal(number, "nonce", header.nonce, bytes(8))
        _require_equal(number, "uncles_hash", header.uncles_hash, EMPTY_UNCLES_HASH)
    else:
        wanted = compute_difficulty(parent, header.timestamp, rules.fork)
        _require_equal(number, "difficulty", header.difficulty, wanted)
    if rules.fork >= Fork.CANCUN:
        excess = compute_excess_blob_gas(parent, rules.blob, rules.fork)
        _require_equal(number, "excess_blob_gas", header.excess_blob_gas, excess)
        limit = rules.blob.maximum * GAS_PER_BLOB
        _require(
            header.blob_gas_used <= limit and header.blob_gas_used % GAS_PER_BLOB == 0,
            number,
            f"blob_gas_used {header.blob_gas_used}",
            f"must be a multiple of {GAS_PER_BLOB}, at most {limit}",
        )


def check_body(block: Block, rules: Rules) -> None:
    """Hold a body to its header. Raises: BadBlock."""
    number = block.header.number
    roots = {
        "transactions_root": compute_list_root(block.transactions),
        "uncles_hash": compute_uncles_hash(block.uncles),
    }
    if rules.fork >= Fork.SHANGHAI:
        roots["withdrawals_root"] = compute_withdrawals_root(block.withdrawals)
    for name, found in roots.items():
        _require_equal(number, name, getattr(block.header, name), found)
    size = compute_block_bytes(block.header, block.transactions, block.uncles, block.withdrawals)
    _require(
        size <= rules.max_block_bytes,
        number,
        f"block of {size} bytes",
        f"at most {rules.max_block_bytes} (EIP-7934)",
    )


def check_uncles(block: Block, ancestors: Sequence[Execution], schedule: ForkSchedule) -> None:
    """Hold the uncles of a block to the last generations before it.

    Args:
        ancestors: earlier blocks, the parent first; seven are enough.
    Raises: BadBlock.
    """
    number = block.header.number
    _require(len(block.uncles) <= MAX_UNCLES, number, f"{len(block.uncles)} uncles", "at most 2")
    if not block.uncles:
        return
    family = {ancestor.hash: ancestor.header for ancestor in ancestors[: MAX_UNCLE_DEPTH + 1]}
    named = {compute_header_hash(u) for a in ancestors[:MAX_UNCLE_DEPTH] for u in a.uncles}
    for uncle in block.uncles:
        uncle_hash = compute_header_hash(uncle)
        what = f"uncle 0x{uncle_hash.hex()}"
        _require(uncle_hash not in named, number, what, "was named before")
        _require(uncle_hash not in family, number, what, "is an ancestor")
        parent = family.get(uncle.parent_hash)
        if parent is None or uncle.parent_hash == block.header.parent_hash:
            raise BadBlock(f"block {number}: {what} is no child of an ancestor 2 to 7 blocks back")
        check_header(uncle, parent, uncle.parent_hash, schedule)
        named.add(uncle_hash)


def check_merge(
    header: Header, parent_total_difficulty: int, terminal_difficulty: int | None
) -> None:
    """Hold a block to the total difficulty at which proof of work ends (EIP-3675).

    Raises: BadBlock.
    """
    if terminal_difficulty is None:
        return
    has_ended = parent_total_difficulty >= terminal_difficulty
    _require(
        has_ended == (header.difficulty == 0),
        header.number,
        f"difficulty {header.difficulty}",
        f"total is {parent_total_difficulty}, proof of work ends at {terminal_difficulty}",
    )


def _check_extra(header: Header, schedule: ForkSchedule) -> None:
    extra = header.extra_data
    _require(
        len(extra) <= MAX_EXTRA_BYTES,
        header.number,
        f"extra_data of {len(extra)} bytes",
        f"at most {MAX_EXTRA_BYTES}",
    )
    dao = schedule.dao_number
    if dao is not None and 0 <= header.number - dao < _DAO_EXTRA_RANGE:
        _require(
            (extra == _DAO_EXTRA) == schedule.supports_dao,
            header.number,
            f"extra_data {extra!r}",
            f"chain {'supports' if schedule.supports_dao else 'opposes'} the DAO fork",
        )


def _check_gas(header: Header, parent: Header, rules: Rules) -> None:
    number, limit, before = header.number, header.gas_limit, parent.gas_limit
    if rules.fork >= Fork.LONDON:
        _require_equal(
            number, "base_fee_per_gas", header.base_fee_per_gas, compute_base_fee(parent)
        )
        before *= ELASTICITY if parent.length < LONDON_LENGTH else 1
    step = before // _GAS_LIMIT_DIVISOR
    _require(
        abs(limit - before) < step and MIN_GAS_LIMIT <= limit <= MAX_GAS_LIMIT,
        number,
        f"gas_limit {limit}",
        f"must be less than {step} from {before}, and {MIN_GAS_LIMIT} to {MAX_GAS_LIMIT}",
    )
    _require(
        header.gas_used <= limit, number, f"gas_used {header.gas_used}", f"gas_limit is {limit}"
    )


def _require_equal(number: int, name: str, found: int | bytes, wanted: int | bytes) -> None:
    if found != wanted:
        raise BadBlock(f"block {number}: {name} is {show(found)}, must be {show(wanted)}")


def _require(holds: bool, number: int, what: str, wanted: str) -> None:
    if not holds:
        raise BadBlock(f"block {number}: {what}: {wanted}")


def show(value: int | bytes) -> str:
    """A field as error messages have it."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
