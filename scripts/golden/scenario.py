"""The transactions behind the golden traces: small contracts that do what tracers tell apart.

Signed by the development accounts everybody has, so every node gives them the same hashes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import rlp
from eth_account import Account

from devnet.chain.account import derive_accounts
from devnet.chain.tracing.instruction import CODES
from devnet.config import DEFAULT_MNEMONIC
from precompiles.digest import compute_keccak

CHAIN_ID = 31337
_FEES = {"maxFeePerGas": 5 * 10**9, "maxPriorityFeePerGas": 10**9}
_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_REASON = _ERROR + (32).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"nope".ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction: what it is for, and its bytes."""

    name: str
    raw: bytes


def assemble(*parts: str | int | bytes) -> bytes:
    """EVM code: mnemonics as they are, integers as the shortest push, bytes as a push of them."""
    code = b""
    for part in parts:
        if isinstance(part, str):
            code += bytes([CODES[part]])
            continue
        word = part if isinstance(part, bytes) else part.to_bytes(-(-part.bit_length() // 8), "big")
        code += bytes([CODES["PUSH0"] + len(word)]) + word
    return code


def wrap(runtime: bytes, prologue: bytes = b"") -> bytes:
    """Creation code that runs `prologue` and deploys `runtime`."""
    size = len(runtime).to_bytes(2, "big")
    start = (len(prologue) + 11).to_bytes(2, "big")
    head = assemble(size, "DUP1", start, 0, "CODECOPY", 0, "RETURN")
    assert len(head) == 11, len(head)
    return prologue + head + runtime


def store_bytes(data: bytes) -> bytes:
    """Code that puts data at the start of memory."""
    code = b""
    for at in range(0, len(data), 32):
        code += assemble(data[at : at + 32].ljust(32, b"\0"), at, "MSTORE")
    return code


def call(kind: str, target: bytes, value: int = 0, size: int = 0, gas: int = 50_000) -> bytes:
    """Code that calls with the first bytes of memory and drops the result."""
    worth = (value,) if kind in ("CALL", "CALLCODE") else ()
    return assemble(32, 0, size, 0, *worth, target, gas, kind, "POP")


_ADD_ONE = assemble(0, "SLOAD", 1, "ADD", "DUP1", 0, "SSTORE")
_EMIT = assemble(0xAA, 0, "MSTORE", 0x1234, 32, 0, "LOG1")
COUNTER = _ADD_ONE + _EMIT + assemble("POP", 0x2A, 0, "MSTORE", 32, 0, "RETURN")
REVERTER = store_bytes(_REASON) + assemble(len(_REASON), 0, "REVERT")
SINK = assemble("CALLER", "SELFDESTRUCT")
SHA256, IDENTITY = bytes(19) + b"\x02", bytes(19) + b"\x04"
FRESH, POOR = b"\xf1" * 20, b"\xf2" * 20


class Sender:
    """Signs for one account, counting nonces."""

    def __init__(self, index: int) -> None:
        self._account = derive_accounts(DEFAULT_MNEMONIC, index + 1)[index]
        self.address = self._account.address
        self.nonce = 0

    def sign(self, name: str, to: bytes | None, **fields: object) -> Sent:
        given = {"to": to, "data": b"", "value": 0, "gas": 300_000, "chainId": CHAIN_ID, **fields}
        if to is None:
            del given["to"]
        if "gasPrice" not in given:
            given |= _FEES
        signed = Account.sign_transaction({**given, "nonce": self.nonce}, self._account.key)
        self.nonce += 1
        return Sent(name, bytes(signed.raw_transaction))

    def delegate(self, name: str, code_address: bytes) -> Sent:
        """Put the code of a contract at the account itself (EIP-7702), and call it."""
        allowed = {"chainId": CHAIN_ID, "address": code_address, "nonce": self.nonce + 1}
        signed = Account.sign_authorization(allowed, self._account.key)
        sent = self.sign(name, self.address, authorizationList=[signed], gas=200_000)
        self.nonce += 1
        return sent

    def next_created(self) -> bytes:
        """Address of the contract that the next transaction creates."""
        return compute_keccak(rlp.encode([self.address, self.nonce]))[12:]


def build_scenario() -> Iterator[Sent]:
    """The transactions in order, one a block."""
    one, two = Sender(0), Sender(1)
    yield one.sign("transfer", FRESH, value=10**18, gas=21_000)
    yield two.sign("legacy transfer", FRESH, value=1, gas=21_000, gasPrice=4 * 10**9)
    counter = one.next_created()
    yield one.sign("deploy counter", None, data=wrap(COUNTER, _EMIT))
    yield one.sign("count", counter, data=bytes.fromhex("11223344") + bytes(32))
    reverter = one.next_created()
    yield one.sign("deploy reverter", None, data=wrap(REVERTER))
    yield one.sign("revert", reverter, gas=100_000)
    sink = one.next_created()
    yield one.sign("deploy sink", None, data=wrap(SINK), value=7)
    caller = one.next_created()
    yield one.sign("deploy caller", None, data=wrap(_build_caller(counter, reverter)), value=100)
    yield one.sign("call through", caller, value=5, gas=500_000, data=b"\x01\x02\x03\x04\x05")
    yield one.sign("selfdestruct", sink, gas=100_000)
    factory = one.next_created()
    yield one.sign("deploy factory", None, data=wrap(_build_factory(), b""), value=50)
    yield one.sign("create inside", factory, gas=1_000_000)
    yield one.sign("create again", factory, gas=1_000_000)
    yield one.sign("out of gas", counter, gas=30_000)
    yield one.sign("bad opcode", None, data=b"\xfe", gas=100_000)
    yield one.sign("bad jump", None, data=assemble(3, "JUMP"), gas=100_000)
    yield one.sign("underflow", None, data=assemble("POP"), gas=100_000)
    listed = [{"address": "0x" + counter.hex(), "storageKeys": ["0x" + "00" * 32]}]
    yield one.sign("access list", counter, accessList=listed)
    yield one.sign("revert in creation", None, data=assemble(0, 0, "REVERT"), gas=100_000)
    yield two.sign("precompile", SHA256, data=b"\x12\x34", gas=30_000)
    clearer = two.next_created()
    yield two.sign("deploy clearer", None, data=wrap(assemble(0, 5, "SSTORE"), _store(5, 9)))
    yield two.sign("clear", clearer)
    asker = two.next_created()
    yield two.sign("deploy asker", None, data=wrap(_build_asker(reverter)))
    outer = two.next_created()
    yield two.sign("deploy outer", None, data=wrap(_build_asker(asker)))
    yield two.sign("nested revert", outer)
    yield two.sign("die at once", None, data=assemble("CALLER", "SELFDESTRUCT"), value=3)
    yield two.delegate("delegate", counter)
    yield one.sign("call delegated", two.address, value=1, data=b"\x0a\x0b\x0c\x0d")


def _store(slot: int, word: int) -> bytes:
    return assemble(word, slot, "SSTORE")


def _build_caller(counter: bytes, reverter: bytes) -> bytes:
    """Calls in every way there is: contracts, precompiles, nobody, and with too little money."""
    head = store_bytes(bytes.fromhex("a1b2c3d4"))
    return b"".join(
        (
            head,
            call("CALL", counter, 3, 4),
            call("STATICCALL", counter, 0, 4),
            call("DELEGATECALL", counter, 0, 4),
            call("CALLCODE", counter, 1, 4),
            call("CALL", reverter, 0, 4),
            call("STATICCALL", IDENTITY, 0, 4),
            call("CALL", POOR, 2, 0),
            call("CALL", FRESH, 10**30, 0),
            assemble(counter, "BALANCE", "POP", "STOP"),
        )
    )


def _build_asker(target: bytes) -> bytes:
    """Calls with all gas, and reverts with what came back."""
    call_all = assemble(0, 0, 0, 0, 0, target, "GAS", "CALL", "POP")
    copy = assemble("RETURNDATASIZE", 0, 0, "RETURNDATACOPY")
    return call_all + copy + assemble("RETURNDATASIZE", 0, "REVERT")


def _build_factory() -> bytes:
    """Creates a contract by CREATE, one by CREATE2, and one that fails."""
    small = wrap(assemble(1))
    padded = small.ljust(32, b"\0")
    return b"".join(
        (
            assemble(padded, 0, "MSTORE"),
            assemble(len(small), 0, 9, "CREATE", "POP"),
            assemble("NUMBER", len(small), 0, 0, "CREATE2", "POP"),
            assemble(b"\xfe", 0, "MSTORE8", 1, 0, 0, "CREATE", "POP"),
            assemble("STOP"),
        )
    )
