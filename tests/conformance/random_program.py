"""Random programs with structure: branches, counted loops, functions, deep stacks, output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from devnet.chain.forks.fork import Fork
from tests.conformance.random_code import Code, ops, push


@dataclass(eq=False)
class Label:
    """A place in a program; as an item it is a JUMPDEST."""


@dataclass(frozen=True)
class Target:
    """A push of a label's place."""

    label: Label


Item: TypeAlias = bytes | Label | Target
_TARGET_BYTES = 3  # PUSH2
_MAX_DEPTH = 3  # of statements inside each other


def assemble(items: list[Item]) -> bytes:
    """Code with its jumps filled in."""
    places: dict[Label, int] = {}
    size = 0
    for item in items:
        if isinstance(item, Label):
            places[item] = size
        size += _measure(item)
    return b"".join(_encode(item, places) for item in items)


def _measure(item: Item) -> int:
    if isinstance(item, bytes):
        return len(item)
    return _TARGET_BYTES if isinstance(item, Target) else 1


def _encode(item: Item, places: dict[Label, int]) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, Label):
        return ops("JUMPDEST")
    return ops("PUSH2") + places[item.label].to_bytes(2)


@dataclass
class Structure:
    """Writes one program; statements leave the stack as they found it."""

    code: Code
    functions: list[tuple[Label, list[Item]]] = field(default_factory=list)

    def write(self) -> bytes:
        """A program that ends by returning some memory, if it gets there."""
        pick = self.code.random
        items = [*self._block(0), push(pick.choice((0, 32, 70)), pick.choice((0, 16, 64)))]
        items.append(ops(pick.choice(("RETURN", "RETURN", "RETURN", self._get_revert()))))
        for label, body in self.functions:
            items += [label, *body, ops("JUMP")]
        return assemble(items)

    def write_noise(self) -> bytes:
        """Bytes that are mostly instructions; few get far."""
        pick = self.code.random
        known = bytes((*range(0x20), *range(0x30, 0x4B), *range(0x50, 0xA5), 0xF1, 0xFA, 0xFD))
        head = push(*(self.code.number() for _ in range(pick.randrange(12))))
        return head + bytes(pick.choice(known) for _ in range(pick.randrange(1, 80)))

    def _get_revert(self) -> str:
        return "REVERT" if self.code.fork >= Fork.BYZANTIUM else "RETURN"

    def _block(self, depth: int) -> list[Item]:
        return [item for _ in range(self.code.random.randrange(1, 5)) for item in self._step(depth)]

    def _step(self, depth: int) -> Iterator[Item]:
        simple = (self._act, self._act, self._dance)
        nested = (self._branch, self._loop, self._call) if depth < _MAX_DEPTH else ()
        yield from self.code.random.choice((*simple, *nested))(depth)

    def _act(self, depth: int) -> Iterator[Item]:
        yield self.code.step(2)

    def _branch(self, depth: int) -> Iterator[Item]:
        other, end = Label(), Label()
        yield from (self._condition(), Target(other), ops("JUMPI"))
        yield from (*self._block(depth + 1), Target(end), ops("JUMP"))
        yield from (other, *self._block(depth + 1), end)

    def _loop(self, depth: int) -> Iterator[Item]:
        start = Label()
        yield from (push(self.code.random.randrange(1, 6)), start, *self._block(depth + 1))
        yield from (push(1) + ops("SWAP1", "SUB", "DUP1"), Target(start), ops("JUMPI", "POP"))

    def _call(self, depth: int) -> Iterator[Item]:
        function, back = Label(), Label()
        self.functions.append((function, self._block(depth + 1)))
        yield from (Target(back), Target(function), ops("JUMP"), back)

    def _dance(self, depth: int) -> Iterator[Item]:
        """Words on the stack, moved and combined, and taken off again."""
        pick = self.code.random
        height = pick.randrange(2, 17)
        code = push(*(self.code.number() for _ in range(height)))
        for _ in range(pick.randrange(1, 12)):
            kind = pick.randrange(3)
            if kind == 0:
                code += ops(f"DUP{pick.randrange(1, min(height, 16) + 1)}")
                height += 1
            elif kind == 1 and height > 1:
                code += ops(f"SWAP{pick.randrange(1, min(height, 17))}")
            elif height > 1:
                code += ops(pick.choice(("ADD", "MUL", "XOR", "LT", "SGT", "EQ", "AND", "SMOD")))
                height -= 1
        yield code + self.code.keep() + ops("POP") * (height - 1)

    def _condition(self) -> bytes:
        names = ("LT", "GT", "EQ", "SLT")
        return self.code.random.choice(
            (
                push(self.code.random.randrange(4)) + ops("SLOAD"),
                push(self.code.number(), self.code.number()) + ops(self.code.random.choice(names)),
                push(self.code.random.randrange(64)) + ops("CALLDATALOAD"),
                push(30_000) + ops("GAS", "LT"),
            )
        )
