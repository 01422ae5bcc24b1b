"""Random EVM code: every instruction that a fork has, with operands that matter."""

from __future__ import annotations

import random

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
from eth.vm import opcode_values
from eth_keys.datatypes import PrivateKey

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.system import SYSTEM_CONTRACTS

CONTRACTS = tuple(bytes([0xC0 + index]) * 20 for index in range(8))
PRECOMPILES = tuple(number.to_bytes(20, "big") for number in (*range(1, 19), 0x100))
STRANGERS = (b"\xfe" * 20, bytes(20), b"\xab" * 20)
CLZ = b"\x1e"


class Code:
    """Random instructions by a seed, of those that a fork has, with operands that matter."""

    keys = tuple(PrivateKey(bytes([index]) * 32) for index in range(1, 7))
    owners: tuple[bytes, ...] = tuple(key.public_key.to_canonical_address() for key in keys)

    def __init__(self, seed: int, fork: Fork) -> None:
        self.random = random.Random(seed)
        self.fork = fork

    def number(self) -> int:
        pick = self.random
        edges = (0, 1, 2, 31, 32, 33, 255, 2**64 - 1, 2**255, 2**256 - 1)
        return pick.choice((*edges, pick.randrange(2**16), pick.getrandbits(256)))

    def size(self) -> int:
        return self.random.choice((0, 1, 31, 32, 33, 64, 100, 200))

    def address(self) -> bytes:
        others: tuple[bytes, ...] = (*PRECOMPILES, *SYSTEM_CONTRACTS, *STRANGERS)
        return self.random.choice((*self.owners, *CONTRACTS * 3, *others))

    def since(self, fork: Fork, *names: str) -> tuple[str, ...]:
        return names if self.fork >= fork else ()

    def program(self, length: int, depth: int = 0) -> bytes:
        return b"".join(self.step(depth) for _ in range(length))

    def step(self, depth: int) -> bytes:
        """A few instructions that leave the stack as it was."""
        steps = (
            *(self.compute, self.look, self.move, self.remember, self.remember),
            *(self.call, self.call, self.exponentiate, self.log, self.leave),
        )
        if depth < 2 and self.random.random() < 0.1:
            return self.create(depth)
        return self.random.choice(steps)()

    def compute(self) -> bytes:
        binary = ("ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD", "EXP", "SIGNEXTEND", "LT")
        shifts = self.since(Fork.CONSTANTINOPLE, "SHL", "SHR", "SAR")
        name = self.random.choice((*binary, "SLT", "BYTE", "XOR", "ADDMOD", "NOT", *shifts))
        operands = push(*(self.number() for _ in range({"NOT": 1, "ADDMOD": 3}.get(name, 2))))
        if self.fork >= Fork.OSAKA and self.random.random() < 0.2:
            return push(self.number()) + CLZ + self.keep()
        return operands + ops(name) + self.keep()

    def look(self) -> bytes:
        pick = self.random.choice
        account = ("BALANCE", "EXTCODESIZE", *self.since(Fork.CONSTANTINOPLE, "EXTCODEHASH"))
        context = (
            *("CALLER", "ORIGIN", "GASPRICE", "COINBASE", "NUMBER", "PREVRANDAO", "MSIZE", "GAS"),
            *self.since(Fork.BYZANTIUM, "RETURNDATASIZE"),
            *self.since(Fork.ISTANBUL, "CHAINID", "SELFBALANCE"),
            *self.since(Fork.LONDON, "BASEFEE"),
            *self.since(Fork.CANCUN, "BLOBBASEFEE"),
        )
        indexed = ("BLOCKHASH", "MLOAD", "SLOAD", *self.since(Fork.CANCUN, "TLOAD", "BLOBHASH"))
        return (
            pick(
                (
                    push(self.address()) + ops(pick(account)),
                    ops(pick(context)),
                    push(self.random.randrange(5)) + ops(pick(indexed)),
                )
            )
            + self.keep()
        )

    def move(self) -> bytes:
        sizes = [self.size() for _ in range(3)]
        names = ("CALLDATACOPY", "CODECOPY", *self.since(Fork.CANCUN, "MCOPY"))
        copy = push(*sizes) + ops(self.random.choice(names))
        code = push(*sizes, self.address()) + ops("EXTCODECOPY")
        return self.random.choice((copy, code, push(*sizes[:2]) + ops("SHA3") + self.keep()))

    def remember(self) -> bytes:
        value, slot = self.random.choice((0, 0, 1, self.number())), self.random.randrange(4)
        names = ("SSTORE", "SSTORE", "MSTORE", "MSTORE8", *self.since(Fork.CANCUN, "TSTORE"))
        return push(value, slot) + ops(self.random.choice(names))

    def call(self) -> bytes:
        kinds = (
            *("CALL", "CALLCODE"),
            *self.since(Fork.HOMESTEAD, "DELEGATECALL"),
            *self.since(Fork.BYZANTIUM, "STATICCALL"),
        )
        kind = self.random.choice(kinds)
        value = (self.random.choice((0, 0, 1, 2**200)),) if kind in kinds[:2] else ()
        gas = self.random.choice((0, 1_000, 30_000, 100_000))
        sizes = [self.size() for _ in range(4)]
        return push(*sizes, *value, self.address(), gas) + ops(kind) + self.keep()

    def exponentiate(self) -> bytes:
        """MODEXP with lengths that fit each other."""
        if self.fork < Fork.BYZANTIUM:
            return self.compute()
        lengths = [self.random.choice((0, 1, 32, 33, 64)) for _ in range(3)]
        words = [*lengths, *(self.number() for _ in range(3))]
        stores = b"".join(push(word, 32 * n) + ops("MSTORE") for n, word in enumerate(words))
        ends = push(64, 512, 96 + sum(lengths), 0, 5, 50_000)
        result = push(512) + ops("MLOAD") + self.keep()
        return stores + ends + ops("STATICCALL") + self.keep() + result

    def log(self) -> bytes:
        topics = self.random.randrange(5)
        operands = (*(self.number() for _ in range(topics)), self.size(), self.size())
        return push(*operands) + ops(f"LOG{topics}")

    def create(self, depth: int) -> bytes:
        initcode = self.program(self.random.randrange(1, 5), depth + 1) + self.deploy()
        is_salted = self.fork >= Fork.CONSTANTINOPLE and self.random.random() < 0.5
        salt = (self.random.randrange(3),) if is_salted else ()
        operands = push(*salt, len(initcode), 0, self.random.randrange(2))
        return store(initcode) + operands + ops("CREATE2" if is_salted else "CREATE") + self.keep()

    def deploy(self) -> bytes:
        """The end of creation code."""
        code = self.random.choice((b"", b"\xef\x01", self.program(2, 2)))
        return store(code) + push(len(code), 0) + ops("RETURN")

    def leave(self) -> bytes:
        if self.random.random() < 0.8:
            return self.remember()
        revert = push(self.size(), self.size()) + ops("REVERT")
        end = push(self.address()) + ops("SELFDESTRUCT")
        return self.random.choice((revert if self.fork >= Fork.BYZANTIUM else b"", end, b"\xfe"))

    def keep(self) -> bytes:
        """Store the top of the stack or drop it."""
        store_top = push(self.random.randrange(4)) + ops("SSTORE")
        return self.random.choice((store_top, ops("POP")))


def ops(*names: str) -> bytes:
    return bytes(getattr(opcode_values, name) for name in names)


def push(*values: int | bytes) -> bytes:
    """Instructions that push values; no PUSH0, which old forks do not have."""
    words = [
        v if isinstance(v, bytes) else v.to_bytes(max(1, -(-v.bit_length() // 8))) for v in values
    ]
    return b"".join(bytes([0x5F + len(word)]) + word for word in words)


def store(code: bytes) -> bytes:
    """Write bytes to memory from 0."""
    words = [code[at : at + 32].ljust(32, b"\0") for at in range(0, len(code), 32)]
    return b"".join(push(word, 32 * n) + ops("MSTORE") for n, word in enumerate(words))
