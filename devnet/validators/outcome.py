"""Outcomes: the first transaction of a block that two executions end otherwise, and in what."""

from dataclasses import dataclass

from devnet.chain.block import Execution, Receipt


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a receipt that differs."""

    name: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.name} {self.got}, others {self.expected}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A transaction whose receipt differs."""

    transaction_hash: bytes
    index: int  # in the block
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        parts = "; ".join(map(str, self.parts))
        return f"the receipt of tx {self.index}, 0x{self.transaction_hash.hex()[:8]}…: {parts}"


def find_outcome(expected: Execution, got: Execution) -> Outcome | None:
    """The first transaction with another receipt, of two executions of the same ones."""
    pairs = zip(expected.receipts, got.receipts, strict=True)
    for index, (ours, theirs) in enumerate(pairs):
        parts = _compare(ours, theirs)
        if parts:
            return Outcome(expected.transactions[index].hash, index, parts)
    return None


def _compare(expected: Receipt, got: Receipt) -> tuple[Part, ...]:
    """Status, gas and events: what a receipt's hash is taken over."""
    parts: list[Part] = []
    if expected.succeeded != got.succeeded:
        parts.append(Part("status", _show_status(expected), _show_status(got)))
    if expected.gas_used != got.gas_used:
        parts.append(Part("gas used", str(expected.gas_used), str(got.gas_used)))
    if expected.logs != got.logs:
        pairs = zip(expected.logs, got.logs, strict=False)
        same = min(len(expected.logs), len(got.logs))
        first = next((n for n, (ours, theirs) in enumerate(pairs) if ours != theirs), same)
        parts.append(Part(f"event {first}", _show_event(expected, first), _show_event(got, first)))
    if not parts and expected.state_root != got.state_root:
        parts.append(Part("state", "0x" + expected.state_root.hex(), "0x" + got.state_root.hex()))
    return tuple(parts)


def _show_status(receipt: Receipt) -> str:
    return "succeeded" if receipt.succeeded else f"failed ({receipt.failure})"


def _show_event(receipt: Receipt, index: int) -> str:
    if index >= len(receipt.logs):
        return "none"
    log = receipt.logs[index]
    topics = ", ".join(f"0x{topic.hex()[:8]}…" for topic in log.topics)
    return f"of 0x{log.address.hex()} [{topics}] data 0x{log.data.hex()[:64]}"
