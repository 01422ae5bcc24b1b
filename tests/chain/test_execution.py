"""A block of ours is the block py-evm comes to: same state, receipts, gas and hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.chain.conftest import Bench, Oracle

FRESH = bytes.fromhex("f5" * 20)
KEEPER = bytes.fromhex("a1" * 20)  # stores call data word 0 in slot 0
TALKER = bytes.fromhex("a2" * 20)  # five logs
FAILER = bytes.fromhex("a3" * 20)  # writes, logs and reverts with data
BURNER = bytes.fromhex("a4" * 20)  # writes, then INVALID
CALLER = bytes.fromhex("a5" * 20)  # calls KEEPER, FAILER and BURNER, logs what came of it
WITNESS = bytes.fromhex("a6" * 20)  # stores what the block context says
MORTAL = bytes.fromhex("a7" * 20)  # self-destructs in favour of FRESH
FACTORY = bytes.fromhex("a8" * 20)  # CREATE and CREATE2 of its call data
TRANSIENT = bytes.fromhex("a9" * 20)  # counts in transient storage, keeps the count
DELEGATOR = bytes.fromhex("aa" * 20)  # delegatecalls KEEPER, staticcalls TALKER

ASK = [
    "NUMBER", "TIMESTAMP", "COINBASE", "PREVRANDAO", "GASLIMIT", "BASEFEE", "BLOBBASEFEE",
    "CHAINID", "ORIGIN", "GASPRICE", "SELFBALANCE", "CALLVALUE", "GAS",
]  # fmt: skip


# fmt: off
def build_codes(assemble: Callable[..., bytes]) -> dict[bytes, bytes]:
    """The contracts of the scenario."""

    def call(kind: str, target: bytes, size: int) -> tuple[Any, ...]:
        value = () if kind in ("DELEGATECALL", "STATICCALL") else (0,)
        return (0, 0, size, 0, *value, target, 20_000, kind)

    logs = [part for n in range(5) for part in (*range(n), 32 * n, 0, f"LOG{n}")]
    asked = [part for slot, name in enumerate(ASK) for part in (name, slot, "SSTORE")]
    asked += [part for back in (1, 2, 300) for part in
              (back, "NUMBER", "SUB", "BLOCKHASH", 100 + back, "SSTORE")]
    outcomes = [part for slot, target in enumerate((KEEPER, FAILER, BURNER, FRESH))
                for part in (*call("CALL", target, 32), slot, "SSTORE")]
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    return {
        KEEPER: assemble(0, "CALLDATALOAD", 0, "SSTORE"),
        TALKER: assemble(*logs),
        FAILER: assemble(7, 0, "SSTORE", 0, 0, "LOG0", 0xBAD, 0, "MSTORE", 32, 0, "REVERT"),
        BURNER: assemble(7, 0, "SSTORE") + b"\xfe",
        CALLER: assemble(*copy, *outcomes, "RETURNDATASIZE", 9, "SSTORE", 32, 0, "LOG0"),
        WITNESS: assemble(*asked),
        MORTAL: assemble(FRESH, "SELFDESTRUCT"),
        FACTORY: assemble(
            *copy, "CALLDATASIZE", 0, 0, "CREATE", 0, "SSTORE",
            5, "CALLDATASIZE", 0, 3, "CREATE2", 1, "SSTORE", 0, "SLOAD", "EXTCODEHASH", 2, "SSTORE",
        ),
        TRANSIENT: assemble(
            0, "TLOAD", 1, "ADD", "DUP1", 0, "TSTORE", 0, "SSTORE", 32, 0, 32, "MCOPY"
        ),
        DELEGATOR: assemble(
            *copy, *call("DELEGATECALL", KEEPER, 32), 1, "SSTORE",
            *call("STATICCALL", TALKER, 0), 2, "SSTORE",
        ),
    }
# fmt: on


@pytest.fixture
def pair(
    assemble: Callable[..., bytes],
    make_bench: Callable[..., Bench],
    make_oracle: Callable[[Bench], Oracle],
) -> tuple[Bench, Oracle]:
    """The contracts in our world and in py-evm's."""
    bench = make_bench(build_codes(assemble))
    return bench, make_oracle(bench)


def authorize(bench: Bench, account: int, address: bytes, nonce: int, chain_id: int = 31337) -> Any:
    """A signed EIP-7702 authorisation."""
    key = Account.from_key(bench.accounts[account].key)
    fields = {"chainId": chain_id, "address": address, "nonce": nonce}
    return key.sign_authorization(fields)


def test_every_kind_of_transaction_gives_the_block_of_py_evm(
    pair: tuple[Bench, Oracle], wrap: Callable[[bytes], bytes], assemble: Callable[..., bytes]
) -> None:
    """Five blocks with transfers, creations, failures, logs, access lists and delegations."""
    bench, oracle = pair
    sign = bench.sign
    word = (5).to_bytes(32, "big")
    slots = [{"address": f"0x{KEEPER.hex()}", "storageKeys": [f"0x{bytes(32).hex()}"]}]
    calldata = bytes(range(256)) * 4

    blocks = [
        [
            sign(to=FRESH, value=1),
            sign(1, to=FRESH, gasPrice=2 * 10**9),
            sign(2, to=bench.accounts[2].address, value=5),
            sign(3, to=FRESH, gasPrice=3 * 10**9, accessList=slots),
            sign(4, to=FRESH, accessList=slots),
            sign(5, to=bytes.fromhex("e0" * 20)),  # touched and empty: not created
        ],
        [
            sign(gas=200_000, data=wrap(b"\x00" * 100)),
            sign(1, data=b""),
            sign(2, data=assemble(0, 0, "REVERT")),
            sign(3, data=b"\xfe"),
            sign(4, gas=60_000, data=wrap(b"\x00" * 100)),  # not enough for the code deposit
            sign(5, data=wrap(b"\xef\x00")),  # EIP-3541
            sign(6, value=9, data=assemble(FRESH, "SELFDESTRUCT")),  # EIP-6780: created and gone
            sign(7, gas=500_000, to=FACTORY, data=wrap(b"\x01" * 40)),
            sign(8, gas=500_000, to=FACTORY, data=wrap(b"\x01" * 40)),  # CREATE2 collides
        ],
        [
            sign(to=KEEPER, data=word),
            sign(1, to=KEEPER, data=bytes(32)),  # a refund
            sign(2, to=TALKER),
            sign(3, to=FAILER, value=3),
            sign(4, to=BURNER),
            sign(5, gas=300_000, to=CALLER, data=word),
            sign(6, gas=1_000_000, to=WITNESS, value=2),
            sign(7, to=MORTAL, value=4),
            sign(8, to=DELEGATOR, data=word),
            sign(9, to=KEEPER, data=word, accessList=slots),
            sign(to=FRESH, data=calldata, gas=200_000),  # EIP-7623: pays the floor
            sign(to=bytes(19) + b"\x02", data=calldata, gas=200_000),  # sha256
            sign(to=bytes(19) + b"\xf7", data=calldata, gas=200_000),  # ours, not a call it knows
        ],
        [
            sign(
                9, type=4, to=bench.accounts[8].address, data=word, gas=300_000,
                authorizationList=[
                    authorize(bench, 8, KEEPER, 2),
                    authorize(bench, 7, KEEPER, 99),  # wrong nonce: skipped
                    authorize(bench, 6, KEEPER, 2, chain_id=1),  # another chain: skipped
                    authorize(bench, 5, bytes(20), 3),  # clears nothing
                ],
            ),
            sign(1, to=TRANSIENT),
            sign(1, to=TRANSIENT),  # transient storage starts empty again
            sign(2, to=bench.accounts[8].address, data=bytes(32)),
        ],
        [],
    ]  # fmt: skip
    outcomes = []
    for raws in blocks:
        block = bench.run(*raws)
        assert oracle.import_block(block).hash == block.hash
        outcomes.append("".join("-+"[receipt.succeeded] for receipt in block.receipts))
    assert outcomes == ["++++++", "++----+++", "+++--+++++++-", "++++", ""]
    assert bench.open().get_code(bench.accounts[8].address) == b"\xef\x01\x00" + KEEPER
    assert bench.read(TRANSIENT, 0) == 1
    assert bench.read(bench.accounts[8].address, 0) == 0
    assert not bench.open().account_exists(bytes.fromhex("e0" * 20))


def test_failures_are_in_the_block_and_say_why(
    pair: tuple[Bench, Oracle], assemble: Callable[..., bytes]
) -> None:
    """A revert keeps its data and unused gas, a halt burns all, and neither leaves a write."""
    bench, _ = pair
    reverted, halted, starved = bench.run(
        bench.sign(to=FAILER), bench.sign(to=BURNER), bench.sign(to=KEEPER, gas=21_300)
    ).receipts
    assert (reverted.succeeded, reverted.failure) == (False, "Revert")
    assert reverted.output == (0xBAD).to_bytes(32, "big")
    assert reverted.gas_used < 100_000
    assert reverted.logs == ()
    assert (halted.failure, halted.gas_used) == ("InvalidInstruction", 100_000)
    assert (starved.failure, starved.gas_used) == ("OutOfGas", 21_300)
    assert [bench.read(address, 0) for address in (FAILER, BURNER, KEEPER)] == [0, 0, 0]


def test_receipts_add_up_and_carry_price_and_address(
    bench: Bench, wrap: Callable[[bytes], bytes]
) -> None:
    """Cumulative gas is a running sum; the price is base fee plus tip, at most the maximum."""
    base_fee = bench.template().base_fee_per_gas
    block = bench.run(
        bench.sign(to=FRESH, maxPriorityFeePerGas=7),
        bench.sign(to=FRESH, maxFeePerGas=base_fee, maxPriorityFeePerGas=base_fee),
        bench.sign(data=wrap(b"\x00")),
    )
    gas = [receipt.gas_used for receipt in block.receipts]
    assert [r.cumulative_gas_used for r in block.receipts] == [sum(gas[: i + 1]) for i in range(3)]
    assert block.header.gas_used == sum(gas)
    assert [r.effective_gas_price for r in block.receipts[:2]] == [base_fee + 7, base_fee]
    created = block.receipts[2].contract_address
    assert created is not None
    assert bench.open().get_code(created) == b"\x00"
    assert block.receipts[0].contract_address is None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs=st.lists(
        st.lists(
            st.sampled_from(
                [bytes([op]) for op in range(0x100)]
                + [bytes([0x60, n]) for n in (0, 1, 2, 32, 64, 255)] * 20
                + [bytes([op]) for op in (0x54, 0x55, 0x5C, 0x5D, 0xA1, 0x52, 0xF1, 0xF3)] * 10
            ),
            max_size=40,
        ).map(b"".join),
        min_size=1,
        max_size=4,
    )
)
def test_arbitrary_code_gives_the_block_of_py_evm(
    programs: list[bytes], make_bench: Callable[..., Bench], make_oracle: Callable[[Bench], Oracle]
) -> None:
    """Random code, run as creation code and as a contract, ends in the same header."""
    targets = {bytes([n + 1]) * 20: code for n, code in enumerate(programs)}
    bench = make_bench(targets)
    oracle = make_oracle(bench)
    raws = [bench.sign(1, data=code, value=1) for code in programs]
    raws += [bench.sign(2, to=address, value=1, data=bytes(64)) for address in targets]
    block = bench.run(*raws)
    assert oracle.import_block(block).hash == block.hash
