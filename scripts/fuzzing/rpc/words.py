"""Words: addresses, hashes, numbers, bytes; real ones of the running chain mixed with others."""

import random
from typing import Any

from fuzzing.rpc.soil import Soil

_TAGS = ("latest", "pending", "earliest", "safe", "finalized")
_SELECTORS = ("0x", "0x08c379a0", "0x4e487b71", "0x70a08231", "0xa9059cbb", "0x12345678")
_SPECIAL = (*range(1, 0x13), 0x100, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0x900)  # precompiles


class Words:
    """Draws single values from one soil with one dice."""

    def __init__(self, soil: Soil, dice: random.Random) -> None:
        self.soil = soil
        self.dice = dice

    def address(self) -> str:
        match self.dice.randrange(10):
            case 0 | 1 | 2 | 3:
                return self.dice.choice(self.soil.accounts[:4])
            case 4 | 5 | 6:
                return self.dice.choice(self.soil.contracts)
            case 7:
                return f"0x{self.dice.choice(_SPECIAL):040x}"
            case _:
                return "0x" + self.dice.randbytes(20).hex()

    def hash(self) -> str:
        match self.dice.randrange(9):
            case 0 | 1 | 2:
                return self.dice.choice(self.soil.mined)
            case 8:
                return self.soil.mined[-1]  # runs a model
            case 3 | 4 | 5:
                return self.dice.choice(self.soil.blocks)
            case 6 if self.soil.live["transactions"]:
                return self.dice.choice(self.soil.live["transactions"])
            case _:
                return "0x" + self.dice.randbytes(32).hex()

    def block(self) -> Any:
        match self.dice.randrange(8):
            case 0 | 1 | 2:
                return self.dice.choice(_TAGS)
            case 3 | 4:
                return hex(self.dice.randrange(self.soil.head + 4))
            case 5:
                block = self.dice.choice(self.soil.blocks)
                return {"blockHash": block, **self.maybe("requireCanonical", True)}
            case 6:
                return {"blockNumber": hex(self.dice.randrange(self.soil.head + 2))}
            case _:
                return self.dice.choice((self.dice.choice(self.soil.blocks), hex(2**64)))

    def quantity(self) -> str:
        bits = self.dice.choice((1, 8, 16, 32, 64, 128, 256))
        return hex(
            self.dice.choice((0, 1, 1 << bits - 1, (1 << bits) - 1, self.dice.getrandbits(bits)))
        )

    def small(self) -> str:
        return hex(self.dice.choice((0, 0, 0, 1, 2, 3, 5, 16, 255)))

    def word(self) -> str:
        number = self.dice.choice((0, 1, 2, 3, self.dice.getrandbits(256)))
        return f"0x{number:064x}" if self.dice.random() < 0.7 else hex(number)

    def bytes(self) -> str:
        if self.dice.random() < 0.5:
            return (
                self.dice.choice(_SELECTORS)
                + self.dice.randbytes(32 * self.dice.randrange(4)).hex()
            )
        return "0x" + self.dice.randbytes(self.dice.choice((0, 1, 3, 31, 32, 33, 65, 200))).hex()

    def gas(self) -> str:
        """Mostly enough, never so much that a loop takes seconds."""
        return hex(self.dice.choice((0, 20_999, 21_000, 53_000, *(300_000, 1_000_000) * 4)))

    def live(self, sort: str) -> str:
        """An id of this session, or one that never was."""
        known = self.soil.live[sort]
        if known and self.dice.random() < 0.85:
            return self.dice.choice(known)
        return hex(self.dice.randrange(1, 40))

    def maybe(self, name: str, value: Any) -> dict[str, Any]:
        """A field that is there every other time."""
        return {name: value} if self.dice.random() < 0.5 else {}
